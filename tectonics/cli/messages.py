"""The messages that the demo's handsets received."""

import click

from tectonics.cli import show
from tectonics.cli.session import Session, with_session


@click.command()
@click.argument("msisdn")
@with_session
def messages(session: Session, msisdn: str) -> None:
    """Show the SMS that MSISDN received (demo: the messages are kept in memory).

    Example: tectonics messages 33600000001
    """
    session.show("messages", view=_view_messages, msisdn=msisdn)


def _view_messages(answer: dict) -> None:
    show.table(answer["messages"], title="messages")
