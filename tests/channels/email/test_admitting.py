"""Who is believed and who is not, what the engine is asked, and what the sender's server is told."""

import pytest
from twisted.internet.defer import Deferred

from tectonics.channels.email.keys import NotNow
from tectonics.channels.email.proving import GUESSES_OF_ADDRESS, GUESSES_OF_HOST
from tectonics.channels.email.signatures import NEAR_MS
from tectonics.domain.errors import Busy, OurFault
from tectonics.domain.keywords import Call, Debt, Sos
from tests.channels.email.house import (
    ANN_NUMBER,
    KEY_NAME,
    NOW_S,
    RELAY,
    SHORT_KEY_NAME,
    STRANGER,
    Desk,
    House,
    key_pair,
    mail,
    shortly_signed,
    signed,
)

VOUCHED = "Authentication-Results: mx.vas.example; dkim=pass header.d=example.com"
WITH_PIN = "SOS PIN 123456"


@pytest.fixture
def house():
    return House()


def test_a_signed_mail_becomes_a_request(house):
    assert house.take(signed(mail("SOS 2"))) == 250
    one, = house.engine.messages
    assert (one.channel, one.id, one.msisdn, one.to, one.text, one.at, one.asks) == (
        "email", "sos:<m1@example.com>", ANN_NUMBER, "sos@vas.example", "", NOW_S * 1000, Sos("2"))
    assert house.results() == {"taken": 1} and house.results("proofs") == {"good": 1} and house.zone.asked == [KEY_NAME]


@pytest.mark.parametrize(("service", "asks"), [("sos", Sos()), ("call", Call("+33612345678")), ("balance", Debt())])
def test_the_address_says_what(house, service, asks):
    assert house.take(signed(mail("+33 612345678")), service) == 250
    assert house.asked() == [asks]


def test_a_trigger_is_the_mail_and_the_address(house):
    for service in ("sos", "sos", "balance"):
        house.take(mail(WITH_PIN), service)
    house.take(mail(WITH_PIN, id="<" + "a" * 200 + "@b>"))
    ids = [one.id for one in house.engine.messages]
    assert ids[:3] == ["sos:<m1@example.com>", "sos:<m1@example.com>", "balance:<m1@example.com>"]
    assert len(ids[3]) == 36 and ids[3].startswith("sos:")


@pytest.mark.parametrize("content", [
    mail(), mail("SOS PIN 654321"), mail(WITH_PIN, sender="bob@example.com"), mail(WITH_PIN, sender="eve@example.net"),
    mail(head=[VOUCHED]), signed(mail(), "evil.example"), signed(mail()).replace(b"hello", b"hullo"),
    signed(mail()).replace(b"Subject: SOS", b"Subject: CALL"), signed(mail(), headers=("from", "date")),
    signed(mail(), length=True) + b"more\r\n", signed(mail(date=NOW_S - NEAR_MS // 1000 - 1)),
    signed(mail(sender="bob@example.com")).replace(b"bob@", b"ann@")])
def test_who_is_not_proved_gets_nothing(house, content):
    house.zone.records["s1._domainkey.evil.example"] = key_pair()[1]
    assert house.take(content) == 550
    assert house.engine.messages == [] and set(house.results()) <= {"stranger", "unproved"}


def test_the_registered_and_the_unknown_are_told_the_same(house):
    told = []
    for sender in ("ann@example.com", "eve@example.com"):
        house.taking(mail("SOS PIN 999999", sender=sender)).addCallback(told.append)
    assert told[0] == told[1] and house.results() == {"unproved": 1, "stranger": 1}


def test_for_strangers_no_key_is_looked_up(house):
    assert house.take(signed(mail(sender="eve@example.com"))) == 550
    assert house.zone.asked == []


@pytest.mark.parametrize("signer", ["example.com", "mail.example.com"])
def test_a_domain_above_may_sign_and_one_below_may_not(house, signer):
    house.zone.records["s1._domainkey.mail.example.com"] = key_pair()[1]
    house.book.boxes["ann@mail.example.com"] = house.book.boxes["ann@example.com"]
    assert house.take(signed(mail(sender="ann@mail.example.com"), signer)) == 250
    assert house.take(signed(mail(), signer)) == (250 if signer == "example.com" else 550)


@pytest.mark.parametrize("relaxed", [True, False])
def test_either_canonical_form(house, relaxed):
    content = mail(text="a  b \t\r\n\r\n.c\r\n" + " " * 900 + "x\r\n\r\n")
    assert house.take(signed(content, relaxed=relaxed)) == 250
    assert house.take(signed(content, relaxed=relaxed).replace(b"a  b", b"a b")) == (250 if relaxed else 550)


def test_where_the_message_id_is_not_signed_what_is_signed_is_the_id(house):
    content = signed(mail(), headers=("from", "subject", "date"))
    assert house.take(content) == house.take(content.replace(b"<m1@example.com>", b"<m2@example.com>")) == 250
    assert house.engine.messages[0].id == house.engine.messages[1].id != "sos:<m1@example.com>"


def test_a_mail_that_loses_one_of_its_two_signatures_is_the_same_mail(house):
    covered = ("from", "subject", "date")
    plain = mail()
    short, long = (one[:-len(plain)] for one in (shortly_signed(plain, covered), signed(plain, headers=covered)))
    for one in (short + long + plain, short + plain, long + plain.replace(b"<m1@", b"<m2@")):
        assert house.take(one) == 250
    assert len({one.id for one in house.engine.messages}) == 1
    assert house.take(signed(mail(date=NOW_S + 1), headers=covered)) == 250
    assert house.engine.messages[-1].id != house.engine.messages[0].id


def test_an_ed25519_signature_proves_the_sender(house):
    assert house.take(shortly_signed(mail("SOS 2"))) == 250
    assert house.zone.asked == [SHORT_KEY_NAME] and house.results("proofs") == {"good": 1}
    assert house.take(shortly_signed(mail("SOS 2")).replace(b"Subject: SOS 2", b"Subject: SOS 3")) == 550


@pytest.mark.parametrize("record", [key_pair()[1], b"v=DKIM1; k=ed25519; p=AAAA", b"v=DKIM1; k=ed25519; p=" + b"A" * 44, b"v=DKIM1; k=ed25519",
                                    b"v=DKIM1; k=ed25519; p=?", b"v=DKIM1; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="])
def test_a_key_that_is_none_of_ed25519(house, record):
    house.zone.records[SHORT_KEY_NAME] = record
    assert house.take(shortly_signed(mail())) == 550


def test_a_key_of_another_kind_than_the_signature_says(house):
    wrong = signed(mail()).replace(b"a=rsa-sha256", b"a=ed25519-sha256")
    assert house.take(wrong) == 550
    assert house.take(shortly_signed(mail()).replace(b"a=ed25519-sha256", b"a=rsa-sha256")) == 550


def test_the_second_signature_may_be_the_good_one(house):
    good = signed(mail())
    bad = good.partition(b"From:")[0].replace(b"b=", b"b=AAAA", 1)
    assert house.take(bad + good) == 250


@pytest.mark.parametrize("record", [
    None, b"", b"v=DKIM1; p=", b"v=DKIM1; k=rsa; p=AAAA", b"nonsense", b"v=DKIM1; k=ed25519; p=AAAA", b"p=" + b"!" * 50, b"\xff\xfe",
    b"v=DKIM1; k=rsa; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAJ", b"v=DKIM2; p=x", b"p=MAA=", b"=;=;"])
def test_a_key_that_is_none(house, record):
    house.zone.records[KEY_NAME] = record
    assert house.take(signed(mail())) == 550 and house.counted.raised == {}


def test_a_key_that_is_too_short_proves_nothing(house, monkeypatch):
    monkeypatch.setattr("tectonics.channels.email.signatures.KEY_BITS_MIN", 2048)
    assert house.take(signed(mail())) == 550 and house.results("proofs") == {"wrong": 1}


def test_a_key_that_cannot_be_looked_up_now(house):
    house.zone.records[KEY_NAME] = NotNow("the resolver is away")
    assert house.take(signed(mail())) == 451 and house.results() == {"later": 1}
    assert house.take(signed(mail(WITH_PIN))) == 250


def test_without_dkim(house):
    assert House(dkim=False).take(signed(mail())) == 550


# --- a relay

def test_a_relay_vouches(house):
    assert house.take(mail(head=[VOUCHED]), host=RELAY) == 250
    assert house.take(mail(head=[VOUCHED]), host="192.0.2.32") == 550
    assert house.take(mail(head=[VOUCHED]), host="") == 550
    assert house.take(mail(sender="eve@example.com", head=[VOUCHED]), host=RELAY) == 550


def test_what_a_relay_does_not_prove_another_way_may(house):
    failed = VOUCHED.replace("pass", "fail")
    assert house.take(mail(head=[failed, VOUCHED]), host=RELAY) == 550
    assert house.take(signed(mail(head=[failed])), host=RELAY) == 250


# --- PINs

def test_a_pin_proves(house):
    assert house.take(mail(WITH_PIN)) == 250 and house.zone.asked == []


def test_guesses_of_an_address_are_limited(house):
    for _ in range(GUESSES_OF_ADDRESS):
        assert house.take(mail("PIN 999999")) == 550
    assert house.take(mail(WITH_PIN)) == 550
    assert house.take(signed(mail(WITH_PIN))) == 250
    house.clock.advance(3600)
    assert house.take(mail(WITH_PIN)) == 250
    assert house.results("proofs") == {"wrong": GUESSES_OF_ADDRESS, "limited": 2, "good": 2}


def test_a_right_pin_does_not_use_up_the_guesses(house):
    for _ in range(GUESSES_OF_ADDRESS + 1):
        assert house.take(mail(WITH_PIN)) == 250


def test_guesses_of_a_host_are_limited(house):
    for number in range(GUESSES_OF_HOST):
        house.take(mail("PIN 999999", sender=f"u{number}@example.com"))
    assert house.take(mail(WITH_PIN)) == 550
    assert house.take(mail(WITH_PIN), host="203.0.113.1") == 250


def test_guesses_side_by_side_are_limited_too():
    waits, house = [], House()

    def in_thread(function, *arguments):
        waits.append((Deferred(), function, arguments))
        return waits[-1][0]

    house.proving._in_thread = in_thread
    got = []
    for _ in range(GUESSES_OF_ADDRESS + 3):
        house.taking(mail("PIN 999999")).addCallback(lambda reply: got.append(reply.code))
    assert got == [550] * 3
    while waits:
        done, function, arguments = waits.pop(0)
        done.callback(function(*arguments))
    assert got == [550] * (GUESSES_OF_ADDRESS + 3)


# --- what is told

@pytest.mark.parametrize(("fault", "code", "alarm"), [(Busy("x"), 451, False), (OurFault("x"), 451, False), (RuntimeError("x"), 451, True)])
def test_what_the_engine_cannot_take_comes_again(house, fault, code, alarm):
    house.engine.ends = [fault]
    assert house.take(mail(WITH_PIN)) == code and bool(house.counted.raised) == alarm
    assert house.take(mail(WITH_PIN)) == 250
    assert len({one.id for one in house.engine.messages}) == 1


def test_a_store_that_is_busy(house):
    house.book.fault = Busy("x")
    assert house.take(mail(WITH_PIN)) == 451


def test_a_verdict_that_is_given_up_is_later(house):
    house.zone.records[KEY_NAME] = Deferred()
    got = []
    taking = house.taking(signed(mail()))
    taking.addCallback(got.append)
    taking.cancel()
    assert got[0].code == 451 and house.results() == {"later": 1} and house.counted.raised == {}


@pytest.mark.parametrize(("content", "sender", "why"), [
    (mail(WITH_PIN), "", "null_sender"), (mail(WITH_PIN, head=["Auto-Submitted: auto-replied"]), "ann@example.com", "auto_submitted"),
    (mail(WITH_PIN, sender="sos@vas.example"), "x@y.example", "loop")])
def test_what_nobody_wrote_is_taken_and_forgotten(house, content, sender, why):
    assert house.take(content, sender=sender) == 250
    assert house.engine.messages == [] and house.results() == {why: 1}


def test_what_cannot_be_read(house):
    assert house.take(b"hello") == 550 and house.results() == {"unreadable": 1}


def test_so_many_mails_of_a_sender_count(house):
    house.engine.ends = [Busy("x")]
    assert house.take(mail(WITH_PIN)) == 451
    codes = [house.take(mail(WITH_PIN, id=f"<m{number}@example.com>")) for number in range(house.section.sender_per_hour + 1)]
    assert codes == [250] * house.section.sender_per_hour + [550] and house.results()["limited"] == 1


def test_which_addresses_are_ours(house):
    assert [house.admitting.accepts(one) for one in ("sos@vas.example", "Balance@VAS.example", "call@vas.example")] == [None] * 3
    assert {house.admitting.accepts(one).code for one in ("x@vas.example", "sos@vas.example.org", "sos", "", "sos@vas.example ")} == {550}


# --- what he owes

def test_what_he_owes_is_answered_by_mail():
    desk = Desk()
    house = House(answers=desk)
    assert house.take(mail(WITH_PIN), "balance") == 250
    assert desk.said == [("ann@example.com", "balance@vas.example", f"You owe nothing, {ANN_NUMBER}.")]
    assert house.engine.messages == [] and house.results() == {"answered": 1}
    assert house.take(mail(), "balance", host=STRANGER) == 550 and len(desk.said) == 1
    assert house.take(mail(WITH_PIN), "sos") == 250 and house.asked() == [Sos()]


def test_where_no_mail_can_go_out_it_is_answered_by_sms():
    desk = Desk()
    desk.takes = False
    house = House(answers=desk)
    assert house.take(mail(WITH_PIN), "balance") == 250 and house.asked() == [Debt()]
