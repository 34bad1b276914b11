"""Alarms: which are active and what to do about them, what was, and who looks after one."""

import click

from tectonics.cli import show
from tectonics.cli.session import Session, with_session

LIST_COLUMNS = ("id", "severity", "since_at", "raises", "acknowledged", "text", "advice")
HISTORY_COLUMNS = ("at", "what", "id", "severity", "who", "text")


@click.group()
def alarms() -> None:
    """Look at alarms, say that you look after one."""


@alarms.command("list")
@with_session
def list_alarms(session: Session) -> None:
    """List the active alarms, the gravest first, each with what to do.

    Example: tectonics alarms list
    """
    session.show("alarms.list", view=_view_list)


@alarms.command()
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="Length of the list.")
@with_session
def history(session: Session, limit: int) -> None:
    """List what became of alarms, the newest first, also before the last start.

    Example: tectonics alarms history --limit 20
    """
    session.show("alarms.history", view=_view_history, limit=limit)


@alarms.command()
@click.argument("id")
@click.option("--note", help="What others should know.")
@with_session
def ack(session: Session, id: str, note: str | None) -> None:
    """Acknowledge the active alarm ID: say that you look after it. It ends with the alarm.

    Example: tectonics alarms ack billing_down --note "called the billing team"
    """
    session.do("alarms.ack", id=id, note=note)


@alarms.command()
@click.argument("id")
@with_session
def unack(session: Session, id: str) -> None:
    """Take the acknowledgement of the alarm ID back.

    Example: tectonics alarms unack billing_down
    """
    session.do("alarms.unack", id=id)


def _view_list(answer: dict) -> None:
    show.table([_line(one) for one in answer["alarms"]], LIST_COLUMNS, title="alarms")


def _view_history(answer: dict) -> None:
    show.table(answer["changes"], HISTORY_COLUMNS, title="changes")


def _line(one: dict) -> dict:
    """An alarm on one line of a table."""
    seen = one.get("acknowledged")
    raises = one.get("raises", 1)
    return one | {"acknowledged": seen and " ".join(filter(None, (seen["who"], seen["at"], seen["note"]))),
                  "raises": f"{raises}, flapping" if one.get("flapping") else raises}
