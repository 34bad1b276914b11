"""The e-mail channel that the configuration asks for."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from twisted.internet.endpoints import clientFromString
from twisted.internet.ssl import (
    Certificate,
    CertificateOptions,
    KeyPair,
    optionsForClientTLS,
    platformTrust,
    trustRootFromCertificates,
)

from tectonics.channels.email.admitting import Admitting
from tectonics.channels.email.answering import Answering
from tectonics.channels.email.channel import Email
from tectonics.channels.email.keys import DnsKeys
from tectonics.channels.email.listening import SmtpFactory
from tectonics.channels.email.proving import Proving
from tectonics.channels.email.sending import Sending
from tectonics.config import Settings
from tectonics.config.email import Smarthost, server_of
from tectonics.daemon.core import Core
from tectonics.daemon.host import Host
from tectonics.domain.errors import TheirFault
from tectonics.engine.statement import owed
from tectonics.ports import Addresses, Alarms, Correspondence, Metrics
from tectonics.wire.smtp.client import Login

PASSWORD_CHARS_MAX = 256
_UNREADABLE = (OSError, ValueError, TypeError)


def make_email(settings: Settings, host: Host, core: Core, correspondence: Correspondence, addresses: Addresses,
               metrics: Metrics, alarms: Alarms) -> Email:
    """The channel, which does not listen yet. TheirFault when a certificate or password cannot be read."""
    section, clock = settings.channels.email, host.clock
    keys = DnsKeys(host.reactor, [server_of(one) for one in section.nameservers])
    proving = Proving(section.relays, section.dkim, keys, clock, metrics, host.in_thread)
    sending = _sending(settings, host, metrics, alarms) if section.smarthost.address else None
    answering = None if sending is None else Answering(sending, section.answers_per_hour, clock, host.ids, metrics)
    style = settings.message_style()
    admitting = Admitting(section, correspondence, addresses, proving, owed=lambda msisdn: owed(core.engine, style, msisdn),
                          answers=answering, clock=clock, metrics=metrics, alarms=alarms)
    factory = SmtpFactory(section, admitting.take, admitting.accepts, lambda one: proving.relay(one) is not None, clock,
                          metrics, _encryption(settings))
    return Email(section, factory, admitting, proving, sending, answering, clock)


def _sending(settings: Settings, host: Host, metrics: Metrics, alarms: Alarms) -> Sending:
    section, folder = settings.channels.email.smarthost, settings.file.parent
    login = Login(section.user, _password(folder / section.password_file)) if section.user else None
    encryption = _trust(section, folder) if section.starttls else None
    return Sending(section, settings.channels.email.domain, clientFromString(host.reactor, section.address), host.clock,
                   metrics, alarms, login, encryption)


def _trust(section: Smarthost, folder: Path):
    """() -> what a client needs for STARTTLS with the smarthost of that name."""
    name = section.address.split(":")[1]
    roots = platformTrust()
    if section.ca_file:
        roots = trustRootFromCertificates(_certificates(folder / section.ca_file))
    return lambda: optionsForClientTLS(name, trustRoot=roots)


def _encryption(settings: Settings) -> CertificateOptions | None:
    section, folder = settings.channels.email, settings.file.parent
    if not section.certificate_file:
        return None
    own, *chain = _certificates(folder / section.certificate_file)
    try:
        key = load_pem_private_key((folder / section.key_file).read_bytes(), None)
        octets = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    except _UNREADABLE as error:
        raise TheirFault(f"the key of the SMTP port cannot be read: {folder / section.key_file}: {error}") from error
    if key.public_key() != own.original.to_cryptography().public_key():
        raise TheirFault(f"the key of the SMTP port is not that of its certificate: {folder / section.key_file}")
    return CertificateOptions(privateKey=KeyPair.load(octets).original, certificate=own.original,
                              extraCertChain=[one.original for one in chain])


def _certificates(path: Path) -> list[Certificate]:
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except _UNREADABLE as error:
        raise TheirFault(f"a certificate of the e-mail channel cannot be read: {path}: {error}") from error
    return [Certificate.load(one.public_bytes(Encoding.DER)) for one in found]


def _password(path: Path) -> str:
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise TheirFault(f"the smarthost's password cannot be read: {path}: {error}") from error
    if not 0 < len(secret) <= PASSWORD_CHARS_MAX:
        raise TheirFault(f"the smarthost's password must have 1 to {PASSWORD_CHARS_MAX} characters: {path}")
    return secret
