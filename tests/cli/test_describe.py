"""docs/cli.md is what the commands say of themselves."""

import click
import pytest

from tectonics.cli.commands import tectonics
from tectonics.cli.describe import reference
from tests.house.source import ROOT


def commands(group, path=()):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield pytest.param(command, id=" ".join((*path, name)))


def test_the_document_is_current():
    assert (ROOT / "docs/cli.md").read_text() == reference(), "python -m tectonics.cli.describe > docs/cli.md"


@pytest.mark.parametrize("command", list(commands(tectonics)))
def test_every_command_has_an_example_that_parses(command):
    assert "Example: tectonics " in command.help
    assert all(option.help for option in command.params if isinstance(option, click.Option))
