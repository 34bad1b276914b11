"""What every command that talks to the daemon shares: the options --state and --json, and how it shows answers."""

import functools
from collections.abc import Callable
from pathlib import Path

import click

from tectonics.cli import show
from tectonics.cli.connection import Daemon, default_state

STATE_HELP = "The daemon's state directory (else $TECTONICS_STATE, else var/ of the checkout)."


class Session:
    """One command's daemon, and whether a program reads along."""

    def __init__(self, state: Path, as_json: bool) -> None:
        self._daemon = Daemon(state)
        click.get_current_context().call_on_close(self._daemon.close)
        self.as_json = as_json

    def call(self, method: str, **params: object):
        """The daemon's answer (cli/connection.py)."""
        return self._daemon.call(method, **params)

    def show(self, method: str, *, view: Callable[[object], None] = show.document, **params: object) -> None:
        """Asks, and shows the answer: as it came for programs, through `view` for people."""
        answer = self.call(method, **params)
        if self.as_json:
            show.json_text(answer)
        else:
            view(answer)

    def do(self, method: str, **params: object) -> None:
        """Asks for a change, and shows the sentence that says what was done."""
        self.show(method, view=show.sentence, **params)


def state_option(function: Callable) -> Callable:
    """Adds --state; the function gets `state`, a Path or None."""
    return click.option("--state", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
                        help=STATE_HELP)(function)


def chosen_state(state: Path | None) -> Path | None:
    """The command's --state, else that of the whole command line, else the environment's."""
    return state or click.get_current_context().find_root().params.get("state")


def with_session(function: Callable) -> Callable:
    """Adds --state and --json; the function gets a Session first."""
    @state_option
    @click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON, for programs.")
    @functools.wraps(function)
    def command(state: Path | None, as_json: bool, **params: object) -> None:
        function(Session(chosen_state(state) or default_state(), as_json), **params)

    return command
