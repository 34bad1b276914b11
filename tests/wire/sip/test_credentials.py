"""Digest as a client: the figures of the standard, and our own server as the judge; reasons and session timers."""

import pytest

from tectonics.wire.sip.answers import answer
from tectonics.wire.sip.credentials import challenge_of, credentials
from tectonics.wire.sip.digest import GOOD, WRONG, Guard
from tectonics.wire.sip.reason import q850_of, reason
from tectonics.wire.sip.session_timer import Expiry, expiry_of, least_s
from tests.wire.sip.making import request

OLD = 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'


@pytest.mark.parametrize("status, names", [(401, ("WWW-Authenticate", "Authorization")),
                                           (407, ("Proxy-Authenticate", "Proxy-Authorization"))])
@pytest.mark.parametrize("algorithms", [("SHA-256", "MD5"), ("MD5",)])
def test_our_server_takes_it(status, names, algorithms):
    guard, invite = Guard("phones", b"k", algorithms), request()
    asked = answer(invite, status, "t", tuple((names[0], value) for _, value in guard.challenges(100)))
    name, proof = credentials(invite, asked, "tectonics", "secret")
    assert name == names[1] and f"algorithm={algorithms[0]}" in proof
    assert guard.judge(proof, "INVITE", "tectonics", "secret", 101)[0] == GOOD
    _, proof = credentials(invite, asked, "tectonics", "guessed")
    assert guard.judge(proof, "INVITE", "tectonics", "secret", 101)[0] == WRONG


def test_without_qop_it_is_that_of_rfc_2069():
    asked = answer(request("BYE", uri="sip:bob@biloxi.com"), 401, "t", (("WWW-Authenticate", OLD),))
    _, proof = credentials(request("BYE", uri="sip:bob@biloxi.com"), asked, "Mufasa", "CircleOfLife")
    import hashlib

    def digest(text):
        return hashlib.md5(text.encode()).hexdigest()

    wanted = digest(f"{digest('Mufasa:testrealm@host.com:CircleOfLife')}:dcd98b7102dd2f0e8b11d0f600bfb0c093:"
                    f"{digest('BYE:sip:bob@biloxi.com')}")
    assert f'response="{wanted}"' in proof and 'opaque="5ccc069c403ebaf9f0171e9517f40e41"' in proof and "qop" not in proof


def test_who_has_no_name_there_says_nothing():
    asked = answer(request(), 401, "t", (("WWW-Authenticate", OLD),))
    assert credentials(request(), asked, "", "secret") is None


@pytest.mark.parametrize("header", ["Basic realm=x", 'Digest realm="x', 'Digest realm="x"', 'Digest nonce="n", algorithm=SHA-512',
                                    'Digest nonce="n", qop="auth-int"'])
def test_challenges_that_nobody_can_answer(header):
    assert challenge_of([header]) is None and challenge_of([header, OLD]).nonce.startswith("dcd98")


def test_reasons():
    assert q850_of(['SIP;cause=200;text="x, y", Q.850;cause=17;text="User busy"']) == 17
    assert q850_of(["Q.850;cause=0", "q.850 ;cause=31"]) == 31
    assert q850_of(["Q.850;cause=999", 'Q.850;text="open', "Q.850;cause=x", "SIP;cause=17"]) == 0
    assert reason(17, "busy") == (("Reason", 'Q.850;cause=17;text="busy"'),) and reason(0) == ()


def test_session_timers():
    assert expiry_of(request(more="Session-Expires: 1800;refresher=uas\r\n")) == Expiry(1800, "uas")
    assert expiry_of(request(more="x: 90;refresher=both\r\n")) == Expiry(90)
    assert expiry_of(request(more="Session-Expires: 5\r\n")) == Expiry(90)
    assert expiry_of(request()) is expiry_of(request(more="Session-Expires: soon\r\n")) is None
    assert least_s(request(more="Min-SE: 600;x\r\n")) == 600
    assert (Expiry(90).refresh_after_s, Expiry(90).end_after_s, Expiry(1800).end_after_s) == (45, 60, 1768)
    assert str(Expiry(90, "uac")) == "90;refresher=uac"
