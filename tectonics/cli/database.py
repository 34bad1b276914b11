"""The database behind the daemon: db upgrade, check, distribute. These need no running daemon."""

import sys
from collections.abc import Callable
from pathlib import Path

import click

from tectonics.cli import show

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def db() -> None:
    """Look at the database; bring its schema up to date."""


def _with_settings(function: Callable) -> Callable:
    """Adds the options; the function gets a callable that works on the settings, and as_json."""
    for option in (
            click.option("--json", "as_json", is_flag=True, help="Print the answer for programs."),
            click.option("--state", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
                         help="Instead of state_dir of the settings."),
            click.option("--config", required=True, type=FILE, metavar="FILE",
                         help="The settings, such as etc/tectonics.yaml.")):
        function = option(function)
    return function


def _work(name: str, config: Path, state: Path | None) -> dict:
    from tectonics.config import ConfigErrors, load
    from tectonics.daemon import schema
    from tectonics.daemon.schema import TheirFault

    try:
        settings = load(config, {"state_dir": str(state.resolve())} if state else {})
    except ConfigErrors as errors:
        click.echo(str(errors), err=True)
        sys.exit(2)
    try:
        return getattr(schema, name)(settings)
    except TheirFault as fault:
        raise click.ClickException(str(fault)) from fault


@db.command()
@_with_settings
def upgrade(config: Path, state: Path | None, as_json: bool) -> None:
    """Bring the schema up to date, as the daemon does when it starts.

    Example: tectonics db upgrade --config etc/tectonics.yaml
    """
    answer = _work("upgrade", config, state)
    (show.json_text if as_json else show.sentence)(answer)


@db.command()
@_with_settings
def check(config: Path, state: Path | None, as_json: bool) -> None:
    """Say what is there and what money needs of it. Exit code 1 when the schema or a setting is wrong.

    Example: tectonics db check --config etc/tectonics.yaml
    """
    answer = _work("check", config, state)
    (show.json_text if as_json else show.document)(answer)
    settings = answer.get("settings", [])
    if answer["schema"] < answer["newest"] or any(one["verdict"] == "wrong" for one in settings):
        sys.exit(1)


@db.command()
@_with_settings
def distribute(config: Path, state: Path | None, as_json: bool) -> None:
    """Spread the tables of subscribers over the machines of a Citus cluster (docs/scaling.md). Once.

    Example: tectonics db distribute --config etc/tectonics.yaml
    """
    answer = _work("distribute", config, state)
    (show.json_text if as_json else show.sentence)(answer)
