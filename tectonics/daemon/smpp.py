"""The binds that the configuration asks for: each channel has its own, so that none waits for the other's window."""

from collections.abc import Sequence
from pathlib import Path

from twisted.internet.endpoints import clientFromString

from tectonics.channels.sms_smpp.channel import SmsSmpp
from tectonics.channels.ussd_smpp.channel import UssdSmpp
from tectonics.config import Settings
from tectonics.config.smpp import SmppAccount
from tectonics.daemon.host import Host
from tectonics.domain.errors import TheirFault
from tectonics.links.smpp.binds import Binds
from tectonics.ports import Alarms, Dialogue, MessageLog, Metrics

PASSWORD_CHARS_MAX = 8  # SMPP 3.4, 4.1.1: nine octets with the zero that ends it


def make_sms(settings: Settings, host: Host, messages: MessageLog, metrics: Metrics,
             alarms: Alarms) -> tuple[SmsSmpp, Binds]:
    """SMS over SMPP, not started, and its binds."""
    section = settings.channels.sms_smpp
    binds = make_binds("sms_smpp", section.accounts, settings, host, metrics, alarms)
    deadline_s = min(10.0, settings.outbox.lease_s / 2)
    return SmsSmpp(binds, section, messages, host.clock, metrics, alarms, country_code=settings.country_code,
                   deadline_s=deadline_s), binds


def make_ussd(settings: Settings, host: Host, dialogue: Dialogue, metrics: Metrics,
              alarms: Alarms) -> tuple[UssdSmpp, Binds]:
    """USSD over SMPP, not started, and its binds."""
    section = settings.channels.ussd_smpp
    binds = make_binds("ussd_smpp", section.accounts, settings, host, metrics, alarms)
    return UssdSmpp(binds, dialogue, section, settings.dialects, settings.catalogue, ids=host.ids, clock=host.clock,
                    metrics=metrics, codes=settings.codes,
                    country_code=settings.country_code), binds


def make_binds(channel: str, accounts: Sequence[SmppAccount], settings: Settings, host: Host, metrics: Metrics,
               alarms: Alarms) -> Binds:
    """The binds of one channel, not started. TheirFault when a password cannot be read."""
    secrets = {one.name: _password(settings.file.parent / one.password_file) for one in accounts if one.password_file}
    return Binds(accounts, lambda address: clientFromString(host.reactor, address), host.clock, metrics, alarms,
                 passwords=secrets, channel=channel, jitter=host.jitter)


def _password(path: Path) -> str:
    try:
        secret = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise TheirFault(f"an SMPP password cannot be read: {path}: {error}") from error
    if len(secret) > PASSWORD_CHARS_MAX:
        raise TheirFault(f"an SMPP password is longer than {PASSWORD_CHARS_MAX} characters: {path}")
    return secret
