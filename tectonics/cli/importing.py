"""Importing subscribers: a file of rows into the database, with a progress bar for whoever watches.

The only command that writes to the database itself, with the daemon running or not (daemon/importing.py).
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from tectonics.cli import show
from tectonics.cli.connection import CHECKOUT
from tectonics.cli.session import STATE_HELP, chosen_state

FILE = click.Path(path_type=Path, dir_okay=False)
INSTALLED_CONFIG = Path("/etc/tectonics/tectonics.yaml")


def default_config() -> Path:
    """The settings of this checkout; of an installed package those that its unit reads."""
    in_checkout = CHECKOUT / "etc/tectonics.yaml"
    return in_checkout if in_checkout.exists() else INSTALLED_CONFIG


@click.command("import")
@click.argument("file", metavar="FILE")
@click.option("--config", type=FILE, metavar="FILE", help="The settings; else etc/tectonics.yaml of the checkout, "
              f"of an installed package {INSTALLED_CONFIG}.")
@click.option("--state", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help=STATE_HELP)
@click.option("--delta", is_flag=True, help="What the file tells of existing subscribers wins; else only what is "
              "not known yet is filled in.")
@click.option("--as-of", default="", metavar="T", help="When the file was true: 2026-11-22 or "
              "2026-11-22T02:00:00Z; else when it was last changed.")
@click.option("--mapping", multiple=True, metavar="THEIRS=OURS", help="The file's column THEIRS is our column OURS; "
              "THEIRS= leaves it out. As often as needed.")
@click.option("--rejects", type=FILE, metavar="FILE", help="Where bad rows go, with line and reason; else "
              "FILE.rejects.csv beside the import file.")
@click.option("--dry-run", is_flag=True, help="Read and judge everything, change nothing.")
@click.option("--restart", is_flag=True, help="Begin anew instead of going on where an import of this file stopped.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON, for programs.")
def import_subscribers(file: str, config: Path | None, state: Path | None, delta: bool, as_of: str,
                       mapping: tuple[str, ...], rejects: Path | None, dry_run: bool, restart: bool,
                       as_json: bool) -> None:
    """Import subscribers from FILE (CSV; .gz is unpacked, - is standard input) into the database.

    The columns stand in docs/import.md. New subscribers are inserted, others are updated unless the daemon
    changed them meanwhile. A bad row goes to the reject file and the rest goes in: exit code 1 then, 0 when
    every row is in, 2 when nothing of the file can be read. Interrupted, the next start goes on.

    Example: tectonics subscribers import subscribers.csv.gz --as-of 2026-11-22
    """
    from tectonics.daemon.importing import Job

    job = Job(file, rejects or _beside(file), as_of, delta, dry_run, restart, dict(map(_renamed, mapping)))
    summary = _run(config or default_config(), chosen_state(state), job)
    if as_json:
        show.json_text(summary)
    else:
        show.fields({name: value for name, value in summary.items() if value not in (None, False)})
    if summary["rejected"]:
        sys.exit(1)


def _run(config: Path, state: Path | None, job) -> dict:
    from tectonics.daemon.importing import (
        BadFile,
        ConfigErrors,
        TheirFault,
        format_error,
        import_file,
        read_settings,
    )

    try:
        settings = read_settings(config, state)
        with _progress() as progress:
            return import_file(settings, job, progress)
    except ConfigErrors as errors:
        for error in errors.errors:
            click.echo(format_error(error), err=True)
        sys.exit(2)
    except BadFile as fault:
        raise click.UsageError(f"{fault}.") from fault
    except TheirFault as fault:
        raise click.ClickException(f"{fault}.") from fault
    except KeyboardInterrupt:
        raise click.ClickException("interrupted. What was imported stays; start again to go on.") from None


def _beside(file: str) -> Path:
    return Path("rejects.csv") if file == "-" else Path(f"{file.removesuffix('.gz').removesuffix('.csv')}.rejects.csv")


def _renamed(text: str) -> tuple[str, str]:
    theirs, equals, ours = text.partition("=")
    if not theirs or not equals:
        raise click.UsageError(f"--mapping {text!r} is not THEIRS=OURS.")
    return theirs, ours


@contextmanager
def _progress() -> Iterator:
    """A callback that shows how far it is, on standard error while a person looks at it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    bar = Progress(BarColumn(), TaskProgressColumn(), TimeRemainingColumn(),
                   TextColumn("{task.fields[rows]:,} rows, {task.fields[rejected]:,} rejected"),
                   console=console, disable=not console.is_terminal)
    with bar:
        task = bar.add_task("import", total=None, rows=0, rejected=0)

        def advance(position, bytes_read: int, size_bytes: int) -> None:
            bar.update(task, completed=bytes_read, total=size_bytes or None, rows=position.read,
                       rejected=position.rejected)

        yield advance
