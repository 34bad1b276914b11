"""The channel as the configuration asks for it, over real sockets: encryption both ways, keys from DNS, and what cannot be read."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from types import SimpleNamespace

import pytest
import pytest_twisted
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from twisted.internet import reactor
from twisted.internet.defer import maybeDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint
from twisted.internet.ssl import CertificateOptions
from twisted.internet.task import deferLater
from twisted.names import dns, server

from tectonics.config import load
from tectonics.daemon.clock import RisingIds, WallClock
from tectonics.daemon.email import _encryption, make_email
from tectonics.domain.errors import TheirFault
from tectonics.domain.keywords import Sos
from tectonics.domain.mailbox import Mailbox
from tectonics.simulators.mailbox.sender import send
from tectonics.simulators.mailbox.server import Mailbox as MailServer
from tectonics.wire.smtp.client import Envelope
from tests.channels.correspondence import Correspondence
from tests.channels.email.house import ANN, ANN_NUMBER, KEY_NAME, Book, key_pair, mail, signed
from tests.channels.email.test_keys import Answers, txt
from tests.config.files import write
from tests.engine.world import Counted


def certificate(folder, name):
    """A certificate of 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    who, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]), datetime.now(UTC)
    made = x509.CertificateBuilder(who, who, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1)).add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False).sign(key, hashes.SHA256())
    (folder / f"{name}.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / f"{name}.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def settings(folder, text=""):
    return load(write(folder, f"channels:\n  email:\n    certificate_file: port.pem\n    key_file: port.key\n{text}"))


class World:
    """A channel that listens, a name server and a smarthost."""

    async def start(self, folder, text="", trusted=True):
        for name in ("port", "host", "other"):
            certificate(folder, name)
        self.counted, self.engine, self.closing = Counted(), Correspondence(), []
        clock = WallClock(reactor)
        self.smarthost = MailServer(reactor, encryption=_encryption(settings(folder)) if text else None)
        host_port = await self.listen(self.smarthost)
        answers = Answers(**{KEY_NAME.replace(".", "__"): [txt(key_pair()[1][:200], key_pair()[1][200:])]})
        names = reactor.listenUDP(0, dns.DNSDatagramProtocol(server.DNSServerFactory(clients=[answers])), "127.0.0.1")
        self.closing.append(names.stopListening)
        ca = "port" if trusted else "other"
        made = settings(folder, f"    nameservers: ['127.0.0.1:{names.getHost().port}']\n    smarthost:\n"
                                f"      address: tcp:127.0.0.1:{host_port}\n      starttls: true\n      ca_file: {ca}.pem\n      retry_s: 0.05\n")
        host = SimpleNamespace(reactor=reactor, clock=clock, ids=RisingIds(), in_thread=maybeDeferred)
        book = Book(Mailbox(ANN, ANN_NUMBER, 1, "", 0))
        self.channel = make_email(made, host, SimpleNamespace(engine=None), self.engine, book, self.counted, self.counted)
        self.port = await self.listen(self.channel.factory)
        self.clock = clock
        return self

    async def listen(self, factory):
        port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(factory)
        self.closing.append(port.stopListening)
        return port.getHost().port

    def send(self, content, **how):
        return send(TCP4ClientEndpoint(reactor, "127.0.0.1", self.port), Envelope(ANN, "sos@vas.example", content), reactor, **how)

    async def until(self, met):
        for _ in range(1000):
            if met():
                return
            await deferLater(reactor, 0.01, lambda: None)
        raise AssertionError(self.counted.counts)

    async def close(self):
        await self.channel.stop()
        for close in self.closing:
            await maybeDeferred(close)
        self.smarthost.cut_all()
        await self.until(lambda: not self.smarthost.connections and not len(self.channel.factory))


@pytest_twisted.ensureDeferred
async def test_a_signed_mail_over_an_encrypted_connection(tmp_path):
    world = await World().start(tmp_path)
    try:
        content = signed(mail(date=world.clock.seconds()))
        reply = await world.send(content, encryption=CertificateOptions)
        assert reply.code == 250 and [one.asks for one in world.engine.messages] == [Sos()]
        assert (await world.send(content.replace(b"hello", b"hullo"))).code == 550
        assert world.counted.counts["tectonics_email_proofs_total", ("dkim", "good")] == 1
    finally:
        await world.close()


@pytest.mark.parametrize("trusted", [True, False])
@pytest_twisted.ensureDeferred
async def test_the_smarthost_is_who_it_says(tmp_path, trusted):
    world = await World().start(tmp_path, "x", trusted)
    try:
        world.channel._sending.send(Envelope("", ANN, b"Subject: x\r\n\r\nhello\r\n"))
        if trusted:
            await world.until(lambda: world.smarthost.kept)
            assert world.smarthost.kept[0].encrypted and world.channel.shown()[0]["state"] == "heard"
        else:
            await world.until(lambda: ("smarthost_down", "") in world.counted.raised)
            assert not world.smarthost.kept and world.channel.shown()[0]["state"] == "away"
    finally:
        await world.close()


@pytest.mark.parametrize(("spoil", "said"), [
    (lambda folder: (folder / "port.pem").unlink(), "certificate of the e-mail channel"),
    (lambda folder: (folder / "port.pem").write_text("x"), "certificate of the e-mail channel"),
    (lambda folder: (folder / "port.key").write_text("x"), "key of the SMTP port cannot be read"),
    (lambda folder: (folder / "port.key").write_bytes((folder / "other.key").read_bytes()), "not that of its certificate")])
def test_what_cannot_be_used_is_told_at_the_start(tmp_path, spoil, said):
    for name in ("port", "other"):
        certificate(tmp_path, name)
    spoil(tmp_path)
    with pytest.raises(TheirFault, match=said):
        _encryption(settings(tmp_path))


def test_without_a_certificate_nothing_is_encrypted(tmp_path):
    assert _encryption(load(write(tmp_path, ""))) is None


@pytest.mark.parametrize("secret", [None, "", "x" * 300])
def test_a_password_that_cannot_be_read(tmp_path, secret):
    certificate(tmp_path, "port")
    if secret is not None:
        (tmp_path / "smarthost.secret").write_text(secret)
    made = settings(tmp_path, "    smarthost: {address: 'tls:127.0.0.1:465', user: tec, password_file: smarthost.secret}\n")
    host = SimpleNamespace(reactor=reactor, clock=WallClock(reactor), ids=RisingIds(), in_thread=maybeDeferred)
    with pytest.raises(TheirFault, match="smarthost's password"):
        make_email(made, host, SimpleNamespace(engine=None), Correspondence(), Book(), Counted(), Counted())
