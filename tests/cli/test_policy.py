"""A policy file: exact amounts, by itself or within the settings, one line for what is wrong."""

import pytest

from tectonics.cli.policy import read_policy
from tests.house.source import ROOT


def load(type_in, tmp_path, text):
    file = tmp_path / "policy.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return type_in("policy", "load", str(file), "--note", "why")


SETTINGS = ROOT / "etc/tectonics.yaml"


def test_is_sent_with_exact_amounts(type_in, daemon, tmp_path):
    daemon.answers["policy.load"] = {"text": "version 2 is in force"}
    result = load(type_in, tmp_path, SETTINGS.read_text())
    assert result.stdout == "version 2 is in force\n"
    (method, params), = daemon.calls
    assert method == "policy.load" and params["note"] == "why"
    amounts = [tier["amount"] for segment in params["document"]["segments"] for tier in segment["tiers"]]
    assert "1.00" in amounts and not any(isinstance(amount, float) for amount in amounts)


@pytest.mark.parametrize("text", ["a: [", "- a\n", "", "\ttab: x", b"\xff\xfe\x00", "!!python/object:os.system {}",
                                  "a: &a [*a]\nb: " + "[" * 3000, "x" * 600_000])
def test_a_bad_file_is_wrong_usage(text, type_in, daemon, tmp_path):
    result = load(type_in, tmp_path, text)
    assert result.exit_code == 2 and daemon.calls == []
    assert "policy.yaml" in result.stderr and "Traceback" not in result.stderr


def test_what_is_shown_can_be_loaded(type_in, daemon, tmp_path):
    document = read_policy(SETTINGS)
    daemon.answers["policy.show"] = {"version": 3, "at": "now", "who": "cli:ann", "note": "", "document": document}
    shown = type_in("policy", "show").stdout
    assert shown.startswith("# version 3")
    file = tmp_path / "again.yaml"
    file.write_text(shown)
    assert read_policy(file) == document


def test_history(type_in, daemon):
    daemon.answers["policy.history"] = {"current": 2, "versions": [{"version": 2, "who": "cli:ann", "note": "more"}]}
    shown = type_in("policy", "history").stdout
    assert "cli:ann" in shown and "yes" in shown
