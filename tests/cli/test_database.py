"""db upgrade, check and distribute, on both engines, without a daemon."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tectonics.cli.commands import tectonics
from tectonics.database.migrate import read_scripts
from tectonics.store.sqlite_store import MIGRATIONS

NEWEST = len(read_scripts(MIGRATIONS))
MESSAGES = str(Path(__file__).parents[2] / "etc" / "messages")


@pytest.fixture
def run(tmp_path, postgres_server):
    """`run(command, kind)`: the click result, over an empty database."""
    urls = {}

    def invoke(command, kind, **store):
        if kind == "postgresql":
            urls.setdefault(kind, postgres_server.url(postgres_server.new_database()))
            store = {"url": urls[kind], **store}
        config = tmp_path / "tectonics.yaml"
        config.write_text(json.dumps({"store": {"kind": kind, **store}, "messages": {"directory": MESSAGES},
                                      "state_dir": str(tmp_path / "state")}))
        return CliRunner().invoke(tectonics, ["db", *command.split(), "--config", str(config)])

    return invoke


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_upgrade_then_check(run, kind):
    assert run("check", kind).exit_code == 1
    done = run("upgrade", kind)
    assert (done.exit_code, done.output) == (0, f"the schema is {NEWEST}\n")
    answer = json.loads(run("check --json", kind).output)
    assert answer["schema"] == answer["newest"] == NEWEST


def test_check_fails_where_a_setting_loses_money(run):
    run("upgrade", "postgresql")
    done = run("check", "postgresql")  # the server of the tests has no fsync
    assert done.exit_code == 1 and "without it a power cut destroys the database" in done.output


@pytest.mark.parametrize(("kind", "sentence"), [
    ("sqlite", "only a PostgreSQL can be spread over machines"), ("postgresql", "run `tectonics db upgrade` first")])
def test_distribute_says_why_not(run, kind, sentence):
    done = run("distribute", kind)
    assert done.exit_code == 1 and sentence in done.output
    if kind == "postgresql":
        run("upgrade", kind)
        assert "has no Citus" in run("distribute", kind).output


def test_a_server_that_is_away_is_one_sentence(run, tmp_path):
    done = run("upgrade", "postgresql", url=f"postgresql:///x?host={tmp_path}")
    assert done.exit_code == 1 and done.output.startswith("Error: the database cannot be used: connection to server")
    assert len(done.output.splitlines()) == 1


def test_settings_with_errors_are_told_as_check_config_does(run):
    done = run("upgrade", "postgresql", url="postgresql://ann:secret@db/x")
    assert done.exit_code == 2 and "store.url: expected no password" in done.output and "secret" not in done.output
