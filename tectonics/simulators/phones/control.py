"""Orders to a running switch, one a line, each answered by one line of JSON:

    script NUMBER NAME=VALUE ...     what phones do whose numbers begin so (script.py); `script - ...`: all others
    hang_up NUMBER                   the newest call of that number is hung up by its phone
    change NUMBER hold|resume|empty  it wants another session
    lose KIND TIMES [AFTER]          loses so many of the next messages of a kind: INVITE, ACK, "200/INVITE", any
    double KIND TIMES [AFTER]        doubles them
    away yes|no                      the switch answers nothing any more
    calls [N]                        the newest N calls
    stats                            what has happened so far

Bound: SHOWN_MAX calls shown.
"""

from collections import Counter
from collections.abc import Callable
from itertools import islice

from tectonics.domain.errors import TheirFault
from tectonics.simulators.phones.media import direction_of, port_of
from tectonics.simulators.phones.phone import Phone
from tectonics.simulators.phones.script import script
from tectonics.simulators.phones.switch import Switch

SHOWN_MAX = 1000


def order(switch: Switch, words: list[str]) -> dict:
    """Carries out one order. TheirFault where it cannot be understood."""
    kind, *rest = words
    done = ORDERS.get(kind)
    if done is None:
        raise TheirFault(f"no order is called {kind}; there are {', '.join(ORDERS)}")
    try:
        return done(switch, *rest)
    except IndexError as error:
        raise TheirFault(f"{kind}: nobody of that number was rung") from error
    except (TypeError, ValueError) as error:
        raise TheirFault(f"{kind}: {error}") from error


def _script(switch: Switch, number: str, *words: str) -> dict:
    switch.scripts["" if number == "-" else number] = script(list(words))
    return {"script": number}


def _hang_up(switch: Switch, number: str) -> dict:
    switch.of(number).hang_up()
    return {"hung_up": number}


def _change(switch: Switch, number: str, how: str) -> dict:
    switch.of(number).change(how)
    return {"change": number, "how": how}


def _fault(what: str) -> Callable:
    def ordered(switch: Switch, kind: str, times: str, after: str = "0") -> dict:
        switch.line.order(kind.replace("/", " "), what, int(times), int(after))
        return {what: kind, "times": int(times)}
    return ordered


def _away(switch: Switch, yes: str) -> dict:
    switch.away = yes == "yes"
    return {"away": switch.away}


def _calls(switch: Switch, count: str = "10") -> dict:
    return {"calls": [shown(one) for one in islice(reversed(switch.phones), min(int(count), SHOWN_MAX))]}


def _stats(switch: Switch) -> dict:
    return {"states": dict(Counter(one.state for one in switch.phones)), "rung": sum(switch.rung.values()),
            "twice": [number for number, times in switch.rung.items() if times > 1][:SHOWN_MAX],
            "messages": dict(switch.line.seen), "lost": switch.line.lost, "doubled": switch.line.doubled}


def shown(phone: Phone) -> dict:
    """A call for people."""
    return {"number": phone.number, "caller": phone.caller, "state": phone.state, "rang": phone.rang, "port": phone.port,
            "hears": port_of(phone.given), "direction": direction_of(phone.given), "ended_by": phone.ended_by, "q850": phone.q850}


ORDERS: dict[str, Callable] = {"script": _script, "hang_up": _hang_up, "change": _change, "lose": _fault("lose"),
                               "double": _fault("double"), "away": _away, "calls": _calls, "stats": _stats}
