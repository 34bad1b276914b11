"""Session descriptions: taken apart and put together, made silent, and fitted upon what a session has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.wire.sip.sdp import (
    MEDIA_MAX,
    OCTETS_MAX,
    Origin,
    black_hole,
    declined,
    fitted,
    nothing,
    parse_sdp,
    spoken_by,
    unfitted,
)
from tectonics.wire.sip.text import BadText

OURS = Origin(7, "192.0.2.200")
HEAD = ["v=0", "o=- 1 2 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0"]
AUDIO = ["m=audio 4000 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000", "a=sendrecv"]
KINDS = st.lists(st.sampled_from(["audio", "video", "text"]), max_size=5)


def written(*lines):
    return "".join(f"{line}\r\n" for line in lines).encode()


def of(*kinds):
    return parse_sdp(written(*HEAD, *(f"m={kind} {4000 + 2 * n} RTP/AVP 0" for n, kind in enumerate(kinds))))


def test_what_is_passed_on_stays_as_it_is_but_for_its_origin():
    octets = written(*HEAD, *AUDIO, "m=video 0 RTP/SAVP 96", "a=crypto:1 x")
    assert parse_sdp(octets).encode() == octets
    assert parse_sdp(octets.replace(b"\r\n", b"\n")).encode() == octets
    said = spoken_by(parse_sdp(octets), OURS, 5).encode()
    assert said == octets.replace(b"o=- 1 2 IN IP4 192.0.2.1", b"o=tectonics 7 5 IN IP4 192.0.2.200")


def test_octets_that_are_no_text_survive():
    octets = written(*HEAD, "m=audio 1 RTP/AVP 0").replace(b"s=-", b"s=\xff\xfe")
    assert parse_sdp(octets).encode() == octets


def test_the_first_offer_of_flow_iv():
    assert nothing(OURS).encode() == written("v=0", "o=tectonics 7 1 IN IP4 192.0.2.200", "s=-", "c=IN IP4 0.0.0.0", "t=0 0")
    assert b"c=IN IP6 ::" in nothing(Origin(7, "2001:db8::1")).encode()


def test_a_black_hole_takes_what_it_can():
    offer = parse_sdp(written(*HEAD, *AUDIO, "m=audio 4002 RTP/SAVP 0", "a=crypto:1 x", "m=video 0 RTP/AVP 96"))
    assert black_hole(offer, OURS).media == (
        ("m=audio 9 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000", "a=inactive"), ("m=audio 0 RTP/SAVP 0",),
        ("m=video 0 RTP/AVP 96",))
    assert [medium[0].split(" ")[1] for medium in declined(offer, OURS).media] == ["0", "0", "0"]


@given(KINDS, KINDS)
def test_an_offer_upon_other_media_lines_and_its_answer_back(has, wants):
    offer = of(*wants)
    upon, places = fitted(offer, tuple(has))
    assert upon.kinds[:len(has)] == tuple(has)
    assert sorted(at for at in places if at is not None) == list(range(len(wants)))
    back = unfitted(upon, places, offer)
    assert back.media == offer.media
    shorter = unfitted(parse_sdp(upon.encode()).__class__(upon.session, ()), places, offer)
    assert [medium[0].split(" ")[1] for medium in shorter.media] == ["0"] * len(wants)


@pytest.mark.parametrize("octets", [
    b"", b"v=1\r\n", b"hello", written("v=0"), written(*HEAD, "m=audio 1"), written(*HEAD, "xx"), written(*HEAD, HEAD[1]),
    written(*HEAD, *["m=audio 1 RTP/AVP 0"] * (MEDIA_MAX + 1)), b"v=0\r\n" * OCTETS_MAX])
def test_what_is_none(octets):
    with pytest.raises(BadText):
        parse_sdp(octets)


@given(st.binary(max_size=300))
def test_any_octets_are_read_or_refused(octets):
    for one in (octets, written(*HEAD) + octets):
        try:
            assert parse_sdp(parse_sdp(one).encode()) == parse_sdp(one)
        except BadText:
            pass
