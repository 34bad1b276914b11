"""The lending policy: the numbered versions in the database, a new one, the switch that stops new advances."""

from pathlib import Path

import click

from tectonics.cli import show
from tectonics.cli.session import Session, with_session


@click.group()
def policy() -> None:
    """Look at the lending policy, replace it, stop new advances."""


@policy.command("show")
@click.option("--version", type=click.IntRange(1), help="An older version; else the one in force.")
@with_session
def show_policy(session: Session, version: int | None) -> None:
    """Show a policy as YAML, in the form that `policy load` takes.

    Example: tectonics policy show > policy.yaml
    """
    session.show("policy.show", view=_view_policy, version=version)


@policy.command()
@with_session
def history(session: Session) -> None:
    """List the versions: when, by whom, why.

    Example: tectonics policy history
    """
    session.show("policy.history", view=_view_history)


@policy.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--note", required=True, help="Why; it stands in the history.")
@with_session
def load(session: Session, file: Path, note: str) -> None:
    """Put the policy in FILE in force at once: YAML, by itself or the section `policy` of the settings.

    Example: tectonics policy load policy.yaml --note "a tier of 10.00"
    """
    session.do("policy.load", document=read_policy(file), note=note)


@policy.command()
@with_session
def stop(session: Session) -> None:
    """Stop new advances at once; recoveries go on.

    Example: tectonics policy stop
    """
    session.do("policy.switch", accepting=False)


@policy.command()
@with_session
def resume(session: Session) -> None:
    """Lend again.

    Example: tectonics policy resume
    """
    session.do("policy.switch", accepting=True)


def read_policy(file: Path) -> dict:
    """The policy document in a YAML file; wrong configuration (exit code 2, all errors) when it holds none."""
    from tectonics.config import load_policy
    from tectonics.config.errors import TheirFault

    try:
        return load_policy(file)
    except TheirFault as error:
        raise click.UsageError(f"{file} cannot be loaded:\n{error}") from error


def _view_policy(answer: dict) -> None:
    import yaml

    about = ", ".join(f"{name} {answer[name]}" for name in ("version", "at", "who", "note") if answer.get(name))
    if about:
        click.echo(f"# {about}")
    click.echo(yaml.safe_dump(answer["document"], sort_keys=False, allow_unicode=True), nl=False)


def _view_history(answer: dict) -> None:
    show.table([{**one, "in force": one["version"] == answer["current"]} for one in answer["versions"]],
               title="versions")
