"""What a ring at each kind of number stands for."""

import pytest

from tectonics.channels.did_sip.services import asked
from tectonics.config.sip import Did
from tectonics.domain.keywords import Call, Sos


@pytest.mark.parametrize("service, request_", [
    ("lend", Sos()), ("call_last", Call("last")), ("call_favourite", Call("favourite")), ("call_ask", Call("")),
    ("call_to", Call("+33612345678"))])
def test_a_ring_is_a_request(service, request_):
    to = "33612345678" if service == "call_to" else ""
    assert asked(Did(number="33800133000", service=service, to=to)) == request_
