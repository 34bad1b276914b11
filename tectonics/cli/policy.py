"""The lending policy: the numbered versions in the database, a new one, the switch that stops new advances."""

from pathlib import Path

import click
import yaml

from tectonics.cli.session import Session, with_session

POLICY_BYTES_MAX = 1 << 19


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


class _ExactLoader(yaml.SafeLoader):
    """Leaves 1.10 the text that it is: an amount must not become a binary fraction."""


_ExactLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers
            if tag not in ("tag:yaml.org,2002:float", "tag:yaml.org,2002:timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}


def read_policy(file: Path) -> dict:
    """The policy document in a YAML file; a UsageError (exit code 2) when it holds none."""
    if file.stat().st_size > POLICY_BYTES_MAX:
        raise click.UsageError(f"{file} is larger than any policy ({POLICY_BYTES_MAX} bytes).")
    try:
        document = yaml.load(file.read_text(encoding="utf-8"), Loader=_ExactLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{file}:{mark.line + 1}" if mark else str(file)
        raise click.UsageError(f"{where}: {getattr(error, 'problem', None) or 'not YAML in UTF-8'}.") from error
    if isinstance(document, dict) and isinstance(document.get("policy"), dict):
        document = document["policy"]
    if not isinstance(document, dict):
        raise click.UsageError(f"{file} holds no policy.")
    return document


def _view_policy(answer: dict) -> None:
    about = ", ".join(f"{name} {answer[name]}" for name in ("version", "at", "who", "note") if answer.get(name))
    if about:
        click.echo(f"# {about}")
    click.echo(yaml.safe_dump(answer.get("document", answer), sort_keys=False, allow_unicode=True), nl=False)


def _view_history(answer: object) -> None:
    from tectonics.cli import show

    records = next(iter(answer.values()), []) if isinstance(answer, dict) and len(answer) == 1 else answer
    show.table([{name: value for name, value in record.items() if name != "document"} for record in records or []],
               title="versions")
