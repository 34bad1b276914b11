"""Exports: the same tickets in three forms, formulas defused, bad lines named, memory bounded."""

import csv
import io
import subprocess
import sys
import zipfile
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.errors import TheirFault
from tectonics.tickets import export as module
from tectonics.tickets.export import COLUMNS, export, protect
from tests.tickets.fakes import ticket_line

NAMESPACE = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def lines(count, **fields):
    return [ticket_line("n1", seq, 1_795_336_200_000, **fields).line for seq in range(1, count + 1)]


def exported(form, given_lines):
    stream = io.BytesIO()
    assert export(iter(given_lines), form, stream) == len(given_lines)
    return stream.getvalue()


def cells(data, sheet="sheet1"):
    """Rows of (type, text) of an XLSX sheet."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        tree = ElementTree.fromstring(book.read(f"xl/worksheets/{sheet}.xml"))
        assert not tree.findall(".//m:f", NAMESPACE), "a formula"
    return [[(cell.get("t", "n"), "".join(cell.itertext())) for cell in row.findall("m:c", NAMESPACE)]
            for row in tree.findall(".//m:row", NAMESPACE)]


def test_jsonl_is_the_lines_themselves():
    assert exported("jsonl", [b'{"seq":1}', b'{"seq":2}\n']) == b'{"seq":1}\n{"seq":2}\n'


def test_csv_golden():
    header, row = csv.reader(io.StringIO(exported("csv", lines(1)).decode(), newline=""))
    assert header == list(COLUMNS) and "dup" not in header
    assert {name: value for name, value in zip(header, row) if value} == {
        "origin": "n1", "seq": "1", "id": "id-1", "time": "2026-11-22T08:30:00.000Z", "type": "advance.granted",
        "outcome": "done", "text": "credit was given and is owed", "msisdn": "33600000001", "amount": "2.00", "currency": "EUR"}


def test_xlsx_golden():
    header, row = cells(exported("xlsx", lines(1)))
    assert [text for _, text in header] == list(COLUMNS)
    assert row == [("inlineStr", "n1"), ("n", "1"), ("inlineStr", "id-1"),
                   ("inlineStr", "2026-11-22T08:30:00.000Z"), ("inlineStr", "advance.granted"),
                   ("inlineStr", "done"), ("inlineStr", "credit was given and is owed"),
                   ("inlineStr", "33600000001"), ("n", "2.00"), ("inlineStr", "EUR")]


def test_nothing_to_export_is_a_header():
    assert exported("csv", []).decode().strip() == ",".join(COLUMNS)
    assert len(cells(exported("xlsx", []))) == 1


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
def test_formulas_are_defused(text):
    rows = list(csv.DictReader(io.StringIO(exported("csv", lines(1, text=text)).decode(), newline="")))
    assert rows[0]["text"] == "'" + text
    assert ("inlineStr", text) in [(kind, value) for kind, value in cells(exported("xlsx", lines(1, text=text)))[1]] \
        or "\r" in text


@pytest.mark.parametrize("text", ["-1.00", "+33612345678", "2.00", "plain", ""])
def test_numbers_and_words_stay(text):
    assert protect(text) == text


@given(st.text())
def test_nothing_in_csv_begins_like_a_formula(text):
    value = protect(text)
    assert value in (text, "'" + text)
    assert not value.startswith(("=", "@", "\t", "\r"))


def test_a_full_sheet_is_followed_by_another(monkeypatch):
    monkeypatch.setattr(module, "SHEET_ROWS_MAX", 11)
    data = exported("xlsx", lines(25))
    assert [len(cells(data, sheet)) for sheet in ("sheet1", "sheet2", "sheet3")] == [11, 11, 6]


def test_amounts_with_three_decimals_are_exact():
    row = cells(exported("xlsx", lines(1, amount="123456789.125", currency="KWD")))[1]
    assert ("n", "123456789.125") in row


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("bad", [b"", b"{", b"[1]", b"\xff{}"])
def test_a_line_that_is_no_ticket_is_named(form, bad):
    with pytest.raises(TheirFault, match="not a ticket"):
        exported(form, [bad])


def test_an_unknown_form_is_refused():
    with pytest.raises(TheirFault, match="pdf is not one of csv, jsonl, xlsx"):
        exported("pdf", [])


def test_lines_are_taken_one_by_one(tmp_path):
    taken = []

    def endless():
        for line in lines(3):
            taken.append(line)
            yield line
        raise OSError("the source is gone")

    with pytest.raises(OSError, match="gone"):
        export(endless(), "csv", tmp_path / "out.csv")
    assert len(taken) == 3


def test_as_a_program(tmp_path):
    def run(*arguments, stdin=b""):
        return subprocess.run([sys.executable, "-m", "tectonics.tickets.export", *arguments], input=stdin,
                              capture_output=True, timeout=60, check=False)

    path = tmp_path / "out.xlsx"
    done = run("xlsx", str(path), stdin=b"\n".join(lines(3)))
    assert (done.returncode, done.stderr) == (0, b"") and b"3 tickets" in done.stdout
    assert len(cells(path.read_bytes())) == 4
    assert run("pdf", "x").returncode == 2
    failed = run("csv", str(path), stdin=b"nonsense\n")
    assert failed.returncode == 1 and failed.stderr.count(b"\n") == 1 and b"Traceback" not in failed.stderr


def test_the_program_reads_what_export_wrote():
    assert msgspec.json.decode(exported("jsonl", lines(1)))["seq"] == 1


@pytest.mark.parametrize("value", [10**15, -10**15, 10**400])
def test_a_number_that_a_spreadsheet_would_round_is_text(value):
    row = cells(exported("xlsx", [msgspec.json.encode({"seq": 7}).replace(b"7", str(value).encode())]))[1]
    assert ("inlineStr", str(value)) in row


def test_a_currency_that_is_none_does_not_end_the_export():
    assert ("n", "2.00") in cells(exported("xlsx", [b'{"amount":"2.00","currency":5}']))[1]
