"""Call-backs: asking for one, and which there are."""

import click

from tectonics.cli import show
from tectonics.cli.session import Session, with_session

LIST_COLUMNS = ("call", "msisdn", "state", "since_at")


@click.command()
@click.argument("msisdn")
@click.argument("number")
@with_session
def callback(session: Session, msisdn: str, number: str) -> None:
    """Ring MSISDN and connect him with NUMBER, as if he had asked for it.

    Example: tectonics callback 33600000001 0612345678
    """
    session.do("callbacks.ask", msisdn=msisdn, number=number)


@click.group()
def callbacks() -> None:
    """Look at call-backs."""


@callbacks.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="Length of the list.")
@with_session
def list_callbacks(session: Session, limit: int) -> None:
    """List those that ring or talk, oldest first.

    Example: tectonics callbacks list
    """
    session.show("callbacks.list", view=_view_list, limit=limit)


@callbacks.command("show")
@click.argument("msisdn")
@with_session
def show_callback(session: Session, msisdn: str) -> None:
    """Show the call-back of MSISDN that is not over.

    Example: tectonics callbacks show 33600000001
    """
    session.show("callbacks.show", msisdn=msisdn)


def _view_list(answer: dict) -> None:
    show.table(answer["callbacks"], LIST_COLUMNS, title="call-backs")
