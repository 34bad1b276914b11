"""The trunks that take our calls: where they are, how they want numbers written, and whether they answer.

A trunk that does not answer OPTIONS or INVITE, or says 503, is passed over until it answers again, or as long as it
asked for (Retry-After, at most PASSED_S_MAX); where all are so, they are tried all the same, in their order.
"""

from collections.abc import Iterable, Mapping
from ipaddress import ip_network

from tectonics.config.call_server import CallTrunk
from tectonics.links.sip.exchange import Place
from tectonics.links.sip.senders import sender
from tectonics.wire.sip.dialog import Dialog
from tectonics.wire.sip.text import BadText
from tectonics.wire.sip.uri import Uri, parse_place, parse_uri, place
from tectonics.wire.sip.values import Address, parse_address
from tectonics.wire.sip.way import PORT

PASSED_S, PASSED_S_MAX = 5.0, 60.0
ANONYMOUS = Uri("sip", "anonymous", "anonymous.invalid")


class Trunk:
    """One of them."""

    def __init__(self, section: CallTrunk, password: str = "") -> None:
        self.name, self.section, self.password = section.name, section, password
        self.host, port = parse_place(section.address)
        self.host, self.port = self.host.strip("[]"), port or PORT
        self._networks = [ip_network(self.host), *map(ip_network, section.sources)]
        self.answers: bool | None = None  # to what was asked last; None: nothing was asked yet
        self.since_s = 0.0  # the exchange's time of that
        self.why = ""
        self._passed_until_s = 0.0

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(self.name, self.host, self.port)

    def has(self, host: str) -> bool:
        """Whether it sends from there."""
        address = sender(host)
        return address is not None and any(address in one for one in self._networks)

    def well(self, now: float) -> None:
        """It has answered."""
        if not self.answers:
            self.answers, self.since_s, self.why = True, now, ""
        self._passed_until_s = 0.0

    def troubled(self, why: str, now: float, for_s: float = 0.0) -> None:
        """It has not, or takes no calls."""
        if self.answers is not False:
            self.answers, self.since_s = False, now
        self.why = why
        self._passed_until_s = now + min(for_s or PASSED_S, PASSED_S_MAX)

    def is_passed_over(self, now: float) -> bool:
        """For now."""
        return self.answers is False or now < self._passed_until_s

    # --- how it is spoken to

    def target(self, number: str) -> str:
        """The Request-URI of an international number."""
        return str(Uri("sip", self.section.prefix + number, *self._domain(), parameters={"user": "phone"}))

    def service(self, name: str) -> str:
        """The URI of a service of the trunk's, such as announcements."""
        return str(Uri("sip", name, *self._domain()))

    @property
    def itself(self) -> str:
        """The URI of the trunk, no number."""
        return str(Uri("sip", "", *self._domain()))

    def caller(self, number: str, ours: str, tag: str) -> tuple[Address, tuple[tuple[str, str], ...]]:
        """From, and the headers that tell who calls (RFC 3325); `ours` is our address; no number: nobody is shown."""
        shown, known = self._shown(number, ours), self._shown(self.section.asserted or number, ours)
        both = self.section.identity != "from" and (number or self.section.asserted)
        asserted = (("P-Asserted-Identity", f"<{known}>"),) if both else ()
        if not number or self.section.identity == "pai":
            privacy = () if number else (("Privacy", "id"),)
            return Address(ANONYMOUS, "Anonymous", {"tag": tag}), (*asserted, *privacy)
        return Address(shown, "", {"tag": tag}), asserted

    def _shown(self, number: str, ours: str) -> Uri:
        host, port = self._domain() if self.section.domain else parse_place(ours)
        return Uri("sip", "+" + number.removeprefix("+"), host, port, {"user": "phone"})

    def _domain(self) -> tuple[str, int]:
        if self.section.domain:
            return parse_place(self.section.domain)
        return parse_place(place(f"[{self.host}]" if ":" in self.host else self.host, self.port if self.port != PORT else 0))

    def hop(self, dialog: Dialog) -> Place:
        """Where requests of a dialog go: the first route or the target, where that is an address of the trunk's.

        Else to the trunk: nothing is sent to an address that a peer merely names.
        """
        try:
            uri = parse_address(dialog.routes[0]).uri if dialog.routes else parse_uri(str(dialog.target))
        except BadText:
            return self.place
        host = uri.host.strip("[]")
        return Place(self.name, host, uri.port or PORT) if self.has(host) else self.place


class Trunks:
    """All of them, in order."""

    def __init__(self, sections: Iterable[CallTrunk], passwords: Mapping[str, str]) -> None:
        self.all = {one.name: Trunk(one, passwords.get(one.name, "")) for one in sections}

    def in_turn(self, now: float) -> tuple[Trunk, ...]:
        """Those that answer first."""
        return tuple(sorted(self.all.values(), key=lambda one: one.is_passed_over(now)))

    def find(self, host: str) -> Trunk | None:
        """Whose address that is."""
        return next((one for one in self.all.values() if one.has(host)), None)
