"""A ticket's record: the contract's fields in the contract's order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.ticket import FIELDS, REASONS, TYPES, Ticket, parse_rfc3339, rfc3339

CONTRACT = ("origin, seq, id, time, type, outcome, reason, text, msisdn, channel, trigger, service, advance, amount, "
            "fee, principal_paid, fee_paid, outstanding, currency, tier, segment, policy, node, billing_ref, "
            "recharge, a_number, b_number, a_answered, b_answered, ended, duration_s, cause, charged_party, dup")


OF_A_TYPE = ", campaign, destination, call, trace"


def test_the_fields_are_the_contracts_then_those_of_a_type():
    assert ", ".join(FIELDS) == CONTRACT + OF_A_TYPE


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_has_a_sentence_and_an_outcome(kind):
    record = Ticket("i", kind, 0, "336").record()
    assert record["outcome"] == TYPES[kind][0] and record["text"]


def test_a_reason_brings_its_sentence_unless_there_is_a_better_one():
    assert Ticket("i", "advance.refused", 0, "336", {"reason": "tenure"}).record()["text"] == REASONS["tenure"]
    assert Ticket("i", "advance.refused", 0, "336", {"reason": "tenure", "text": "x"}).record()["text"] == "x"


@given(st.dictionaries(st.sampled_from([f for f in FIELDS if f not in ("origin", "seq")]), st.text(max_size=5)))
def test_fields_come_in_order_and_empty_ones_not_at_all(fields):
    record = Ticket("i", "advance.granted", 5, "336", fields).record()
    names = list(FIELDS)
    assert [names.index(n) for n in record] == sorted(names.index(n) for n in record)
    assert all(value not in ("", None) for value in record.values())


@given(st.integers(0, 4_000_000_000_000))
def test_times_there_and_back(at):
    assert parse_rfc3339(rfc3339(at)) == at


@pytest.mark.parametrize("text", ["2026-11-22T08:00:00", "yesterday", ""])
def test_times_without_zone_or_sense(text):
    with pytest.raises(ValueError):
        parse_rfc3339(text)
