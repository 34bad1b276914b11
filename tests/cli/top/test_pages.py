"""Views become lines: everything there, nothing over the edge, whatever a daemon tells and however small the terminal is."""

from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len
from rich.text import Text

from tectonics.cli.top.layout import ASCII, Paragraph, Table, bound_ms, crop, fit, rate, spark
from tectonics.cli.top.pages import PAGES, Chosen, lines
from tectonics.cli.top.watched import Watched
from tectonics.wire.sample import Alarm, Channel
from tests.cli.top.samples import ALARM, anything, busy


def seen(*samples, name="n1"):
    watched = Watched(name)
    for second, sample in enumerate(samples):
        watched.took(sample, float(second))
    return watched


def text(watched, chosen=Chosen(), width=80, height=24):  # noqa: B008 - frozen
    return "\n".join(line.plain for line in lines(watched, chosen, width, height))


def test_the_overview():
    shown = text([seen(busy(10), busy(11), busy(12, alarms=(ALARM,)))], Chosen(time="03:00:00"))
    for expected in ("n1  serving  single  0.1.0  up 0:00:12", "03:00:00", "1 critical", "billing_down: no answer", "in/s   10.0",
                     "granted/s   5.00", "ussd_http", "advance", "balance", "embedded", "owed 12.30 EUR", "10.0/s, consumers 1",
                     "mediation 4 behind", "q quit"):
        assert expected in shown, expected
    assert len(shown.split("\n")) == 24


def test_each_page_has_its_subject():
    watched = [seen(busy(10), busy(11, alarms=(ALARM, Alarm("feed_lag", "minor", 5000, "silent", "ask", "alice"))))]
    pages = {page: text(watched, Chosen(number)) for number, page in enumerate(PAGES)}
    assert "committed" in pages["services"] and "since start" in pages["services"]
    assert "p99.9 ms" in pages["latency"] and "store writes" in pages["latency"]
    assert "do: look at it" in pages["alarms"] and "1970-01-01 00:00:05Z  acknowledged by alice" in pages["alarms"]
    assert "mediation" in pages["alarms"]


def test_one_that_is_away_says_so_and_keeps_what_it_showed():
    watched = seen(busy(10), busy(11))
    watched.lost("the daemon has gone away")
    shown = text([watched])
    assert "n1  away" in shown and "n1: the daemon has gone away" in shown and "ussd_http" in shown
    assert "x: no daemon" in text([trouble("no daemon")]) and "waiting" in text([Watched("x")])


def trouble(why):
    watched = Watched("x")
    watched.lost(why)
    return watched


def test_several_daemons_have_a_line_each_and_one_can_be_chosen():
    watched = [seen(busy(10), busy(11)), seen(busy(10, 30, node="n2"), busy(11, 30, node="n2")), trouble("no daemon is running")]
    shown = text(watched)
    assert "2 of 3 daemons  serving" in shown and "d next daemon" in shown
    assert [line.split()[:3] for line in shown.split("\n") if line.startswith(("n1 ", "n2 ", "x "))] == [
        ["n1", "serving", "10.0"], ["n2", "serving", "30.0"], ["x", "away", "-"]]
    assert "n2  serving" in text(watched, Chosen(daemon=1)) and "no daemon is running" in text(watched, Chosen(daemon=2))


def test_paused_is_seen():
    assert "PAUSED" in text([seen(busy(1), busy(2))], Chosen(paused=True))


def test_an_alarm_that_somebody_has_taken_does_not_hide_another():
    taken = Alarm("a", "critical", 0, "one", "", "alice")
    assert "b: two" in text([seen(busy(1, alarms=(taken, Alarm("b", "minor", 0, "two", ""))))])


@settings(max_examples=40)
@given(st.lists(st.lists(anything, min_size=1, max_size=2), min_size=1, max_size=3), st.integers(0, 3), st.integers(-1, 3),
       st.integers(20, 200), st.integers(1, 60), st.booleans())
def test_nothing_overflows(daemons, page, daemon, width, height, keys):
    watched = [seen(*samples) for samples in daemons]
    if keys:
        watched[0].lost("a\nb")
    made = lines(watched, Chosen(page, daemon, keys=keys), width, height)
    assert len(made) <= height
    assert all(cell_len(line.plain) <= width and line.plain.isprintable() for line in made)


def test_a_screen_of_24_lines_shows_something_of_each_table():
    channels = tuple(Channel(f"channel{n}", "up") for n in range(20))
    full = replace(busy(9), channels=channels)
    shown = text([seen(full, full)])
    for expected in ("channel0", "more", "advance", "embedded", "debt", "q quit"):
        assert expected in shown


def test_a_table_loses_rows_and_says_how_many():
    blocks = [Paragraph([Text("head")]), Table(("a", "b"), [(str(n), "x") for n in range(10)]), Table(("c",), [("y",)])]
    plain = [line.plain for line in fit(blocks, 40, 8)]
    assert plain == ["head", "a  b", "0  x", "1  x", "2  x", "… 7 more", "c", "y"]
    assert [line.plain for line in fit(blocks, 40, 3)][-1] == "… more"
    assert len(fit(blocks, 40, 30)) == 16  # with a blank line between two blocks


@given(st.text(st.characters(exclude_categories=["C"]), max_size=30), st.integers(0, 20))
def test_a_cropped_line_fits(content, width):
    assert cell_len(crop(Text(content), width).plain) <= width


@pytest.mark.parametrize("value, shown", [
    (None, "-"), (0, "0"), (0.004, "0"), (0.5, "0.50"), (9.999, "10.0"), (99.96, "100"), (12345, "12345"), (123456, "123k"),
    (1_234_567, "1.2M"), (5e9, "5.0G"), (1e30, "much"), (inf, "inf")])
def test_a_rate_in_six_columns(value, shown):
    assert rate(value) == shown and len(shown) <= 6


@given(st.floats(0, allow_nan=False))
def test_any_rate_fits(value):
    assert len(rate(value)) <= 6


def test_bounds():
    assert (bound_ms(None, 1), bound_ms(inf, 10), bound_ms(2.5, 10), bound_ms(250.0, 10)) == ("-", ">10000", "2.5", "250")


def test_sparks():
    assert spark([0, 4, 8, None, 8], 6) == " ▁▄█ █" and spark([0, 0], 2) == "▁▁" and spark([1, 2], 0) == ""
    assert spark([None, 1, inf], 3) == " ██" and spark([inf], 1) == "█" and spark([8, 1], 2, ASCII) == "@."


@given(st.lists(st.none() | st.floats(0, allow_nan=False), max_size=50), st.integers(0, 40))
def test_any_spark_is_as_wide_as_asked(values, width):
    assert len(spark(values, width)) == width
