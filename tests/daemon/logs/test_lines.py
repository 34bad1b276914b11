"""What a line looks like, and what never stands in one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import LogLevel

from tectonics.daemon.logs.lines import MESSAGE_CHARS_MAX, Lines
from tectonics.daemon.logs.masking import masked, one_line
from tests.daemon.logs.events import TIME, event, failed

FORMS = [Lines("text"), Lines("json"), Lines("text", journal=True), Lines("json", journal=True)]


def written(lines, told):
    return lines.line(told, lines.sentence(told)).decode()


def test_a_line_is_one_sentence():
    assert written(Lines("text"), event()) == f"{TIME} info  engine.outbox: sent TEC-1\n"


def test_a_line_for_programs():
    assert json.loads(written(Lines("json"), event())) == {
        "time": TIME, "level": "info", "area": "engine.outbox", "message": "sent TEC-1"}


def test_the_journal_knows_the_time_and_is_told_the_priority():
    assert written(Lines("text", journal=True), event()) == "<6>info  engine.outbox: sent TEC-1\n"
    for level, priority in (("debug", 7), ("warn", 4), ("error", 3), ("critical", 2)):
        assert written(Lines("json", journal=True), event(level=LogLevel.lookupByName(level))).startswith(f"<{priority}>{{")


def test_every_line_of_a_traceback_keeps_the_priority():
    lines = written(Lines("text", journal=True), failed(ValueError("a bug"))).splitlines()
    assert len(lines) > 3 and all(line.startswith("<2>") for line in lines)


def test_the_trace_stands_at_the_end_of_the_line():
    assert written(Lines("text"), event(trace="00ff")).endswith("sent TEC-1  trace=00ff\n")
    assert json.loads(written(Lines("json"), event(trace="00ff")))["trace"] == "00ff"


@pytest.mark.parametrize("lines", FORMS)
def test_a_failure_of_ours_brings_its_traceback(lines):
    line = written(lines, failed(ValueError("a bug")))
    assert "ValueError" in line and "a bug" in line and "Traceback" in line


@pytest.mark.parametrize("lines", FORMS)
@pytest.mark.parametrize("text", ["33612345678", "+33612345678 rang", "sip:+33612345678@h", "b'\\x0033612345678\\x00'",
                                  "tel:33612345678;x", "0612345678", "'33612345678'", "\n33612345678", "208931234567890"])
def test_numbers_are_masked_whoever_wrote_them(lines, text):
    said, raised = written(lines, event("{text}", text=text)), written(lines, failed(ValueError(text)))
    assert "12345678" not in said + raised and "*****" in said and "*****" in raised


def test_what_is_no_number_stays():
    for text in ("TEC-01K8Z3123456789ABCDEF0123", "port 65535", "tickets 1234 to 12345678", "5f0c1234567890ab"):
        assert masked(text) == text


@given(st.text(max_size=80), st.sampled_from(FORMS))
def test_nobody_else_begins_a_line(text, lines):
    whole = written(lines, event("{text}", text=text))
    assert whole.count("\n") == 1 and whole[:-1].isprintable()


def test_control_characters_are_shown():
    assert one_line("a\n<3>b\x1b[2J\u202e") == "a\\n<3>b\\x1b[2J\\u202e"
    assert one_line("é ❤ سلف") == "é ❤ سلف"


@pytest.mark.parametrize("lines", FORMS)
def test_whatever_comes_is_written(lines):
    assert "Unable to format" in written(lines, event("{missing}"))
    assert len(written(lines, event("{text}", text="x" * 10**6))) < MESSAGE_CHARS_MAX + 200
    assert written(lines, event("{text}", text="\udc80"))
