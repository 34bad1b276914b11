"""docs/cli.md, generated from the commands' own help: `python -m tectonics.cli.describe > docs/cli.md`."""

from collections.abc import Iterator

import click

from tectonics.cli.commands import tectonics

WIDTH = 100
HEAD = """# The command line

Generated from the commands' own help (`python -m tectonics.cli.describe > docs/cli.md`).

Commands other than `run`, `ledger` and `check-config` talk to the running daemon through `control.sock` in its
state directory, which only its owner may open. They find it by `--state DIR`, else the environment's
`TECTONICS_STATE`, else `var/` of the checkout (of an installed package `/var/lib/tectonics`).
`--json` prints the daemon's answer for programs. Every change leaves a ticket `admin.change` with the caller's name.
"""


def reference() -> str:
    """The whole document."""
    return "\n".join([HEAD, *_sections(tectonics, "tectonics", None)])


def _sections(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent, terminal_width=WIDTH,
                            **command.context_settings)
    yield f"## {context.command_path}\n\n```text\n{command.get_help(context).rstrip()}\n```\n"
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            yield from _sections(command.get_command(context, inner), inner, context)


if __name__ == "__main__":
    click.echo(reference(), nl=False)
