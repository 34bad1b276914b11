"""Messages in the spirit of RFC 4475, at the port of a trusted trunk: survived, counted, answered or passed over."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tectonics.wire.sip.client import cancellation
from tectonics.wire.sip.message import parse
from tests.channels.did_sip.house import PAI, TRUNK, House, invite, section
from tests.channels.peers import Failures
from tests.wire.sip.test_message import TORTUOUS

PLAIN = invite().encode()


def changed(*changes):
    octets = PLAIN
    for old, new in changes:
        assert old in octets
        octets = octets.replace(old, new, 1)
    return octets


REFUSED = {
    "a method that nobody knows (3.1.1.2)": (changed((b"INVITE sip", b"!interesting-Method0123456789_*+`.%indeed'~ sip"),
                                                     (b"1 INVITE", b"1 !interesting-Method0123456789_*+`.%indeed'~")), 405),
    "an extraneous separator (3.1.2.1)": (changed((b"Contact: <sip:c@192.0.2.1>", b'Contact: <sip:c@h>;;,;,,')), 180),
    "a Content-Length beyond the message (3.1.2.2)": (changed((b"Length: 0", b"Length: 9999")), 400),
    "a negative Content-Length (3.1.2.3)": (changed((b"Length: 0", b"Length: -999")), 400),
    "numbers that overflow (3.1.2.4)": (changed((b"CSeq: 1", b"CSeq: 36893488147419103232")), 400),
    "a number that overflows (3.1.2.4)": (changed((b"Forwards: 70", b"Forwards: 300")), 400),
    "a quote that is not closed (3.1.2.6)": (changed((b"To: <sip", b'To: "Mr. J. User <sip')), 400),
    "angle brackets around the Request-URI (3.1.2.7)": (changed((b" sip:+33800133000@127.0.0.1:5070 ", b" <sip:+33800133000@h> ")), 416),
    "spaces within the Request-URI (3.1.2.8)": (changed((b"@127.0.0.1:5070 SIP", b"@127.0.0.1; lr SIP")), None),
    "spaces behind the Request-URI (3.1.2.9)": (changed((b":5070 SIP/2.0", b":5070  SIP/2.0")), None),
    "another version of SIP (3.1.2.16)": (changed((b" SIP/2.0\r\n", b" SIP/7.0\r\n")), 505),
    "methods that differ (3.1.2.17)": (changed((b"CSeq: 1 INVITE", b"CSeq: 8 OPTIONS")), 400),
    "header fields that are missing (3.3.1)": (changed((b"Call-ID: c1\r\n", b"")), 400),
    "a scheme that nobody knows (3.3.2)": (changed((b" sip:+33800133000@127.0.0.1:5070 ", b" nobodyKnowsThisScheme:totallyopaquecontent ")), 416),
    "a scheme that is atypical (3.3.3)": (changed((b" sip:+33800133000@127.0.0.1:5070 ", b" soap.beep://192.0.2.103:3002 ")), 416),
    "an extension that is required (3.3.6)": (changed((b"Max-Forwards", b"Require: nothingSupportsThis, nothingSupportsThisEither\r\nMax-Forwards")),
                                              420),
    "a list of extensions that is not closed": (changed((b"Max-Forwards", b'Require: "x\r\nMax-Forwards')), 400),
    "a Record-Route that is not closed": (changed((b"Max-Forwards", b'Record-Route: <sip:x, "\r\nMax-Forwards')), 180),
    "an Authorization that is not closed": (changed((b"Max-Forwards", b'Authorization: Digest "\r\nMax-Forwards')), 180),
    "multiple values where one may be (3.3.8)": (changed((b"Call-ID: c1", b"Call-ID: c1\r\nCall-ID: c2")), 400),
    "two values of From (3.3.8)": (changed((b"From: ", b"From: <sip:a@b>;tag=1\r\nFrom: ")), 400),
    "several Content-Lengths (3.3.9)": (changed((b"Content-Length: 0", b"Content-Length: 0\r\nContent-Length: 5")), 180),
    "no hop left (3.3.11)": (changed((b"Forwards: 70", b"Forwards: 0")), 180),
    "all headers short, folded and in capitals": (changed((b"Call-ID:", b"i :\r\n "), (b"From", b"F"), (b"To:", b"T  :\t"), (b"Via", b"v")), 180),
    "letters of every language in names": (changed((b"From: <", 'From: "ИИ ٣ \\" 日本" <'.encode())), 180),
    "octets that are no text": (changed((b"Max-Forwards", b"Subject: \xff\xfe\x80\r\nMax-Forwards")), 180),
    "zero octets in a header": (changed((b"Max-Forwards", b"Subject: \0\0\r\nMax-Forwards")), 180),
    "escapes of nothing in the Request-URI": (changed((b"+33800133000@", b"%00%FF%zz@")), 404),
    "a Via without a branch, as of RFC 2543 (3.4.1)": (changed((b";branch=z9hG4bKc1", b"")), 180),
    "a Via that is no Via": (changed((b"Via: SIP/2.0/UDP 192.0.2.1", b"Via: SIP/2.0/UDP")), None),
    "no Via": (changed((b"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKc1\r\n", b"")), None),
    "a port that is none in Via": (changed((b"UDP 192.0.2.1", b"UDP 192.0.2.1:0")), 180),
    "150 headers": (changed((b"Max-Forwards", b"X: y\r\n" * 150 + b"Max-Forwards")), None),
    "lone line ends": (PLAIN.replace(b"\r\n", b"\n"), None),
    "the specification's tortuous one (3.1.1.1)": (TORTUOUS, 481),
    "a body behind the message": (PLAIN + b"surplus" * 100, 180),
    "an ACK that is malformed": (changed((b"INVITE sip", b"ACK sip"), (b"1 INVITE", b"x ACK")), None),
    "an answer that nobody asked for": (b"SIP/2.0 200 OK\r\n" + PLAIN.partition(b"\r\n")[2].replace(b"1 INVITE", b"1 BYE"), None),
    "an answer that is none": (b"SIP/2.0 999999 OK\r\n" + PLAIN.partition(b"\r\n")[2], None),
    "half of it": (PLAIN[:200], None), "nothing": (b"", None), "blank lines": (b"\r\n\r\n", None), "TLS": (b"\x16\x03\x01\x02\x00", None),
    "HTTP": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", None),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_torment(name):
    octets, status = REFUSED[name]
    house = House()
    with Failures() as failures:
        statuses = house.statuses(octets)
    assert failures == [] and house.counted.raised == {}
    assert (statuses[-1] if statuses else None) == status
    if status == 400:
        assert len(house.channel.exchange) == (1 if b"Forwards: 300" in octets or b"Require" in octets else 0)
    house.ring(invite("afterwards", more=PAI.replace("01@", "02@")))


def test_a_reason_tells_what_is_wrong():
    refused, = House().hear_octets(REFUSED["methods that differ (3.1.2.17)"][0])
    assert refused.startswith(b"SIP/2.0 400 CSeq names another method\r\nVia: ")


@settings(max_examples=300)
@given(st.integers(0, len(PLAIN)), st.integers(0, 40), st.binary(max_size=12) | st.sampled_from(
    [b"\r\n", b"\r\n ", b'"', b"<", b">", b",", b";", b"=", b"sip:", b"tel:+", b"\xff", b"%zz", b"Via: x\r\n", b"Require: y\r\n"]))
def test_whatever_is_changed_in_a_call_nobody_falls(at, cut, inserted):
    house = House()
    with Failures() as failures:
        house.hear_octets(PLAIN[:at] + inserted + PLAIN[at + cut:])
        house.clock.pump([1.0] * 10)
    assert failures == [] and house.counted.raised == {}
    house.ring(invite("afterwards", more=PAI.replace("01@", "02@")))


def step(house, number, what, tag):
    """A request of one call; `tag` is ours, if it has one yet."""
    id, fresh = f"c{number}", f"z9hG4bKx{len(house.wire)}"
    match what:
        case "cancel":
            return cancellation(invite(id))
        case "ack" | "options":
            return invite(id, method=what.upper(), to_tag=tag if what == "ack" else "")
        case "bye":
            return invite(id, method="BYE", number=2, branch=fresh, to_tag=tag)
        case "other way":
            return invite(id, branch=fresh)
    return invite(id)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["invite", "cancel", "ack", "bye", "options", "other way"]),
                          st.sampled_from([0, 0.25, 1.5, 9, 33])), max_size=40))
def test_whatever_calls_do_each_ring_is_told_once_and_all_is_forgotten(steps):
    house = House(section({**TRUNK, "per_second": 1000}, repeat_s=0, caller_per_hour=1000))
    tags, finals = {}, set()
    with Failures() as failures:
        for number, what, wait_s in steps:
            said = house.hear(step(house, number, what, tags.get(number, "x"))) + house.pass_s(wait_s)
            for one in said:
                if one.cseq.method == "INVITE" and one.status >= 180:
                    tags[int(one.call_id[1:])] = one.to.tag
        house.pass_s(100)
    assert failures == [] and house.counted.raised == {}
    for octets, _ in house.wire:
        one = parse(octets)
        assert not (one.cseq.method == "INVITE" and 200 <= one.status < 300)  # nobody pays
        finals |= {one.to.tag} if one.cseq.method == "INVITE" and one.status in (480, 487) else set()
    counted = house.results()
    assert len(house.told()) == counted.get("rang", 0) + counted.get("hung_up", 0)
    assert len(finals) <= len(house.told()) + counted.get("too_short", 0)
    assert len(house.channel.exchange) == 0 and house.clock.getDelayedCalls() == [] and not house.channel._ringing
