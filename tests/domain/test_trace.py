"""A request's trace."""

from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.ticket import Ticket
from tectonics.domain.trace import trace_of


def test_a_menu_is_one_request_from_its_first_screen_to_its_last():
    steps = {trace_of("ussd_http", f"ATU-7|{step}") for step in ("", "1", "1*1", "dial", "0*1|language")}
    assert steps == {trace_of("ussd_http", "ATU-7")} and len(next(iter(steps))) == 16


def test_another_request_has_another():
    assert len({trace_of(*of) for of in (("ussd_http", "a"), ("ussd_smpp", "a"), ("sms", "a"), ("sms", "a|1"), ("sms", "a|2"),
                                         ("feed:till", "a"), ("admin", "ann|1"), ("admin", "ann|2"))}) == 8


@given(st.text(max_size=40), st.text(min_size=1, max_size=200))
def test_it_is_the_same_for_ever_and_tells_nothing(channel, id):
    trace = trace_of(channel, id)
    assert trace == trace_of.__wrapped__(channel, id) and len(trace) == 16 and int(trace, 16) >= 0


def test_it_never_changes():
    assert trace_of("ussd_http", "ATU-7|1*1") == "48daa1d9b891f40e"  # tickets of years have it
    assert trace_of("sms", "") == ""


def test_a_ticket_has_it():
    fields = {"channel": "sms", "trigger": "m1"}
    assert Ticket("T", "advert.sent", 0, "33600000001", fields).record()["trace"] == trace_of("sms", "m1")
    assert Ticket("T", "advert.sent", 0, "33600000001", fields | {"trace": "x"}).record()["trace"] == "x"
    assert "trace" not in Ticket("T", "subscriber.barred", 0, "33600000001").record()
