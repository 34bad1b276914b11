"""The log of the running daemon: how much of it each part of the daemon writes."""

import click

from tectonics.cli import show
from tectonics.cli.session import Session, with_session

COLUMNS = ("area", "level", "set")


@click.group()
def log() -> None:
    """Change how much the running daemon writes to its log."""


@log.command("show")
@with_session
def show_log(session: Session) -> None:
    """Show the level of each area.

    Example: tectonics log show
    """
    session.show("log.show", view=_view)


@log.command()
@click.argument("area")
@click.argument("level", type=click.Choice(["debug", "info", "warn", "error"]))
@with_session
def level(session: Session, area: str, level: str) -> None:
    """Write AREA from LEVEL on, until the daemon ends; engine, billing or channels.ussd_http are areas.

    Example: tectonics log level channels.ussd_http debug
    """
    session.do("log.level", area=area, level=level)


@log.command()
@with_session
def reset(session: Session) -> None:
    """Put all levels back to those of the configuration.

    Example: tectonics log reset
    """
    session.do("log.reset")


def _view(answer: dict) -> None:
    show.table([{"area": "(all others)", "level": answer["level"], "set": "configuration"}, *answer["areas"]], COLUMNS,
               title="log")
    if answer["lost"]:
        click.echo(f"{answer['lost']} lines could not be written and are lost")
