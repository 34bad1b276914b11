"""Who calls from which address, and whether he has proved who he is.

An address belongs to the trunk with the narrowest network that holds it.  A trunk with a password is challenged
(401) for every call; credentials that name a number must name the one that is called, so that they are of no use for
another (some clients name only the host).  WRONG_MAX wrong passwords in a row are an alarm: a trunk whose password was changed on one side only.
"""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network

from tectonics.channels.did_sip.limits import Bucket
from tectonics.config.sip import SipTrunk
from tectonics.links.sip.senders import sender
from tectonics.wire.sip.digest import ABSENT, GOOD, STALE, WRONG, Credentials, Guard
from tectonics.wire.sip.message import Request
from tectonics.wire.sip.text import BadText
from tectonics.wire.sip.uri import parse_uri

WRONG_MAX = 5


class Trunk:
    """One trunk; `key` signs its nonces."""

    def __init__(self, section: SipTrunk, password: str, key: bytes, country_code: str) -> None:
        self.name, self.cli = section.name, section.cli
        self.country_code = section.country_code or country_code
        self.bucket = Bucket(section.per_second)
        self.heard_s: float | None = None
        self.wrong = 0  # wrong passwords in a row
        self._user, self._password = section.user, password
        self._guard = Guard(section.realm, key, section.algorithms) if section.user else None

    def judge(self, request: Request, now: float) -> str:
        """GOOD, or why it is not known who calls."""
        if self._guard is None:
            return GOOD
        found, given = ABSENT, None
        for header in request.all("Authorization"):
            found, given = self._guard.judge(header, request.method, self._user, self._password, now)
            if found in (GOOD, STALE):
                break
        if found == GOOD and not _may_be_for(given, request):
            found = WRONG
        self.wrong = self.wrong + 1 if found == WRONG else 0 if found == GOOD else self.wrong
        return found

    def challenges(self, now: float, verdict: str) -> tuple[tuple[str, str], ...]:
        """The headers of the 401."""
        return self._guard.challenges(now, verdict == STALE)


def _may_be_for(given: Credentials, request: Request) -> bool:
    try:
        return parse_uri(given.uri).user in ("", parse_uri(request.uri).user)
    except BadText:
        return False


class Trunks:
    """All of them, by name; `sections` too."""

    def __init__(self, trunks: Iterable[Trunk], sections: Mapping[str, SipTrunk]) -> None:
        self.all = {trunk.name: trunk for trunk in trunks}
        found = [(ip_network(source), trunk) for trunk in self.all.values() for source in sections[trunk.name].sources]
        self._networks: list[tuple[IPv4Network | IPv6Network, Trunk]] = sorted(
            found, key=lambda one: one[0].prefixlen, reverse=True)

    def find(self, host: str) -> Trunk | None:
        """Whose address that is."""
        address = sender(host)
        return next((trunk for network, trunk in self._networks if address is not None and address in network), None)
