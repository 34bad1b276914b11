"""What is refused before anybody is asked (RFC 3261, section 8.2)."""

import pytest

from tectonics.wire.sip.screening import refusal
from tests.wire.sip.making import request

ALLOWED = "INVITE", "ACK", "CANCEL", "OPTIONS"


@pytest.mark.parametrize("asked, status, header", [
    ({"method": "REGISTER"}, 405, ("Allow", "INVITE, ACK, CANCEL, OPTIONS")),
    ({"method": "NEWMETHOD", "more": "Require: x\r\n"}, 405, ("Allow", "INVITE, ACK, CANCEL, OPTIONS")),
    ({"more": "Require: 100rel, nothingSupportsThis\r\nRequire: other\r\n"}, 420,
     ("Unsupported", "100rel, nothingSupportsThis, other")),
])
def test_what_is_refused(asked, status, header):
    refused = refusal(request(**asked), ALLOWED, "t")
    assert refused.status == status and header in refused.headers and refused.to.tag == "t"


@pytest.mark.parametrize("forwards, status", [("0", None), ("255", None), ("256", 400), ("-1", 400), ("x", 400), ("", 400)])
def test_max_forwards_is_a_number_and_0_has_arrived(forwards, status):
    asked = request()
    changed = asked.with_(tuple((name, forwards if name == "Max-Forwards" else value) for name, value in asked.headers))
    refused = refusal(changed, ALLOWED, "t")
    assert (refused and refused.status) == status


def test_a_list_that_cannot_be_read():
    assert refusal(request(more='Require: "100rel\r\n'), ALLOWED, "t").status == 400


@pytest.mark.parametrize("asked", [{}, {"more": "Proxy-Require: x\r\n"}, {"more": "Supported: 100rel\r\n"},
                                   {"method": "CANCEL", "more": "Require: x\r\n"}, {"method": "OPTIONS"}])
def test_what_is_not(asked):
    assert refusal(request(**asked), ALLOWED, "t") is None


def test_an_extension_that_we_have():
    assert refusal(request(more="Require: 100rel\r\n"), ALLOWED, "t", frozenset({"100rel"})) is None
