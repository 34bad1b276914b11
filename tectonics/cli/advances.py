"""Advances: which there are, one in full, giving one up."""

import click

from tectonics.cli import show
from tectonics.cli.session import Session, with_session

STATES = ("granting", "unknown", "open", "overdue", "repaid", "written_off", "failed")
LIST_COLUMNS = ("id", "msisdn", "state", "amount", "fee", "outstanding", "currency", "requested_at", "due_at")


@click.group()
def advances() -> None:
    """Look at advances; write one off."""


@advances.command("list")
@click.option("--msisdn", help="Of this subscriber only.")
@click.option("--state-is", type=click.Choice(STATES), help="In this state only.")
@click.option("--after", metavar="CURSOR", help="Go on after the last page.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="Length of the page.")
@with_session
def list_advances(session: Session, msisdn: str | None, state_is: str | None, after: str | None, limit: int) -> None:
    """List advances, oldest first.

    Example: tectonics advances list --state-is overdue
    """
    session.show("advances.list", view=_view_list, msisdn=msisdn, state=state_is, after=after, limit=limit)


@advances.command("show")
@click.argument("advance_id", metavar="ID")
@with_session
def show_advance(session: Session, advance_id: str) -> None:
    """Show the advance ID.

    Example: tectonics advances show 01KAMZ5Y3K8Q4T2W9XV7RB6C1D
    """
    session.show("advances.show", id=advance_id)


@advances.command("write-off")
@click.argument("advance_id", metavar="ID")
@click.option("--text", required=True, help="Why; it stands in the ticket.")
@with_session
def write_off(session: Session, advance_id: str, text: str) -> None:
    """Give up what is still owed on the advance ID.

    Example: tectonics advances write-off 01KAMZ5Y3K8Q4T2W9XV7RB6C1D --text "deceased"
    """
    session.do("advances.write_off", id=advance_id, text=text)


def _view_list(answer: dict) -> None:
    show.table(answer["advances"], LIST_COLUMNS, title="advances")
    if answer["after"]:
        click.echo(f"more: --after '{show.plain(answer['after'])}'")
