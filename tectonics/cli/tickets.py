"""Tickets: the newest ones as they come, and a period of them as a file."""

import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from tectonics.cli import show
from tectonics.cli.session import Session, with_session

PAGE = 1000
FOLLOW_EVERY_S = 1.0
TAIL_FIELDS = ("time", "seq", "type", "msisdn", "amount", "outstanding", "currency", "reason", "text")


@click.group()
def tickets() -> None:
    """Read the tickets."""


@tickets.command()
@click.option("-n", "--lines", "count", type=click.IntRange(1, PAGE), default=10, show_default=True, metavar="N",
              help="Begin with the newest N.")
@click.option("-f", "--follow", is_flag=True, help="Go on with new ones until interrupted.")
@with_session
def tail(session: Session, count: int, follow: bool) -> None:
    """Show the newest tickets, one a line; --json shows each as it is written everywhere.

    Example: tectonics tickets tail -f
    """
    last = _print_tickets(session, session.call("tickets.tail", limit=count))
    while follow:
        time.sleep(FOLLOW_EVERY_S)
        last = _print_tickets(session, session.call("tickets.tail", after_seq=last, limit=PAGE))


@tickets.command()
@click.option("--format", "file_format", type=click.Choice(["csv", "jsonl", "xlsx"]), required=True,
              help="The form of the file.")
@click.option("--from", "since", required=True, metavar="T", help="From this time on: 2026-11-22 or 2026-11-22T08:30.")
@click.option("--to", "until", required=True, metavar="T", help="Up to, without, this time; UTC unless it says more.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Where to write it; else standard output.")
@with_session
def export(session: Session, file_format: str, since: str, until: str, output: Path | None) -> None:
    """Write the tickets of a period as CSV, JSON lines or XLSX.

    Example: tectonics tickets export --format xlsx --from 2026-11-01 --to 2026-12-01 -o november.xlsx
    """
    from tectonics.daemon.export import TheirFault
    from tectonics.daemon.export import export as write

    begin, end = moment(since), moment(until)
    if begin >= end:
        raise click.UsageError("--from must be before --to.")
    if output is None and file_format == "xlsx":
        raise click.UsageError("xlsx is not text; name a file with -o.")
    lines = _counted(pages(session, begin, end))
    try:
        write(lines, file_format, output if output is not None else sys.stdout.buffer)
    except TheirFault as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"could not write {output or 'standard output'}: {error.strerror}.") from error


@tickets.command("trace")
@click.argument("trace")
@click.option("--from", "since", metavar="T", help="Look from this time on; else at the last 24 hours.")
@click.option("--to", "until", metavar="T", help="Up to, without, this time; UTC unless it says more.")
@with_session
def trace_tickets(session: Session, trace: str, since: str | None, until: str | None) -> None:
    """Show the tickets of the request that the log tells of as TRACE; the line's time saves looking at a whole day.

    Example: tectonics tickets trace 5f0c96a1d2b34e77 --from 2026-11-22T08:30
    """
    now = datetime.now(UTC)
    begin = moment(since) if since else moment((now - timedelta(days=1)).isoformat())
    end = moment(until) if until else moment((now + timedelta(days=1)).isoformat())
    sought = json.dumps(trace).encode()
    for line in pages(session, begin, end):
        if sought in line and json.loads(line).get("trace") == trace:
            click.echo(line if session.as_json else one_line(json.loads(line)))


def moment(text: str) -> str:
    """RFC 3339 in UTC for a date or time as people write it."""
    try:
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise click.UsageError(f"{text!r} is not a time such as 2026-11-22 or 2026-11-22T08:30.") from error
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def pages(session: Session, since: str, until: str) -> Iterator[bytes]:
    """The tickets of a period, asked for page by page."""
    after = None
    while True:
        page = session.call("tickets.page", since=since, until=until, after=after, limit=PAGE)
        for line in page["lines"]:
            yield line.encode()
        after = page["after"]
        if not after:
            return


def _counted(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The same lines, with a counter on standard error while a person looks at it."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    progress = Progress(SpinnerColumn(), TextColumn("{task.completed} tickets"), TimeElapsedColumn(),
                        console=console, disable=not console.is_terminal)
    with progress:
        task = progress.add_task("export", total=None)
        for line in lines:
            yield line
            progress.advance(task)


def _print_tickets(session: Session, page: dict) -> int:
    """Prints a page; the number after which the next one begins."""
    for line in page["lines"]:
        click.echo(line if session.as_json else one_line(json.loads(line)))
    return page["after_seq"]


def one_line(ticket: dict) -> str:
    """A ticket for people: the fields that matter, in one line."""
    return "  ".join(show.plain(ticket[name]) for name in TAIL_FIELDS if ticket.get(name) not in (None, ""))
