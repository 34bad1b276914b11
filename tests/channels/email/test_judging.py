"""Nobody's mail is ignored, and what a person's asks for is read from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.channels.email.limits import HOUR_S, Hourly
from tectonics.channels.email.reading import read
from tectonics.channels.email.requests import pin_of, request
from tectonics.channels.email.results import vouched
from tectonics.channels.email.screening import HOPS_MAX, ignored
from tectonics.domain.keywords import Call, Debt, Sos
from tests.channels.email.house import ANN, mail


@pytest.mark.parametrize(("head", "why"), [
    ("X-A: b", ""), ("Auto-Submitted: no", ""), ("Auto-Submitted: NO (a person)", ""), ("Precedence: first-class", ""),
    ("X-Auto-Response-Suppress: None", ""), ("Auto-Submitted: auto-replied; x=y", "auto_submitted"),
    ("AUTO-SUBMITTED: Auto-Generated", "auto_submitted"), ("Precedence: bulk", "list"), ("precedence: Auto_Reply", "list"),
    ("List-Id: <a.example>", "list"), ("List-Unsubscribe: <x>", "list"), ("X-Auto-Response-Suppress: OOF, AutoReply", "suppressed"),
    ("X-Autoreply: yes", "auto_reply"), ("X-Loop: sos@vas.example", "auto_reply"), ("X-Failed-Recipients: a@b", "auto_reply"),
    ("Content-Type: multipart/report; report-type=x; boundary=y", "auto_reply")])
def test_what_no_person_wrote(head, why):
    assert ignored(read(mail(head=[head])), ANN, ("vas.example",)) == why


@pytest.mark.parametrize(("envelope", "sender", "why"), [
    (ANN, ANN, ""), ("", ANN, "null_sender"), (ANN, "sos@vas.example", "loop"), ("x@y.example", ANN, ""),
    ("MAILER-DAEMON@mx.example", ANN, "robot"), (ANN, "Postmaster@example.com", "robot"), ("owner-list@x.example", ANN, "robot"),
    ("list-request@x.example", ANN, "robot"), (ANN, "no-reply@example.com", "robot")])
def test_who_is_no_person(envelope, sender, why):
    assert ignored(read(mail(sender=sender)), envelope, ("vas.example",)) == why


def test_what_goes_round_and_round():
    assert ignored(read(mail(head=["Received: by x"] * HOPS_MAX)), ANN, ()) == ""
    assert ignored(read(mail(head=["Received: by x"] * (HOPS_MAX + 1))), ANN, ()) == "hops"


@pytest.mark.parametrize(("service", "subject", "line", "asked"), [
    ("sos", "", "", Sos()), ("sos", "SOS", "hello", Sos()), ("sos", "SOS 2", "", Sos("2")), ("sos", "prêt 02!", "", Sos("2")),
    ("sos", "2", "", Sos("2")), ("sos", "hello", "sos 3", Sos("3")), ("sos", "SOS 2 PIN 123456", "", Sos("2")),
    ("sos", "PIN: 123456", "5", Sos("5")), ("sos", "SOS 200", "", Sos()), ("sos", "SOS 2 or 3", "", Sos()), ("sos", "YES", "YES", Sos()),
    ("balance", "YES", "33612345678", Debt()), ("call", "+33 6 12 34 56 78", "", Call("+33612345678")),
    ("call", "PIN 123456 please", "Call 06.12.34.56.78 now", Call("0612345678")), ("call", "call me", "", Call("")),
    ("call", "call 0033612345678 or 0699999999", "", Call("0033612345678")), ("call", "(0)612-345-678", "", Call("0612345678")),
    ("call", "x33612345678", "", Call("")), ("call", "3" * 40, "", Call("")), ("call", "12", "", Call("")),
    ("call", "PIN 33612345678", "", Call(""))])
def test_what_is_asked_for(service, subject, line, asked):
    assert request(service, subject, line) == asked


@given(st.text(max_size=200), st.text(max_size=200))
def test_no_mail_agrees_to_anything(subject, line):
    for service in ("sos", "call", "balance"):
        asked = request(service, subject, line)
        assert isinstance(asked, Sos | Call | Debt)
        if isinstance(asked, Call):
            assert asked.number.lstrip("+").isdecimal() or not asked.number
            assert asked.number.count("+") <= 1 and len(asked.number) <= 26


@pytest.mark.parametrize(("subject", "pin"), [
    ("SOS PIN 123456", "123456"), ("pin:123456 2", "123456"), ("Pin=123456", "123456"), ("SPIN 123456", ""), ("PIN 123", ""),
    ("PIN", ""), ("123456", ""), ("PIN 12345678901234567", "")])
def test_the_pin(subject, pin):
    assert pin_of(subject) == pin


GOOD = "mx.vas.example; dkim=pass header.d=example.com"


@pytest.mark.parametrize(("fields", "good"), [
    ([GOOD], True), (["MX.vas.example 1; DKIM=Pass header.D=Example.com"], True), ([GOOD + " header.s=x; spf=fail"], True),
    (["mx.vas.example; dkim=fail header.d=example.com; dkim=pass (ok) header.i=@x header.d=example.com"], True),
    (["mx.vas.example; dmarc=pass (p=none) header.from=example.com"], True),
    (["mx.vas.example; dkim=pass reason=\"good\" header.d=\"example.com\""], True),
    (["other.example; dkim=fail", GOOD], True), ([], False), ([""], False), (["mx.vas.example; none"], False),
    (["mx.vas.example; dkim=fail header.d=example.com", GOOD], False), (["mx.vas.example; spf=pass smtp.mailfrom=ann@example.com"], False),
    (["mx.vas.example; dkim=pass header.d=evil.example"], False), (["mx.vas.example; dkim=pass header.d=mail.example.com"], False),
    (["mx.vas.example; dkim=pass header.d=com"], False), (["mx.vas.example; dkim=pass header.d=le.com"], False),
    (["mx.vas.example; dkim=passed header.d=example.com"], False), (["mx.vas.example; dkim=pass"], False),
    (["mx.vas.example (; dkim=pass header.d=example.com)"], False), (["(mx.vas.example; dkim=pass header.d=example.com"], False),
    (["mx.vas.example; dkim=fail reason=\"; dkim=pass header.d=example.com\""], False),
    (["mx.vas.example; dkim=fail reason=\"a\\\"; dkim=pass header.d=example.com\""], False),
    (["mx.vas.example 2; dkim=pass header.d=example.com"], False), (["mx.vas.example.evil.example; dkim=pass header.d=example.com"], False),
    (["evil.example mx.vas.example; dkim=pass header.d=example.com"], False), ([GOOD + "x" * 4000], False),
    (["mx.vas.example; x-dkim=pass header.d=example.com"], False), (["mx.vas.example; dmarc=pass header.from=evil.example"], False)])
def test_what_a_relay_vouches_for(fields, good):
    assert vouched(fields, "mx.vas.example", ANN) is good


@given(st.lists(st.sampled_from(["mx.vas.example", ";", " ", "dkim=pass", "header.d=", "example.com", "evil.example", '"', "\\", "(", ")", "1", "=",
                                 "dkim=fail", "reason=", "dmarc=pass", "header.from="]), max_size=20).map("".join))
def test_nobody_is_vouched_for_by_accident(text):
    if vouched([text], "mx.vas.example", ANN):
        assert text.lstrip(" (").startswith(("mx.vas.example", '"mx', ")", '"')) or "(" in text
        assert "example.com" in text and ("dkim=pass" in text or "dmarc=pass" in text)


def test_so_often_in_an_hour():
    often = Hourly(2)
    for _ in range(2):
        assert often.may("a", 0.0)
        often.note("a", 0.0)
    assert not often.may("a", HOUR_S - 1) and often.may("b", 0.0) and often.may("a", HOUR_S)
    often.note("a", HOUR_S)
    assert often.may("a", HOUR_S + 1)
    often.note("a", HOUR_S + 1)
    assert not often.may("a", HOUR_S + 2)
    often.forget("a")
    assert often.may("a", HOUR_S + 2) and len(often) == 0


def test_not_everybody_is_remembered(monkeypatch):
    monkeypatch.setattr("tectonics.channels.email.limits.WHO_MAX", 3)
    often = Hourly(1)
    for who in "abcd":
        often.note(who, 0.0)
    assert len(often) == 3 and often.may("a", 1.0) and not often.may("d", 1.0)
