"""A row is a record or one reason; a header is right or an error before the first row."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.recharge import CLASSES
from tectonics.store.importing_columns import COLUMNS, Columns, ForeignAdvance, History, Record, Terms
from tectonics.store.importing_lines import BadFile, BadRow
from tests.house.source import ROOT
from tests.store.building import NOW
from tests.store.importing import ADVANCE, DAY, HISTORY, MSISDN, TERMS, day, record


def test_a_row_with_everything():
    header = "kind,msisdn,activated,state,segment,language,node,listed,bar"
    got = record(header, f"prepaid,+{MSISDN},2020-01-02,suspended,gold,fr,n7,white,lost")
    assert got == Record(MSISDN, {
        "kind": "prepaid", "activated": 1_577_923_200_000, "state": "suspended", "segment": "gold",
        "language": "fr", "node": "n7", "listed": "white", "bar": "lost"})


def test_history_and_advances():
    assert record(HISTORY, f"{MSISDN},7,35.50,{day(3)}").history == (History("voucher", 7, 3550, NOW - 3 * DAY),)
    assert record(HISTORY, f"{MSISDN},7,35.50,").history == (History("voucher", 7, 3550, NOW),)
    assert record(HISTORY, f"{MSISDN},0,0,").history == record(HISTORY, f"{MSISDN},,,").history == ()
    got = record(ADVANCE, f"{MSISDN},X9,2.00,,1.50,{day(3)},{day(-4)}").advances
    assert got == (ForeignAdvance("X9", 200, 0, 150, NOW - 3 * DAY, NOW + 4 * DAY),)
    assert record(ADVANCE, f"{MSISDN},X9,2.00,0.20,0,{day(3)},{day(-4)}").advances == ()


def test_a_date_begins_where_the_operator_is():
    terms = Terms(NOW, "EUR", frozenset(), frozenset(), utc_offset_minutes=60)
    assert record("msisdn,activated", f"{MSISDN},2020-01-02", terms).profile == {"activated": 1_577_919_600_000}


@pytest.mark.parametrize(("header", "row", "reason"), [
    ("msisdn", "12", "msisdn: not a telephone number"),
    ("msisdn", "", "msisdn: not a telephone number"),
    ("msisdn,kind", MSISDN, "the row has 1 cells and the header 2"),
    ("msisdn,kind", f"{MSISDN},gold", "kind: must be prepaid or postpaid"),
    ("msisdn,segment", f"{MSISDN},gld", "segment: must be one of gold, standard, or -"),
    ("msisdn,language", f"{MSISDN},de", "language: must be one of en, fr, or -"),
    ("msisdn,state", f"{MSISDN},terminated", "state: must be active or suspended"),
    ("msisdn,activated", f"{MSISDN},22.11.2026", "activated: must be a date"),
    ("msisdn,activated", f"{MSISDN},2026-02-30", "activated: must be a date"),
    ("msisdn,activated", f"{MSISDN},2020-01-02T10:00:00", "activated: a time needs its zone"),
    ("msisdn,activated", f"{MSISDN},2099-01-01", "activated: is after the file's date"),
    ("msisdn,activated", f"{MSISDN},0001-01-01", "activated: is before 1970"),
    ("msisdn,bar", f"{MSISDN},a\x1bb", "bar: must be at most 200 printable"),
    (HISTORY, f"{MSISDN},1.5,3.00,", "recharges_voucher_count: must be a number"),
    (HISTORY, f"{MSISDN},-1,3.00,", "recharges_voucher_count: must be a number"),
    (HISTORY, f"{MSISDN},٣,3.00,", "recharges_voucher_count: must be a number"),
    (HISTORY, f"{MSISDN},2,1.001,", "recharges_voucher_sum: 1.001 has more decimals"),
    (HISTORY, f"{MSISDN},2,-1,", "recharges_voucher_sum: must not be negative"),
    (HISTORY, f"{MSISDN},,1.00,", "recharges_voucher_sum: is given without a count"),
    (HISTORY, f"{MSISDN},3,0.02,", "recharges_voucher_sum: is too little for 3"),
    (HISTORY, f"{MSISDN},3,5,{day(-1)}", "recharges_voucher_last: is not within the 90 days"),
    (HISTORY, f"{MSISDN},3,5,{day(90)}", "recharges_voucher_last: is not within the 90 days"),
    (ADVANCE, f"{MSISDN},,2,0,2,{day(3)},{day(1)}", "advance_id: is missing"),
    (ADVANCE, f"{MSISDN},a b,2,0,2,{day(3)},{day(1)}", "advance_id: must be at most 64"),
    (ADVANCE, f"{MSISDN},a,2,0.20,2.21,{day(3)},{day(1)}", "advance_outstanding: is more than"),
    (ADVANCE, f"{MSISDN},a,0,0.20,0.20,{day(3)},{day(1)}", "advance_amount: must be more than zero"),
    (ADVANCE, f"{MSISDN},a,2,0,2,{day(-3)},{day(-5)}", "advance_granted: is after the file's date"),
    (ADVANCE, f"{MSISDN},a,2,0,2,{day(3)},{day(5)}", "advance_due: is before it was granted"),
])
def test_a_bad_row_has_one_clear_reason(header, row, reason):
    with pytest.raises(BadRow) as caught:
        record(header, row)
    assert str(caught.value).startswith(reason)


@pytest.mark.parametrize("cell", ["2026W47T08", "20261122T0", "2026-W47-7"])
def test_ten_characters_are_not_yet_a_date(cell):
    with pytest.raises(BadRow, match="^activated: "):
        record("msisdn,activated", f"{MSISDN},{cell}")


def test_the_same_advance_twice_in_a_row():
    header = f"{ADVANCE},{ADVANCE.removeprefix('msisdn,').replace('advance_', 'advance2_')}"
    one = f"a,2,0,2,{day(3)},{day(1)}"
    with pytest.raises(BadRow, match="stands twice"):
        record(header, f"{MSISDN},{one},{one}")
    assert len(record(header, f"{MSISDN},{one},b{one[1:]}").advances) == 2


@pytest.mark.parametrize(("header", "reason"), [
    ("kind", "column 'msisdn' is missing"), ("msisdn,knd", "unknown column 'knd'"),
    ("msisdn,kind,kind", "column 'kind' stands twice"), ("", "'msisdn' is missing"),
    ("msisdn,recharges_voucher_last", "'recharges_voucher_count' is missing"),
    ("msisdn,advance2_id", "'advance2_amount' is missing")])
def test_a_bad_header_is_an_error_at_once(header, reason):
    with pytest.raises(BadFile, match=reason):
        Columns(header.split(","), TERMS)


def test_mapping_renames_and_leaves_out():
    columns = Columns(["NUMBER", "TYPE", "SECRET"], TERMS, {"NUMBER": "msisdn", "TYPE": "kind", "SECRET": ""})
    assert columns.record([MSISDN, "prepaid", "x"]) == Record(MSISDN, {"kind": "prepaid"})
    with pytest.raises(BadFile, match="names 'NO'"):
        Columns(["msisdn"], TERMS, {"NO": "kind"})


def test_a_corrected_reject_file_can_be_imported():
    columns = Columns(["line", "reason", "line", "reason", "msisdn"], TERMS)
    assert columns.record(["7", "why", "3", "why", MSISDN]) == Record(MSISDN)


CELLS = st.one_of(
    st.text(max_size=20), st.sampled_from(["", "-", "0", "5", "9999", "25.00", "-1", "1e9", "prepaid", "white",
                                           "2020-01-02", "2020-01-02T00:00:00Z", day(3), day(-3), "9" * 40,
                                           "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"]))


@given(st.lists(CELLS, min_size=len(COLUMNS), max_size=len(COLUMNS)), st.booleans())
def test_any_cells_are_a_record_or_a_reason(cells, good_number):
    cells = [MSISDN, *cells[1:]] if good_number else cells
    try:
        got = Columns(list(COLUMNS), TERMS).record(cells)
    except BadRow as fault:
        assert str(fault)
    else:
        assert all(0 < h.count <= h.sum_minor and h.kind in CLASSES for h in got.history)
        assert all(0 < a.outstanding_minor <= a.amount_minor + a.fee_minor for a in got.advances)


def test_the_document_tells_every_column():
    text = (ROOT / "docs/import.md").read_text()
    told = dict(re.findall(r"^\| `([a-z_<>]+)` \| (.+) \|$", text, re.MULTILINE))
    for name, meaning in COLUMNS.items():
        name = re.sub(r"^recharges_[a-z]+_", "recharges_<class>_", re.sub(r"^advance\d_", "advance_", name))
        assert told.get(name) == meaning
