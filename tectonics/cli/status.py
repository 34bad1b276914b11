"""`tectonics status`: what the running daemon is, what is wrong and what to do about it, what it serves, what waits.

In the order in which somebody reads who was called in the night.  A daemon that tells less (an older one) is shown as far
as it tells.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from textwrap import wrap

import click
from rich.text import Text

from tectonics.cli import palette, show
from tectonics.cli.session import Session, with_session

SERVING = "serving"
LINES = ("backlog", "shed", "debt", "tickets", "versions")
WRAP_COLUMNS_MAX = 120


@click.command()
@with_session
def status(session: Session) -> None:
    """Show what the running daemon is doing: state, alarms, channels, billing, services, backlog, debt, tickets, listeners.

    Example: tectonics status --json
    """
    session.show("status", view=view)


def view(answer: Mapping) -> None:
    """The answer for people."""
    show.console().print(_state(answer.get("state", "")))
    show.console().print(_about(answer))
    _alarms(answer.get("alarms", []))
    _table("channels", list(map(_timed, answer.get("channels", []))))
    _table("billing", list(map(_timed, answer.get("billing", []))))
    _table("services", [{name: value for name, value in one.items() if name != "refusals"} for one in answer.get("services", [])])
    _refusals(answer.get("services", []))
    _facts({name: answer[name] for name in LINES if answer.get(name)})
    _table("queues", [one for one in answer.get("queues", []) if one.get("depth")])
    _table("consumers", answer.get("consumers", []))
    _table("listeners", answer.get("listeners", []))
    _table("peers", answer.get("peers", []))


def _state(state: str) -> Text:
    if state == SERVING:
        return palette.state(SERVING)
    return Text(f"not serving: {show.plain(state)}", palette.STATES["down"])


def _about(answer: Mapping) -> str:
    """One line of what it is."""
    parts = [f"node {answer['node']}" if "node" in answer else "", answer.get("role", ""),
             f"tectonics {answer['version']}" if "version" in answer else "", _up(answer.get("uptime_s")),
             f"policy {answer['policy_version']}" if "policy_version" in answer else ""]
    if "accepting" in answer:
        parts.append("new advances are allowed" if answer["accepting"] else "new advances are stopped")
    return ", ".join(show.plain(part) for part in parts if part)


def _up(uptime_s: object) -> str:
    return f"up {timedelta(seconds=int(uptime_s))}" if isinstance(uptime_s, int | float) else ""


def _alarms(alarms: Sequence[Mapping]) -> None:
    console = show.console()
    console.print()
    if not alarms:
        console.print(Text("no alarms", "green"))
    width = min(console.width, WRAP_COLUMNS_MAX)
    for one in alarms:
        for line in _alarm(one, width):
            console.print(line)


def _alarm(one: Mapping, width: int) -> list[Text]:
    head = palette.severity(show.plain(one.get("severity", ""))) + Text(f"  {show.plain(one.get('id', ''))}", "bold")
    if one.get("since_at"):
        head.append(f"  since {show.plain(one['since_at'])}")
    for mark in _marks(one):
        head.append(f"  {mark}", "dim")
    told = wrap(show.plain(one.get("text", "")), width - 2, initial_indent="  ", subsequent_indent="  ")
    advice = wrap(f"do: {show.plain(one.get('advice', ''))}", width - 2, initial_indent="  ", subsequent_indent="      ")
    return [head, *map(Text, told), *(Text(line, "italic") for line in advice if one.get("advice"))]


def _marks(one: Mapping) -> list[str]:
    """What an alarm may tell besides: that it flaps, and who looks after it."""
    marks = ["flapping"] if one.get("flapping") else []
    if taken := one.get("acknowledged"):
        who = taken.get("who", "") if isinstance(taken, Mapping) else taken
        note = taken.get("note", "") if isinstance(taken, Mapping) else ""
        marks.append(show.plain(f"acknowledged by {who}" + (f": {note}" if note else "")))
    return marks


def _timed(one: Mapping) -> dict:
    """Its latency as two columns with their unit; a bound, so without decimals."""
    shown = {name: value for name, value in one.items() if not name.endswith("_ms")}
    return shown | {f"{name.removesuffix('_ms')} ms": None if one[name] is None else f"{one[name]:g}"
                    for name in ("p50_ms", "p99_ms") if name in one}


def _refusals(services: Sequence[Mapping]) -> None:
    rows = [(count, one["name"], reason) for one in services for reason, count in one.get("refusals", {}).items()]
    _facts({"refused": {f"{service} {reason}": count for count, service, reason in sorted(rows, reverse=True)}} if rows else {})


def _facts(record: Mapping) -> None:
    if record:
        show.console().print()
        show.fields({name: value for name, value in record.items()})


def _table(title: str, records: Sequence[dict]) -> None:
    if records:
        show.table(records, title=f"\n{title}")
