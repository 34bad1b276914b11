"""Reading tickets: the newest, and a period page by page."""

import json

import click
import pytest

from tectonics.cli import tickets
from tectonics.cli.tickets import moment


def line(seq):
    return json.dumps({"origin": "n1", "seq": seq, "time": "2026-11-22T08:00:00.000Z", "type": "advance.granted",
                       "msisdn": "33600000001", "amount": "2.00", "currency": "EUR"})


def test_tail(type_in, daemon):
    daemon.answers["tickets.tail"] = {"lines": [line(1), line(2)], "after_seq": 2}
    result = type_in("tickets", "tail", "-n", "2")
    assert daemon.calls == [("tickets.tail", {"limit": 2})]
    assert result.stdout.splitlines()[1].split("  ") == [
        "2026-11-22T08:00:00.000Z", "2", "advance.granted", "33600000001", "2.00", "EUR"]
    assert type_in("tickets", "tail", "--json").stdout == f"{line(1)}\n{line(2)}\n"


def test_following_goes_on_after_the_last_number(type_in, daemon, monkeypatch):
    pages = iter([[line(7)], [], [line(8), line(9)], []])

    def answer(params):
        lines = next(pages)
        return {"lines": lines, "after_seq": json.loads(lines[-1])["seq"] if lines else params["after_seq"]}

    def sleep(seconds):
        if len(daemon.calls) == 4:
            raise KeyboardInterrupt

    daemon.answers["tickets.tail"] = answer
    monkeypatch.setattr(tickets.time, "sleep", sleep)
    result = type_in("tickets", "tail", "-f", "--json")
    assert [json.loads(one)["seq"] for one in result.stdout.splitlines() if one] == [7, 8, 9]
    assert [params.get("after_seq") for _, params in daemon.calls] == [None, 7, 7, 9]
    assert "Traceback" not in result.output


@pytest.mark.parametrize(("text", "rfc3339"), [
    ("2026-11-22", "2026-11-22T00:00:00.000Z"), ("2026-11-22T08:30", "2026-11-22T08:30:00.000Z"),
    ("2026-11-22 08:30:01.5", "2026-11-22T08:30:01.500Z"), ("2026-11-22T08:30:00+02:00", "2026-11-22T06:30:00.000Z"),
    ("2026-11-22T08:30:00Z", "2026-11-22T08:30:00.000Z")])
def test_times(text, rfc3339):
    assert moment(text) == rfc3339


def test_a_time_before_the_year_1000_keeps_its_digits():
    assert moment("0999-01-01") == "0999-01-01T00:00:00.000Z"


@pytest.mark.parametrize("text", ["yesterday", "0001-01-01T00:00+05:00", "9999-12-31T23:59-05:00"])
def test_what_is_no_time_of_any_calendar(text):
    with pytest.raises(click.UsageError, match="is not a time"):
        moment(text)


def export(type_in, *more, since="2026-11-01", until="2026-12-01", file_format="jsonl"):
    return type_in("tickets", "export", "--format", file_format, "--from", since, "--to", until, *more)


def test_the_tickets_of_a_trace(type_in, daemon):
    other, sought = line(1), json.dumps(json.loads(line(2)) | {"trace": "00ff"})
    daemon.answers["tickets.page"] = {"lines": [other, sought, json.dumps(json.loads(other) | {"text": "00ff"})], "after": ""}
    result = type_in("tickets", "trace", "00ff", "--from", "2026-11-22", "--to", "2026-11-23", "--json")
    assert result.stdout == f"{sought}\n"
    assert daemon.calls[0][1]["since"] == "2026-11-22T00:00:00.000Z"
    assert type_in("tickets", "trace", "00ff").stdout.split("  ")[1:3] == ["2", "advance.granted"]


def test_export_asks_for_every_page(type_in, daemon, tmp_path):
    def page(params):
        number = int(params.get("after", "0"))
        return {"lines": [line(number + 1)], "after": str(number + 1) if number < 2 else ""}

    daemon.answers["tickets.page"] = page
    result = export(type_in)
    assert result.stdout == "".join(f"{line(n)}\n" for n in (1, 2, 3))
    assert daemon.calls[0] == ("tickets.page", {
        "since": "2026-11-01T00:00:00.000Z", "until": "2026-12-01T00:00:00.000Z", "limit": 1000})
    assert [params.get("after") for _, params in daemon.calls] == [None, "1", "2"]
    for file_format in ("csv", "xlsx"):
        file = tmp_path / f"out.{file_format}"
        assert export(type_in, "-o", str(file), file_format=file_format).exit_code == 0
        assert file.read_bytes()[:2] == (b"PK" if file_format == "xlsx" else b"or")


@pytest.mark.parametrize("options", [
    {"since": "yesterday"}, {"until": "2026-11-01"}, {"since": "2026-13-01"}, {"file_format": "xlsx"},
    {"file_format": "pdf"}])
def test_wrong_export(options, type_in, daemon):
    assert export(type_in, **options).exit_code == 2
    assert daemon.calls == []


def test_a_line_that_is_no_ticket(type_in, daemon):
    daemon.answers["tickets.page"] = {"lines": ["nonsense"], "after": ""}
    result = export(type_in, file_format="csv")
    assert result.exit_code == 1 and "Traceback" not in result.output


def test_a_place_that_cannot_be_written(type_in, daemon):
    daemon.answers["tickets.page"] = {"lines": [line(1)], "after": ""}
    result = export(type_in, "-o", "/nonexistent/x.jsonl")
    assert result.exit_code == 1 and "could not write" in result.stderr
