"""Becoming a daemon: run, check-config, ledger."""

import sys
from pathlib import Path

import click

from tectonics.cli.session import chosen_state, state_option

FILE = click.Path(path_type=Path, dir_okay=False)
PORT_MAX = 65535


@click.command()
@click.option("--config", required=True, type=FILE, metavar="FILE", help="The settings, such as etc/tectonics.yaml.")
@click.option("--port-offset", type=click.IntRange(0, PORT_MAX), default=0, metavar="N", show_default=True,
              help="Add N to every port, for a second daemon on this machine.")
@state_option
def run(config: Path, state: Path | None, port_offset: int) -> None:
    """Be the daemon, in the foreground, until SIGTERM or SIGINT.

    Example: tectonics run --config etc/tectonics.yaml --state /tmp/demo --port-offset 1000
    """
    from tectonics.daemon.run import main

    sys.exit(main(config, chosen_state(state), port_offset))


@click.command("check-config")
@click.argument("file", type=FILE)
def check_config(file: Path) -> None:
    """Check the settings in FILE: all errors at once, each with its line. Exit code 2 if there are any.

    Example: tectonics check-config etc/tectonics.yaml
    """
    from tectonics.config import check, format_error

    errors = check(file)
    for error in errors:
        click.echo(format_error(error), err=True)
    if errors:
        click.echo(f"{len(errors)} error{'s' if len(errors) > 1 else ''}", err=True)
        sys.exit(2)
    click.echo(f"{file}: no errors")


@click.command()
@click.option("--db", required=True, type=FILE, metavar="FILE", help="The ledger's database; made if missing.")
@click.option("--listen", required=True, metavar="ENDPOINT",
              help="Where to serve: unix:/path or tcp:PORT:interface=127.0.0.1.")
@click.option("--deduplicates/--no-deduplicates", default=True, show_default=True,
              help="The same operation sent again is answered, not done again.")
@click.option("--readable-back/--no-readable-back", default=True, show_default=True,
              help="It tells what became of an operation.")
def ledger(db: Path, listen: str, deduplicates: bool, readable_back: bool) -> None:
    """Be the prepaid ledger as a process of its own (billing.kind: ledger), until SIGTERM or SIGINT.

    Example: tectonics ledger --db /tmp/ledger.db --listen unix:/tmp/ledger.sock
    """
    from tectonics.daemon.run import serve_ledger

    sys.exit(serve_ledger(db, listen, deduplicates, readable_back))
