"""The DID ring that the configuration asks for."""

import secrets
from pathlib import Path

from tectonics.channels.did_sip.channel import DidSip
from tectonics.config import Settings
from tectonics.daemon.host import Host
from tectonics.domain.errors import TheirFault
from tectonics.ports import Alarms, Correspondence, Metrics

PASSWORD_CHARS_MAX = 256
KEY_OCTETS = 32


def make_rings(settings: Settings, host: Host, correspondence: Correspondence, metrics: Metrics, alarms: Alarms) -> DidSip:
    """The channel, whose sockets are not open yet. TheirFault when a password cannot be read."""
    section = settings.rings
    passwords = {trunk.name: _password(settings.file.parent / trunk.password_file)
                 for trunk in section.trunks if trunk.password_file}
    return DidSip(section, correspondence, passwords=passwords, key=secrets.token_bytes(KEY_OCTETS), clock=host.clock,
                  metrics=metrics, alarms=alarms, country_code=settings.country_code)


def _password(path: Path) -> str:
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise TheirFault(f"a SIP trunk's password cannot be read: {path}: {error}") from error
    if not 0 < len(secret) <= PASSWORD_CHARS_MAX:
        raise TheirFault(f"a SIP trunk's password must have 1 to {PASSWORD_CHARS_MAX} characters: {path}")
    return secret
