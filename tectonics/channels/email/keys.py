"""Signers' keys, from DNS: TXT records, asked of the resolver that the machine or the configuration names.

Nothing is kept: a resolver near by does that, and knows for how long.  No answer in time, or one that says "not now", is
`NotNow`, so that the mail comes again later; a name that is not there is no key.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from twisted.internet.defer import Deferred, TimeoutError
from twisted.names import dns, error
from twisted.names.client import Resolver

from tectonics.domain.errors import TheirFault

RECORD_MAX = 4096  # octets; a key of 4096 bits has some 750
LOOKUP_S = 8.0
TRIES_S = (2, 4)


class NotNow(TheirFault):
    """It cannot be told at the moment."""


class Keys(Protocol):
    """Where signers publish their keys."""

    def look_up(self, name: str) -> Deferred[bytes | None]:
        """The record at that name, None when there is none; fails with NotNow."""


class DnsKeys:
    """Fills Keys. `servers` are (address, port); without any, those of /etc/resolv.conf."""

    def __init__(self, reactor, servers: Sequence[tuple[str, int]] = (), lookup_s: float = LOOKUP_S) -> None:
        self._reactor, self._servers, self._lookup_s = reactor, servers, lookup_s
        self._made: Resolver | None = None

    def look_up(self, name: str) -> Deferred[bytes | None]:
        """See Keys."""
        asked = self._resolver().lookupText(name, timeout=TRIES_S)
        asked.addTimeout(self._lookup_s, self._reactor)
        return asked.addCallbacks(_record, _failed)

    def _resolver(self) -> Resolver:
        if self._made is None:
            made: Callable = Resolver
            self._made = made(servers=list(self._servers), reactor=self._reactor) if self._servers \
                else made(resolv="/etc/resolv.conf", reactor=self._reactor)
        return self._made


def _record(answer) -> bytes | None:
    """The first TXT record; one that is joined from several strings is one text (RFC 6376, section 3.6.2.2)."""
    texts = [b"".join(one.payload.data) for one in answer[0] if one.type == dns.TXT]
    return next((text for text in texts if len(text) <= RECORD_MAX), None)


def _failed(failure) -> None:
    if failure.check(error.DNSNameError):
        return
    failure.trap(error.DomainError, error.DNSUnknownError, error.ResolverError, TimeoutError, OSError)
    raise NotNow("the key cannot be looked up at the moment")
