"""Keys from a name server over real sockets: there, not there, in pieces, large, silent, out of order."""

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred, fail, succeed
from twisted.names import dns, error, server

from tectonics.channels.email.keys import RECORD_MAX, DnsKeys, NotNow

NAME = "s1._domainkey.example.com"


class Answers:
    """A name server's knowledge: name -> records, an exception, or nothing for silence."""

    def __init__(self, **known):
        self.known = {name.replace("__", "."): found for name, found in known.items()}

    def query(self, query, timeout=None):
        found = self.known.get(query.name.name.decode())
        if found is None:
            return Deferred()
        if isinstance(found, Exception):
            return fail(found)
        return succeed(([dns.RRHeader(query.name.name, record.TYPE, payload=record) for record in found], [], []))


async def look_up(known, lookup_s=5.0):
    factory = server.DNSServerFactory(clients=[Answers(**{NAME.replace(".", "__"): known})])
    udp = reactor.listenUDP(0, dns.DNSDatagramProtocol(factory), "127.0.0.1", 4096)
    tcp = reactor.listenTCP(udp.getHost().port, factory, interface="127.0.0.1")
    try:
        return await DnsKeys(reactor, [("127.0.0.1", udp.getHost().port)], lookup_s).look_up(NAME)
    finally:
        await tcp.stopListening()
        await udp.stopListening()


def txt(*strings):
    return dns.Record_TXT(*strings)


@pytest.mark.parametrize(("records", "key"), [
    ([txt(b"v=DKIM1; p=abc")], b"v=DKIM1; p=abc"), ([txt(b"v=DKIM1; ", b"p=abc", b"def")], b"v=DKIM1; p=abcdef"),
    ([txt(b"one"), txt(b"two")], b"one"), ([], None), ([dns.Record_A("192.0.2.1")], None),
    ([txt(*[b"x" * 250] * 3)], b"x" * 750), ([txt(*[b"x" * 250] * (RECORD_MAX // 250 + 1))], None)])
@pytest_twisted.ensureDeferred
async def test_what_is_there(records, key):
    assert await look_up(records) == key


@pytest_twisted.ensureDeferred
async def test_a_name_that_is_not_there_is_no_key():
    assert await look_up(error.DNSNameError()) is None


@pytest.mark.parametrize("trouble", [ValueError("SERVFAIL"), None])
@pytest_twisted.ensureDeferred
async def test_what_cannot_be_told_now(trouble):
    with pytest.raises(NotNow):
        await look_up(trouble, lookup_s=0.2)


@pytest_twisted.ensureDeferred
async def test_nobody_there():
    with pytest.raises(NotNow):
        await DnsKeys(reactor, [("127.0.0.1", 9)], 0.2).look_up(NAME)
