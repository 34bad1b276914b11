"""Mails as people and servers write them, signed ones too, and a channel on a virtual clock that takes them."""

from base64 import b64encode
from email.utils import formatdate
from functools import cache

import dkim
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from twisted.internet.defer import Deferred, fail, maybeDeferred, succeed
from twisted.internet.task import Clock

from tectonics.channels.email.admitting import Admitting
from tectonics.channels.email.proving import Proving
from tectonics.config.email import Email as Section
from tectonics.domain.mailbox import Mailbox, hash_pin
from tectonics.wire.smtp.server import Mail
from tests.channels.correspondence import Correspondence
from tests.engine.world import Counted

NOW_S = 1_795_341_600
ANN, ANN_NUMBER, PIN = "ann@example.com", "33600000001", "123456"
RELAY, STRANGER = "192.0.2.25", "198.51.100.7"
KEY_NAME, SHORT_KEY_NAME = "s1._domainkey.example.com", "e1._domainkey.example.com"


def mail(subject="SOS", text="hello", sender="Ann Lee <Ann@Example.com>", id="<m1@example.com>", date=NOW_S, head=(), to="sos@vas.example"):
    """The octets of a plain mail; `head` are further lines, on top."""
    lines = [*head, f"From: {sender}", f"To: {to}", f"Subject: {subject}", f"Date: {formatdate(date)}", f"Message-ID: {id}", "", text, ""]
    return "\r\n".join(lines).encode()


@cache
def key_pair(bits=1024):
    """(what dkimpy signs with, the TXT record)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return pem, b"v=DKIM1; k=rsa; p=" + b64encode(public)


@cache
def short_key_pair():
    """The same of an Ed25519 key, which a record holds as it is."""
    key = ed25519.Ed25519PrivateKey.generate()
    return b64encode(key.private_bytes_raw()), b"v=DKIM1; k=ed25519; p=" + b64encode(key.public_key().public_bytes_raw())


def shortly_signed(content, headers=("from", "subject", "date", "message-id", "to")):
    """With an Ed25519 signature on top, of selector e1."""
    return dkim.sign(content, b"e1", b"example.com", short_key_pair()[0], canonicalize=(b"relaxed", b"relaxed"),
                     signature_algorithm=b"ed25519-sha256", include_headers=[one.encode() for one in headers]) + content


def signed(content, domain="example.com", headers=("from", "subject", "date", "message-id", "to"), relaxed=True, **more):
    """With a signature on top."""
    how = (b"relaxed", b"relaxed") if relaxed else (b"simple", b"simple")
    return dkim.sign(content, b"s1", domain.encode(), key_pair()[0], canonicalize=how,
                     include_headers=[one.encode() for one in headers], **more) + content


class Book:
    """Addresses; `find` fails while there is a `fault`."""

    def __init__(self, *boxes):
        self.boxes, self.fault = {one.address: one for one in boxes}, None

    def find(self, address):
        return fail(self.fault) if self.fault else succeed(self.boxes.get(address))


class Zone:
    """Keys by name: a record, an exception, or a Deferred that will tell."""

    def __init__(self, **records):
        self.records, self.asked = {KEY_NAME: key_pair()[1], SHORT_KEY_NAME: short_key_pair()[1], **records}, []

    def look_up(self, name):
        self.asked.append(name)
        found = self.records.get(name)
        if isinstance(found, Deferred):
            return found
        return fail(found) if isinstance(found, Exception) else succeed(found)


class Desk:
    """Answers that are kept."""

    def __init__(self):
        self.said, self.takes = [], True

    def answer(self, written, recipient, text):
        if self.takes:
            self.said.append((written.sender, recipient, text))
        return self.takes


class House:
    """What judges mails, without sockets."""

    def __init__(self, answers=None, pin=PIN, **changes):
        self.clock, self.counted, self.engine, self.zone = Clock(), Counted(), Correspondence(), Zone()
        self.clock.advance(NOW_S)
        self.section = Section(**{"relays": [{"sources": ["192.0.2.0/27"], "authserv_id": "mx.vas.example"}], **changes})
        kept = hash_pin(pin, b"0" * 16) if pin else ""
        self.book = Book(Mailbox(ANN, ANN_NUMBER, 1, kept, NOW_S * 1000), Mailbox("bob@example.com", "33600000002", 1, "", 0))
        self.proving = Proving(self.section.relays, self.section.dkim, self.zone, self.clock, self.counted, maybeDeferred)
        self.admitting = Admitting(
            self.section, self.engine, self.book, self.proving, owed=lambda msisdn: succeed(f"You owe nothing, {msisdn}."),
            answers=answers, clock=self.clock, metrics=self.counted, alarms=self.counted)

    def taking(self, content, service="sos", host=STRANGER, sender=ANN):
        return self.admitting.take(Mail(sender, f"{service}@vas.example", content), host)

    def take(self, content, service="sos", host=STRANGER, sender=ANN):
        """The code that is answered."""
        got = []
        self.taking(content, service, host, sender).addCallback(got.append)
        assert got, "no verdict"
        return got[0].code

    def asked(self):
        return [one.asks for one in self.engine.messages]

    def results(self, name="received"):
        found = {}
        for (counter, labels), count in self.counted.counts.items():
            if counter == f"tectonics_email_{name}_total":
                found[labels[-1]] = found.get(labels[-1], 0) + count
        return found
