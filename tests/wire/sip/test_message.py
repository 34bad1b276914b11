"""Messages: the specification's own, tormented ones, and whatever comes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.errors import BadMessage
from tectonics.wire.sip.answers import answer
from tectonics.wire.sip.message import Request, Response, Unreadable, parse
from tectonics.wire.sip.uri import parse_uri
from tectonics.wire.sip.values import parse_address, parse_cseq, parse_via
from tests.wire.sip.making import request

# RFC 4475, section 3.1.1.1
TORTUOUS = (
    b"INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\r\n"
    b"TO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n\r\n"
    b'from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8\r\n'
    b"MaX-fOrWaRdS: 0068\r\nCall-ID: wsinv.ndaksdj@192.0.2.1\r\nContent-Length   : 3\r\ncseq: 0009\r\n  INVITE\r\n"
    b"Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw\r\ns :\r\n"
    b"NewFangledHeader:   newfangled value\r\n continued newfangled value\r\n"
    b"UnknownHeaderWithUnusualValue: ;;,,;;,;\r\nContent-Type: application/sdp\r\n"
    b"Route:\r\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\r\n"
    b"v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n"
    b" SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239\r\n"
    b'm:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =\r\n      newvalue ;\r\n'
    b"  secondparam ; q = 0.33\r\n\r\nv=0xx")


def test_the_tortuous_invite():
    message = parse(TORTUOUS)
    assert (message.method, message.uri) == ("INVITE", "sip:vivekg@chair-dnrc.example.com;unknownparam")
    assert (message.to.tag, message.sender.tag, message.sender.name) == ("1918181833n", "98asjd8", 'J Rosenberg \\"')
    assert (message.cseq.number, message.cseq.method, message.body) == (9, "INVITE", b"v=0")
    assert [via.branch for via in message.vias] == ["390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"]
    contact, = message.addresses("Contact")
    assert contact.name == 'Quoted string ""' and contact.parameters == {
        "newparam": "newvalue", "secondparam": "", "q": "0.33"}
    assert message.header("Newfangledheader") == "newfangled value continued newfangled value"


def test_what_is_written_is_what_was_read():
    message = request(more='Subject: "x", <y>\r\n', body=b"v=0\r\n")
    again = parse(message.encode())
    assert (again.headers[:-1], again.body, again.first_line) == (
        tuple(h for h in message.headers if h[0] != "Content-Length"), message.body, message.first_line)


def test_octets_that_are_no_text_survive():
    raw = request().encode().replace(b"Max-Forwards: 70", b"Max-Forwards: 70\r\nSubject: \xff\xfe\xe9")
    assert b"\xff\xfe\xe9" in parse(raw).encode()


@pytest.mark.parametrize("wrong, status", [
    ((b"SIP/2.0\r\n", b"SIP/7.0\r\n"), 505), ((b"CSeq: 1 INVITE", b"CSeq: 1 BYE"), 400), ((b"CSeq: 1", b"CSeq: x"), 400),
    ((b"CSeq: 1", b"CSeq: 4294967296"), 400), ((b"Content-Length: 0", b"Content-Length: 9"), 400),
    ((b"Content-Length: 0", b"Content-Length: -1"), 400), ((b"Call-ID: c1", b"Call-ID: "), 400),
    ((b"Via: SIP/2.0/UDP", b"Via: SIP/2.0"), 400), ((b"Max-Forwards:", b"Max Forwards"), 400),
    ((b"To: <sip:133@127.0.0.1>", b"To: <sip:133@127.0.0.1"), 400), ((b"From: ", b"From: <sip:a@b>\r\nFrom: "), 400),
    ((b"Via: ", b"Via: \r\nVia: "), 400), ((b"Via: ", b"Via: , "), 400), ((b";tag=a", b";tag"), 400), ((b";tag=a", b";tag="), 400),
    ((b"INVITE sip:133@127.0.0.1", b"INVITE http://x"), 416), ((b"INVITE sip:133@127.0.0.1", b"INVITE sip:a@"), 400), ((b" SIP/2.0\r\n", b"\r\n"), 0),
])
def test_what_a_sender_is_told(wrong, status):
    raw = request().encode()
    assert wrong[0] in raw
    with pytest.raises(Unreadable) as found:
        parse(raw.replace(*wrong, 1))
    assert found.value.status == status and (found.value.request is not None) == bool(status)


@pytest.mark.parametrize("to, told", [
    ("<sip:133@h>", "<sip:133@h>;tag=t"), ('"x;tag=y" <sip:133@h>', '"x;tag=y" <sip:133@h>;tag=t'), ("sip:133@h;x=y", "sip:133@h;x=y;tag=t"),
    ("<sip:133@h>; TAG = a", "<sip:133@h>; TAG = a"), ("<sip:133@h;tag=a>", "<sip:133@h;tag=a>;tag=t"),
])
def test_an_answer_has_a_tag_of_ours_where_there_is_none(to, told):
    message = parse(request().encode().replace(b"To: <sip:133@127.0.0.1>", f"To: {to}".encode()))
    assert answer(message, 180, "t").header("To") == told and answer(message, 100, "t").header("To") == to


def test_nobody_is_told_about_an_answer_or_an_ack():
    for raw in (request("ACK").encode().replace(b"CSeq: 1", b"CSeq: x"),
                b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n\r\n", b"\r\n\r\n", b"x", b"x" * 70_000):
        with pytest.raises(Unreadable) as found:
            parse(raw)
        assert found.value.status == 0


@pytest.mark.parametrize("text, number, shown", [
    ("sip:+33600000001@host:5070;user=phone", "+33600000001", "sip:+33600000001@host:5070;user=phone"),
    ("sips:alice@atlanta.com", "", "sips:alice@atlanta.com"),
    ("tel:+1-201-555-0123;phone-context=x", "+12015550123", "tel:+1-201-555-0123;phone-context=x"),
    ("sip:%61lice:secret@[::1]:5060;lr?Subject=x", "", "sip:alice@[::1]:5060;lr"),
    ("sip:0612;npdi=yes@gw.example.com", "0612", "sip:0612;npdi=yes@gw.example.com"),
])
def test_uris(text, number, shown):
    uri = parse_uri(text)
    assert (uri.number, str(uri)) == (number, shown)
    assert parse_uri(str(uri)) == uri


@pytest.mark.parametrize("text", ["", "sip:", "http://x", "sip:a@", "sip:a@b:99999", "tel:", "sip:a b@c", "sip:a@<b>"])
def test_what_is_no_uri(text):
    with pytest.raises(BadMessage):
        parse_uri(text)


@given(st.binary(max_size=400) | st.tuples(st.integers(0, 600), st.binary(max_size=6)).map(
    lambda cut: TORTUOUS[:cut[0]] + cut[1] + TORTUOUS[cut[0] + len(cut[1]):]))
def test_any_octets_are_a_message_or_unreadable(octets):
    try:
        message = parse(octets)
    except Unreadable:
        return
    assert isinstance(message, Request | Response)
    assert parse(message.encode()).encode() == message.encode()


@given(st.text(max_size=60))
def test_any_text_is_a_value_or_refused(text):
    for read in (parse_uri, parse_address, parse_via, parse_cseq):
        try:
            assert str(read(text))
        except BadMessage:
            pass
