"""The certificates that we serve or present to others, and how long they are valid.

A certificate is read when the daemon starts and then used until it ends, so the dates of that moment count: a file
that was renewed helps after a restart only, which the alarm then says.  The database's is read at each connection; its
file is looked at each time.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from cryptography import x509

from tectonics.config import Settings
from tectonics.config.alarms import AlarmLimits
from tectonics.domain.policy import DAY_MS
from tectonics.ports import Alarms

_LIBPQ_DEFAULT = Path("~/.postgresql/postgresql.crt")  # sslcert of libpq
_FIELD = re.compile(r"((?:[^\\:]|\\.)*)(?::|$)")  # of an endpoint string: backslashes quote


@dataclass(frozen=True, slots=True)
class Certificate:
    """A file with a certificate, perhaps with its chain. `used_at_once`: a new one needs no restart."""

    name: str
    path: Path
    used_at_once: bool = False


class CertificateWatch:
    """Looks at them; the first look is at the start."""

    def __init__(self, certificates: list[Certificate], alarms: Alarms, limits: AlarmLimits) -> None:
        self._certificates, self._alarms, self._limits = certificates, alarms, limits
        self._used: dict[str, int | str] = {}

    def look(self, now: int) -> None:
        """Raises or clears certificate_expiring and certificate_expired of each; reads small files."""
        for one in self._certificates:
            found = valid_until(one.path)
            used = found if one.used_at_once else self._used.setdefault(one.name, found)
            self._judge(one, used, found, now)

    def _judge(self, one: Certificate, used: int | str, found: int | str, now: int) -> None:
        if isinstance(used, str):
            self._set(one.name, "certificate_expired", f"{one.path} cannot be read: {used}")
            return
        day = datetime.fromtimestamp(used / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
        renewed = "; the file holds a newer one, which is used after a restart" if isinstance(found, int) and found > used else ""
        if used <= now:
            self._set(one.name, "certificate_expired", f"{one.path} expired at {day}{renewed}")
        elif used - now < self._limits.certificate_days * DAY_MS:
            self._set(one.name, "certificate_expiring", f"{one.path} expires at {day}{renewed}")
        else:
            self._set(one.name, "", "")

    def _set(self, name: str, wrong: str, text: str) -> None:
        if wrong == "certificate_expired":
            self._alarms.raise_alarm("certificate_expired", text, name)
        else:
            self._alarms.clear("certificate_expired", name)
        if wrong == "certificate_expiring":
            self._alarms.raise_alarm("certificate_expiring", text, name)
        else:
            self._alarms.clear("certificate_expiring", name)


def valid_until(path: Path) -> int | str:
    """When the first of the file's certificates expires (ms), or why that cannot be told."""
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        return error.strerror or "it is not there"
    except ValueError:
        return "it is no certificate in PEM"
    return min(int(one.not_valid_after_utc.timestamp() * 1000) for one in found)


def certificates_of(settings: Settings) -> list[Certificate]:
    """Every certificate that the settings name; of an endpoint string its parameter, as Twisted has it."""
    found = [Certificate(name, Path(path)) for name, path in _of_endpoints(settings)]
    email = settings.channels.email
    if email.endpoint and email.certificate_file:
        found.append(Certificate("email", settings.file.parent / email.certificate_file))
    if settings.store.kind == "postgresql":
        found += [Certificate("database", path, used_at_once=True) for path in _of_database(settings.store.url)]
    return found


def _of_endpoints(settings: Settings) -> Iterator[tuple[str, str]]:
    """(name, path)"""
    for path, endpoint in settings.listeners().items():
        kind, parameters = _parts(endpoint)
        if kind == "ssl" and (own := parameters.get("certKey") or parameters.get("privateKey") or "server.pem"):
            yield ".".join(path), own
    channels = settings.channels
    accounts = [*channels.sms_smpp.accounts, *channels.ussd_smpp.accounts]
    clients = {**{f"smpp {one.name}": one.address for one in accounts}, "smarthost": channels.email.smarthost.address,
               "gsup": channels.ussd_gsup.address, "gsup control": channels.ussd_gsup.control}
    for name, endpoint in clients.items():
        kind, parameters = _parts(endpoint)
        if kind == "tls" and "certificate" in parameters:
            yield name, parameters["certificate"]


def _parts(endpoint: str) -> tuple[str, dict[str, str]]:
    """The kind of an endpoint string, and its named parameters."""
    kind, *fields = [re.sub(r"\\(.)", r"\1", field) for field in _FIELD.findall(endpoint)]
    return kind, dict(field.split("=", 1) for field in fields if "=" in field)


def _of_database(url: str) -> Iterator[Path]:
    named = parse_qs(urlsplit(url).query).get("sslcert") or [os.environ.get("PGSSLCERT", "")]
    if named[0]:
        yield Path(named[0])
    elif _LIBPQ_DEFAULT.expanduser().exists():
        yield _LIBPQ_DEFAULT.expanduser()
