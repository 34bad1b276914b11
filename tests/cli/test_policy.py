"""A policy file: exact amounts, by itself or within the settings, one line for what is wrong."""

import pytest

from tectonics.cli.policy import read_policy


def load(type_in, tmp_path, text):
    file = tmp_path / "policy.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return type_in("policy", "load", str(file), "--note", "why")


@pytest.mark.parametrize("text", ["segments: [{fee: 1.10}]\ncount: 3\non: true\n",
                                  "node: {name: n1}\npolicy:\n  segments: [{fee: 1.10}]\n  count: 3\n  on: true\n"])
def test_is_sent_with_exact_amounts(text, type_in, daemon, tmp_path):
    daemon.answers["policy.load"] = {"text": "version 2 is in force"}
    result = load(type_in, tmp_path, text)
    assert result.stdout == "version 2 is in force\n"
    (method, params), = daemon.calls
    assert method == "policy.load" and params["note"] == "why"
    assert params["document"]["segments"] == [{"fee": "1.10"}] and params["document"]["count"] == 3


@pytest.mark.parametrize("text", ["a: [", "- a\n", "", "\ttab: x", b"\xff\xfe\x00", "!!python/object:os.system {}",
                                  "a: &a [*a]\nb: " + "[" * 3000, "x" * 600_000])
def test_a_bad_file_is_wrong_usage(text, type_in, daemon, tmp_path):
    result = load(type_in, tmp_path, text)
    assert result.exit_code == 2 and daemon.calls == []
    assert "policy.yaml" in result.stderr and "Traceback" not in result.stderr


def test_what_is_shown_can_be_loaded(type_in, daemon, tmp_path):
    document = {"currency": "EUR", "segments": [{"name": "été", "amount": "1.00"}], "accepting": True}
    daemon.answers["policy.show"] = {"version": 3, "who": "cli:ann", "document": document}
    shown = type_in("policy", "show").stdout
    assert shown.startswith("# version 3")
    file = tmp_path / "again.yaml"
    file.write_text(shown)
    assert read_policy(file) == document


def test_history(type_in, daemon):
    daemon.answers["policy.history"] = [{"version": 2, "who": "cli:ann", "note": "more", "document": {"a": 1}}]
    shown = type_in("policy", "history").stdout
    assert "cli:ann" in shown and "document" not in shown
