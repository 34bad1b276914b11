"""The DID ring in the daemon: its UDP port, its passwords, its services."""

import socket

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.protocol import DatagramProtocol
from twisted.internet.task import Clock

from tectonics.config import load
from tectonics.daemon.listen import Listeners
from tectonics.daemon.sip import make_rings
from tectonics.domain.errors import TheirFault
from tectonics.domain.keywords import Sos
from tests.channels.correspondence import Correspondence
from tests.config.files import write
from tests.engine.world import Counted

RINGS = """channels:
  did_sip:
    trunks: [{name: one, sources: [192.0.2.1], user: u, password_file: one.secret}]
    dids: [{number: 133}]
"""


class Host:
    clock = Clock()


@pytest.fixture
def listeners():
    return Listeners(reactor)


@pytest_twisted.ensureDeferred
async def test_a_port_of_udp_is_shown_and_takes_long_datagrams(listeners):
    port = listeners.datagrams("did_sip", "udp:0:interface=127.0.0.1", DatagramProtocol())
    assert [(one.name, one.address) for one in listeners.shown] == [("did_sip", f"127.0.0.1:{port.getHost().port}")]
    assert port.maxPacketSize == 65_535
    with pytest.raises(TheirFault, match="cannot listen on udp:.* is something else there"):
        listeners.datagrams("did_sip", f"udp:{port.getHost().port}:interface=127.0.0.1", DatagramProtocol())
    await port.stopListening()


@pytest_twisted.ensureDeferred
async def test_a_port_of_version_6(listeners):
    if not socket.has_ipv6:
        pytest.skip("no IPv6")
    port = listeners.datagrams("did_sip", r"udp:0:interface=\:\:1", DatagramProtocol())
    assert listeners.shown[0].address == f"[::1]:{port.getHost().port}"
    await port.stopListening()


def test_off(listeners):
    assert listeners.datagrams("did_sip", "", DatagramProtocol()) is None and listeners.shown == []


def test_what_is_no_udp_endpoint(listeners):
    with pytest.raises(TheirFault, match="is not an endpoint such as udp:5070"):
        listeners.datagrams("did_sip", "udp:5070:backlog=3", DatagramProtocol())


def made(folder):
    return make_rings(load(write(folder, RINGS)), Host(), Correspondence(), Counted(), Counted())


def test_the_password_is_in_a_file(tmp_path):
    (tmp_path / "one.secret").write_text("secret\n")
    channel = made(tmp_path)
    assert channel._asked == {did: Sos() for did in channel._asked} and channel._trunks.all["one"]._password == "secret"


@pytest.mark.parametrize("secret, why", [(None, "cannot be read"), ("", "must have 1 to 256 characters"), ("x" * 257, "must have 1 to")])
def test_a_password_that_is_none(tmp_path, secret, why):
    if secret is not None:
        (tmp_path / "one.secret").write_text(secret)
    with pytest.raises(TheirFault, match=why):
        made(tmp_path)
