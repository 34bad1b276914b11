"""`tectonics top`: what daemons are doing, again and again.

On a terminal a screen with keys (screen.py, pages.py), otherwise plain blocks or a line of JSON for each look.  Everything
shown is made of two samples by pure functions (rates.py); here is only the loop.
"""

import json
import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from tectonics.cli import show
from tectonics.cli.connection import default_state
from tectonics.cli.session import STATE_HELP, chosen_state
from tectonics.cli.top.asking import PATIENCE_S, Line, wait
from tectonics.cli.top.layout import ASCII, UNICODE, Glyphs
from tectonics.cli.top.pages import PAGES, Chosen, lines
from tectonics.cli.top.plain import record
from tectonics.cli.top.screen import Quit, Screen

DAEMONS_MAX = 16
EVERY_S_MIN, EVERY_S_MAX = 0.2, 3600.0
BLOCK_LINES_MAX = 200
BLOCK_COLUMNS = 100


@click.command()
@click.option("--state", "states", multiple=True, type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help=f"{STATE_HELP} Several times for several daemons.")
@click.option("--every", "every_s", type=click.FloatRange(EVERY_S_MIN, EVERY_S_MAX), default=1.0, metavar="S", show_default=True,
              help="Look again after so many seconds.")
@click.option("--once", is_flag=True, help="Show one look, of the time --every, and end.")
@click.option("--json", "as_json", is_flag=True, help="Print each look as one line of JSON, for programs.")
def top(states: tuple[Path, ...], every_s: float, once: bool, as_json: bool) -> None:
    """Watch what the daemon does: traffic, refusals, latency, billing, backlog, alarms, each second.

    On a terminal: 1 to 4 choose a page, p pauses, d goes to the next daemon, q quits. Otherwise plain text.

    Example: tectonics top --every 2
    """
    if len(states) > DAEMONS_MAX:
        raise click.UsageError(f"at most {DAEMONS_MAX} daemons.")
    watching = [Line(state) for state in states or (chosen_state(None) or default_state(),)]
    console = show.console()
    try:
        if sys.stdout.isatty() and not console.is_dumb_terminal and not once and not as_json:
            _on_screen(watching, every_s, Screen(console), _glyphs(console))
        else:
            _in_blocks(watching, every_s, once, as_json, console)
    except (KeyboardInterrupt, Quit):
        return
    except BrokenPipeError:  # whoever read has had enough; nothing is left to be flushed into the pipe at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        for line in watching:
            line.close()


def _on_screen(watching: Sequence[Line], every_s: float, screen: Screen, glyphs: Glyphs) -> None:
    chosen, seen = Chosen(every_s=every_s), _Seen(watching)
    next_s = time.monotonic()
    with screen.taken():
        while True:
            if time.monotonic() >= next_s:
                for line in watching:
                    line.ask()
                next_s = max(next_s + every_s, time.monotonic())
            for key in screen.keys(wait(watching, next_s, screen.descriptors)):
                if key in "qQ":
                    return
                chosen = pressed(key, chosen, len(watching))
            seen.look(chosen.paused)
            now = seen.at
            screen.draw(lambda width, height, chosen=chosen, now=now: lines(
                seen.watched, Chosen(chosen.page, chosen.daemon, chosen.paused, every_s, now), width, height, glyphs))


class _Seen:
    """What is drawn: what is watched, or while paused as it was."""

    def __init__(self, watching: Sequence[Line]) -> None:
        self._watching, self._paused = watching, False
        self.watched = [line.watched for line in watching]
        self.at = _clock()

    def look(self, paused: bool) -> None:
        """Keeps a copy from the moment of the pause on."""
        if paused and not self._paused:
            self.watched = [line.watched.frozen() for line in self._watching]
        elif not paused:
            self.watched, self.at = [line.watched for line in self._watching], _clock()
        self._paused = paused


def pressed(key: str, chosen: Chosen, daemons: int) -> Chosen:
    """What is chosen after a key; a key that means nothing changes nothing."""
    page, daemon, paused = chosen.page, chosen.daemon, chosen.paused
    if key.isascii() and key.isdigit() and 1 <= int(key) <= len(PAGES):
        page = int(key) - 1
    elif key in "\t ":
        page = (page + 1) % len(PAGES)
    elif key in "pP":
        paused = not paused
    elif key in "dD" and daemons > 1:
        daemon = daemon + 1 if daemon + 1 < daemons else -1
    return Chosen(page, daemon, paused, chosen.every_s, chosen.time, chosen.keys)


def _in_blocks(watching: Sequence[Line], every_s: float, once: bool, as_json: bool, console: Console) -> None:
    """Each look as text. The first one has nothing to compare with and is not shown."""
    next_s, looks = time.monotonic(), 0
    while True:
        _round(watching)
        trouble = [line.watched.trouble for line in watching]
        if once and all(trouble):
            raise click.ClickException(f"{trouble[0]}.")
        if looks:
            _print(watching, every_s, as_json, console)
        if looks and once:
            return
        looks += 1
        next_s = max(next_s + every_s, time.monotonic())
        while time.monotonic() < next_s:
            wait(watching, next_s)


def _round(watching: Sequence[Line]) -> None:
    """Asks all, and waits for those that answer in time."""
    end_s = time.monotonic() + PATIENCE_S
    for line in watching:
        line.ask()
    while any(line.waits for line in watching) and time.monotonic() < end_s:
        wait(watching, end_s)


def _print(watching: Sequence[Line], every_s: float, as_json: bool, console: Console) -> None:
    watched = [line.watched for line in watching]
    if as_json:
        print(json.dumps(record(watched, datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")),
                         ensure_ascii=False, allow_nan=False), flush=True)
        return
    width = console.width if sys.stdout.isatty() else BLOCK_COLUMNS
    for line in lines(watched, Chosen(every_s=every_s, time=_clock(), keys=False), width, BLOCK_LINES_MAX, _glyphs(console)):
        console.print(line)
    console.print()
    sys.stdout.flush()


def _clock() -> str:
    return datetime.now().astimezone().strftime("%H:%M:%S")


def _glyphs(console: Console) -> Glyphs:
    return UNICODE if console.encoding.startswith("utf") else ASCII
