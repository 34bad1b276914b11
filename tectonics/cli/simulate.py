"""The world on a virtual clock: `tectonics simulate`. It needs no running daemon and touches none."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from tectonics.cli import show

SHOWN = ("runs", "failed", "seconds", "virtual_days", "subscriber_days", "subscriber_days_per_second", "steps")


@click.command()
@click.option("--seed", type=click.IntRange(0), required=True, help="Everything follows from it.")
@click.option("--seeds", type=click.IntRange(1, 10_000_000), default=1, metavar="K",
              help="Run K seeds, from --seed on. [default: 1]")
@click.option("--days", type=click.FloatRange(0.01, 3660), help="Virtual days; else the seed draws six hours to a day.")
@click.option("--subscribers", type=click.IntRange(1, 1_000_000), help="People; else the seed draws 10 to 30.")
@click.option("--nodes", type=click.IntRange(1, 2), help="Daemons over one store; else the seed draws it.")
@click.option("--ledger", type=click.Choice(["embedded", "process"]),
              help="The prepaid ledger in the daemon or as a process of its own; else the seed draws it.")
@click.option("--promises", type=click.Choice(["both", "deduplicates", "readable", "neither"]),
              help="What the billing system promises: it recognises repetitions, it can be read back; else the seed.")
@click.option("--no-faults", is_flag=True, help="Nothing goes wrong but what people do.")
@click.option("--processes", type=click.IntRange(1, 256), default=1, metavar="N",
              help="Processors to use for many seeds. [default: 1]")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON, for programs.")
def simulate(seed: int, seeds: int, days: float | None, subscribers: int | None, nodes: int | None,
             ledger: str | None, promises: str | None, no_faults: bool, processes: int, as_json: bool) -> None:
    """Live through whole days in seconds, with faults, from a seed, and check every rule about money on the way.

    The real daemon (one or two nodes) runs with its store, ledger, gateway, feed and ticket consumers on a
    virtual clock; docs/simulation.md says what goes wrong and what must hold. The same seed gives the same run.
    A failure prints the seed, the virtual time, the history of the subscriber and the command that repeats it;
    exit code 1 then.

    Example: tectonics simulate --seed 1 --days 2 --subscribers 100 --nodes 2
    """
    from tectonics.simulation.many import hush, run_seed, run_seeds
    from tectonics.simulation.plan import Options

    if nodes == 2 and ledger == "embedded":
        raise click.UsageError("--nodes 2 needs --ledger process: an embedded ledger belongs to one daemon.")
    options = Options(days, subscribers, nodes, ledger, promises, not no_faults)
    hush()
    with _progress(seeds) as (within, after):
        if seeds == 1:
            report = run_seed(seed, options, within)
        else:
            report = run_seeds(range(seed, seed + seeds), options, processes, after)
    if as_json:
        show.json_text(report.record())
    else:
        _show(report)
    if report.failed:
        sys.exit(1)


def _show(report) -> None:
    record = report.record()
    for failure in report.failures:
        click.echo(failure.text() + "\n")
    show.fields({name: record[name] for name in SHOWN})
    for name in ("layouts", "faults", "figures"):
        counts = [{name.removesuffix("s"): key, "count": count} for key, count in record[name].items()]
        show.table(counts, title=name)
    missed = record["moves_missed"]
    click.echo(f"{len(record['moves_taken'])} of {len(record['moves_taken']) + len(missed)} moves of the state machines"
               " were taken" + (f"; not taken: {'; '.join(missed)}" if missed else ""))
    if len(record["digests"]) == 1:
        click.echo(f"digest {next(iter(record['digests'].values()))}")


@contextmanager
def _progress(seeds: int) -> Iterator[tuple[Callable, Callable]]:
    """(for one run: its share, for many: each report), on standard error while a person looks at it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    bar = Progress(BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), TextColumn("{task.fields[failed]} failed"),
                   console=console, disable=not console.is_terminal)
    with bar:
        task = bar.add_task("simulate", total=seeds, failed=0)
        failed = [0]

        def after(report) -> None:
            failed[0] += report.failed
            bar.update(task, advance=1, failed=failed[0])

        yield (lambda share: bar.update(task, completed=share)), after
