"""Digest: the specification's own figures, and who gets in: once, in time, with the password."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tectonics.wire.sip import digest
from tectonics.wire.sip.digest import (
    ABSENT,
    GOOD,
    STALE,
    WRONG,
    Credentials,
    Guard,
    parse_credentials,
    response_of,
)
from tectonics.wire.sip.text import BadText, parameters, split
from tests.wire.sip.making import authorization

# RFC 7616, section 3.9.1
MUFASA = Credentials("Mufasa", "http-auth@example.org", "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "/dir/index.html",
                     "", "MD5", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "00000001", "auth")
URI = "sip:133@127.0.0.1"


def guard(**options):
    return Guard("tectonics", b"key" * 8, **options)


def judged(one, header, now=0.0, method="INVITE", password="secret"):
    verdict, _ = one.judge(header, method, "carrier", password, now)
    return verdict


def answered(one, now=0.0, number=0, **changes):
    """Credentials for the challenge of that moment."""
    return authorization(one.challenges(now)[number][1], "carrier", "secret", URI, **changes)


@pytest.mark.parametrize("algorithm, response", [
    ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
    ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
])
def test_the_specification_s_own_figures(algorithm, response):
    assert response_of(replace(MUFASA, algorithm=algorithm), "Circle of Life", "GET") == response


def test_the_specification_s_own_header():
    header = ('Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=MD5,\r\n'
              ' nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, qop=auth, '
              'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", response="8ca523f5e9506fed4657c9700eebdbec"')
    assert parse_credentials(header) == replace(MUFASA, response="8ca523f5e9506fed4657c9700eebdbec")


def test_a_challenge_offers_both_algorithms_the_better_one_first():
    offered = [parameters(split(value.removeprefix("Digest "), ",")) for _, value in guard().challenges(1.0)]
    assert [one["algorithm"] for one in offered] == ["SHA-256", "MD5"]
    assert {(one["realm"], one["qop"]) for one in offered} == {("tectonics", "auth")} and "stale" not in offered[0]


@pytest.mark.parametrize("number", [0, 1])
def test_who_knows_the_password_gets_in_once(number):
    one = guard()
    header = answered(one, number=number)
    assert judged(one, header) == GOOD
    assert judged(one, header) == STALE  # the same again is a replay


def test_one_nonce_serves_for_many_calls_in_their_order():
    one = guard()
    challenge = one.challenges(0.0)[0][1]

    def call(count):
        return judged(one, authorization(challenge, "carrier", "secret", URI, count=count))

    assert [call(1), call(2), call(7), call(3), call(7), call(8)] == [GOOD, GOOD, GOOD, STALE, STALE, GOOD]


def test_nonces_end():
    one = guard(nonce_s=30)
    header = answered(one, now=100.0)
    assert judged(one, header, now=130.0) == STALE and judged(one, header, now=129.0) == GOOD
    assert "stale=true" in one.challenges(130.0, stale=True)[0][1]


@pytest.mark.parametrize("changes", [
    {"password": "wrong"}, {"user": "other"}, {"method": "BYE"}, {"count": 0}, {"qop": "auth-int"},
    {"algorithm": "SHA-512-256"}, {"response": "0" * 64},
])
def test_who_does_not_know_it_stays_outside(changes):
    one = guard()
    fields = {"user": "carrier", "password": "secret", "uri": URI} | changes
    assert judged(one, authorization(one.challenges(0.0)[0][1], **fields)) == WRONG


def test_a_nonce_that_we_did_not_make():
    one, other = guard(), Guard("tectonics", b"other" * 8)
    assert judged(one, answered(other)) == STALE
    forged = one.challenges(0.0)[0][1].replace('nonce="0-', 'nonce="ffffffffffff-')
    assert judged(one, authorization(forged, "carrier", "secret", URI)) == STALE


@pytest.mark.parametrize("header, verdict", [
    (None, ABSENT), ("Basic dTpw", WRONG), ("Digest", WRONG), ('Digest username="carrier"', WRONG), ('Digest "', WRONG),
])
def test_what_is_no_digest(header, verdict):
    assert judged(guard(), header) == verdict


def test_credentials_of_another_realm_say_nothing_here():
    assert judged(guard(), answered(Guard("elsewhere", b"key" * 8))) == ABSENT


def test_what_is_forgotten_is_not_taken_again(monkeypatch):
    monkeypatch.setattr(digest, "USED_MAX", 3)
    one = guard()
    early = answered(one, now=1.0, number=1)
    assert judged(one, early, 1.0) == GOOD
    for second in (2.0, 3.0, 4.0):
        assert judged(one, answered(one, now=second), 4.0) == GOOD
    assert len(one) == 3
    assert judged(one, early, 4.0) == STALE
    assert judged(one, answered(one, now=1.0), 4.0) == STALE


@given(st.text(max_size=80) | st.text('username="realnoci,=tpqSHA\\256- ', max_size=80).map("Digest ".__add__))
def test_any_text_is_credentials_or_bad(text):
    try:
        assert isinstance(parse_credentials(text), Credentials)
    except BadText:
        pass
    assert judged(guard(), text) in (ABSENT, STALE, WRONG)
