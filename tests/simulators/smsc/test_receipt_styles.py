"""Receipts in every spelling that the simulator knows are read as what they mean."""

from itertools import product

import pytest

from tectonics.simulators.smsc.receipts import (
    NUMBERS,
    REORDERED,
    SHORT,
    SHOUTED,
    SPELLINGS,
    TEXT,
    Style,
    receipt,
    wanted,
)
from tectonics.wire.smpp.pdus import DataSm, SubmitSm
from tectonics.wire.smpp.receipts import candidates, canonical, receipt_of

MEANS = {"ENROUTE": "enroute", "DELIVRD": "delivered", "EXPIRED": "expired", "DELETED": "deleted",
         "UNDELIV": "undeliverable", "ACCEPTD": "accepted", "UNKNOWN": "unknown", "REJECTD": "rejected"}
MESSAGE = SubmitSm(source_addr="133", destination_addr="33600000001", dest_addr_ton=1, short_message=b"id:9 stat:EXPIRED")


@pytest.mark.parametrize("format, state, parameters", product(
    (TEXT, SHORT, SHOUTED, REORDERED, ""), NUMBERS, (True, False)))
def test_says_what_became_of_it(format, state, parameters):
    if not format and not parameters:
        return
    for long_words, data_sm, ucs2 in product((False, True), repeat=3):
        made = receipt(Style(format=format, parameters=parameters, long_words=long_words, data_sm=data_sm, ucs2=ucs2),
                       6699, state, 17, MESSAGE)
        found = receipt_of(made)
        assert (found.id, found.state, type(made) is DataSm) == ("6699", MEANS[state], data_sm)
        assert (made.source_addr, made.destination_addr, made.source_addr_ton) == ("33600000001", "133", 1)
        assert found.error == ("017" if format else "")


@pytest.mark.parametrize("answered, receipted", product(SPELLINGS, SPELLINGS))
def test_the_id_leads_back_to_the_message_however_it_is_written(answered, receipted):
    if "text" in (answered, receipted) and answered != receipted:
        return
    found = receipt_of(receipt(Style(receipted=receipted), 6699, "DELIVRD", 0, MESSAGE))
    assert canonical(SPELLINGS[answered](6699)) in candidates(found.id)


def test_the_network_has_its_say():
    found = receipt_of(receipt(Style(network_error=True), 1, "UNDELIV", 27, MESSAGE))
    assert (found.network.network, found.network.code) == (3, 27)


def test_who_wants_what():
    assert [wanted(registered, state) for registered in range(4) for state in ("DELIVRD", "EXPIRED")] == [
        False, False, True, True, False, True, False, False]
