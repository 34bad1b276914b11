"""Dialects of USSD gateways: the shipped files, what is wrong with others, and how the configuration uses them."""

import shutil

import pytest

from tectonics.config import load
from tectonics.config.dialects import DialectSection, read_dialect
from tectonics.domain.dialects import Dialect, Numbering, OpsOut
from tests.config.files import ETC, errors_of, write

SHIPPED = sorted(path.stem for path in (ETC / "dialects").glob("*.yaml"))
ACCOUNT = 'channels:\n  ussd_smpp:\n    accounts:\n      - {name: gw, address: "tcp:h:2775", dialect: %s}\n'


def shipped(name):
    dialect, errors = read_dialect(ETC / "dialects" / f"{name}.yaml", name)
    assert errors == []
    return dialect


def wrong(tmp_path, text):
    (tmp_path / "x.yaml").write_text(text)
    dialect, errors = read_dialect(tmp_path / "x.yaml", "x", "x.yaml")
    assert dialect is None
    return [(error.line, error.key, error.text) for error in errors]


def with_dialects(tmp_path, text):
    shutil.copytree(ETC / "dialects", tmp_path / "dialects")
    return write(tmp_path, text)


def test_the_standard_is_what_is_taken_where_nothing_is_said(tmp_path):
    (tmp_path / "x.yaml").write_text("# nothing\n")
    assert read_dialect(tmp_path / "x.yaml", "standard")[0] == shipped("standard") == Dialect()


def test_the_standard_file_shows_every_key():
    lines = (ETC / "dialects/standard.yaml").read_text().splitlines()
    assert [line.partition(":")[0] for line in lines if line[0] not in "# "] == list(DialectSection.model_fields)


def test_the_shipped_dialects():
    assert SHIPPED == ["its-session-only", "reference-correlated", "source-only", "standard"]
    only = shipped("its-session-only")
    assert (only.correlator, only.ops_out, only.subscriber_numbering) == (
        "its_dialog", OpsOut(2, 2, 3, None), Numbering(1, 1))
    assert [shipped(name).counts for name in SHIPPED] == [False, False, False, True]


@pytest.mark.parametrize("name", SHIPPED)
def test_each_shipped_dialect_can_be_used(tmp_path, name):
    settings = load(with_dialects(tmp_path, ACCOUNT % name))
    assert settings.dialects == {name: shipped(name)}
    assert settings.styles()[1] == shipped(name).style("ussd_smpp", 8.0, 180, shipped(name).counts)


def test_all_errors_of_a_dialect_at_once_with_their_lines(tmp_path):
    assert wrong(tmp_path, "correlator: foo\nops_in: {begin: [1, 300]}\nbla: 3\nsepets_max: 3\n") == [
        (1, "correlator", ("expected 'its_session_info', 'its_dialog', 'user_message_reference' or 'source', "
                           "found 'foo'")),
        (2, "ops_in.begin[1]", "expected less than or equal to 255, found 300"),
        (3, "bla", "no such key"),
        (4, "sepets_max", "no such key; did you mean septets_max?")]
    assert wrong(tmp_path, "[1, 2]") == [(1, "", "expected a mapping of keys, found a list")]
    assert [line for line, _, _ in wrong(tmp_path, "correlator: source\n correlator: : x")] == [2]


@pytest.mark.parametrize("text, expected", [
    ("ops_in: {begin: [1, 18]}", (1, "ops_in.input[0]", "expected one meaning, found 18 under begin too")),
    ("correlator: source\nops_out:\n  end: 2", (3, "ops_out.end", "expected another op than menu's")),
    ("end_bit: false\nops_out: {end: 2}", (2, "ops_out.end", "expected another op than menu's")),
    ("answer_with: data_sm", (1, "text_out", "expected message_payload")),
])
def test_what_cannot_be_meant(tmp_path, text, expected):
    [(line, key, sentence)] = wrong(tmp_path, text)
    assert (line, key) == expected[:2] and sentence.startswith(expected[2])


def test_an_unknown_dialect_is_an_error_of_its_account(tmp_path):
    with_dialects(tmp_path, "")
    [(line, key, text)] = errors_of(tmp_path, ACCOUNT % "klingon")
    assert (line, key) == (4, "channels.ussd_smpp.accounts[0].dialect")
    assert "(its-session-only, reference-correlated, source-only, standard), found 'klingon'" in text


def test_an_error_within_a_dialect_names_its_file_once(tmp_path):
    with_dialects(tmp_path, "")
    (tmp_path / "dialects/bad.yaml").write_text("correlator: source\nend_bit: 1\n")
    two = (ACCOUNT + '      - {name: gw2, address: "tcp:h:2776", dialect: %s}\n') % ("bad", "bad")
    assert errors_of(tmp_path, two) == [(2, "end_bit", "expected true or false, found 1")]


def test_without_accounts_no_dialect_is_read(tmp_path):
    assert load(write(tmp_path, "")).dialects == {}


def test_an_amount_that_could_be_the_key_that_confirms_is_an_error_for_smpp_too(tmp_path):
    policy = ("policy: {segments: [{name: s, tiers: [{id: a, amount: {min: \"1.00\", max: \"200.00\", step: \"1.00\"}, "
              "fee: \"0.10\", due: 7d}]}]}\n")
    with_dialects(tmp_path, "")
    with_smpp = [key for _, key, _ in errors_of(tmp_path, policy + ACCOUNT % "standard")]
    assert with_smpp != [] and errors_of(tmp_path, policy) == []
