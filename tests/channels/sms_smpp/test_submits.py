"""The submits of a message, and what their answers mean for it as a whole."""

import pytest

from tectonics.channels.sms_smpp.submits import Submits, outcome_of, relative, state_after
from tectonics.domain.delivery import FAILED, LOST, SENT, WAITING
from tectonics.domain.outcome import Done, Refused, Unknown
from tectonics.links.smpp.outcome import Accepted, Lost, Rejected, Unsent
from tectonics.wire.smpp.codec import decode, encode
from tectonics.wire.smpp.status import Status
from tests.channels.sms_smpp.fakes import notify, settings
from tests.store.building import MSISDN, NOW


def test_a_submit_says_from_whom_to_whom_and_how_long():
    made, = Submits(settings(source={"number": "TECTONICS", "ton": 5}, validity_s="2d")).of(notify(text="hi"), 1, NOW)
    assert (made.source_addr, made.source_addr_ton, made.source_addr_npi) == ("TECTONICS", 5, 0)
    assert (made.destination_addr, made.dest_addr_ton, made.dest_addr_npi) == (MSISDN, 1, 1)
    assert (made.validity_period, made.registered_delivery) == ("000002000000000R", 1)
    assert (made.short_message, made.data_coding, made.esm_class) == (b"hi", 0, 0)
    assert decode(encode(made)) == made


def test_no_receipt_where_none_is_wanted_and_no_longer_than_it_matters():
    made, = Submits(settings(receipts=False)).of(notify(expires_at=NOW + 90_500), 1, NOW)
    assert (made.validity_period, made.registered_delivery) == ("000000000130000R", 0)
    made, = Submits(settings()).of(notify(expires_at=NOW - 1), 1, NOW)
    assert made.validity_period == "000000000001000R"


def test_each_part_is_a_submit_with_the_same_reference():
    made = Submits(settings()).of(notify(text="x" * 400), 0x0107, NOW)
    assert [(one.esm_class, one.short_message[:6].hex()) for one in made] == [
        (0x40, f"0500030703{number:02}") for number in (1, 2, 3)]


@pytest.mark.parametrize(("seconds", "said"), [
    (1, "000000000001000R"), (3599, "000000005959000R"), (86_400, "000001000000000R"), (604_800, "000007000000000R")])
def test_a_time_from_now_is_written_as_the_specification_says(seconds, said):
    assert relative(seconds) == said and len(said) == 16


YES, LATER = Accepted("a", "7"), Rejected("a", Status.RSYSERR)
NO, NOBODY = Rejected("a", Status.RSUBMITFAIL), Rejected("a", Status.RINVDSTADR)


@pytest.mark.parametrize(("submission", "state"), [
    (YES, SENT), (Lost("a", "cut"), LOST), (NO, FAILED), (NOBODY, FAILED), (LATER, WAITING),
    (Rejected("a", Status.RINVBNDSTS), WAITING), (Rejected("a", Status.RUNKNOWNERR), WAITING), (Rejected("a", 0x401), FAILED),
    (Unsent("full"), WAITING)])
def test_the_state_of_a_part(submission, state):
    assert state_after(submission) == state


@pytest.mark.parametrize(("submissions", "outcome"), [
    ([YES, Accepted("a", "8")], Done("7,8")),
    ([YES, NO, Lost("a", "cut")], Refused("rejected", "a refused it: ESME_RSUBMITFAIL")),
    ([NOBODY], Refused("unknown_subscriber", "a refused it: ESME_RINVDSTADR")),
    ([YES, Unsent("full"), Lost("a", "cut")], Unknown("a did not say whether it has it: cut")),
    ([LATER], Unknown("a refused it for now: ESME_RSYSERR")),
    ([YES, Unsent("full")], Refused("unreachable", "full"))])
def test_the_worst_part_decides(submissions, outcome):
    assert outcome_of(submissions) == outcome
