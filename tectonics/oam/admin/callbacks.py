"""Call-backs: asking for one in a subscriber's name, and which there are.

What is asked for here goes the way of everything that he asks for himself, with the same rules and the same ticket, on
the channel `admin`; what is shown comes from the commands that are being carried out, of all nodes.
"""

from functools import partial

from tectonics.domain.call import Call, Leg
from tectonics.domain.commands import Connect, Ring, Talk
from tectonics.domain.events import Trigger
from tectonics.domain.money import format_minor
from tectonics.domain.numbers import TEXT_MAX
from tectonics.oam.admin import parameters as take
from tectonics.oam.admin import shown
from tectonics.oam.admin.method import Method, Offices
from tectonics.ports import OutboxRow

_STATES = {Ring: "ringing", Connect: "connecting", Talk: "talking"}


def methods(offices: Offices) -> dict[str, Method]:
    """The methods of this topic."""
    number = take.msisdn(offices.country_code)
    return {
        "callbacks.ask": Method(partial(_ask, offices), {
            "msisdn": number, "number": take.text("whom to connect him with, as he would dial it", length_max=TEXT_MAX),
            "id": take.text("your own id of the request: it is carried out once", "", take.ID_MAX)},
            "rings the subscriber and connects him", changes=True),
        "callbacks.list": Method(partial(_list, offices), {"limit": take.limit()},
                                 "those that ring or talk, the oldest first"),
        "callbacks.show": Method(partial(_show, offices), {"msisdn": number}, "the one of a subscriber that is not over"),
    }


async def _ask(offices: Offices, who: str, msisdn: str, number: str, id: str) -> dict:
    trigger = Trigger("admin", f"{who}|{id}" if id else offices.ids.new(offices.now()))
    rung, text = await offices.desk.call_back(msisdn, number, trigger)
    return {"accepted": rung, "text": text}


async def _list(offices: Offices, who: str, limit: int) -> dict:
    return {"callbacks": [_line(row) for row in await offices.queries.calls(limit)]}


async def _show(offices: Offices, who: str, msisdn: str) -> dict:
    account = await offices.queries.account(msisdn)
    call = account and account.standing.call
    if call is None:
        raise take.NotThere("no call-back of that number is under way")
    return _call(msisdn, call)


def _line(row: OutboxRow) -> dict:
    command = row.command
    return {"call": command.call, "msisdn": command.msisdn, "state": _STATES[type(command)],
            "since_at": shown.time(row.created_at)}


def _call(msisdn: str, call: Call) -> dict:
    return {
        "call": call.id, "msisdn": msisdn, "state": call.state, "channel": call.channel, "trigger": call.trigger,
        "a": _leg(call.a), "b": _leg(call.b), "asked_at": shown.time(call.asked_at), "destination": call.rate.name,
        "reserved": format_minor(call.reserved_minor, call.currency), "currency": call.currency,
        "until_at": shown.time(call.until_at or None), "policy": call.policy,
    }


def _leg(leg: Leg) -> dict:
    return {"number": leg.number, "answered_at": shown.time(leg.answered_at)}
