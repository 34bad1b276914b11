"""The call server that the configuration asks for."""

from pathlib import Path

from tectonics.callservers.sip import SipCallServer, sip_call_server
from tectonics.config import Settings
from tectonics.daemon.host import Host
from tectonics.domain.errors import TheirFault
from tectonics.ports import Alarms, Metrics

PASSWORD_CHARS_MAX = 256


def make_calls(settings: Settings, host: Host, metrics: Metrics, alarms: Alarms) -> SipCallServer:
    """The one over SIP, whose socket is not open yet. TheirFault when a password cannot be read."""
    section = settings.call_server.sip
    passwords = {trunk.name: _password(settings.file.parent / trunk.password_file)
                 for trunk in section.trunks if trunk.password_file}
    return sip_call_server(section, passwords=passwords, clock=host.clock, metrics=metrics, alarms=alarms)


def _password(path: Path) -> str:
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise TheirFault(f"a SIP trunk's password cannot be read: {path}: {error}") from error
    if not 0 < len(secret) <= PASSWORD_CHARS_MAX:
        raise TheirFault(f"a SIP trunk's password must have 1 to {PASSWORD_CHARS_MAX} characters: {path}")
    return secret
