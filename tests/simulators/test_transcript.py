"""The transcript: what it shows, and that a step that did not hold is never a success."""

import io

import pytest

from tectonics.simulators.demo.transcript import Transcript


@pytest.fixture
def stream():
    return io.StringIO()


def test_a_step_that_did_not_hold_is_told_and_decides_the_verdict(stream):
    told = Transcript(stream)
    told.title("One")
    assert told.check("good", 1, 1)
    assert not told.check("bad", 1, 2)
    assert told.verdict(1.0) is False
    text = stream.getvalue()
    assert "ok   good" in text and "FAIL bad (expected 2, found 1)" in text
    assert text.splitlines()[-1] == "1 steps FAILED: 2 checks in 1.0 s"


def test_all_that_held_is_a_success(stream):
    told = Transcript(stream)
    told.check("good", True)
    assert told.verdict(0.5) is True
    assert stream.getvalue().splitlines()[-1] == "every step held: 1 checks in 0.5 s"


def test_no_check_at_all_is_no_success(stream):
    assert Transcript(stream).verdict(0.0) is False


def test_a_screen_is_as_wide_as_a_telephone(stream):
    Transcript(stream).screen("336…01", "Hello\n" + "word " * 20, more=False)
    lines = stream.getvalue().splitlines()
    assert {len(line) for line in lines} == {42}
    assert "session ended" in lines[-1] and "Hello" in lines[1]


def test_quiet_remembers_and_writes_nothing(stream):
    told = Transcript(stream, quiet=True)
    told.title("One")
    told.check("good", True)
    assert stream.getvalue() == "" and [(c.chapter, c.held) for c in told.checks] == [("One", True)]


def test_no_colours_where_there_is_no_terminal(stream):
    told = Transcript(stream)
    told.title("One")
    told.operator("x" * 500)
    assert "\x1b" not in stream.getvalue() and "…" in stream.getvalue()
