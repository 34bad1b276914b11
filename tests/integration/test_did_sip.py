"""The daemon as a process, called over a real socket: a ring becomes an offer; torments and a stop in the middle."""

import contextlib
import random
import socket

import pytest

from tectonics.simulators.smsc.process import CentreProcess
from tectonics.wire.sip.client import acknowledgement
from tectonics.wire.sip.message import parse
from tests.channels.did_sip.house import DID, invite
from tests.channels.did_sip.test_torture import REFUSED
from tests.integration.clients import ANN, balance, until

WAIT_S = 20


class Phone:
    """A trunk's socket."""

    def __init__(self, daemon):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(WAIT_S)
        self.socket.connect(daemon.address("did_sip"))

    def say(self, message):
        self.socket.send(message if isinstance(message, bytes) else message.encode())

    def hear(self, call_id, status):
        """The answer of that call with that status; others are passed over."""
        while True:
            octets = self.socket.recv(65_535)
            if f"Call-ID: {call_id}\r".encode() in octets and octets.startswith(f"SIP/2.0 {status}".encode()):
                return parse(octets)

    def hears(self, call_id, status):
        """Whether that answer comes soon."""
        self.socket.settimeout(0.5)
        try:
            return self.hear(call_id, status)
        except TimeoutError:
            return None
        finally:
            self.socket.settimeout(WAIT_S)

    def call(self, call_id, **more):
        message = invite(call_id, headers=f"P-Asserted-Identity: <tel:+{ANN}>\r\n", via="127.0.0.1;rport", **{"more": ""} | more)
        self.say(message)
        return message


@pytest.fixture
def world(make_daemon):
    with contextlib.ExitStack() as made:
        def start(**settings):
            centre = CentreProcess().start()
            made.callback(centre.close)
            rings = {"endpoint": "udp:0:interface=127.0.0.1", "trunks": [{"name": "t1", "sources": ["127.0.0.1"], "per_second": 10_000}],
                     "dids": [{"number": DID}], "ring_s": 1, "min_ring_s": 0} | settings
            account = {"name": "smsc1", "address": centre.address, "system_id": "tectonics"}
            daemon = make_daemon({"channels": {"did_sip": rings, "sms_smpp": {"accounts": [account]}}}).start()
            phone = Phone(daemon)
            made.callback(phone.socket.close)
            return daemon, centre, phone
        yield start


def test_a_ring_becomes_an_offer(world):
    daemon, centre, phone = world()
    call = phone.call("c1")
    phone.hear("c1", 180)
    declined = phone.hear("c1", 480)
    phone.say(acknowledgement(call, declined))
    assert until(lambda: centre.messages(ANN))[0].startswith("Credit advance\n1. 1.00 (fee 0.10)")
    assert balance(daemon) == "0.00"
    trunk = next(one for one in daemon.ask("status")["peers"] if one.get("name") == "SIP trunk t1")
    assert trunk["state"] == "heard" and "did_sip" in {one["name"] for one in daemon.ask("status")["listeners"]}
    assert daemon.command("status").returncode == 0
    assert daemon.stop() == 0


def test_in_the_demo_this_machine_may_ring(daemon):
    assert "did_sip" in {one["name"] for one in daemon.ask("status")["listeners"]}


def test_nothing_listens_unless_a_number_is_configured(start):
    daemon = start({"demo": {"subscribers": False}})
    assert "did_sip" not in {one["name"] for one in daemon.ask("status")["listeners"]}


def test_torments_and_noise(world):
    daemon, centre, phone = world(repeat_s=0)
    drawn = random.Random(6)
    torments = [octets for octets, _ in REFUSED.values()]
    for _ in range(500):
        octets = bytearray(drawn.choice(torments))
        for _ in range(drawn.randint(0, 4)):
            if octets:
                octets[drawn.randrange(len(octets))] = drawn.randrange(256)
        phone.say(bytes(octets))
    phone.say(b"\0" * 65_000)
    until(lambda: phone.call("afterwards") and phone.hears("afterwards", 180))  # of a burst the last are lost in the socket
    assert until(lambda: centre.messages(ANN)) and daemon.ask("status")["alarms"] == []


def test_a_stop_declines_what_rings_and_the_offer_comes(world):
    daemon, centre, phone = world(ring_s=60)
    phone.call("c1")
    phone.hear("c1", 180)
    assert daemon.stop() == 0
    phone.hear("c1", 480)
    assert daemon.start() and until(lambda: centre.messages(ANN))
