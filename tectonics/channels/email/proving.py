"""Who wrote it: a relay of ours vouches for it, a PIN stands in the subject, or his domain has signed it.

    relay   a server of ours, known by its address, says so in Authentication-Results
    pin     six digits or more, known to him and us; guesses are limited by address and by who delivers them
    dkim    a signature of his domain (RFC 6376)
What one way does not prove the next may.  Where a key cannot be looked up now, and nothing else proves it, the
mail shall come again.  A sender who is registered and one who is not are answered alike, and a PIN costs the same time
with both; but only for a sender who is registered a key is looked up, so that strangers cannot make us ask around.
"""

from collections.abc import Callable
from ipaddress import ip_address, ip_network

from msgspec import Struct
from twisted.internet.defer import Deferred, DeferredSemaphore

from tectonics.channels.email.keys import Keys, NotNow
from tectonics.channels.email.limits import Hourly
from tectonics.channels.email.reading import Written
from tectonics.channels.email.requests import pin_of
from tectonics.channels.email.results import vouched
from tectonics.channels.email.signatures import candidates, is_valid, known_by
from tectonics.config.email import Relay
from tectonics.domain.mailbox import Mailbox, is_pin
from tectonics.ports import Clock, Metrics

PROOFS = "tectonics_email_proofs_total"
GUESSES_OF_ADDRESS, GUESSES_OF_HOST = 5, 50  # wrong ones in an hour
THREADS_MAX = 2  # of those that the disk needs too
RELAY, PIN, DKIM = "relay", "pin", "dkim"


class Proved(Struct, frozen=True):
    """The sender wrote it. `id` is what the mail is known by."""

    way: str
    id: str


class Proving:
    """`in_thread(function, *arguments)` is for what computes for long."""

    def __init__(self, relays: tuple[Relay, ...], checks_dkim: bool, keys: Keys, clock: Clock, metrics: Metrics,
                 in_thread: Callable[..., Deferred]) -> None:
        self._relays = [(tuple(map(ip_network, one.sources)), one.authserv_id) for one in relays]
        self._checks_dkim, self._keys, self._clock, self._metrics = checks_dkim, keys, clock, metrics
        self._in_thread, self._turns = in_thread, DeferredSemaphore(THREADS_MAX)
        self.of_address, self.of_host = Hourly(GUESSES_OF_ADDRESS), Hourly(GUESSES_OF_HOST)

    def relay(self, host: str) -> str | None:
        """The authserv-id of the relay at that address; None where it is none."""
        try:
            address = ip_address(host)
        except ValueError:
            return None
        return next((id for networks, id in self._relays if any(address in one for one in networks)), None)

    async def prove(self, mail: Written, mailbox: Mailbox | None, host: str) -> Proved | None:
        """How it is proved that the registered sender wrote it; fails with NotNow."""
        authserv_id = self.relay(host)
        if authserv_id and vouched(mail.all("authentication-results"), authserv_id, mail.sender):
            return self._found(RELAY, "good", Proved(RELAY, mail.message_id)) if mailbox else None
        if await self._has_pin(mail, mailbox, host, authserv_id is not None):
            return Proved(PIN, mail.message_id)
        if mailbox is None or not self._checks_dkim:
            return None
        return await self._signed(mail)

    async def _has_pin(self, mail: Written, mailbox: Mailbox | None, host: str, is_relay: bool) -> bool:
        pin, now_s = pin_of(mail.subject), self._clock.seconds()
        if not pin:
            return False
        if not (self.of_address.may(mail.sender, now_s) and (is_relay or self.of_host.may(host, now_s))):
            return bool(self._found(PIN, "limited"))
        self.of_address.note(mail.sender, now_s)  # taken back if it is right: others may be at it meanwhile
        good = await self._turns.run(self._in_thread, is_pin, pin, mailbox.pin if mailbox else "")
        if good:
            self.of_address.forget(mail.sender)
        else:
            self.of_host.note(host, now_s)
        self._found(PIN, "good" if good else "wrong")
        return good

    async def _signed(self, mail: Written) -> Proved | None:
        later: NotNow | None = None
        for signature in candidates(mail, int(self._clock.seconds() * 1000)):
            try:
                key = await self._keys.look_up(signature.key)
            except NotNow as error:
                later = error
                continue
            if key and await self._turns.run(self._in_thread, is_valid, mail.content, signature, key):
                return self._found(DKIM, "good", Proved(DKIM, known_by(mail, signature)))
            self._found(DKIM, "wrong" if key else "no_key")
        if later is not None:
            self._found(DKIM, "later")
            raise later
        return None

    def _found(self, way: str, result: str, proved: Proved | None = None) -> Proved | None:
        self._metrics.count(PROOFS, way, result)
        return proved
