"""The DID ring called by sipp: declined, given up, over bad lines, with and without the password, in a flood.

The daemon is a process, its message centre another: what a caller gets is read there.
"""

import contextlib
import re

import pytest

from tectonics.simulators.smsc.process import CentreProcess
from tests.integration.clients import ANN, balance, until
from tests.interop.bad_line import BadLine
from tests.interop.sipp_caller import DID, Sipp

RING_S = 1.5
GUARDED = "127.0.0.2"  # the trunk with a password
OFFER = "Credit advance\n1. 1.00 (fee 0.10)"


class World:
    """A daemon with its message centre; sipp calls."""

    def __init__(self, make_daemon, **settings):
        self.centre = CentreProcess().start()
        trunks = [{"name": "open", "sources": ["127.0.0.1"], "per_second": 1000},
                  {"name": "guarded", "sources": [GUARDED], "user": "carrier", "password_file": "trunk.secret"}
                  | settings.pop("guarded", {})]
        rings = {"endpoint": "udp:0:interface=0.0.0.0", "tcp": "tcp:0:interface=127.0.0.1", "trunks": trunks,
                 "dids": [{"number": DID}], "ring_s": RING_S, "min_ring_s": 0.5} | settings
        account = {"name": "smsc1", "address": self.centre.address, "system_id": "tectonics"}
        self.daemon = make_daemon({"channels": {"did_sip": rings, "sms_smpp": {"accounts": [account]}}})
        (self.daemon.config.parent / "trunk.secret").write_text("secret\n")
        self.daemon.start()
        self.address = "127.0.0.1", self.daemon.address("did_sip")[1]
        self.sipp = Sipp(self.address)

    def texts(self, msisdn=ANN):
        return self.centre.messages(msisdn)

    def counted(self, name):
        """By the last label."""
        found = {}
        for labels, count in self.daemon.ask("status")["counters"].get(f"tectonics_{name}_total", {}).items():
            label = labels.rpartition(",")[2]
            found[label] = found.get(label, 0) + count
        return found

    def close(self):
        self.sipp.close()
        self.daemon.kill()
        self.centre.close()


@pytest.fixture
def world(make_daemon):
    with contextlib.ExitStack() as made:
        def start(**settings):
            here = World(make_daemon, **settings)
            made.callback(here.close)
            return here
        yield start


def asked_for(text):
    """The word and the code of an offer."""
    return re.search(r"YES \d\d", text)[0]


def people(count, first=33600000001):
    return [str(first + n) for n in range(count)]


def test_it_rings_is_declined_and_an_offer_comes_that_is_agreed_to(world):
    here = world()
    assert here.sipp.call("ring", [ANN]) == 0
    assert until(here.texts)[0].startswith(OFFER) and balance(here.daemon) == "0.00"
    assert here.counted("did_rings") == {"rang": 1} and here.counted("sip_messages")["ACK"] == 1
    assert here.sipp.call("ring", [ANN]) == 0  # too soon: declined at once
    assert here.counted("did_rings") == {"rang": 1, "repeated": 1} and len(here.texts()) == 1
    here.centre.order(f"mo {ANN} 133 2")
    until(lambda: len(here.texts()) == 2)
    assert balance(here.daemon) == "0.00"
    here.centre.order(f"mo {ANN} 133 {asked_for(here.texts()[1])}")
    until(lambda: balance(here.daemon) == "2.00")
    assert here.daemon.stop() == 0


def test_the_caller_hangs_up(world):
    here = world(ring_s=30)
    assert here.sipp.call("hang_up", [ANN], "-d", "800") == 0
    assert until(here.texts)[0].startswith(OFFER)
    assert here.sipp.call("hang_up", ["33600000002"], "-d", "10") == 0
    assert here.counted("did_rings") == {"hung_up": 1, "too_short": 1} and here.texts("33600000002") == []


def test_over_tcp(world):
    here = world()
    here.sipp = Sipp(here.daemon.address("did_sip_tcp"))
    assert here.sipp.call("ring", people(5), "-t", "t1") == 0
    assert here.sipp.call("hang_up", people(5, 33600000006), "-t", "tn", "-max_socket", "100", "-d", "600") == 0
    until(lambda: all(here.texts(one) for one in people(10)))


def test_with_the_password_and_without(world):
    here = world(guarded={"algorithms": ["MD5"]})  # sipp 3.6 knows no other, and gives up where one is offered
    assert here.sipp.call("digest", people(3), "-au", "carrier", "-ap", "secret", source=GUARDED) == 0
    assert until(here.texts)[0].startswith(OFFER)
    assert here.sipp.call("wrong_password", people(5), "-au", "carrier", "-ap", "guessed", source=GUARDED) == 0
    assert here.counted("did_rings") == {"challenged": 8, "rang": 3, "wrong_password": 5}
    assert [one["id"] for one in here.daemon.ask("status")["alarms"]] == ["trunk_password:guarded"]


def test_from_nobody_s_address_there_is_no_answer(world):
    here = world()
    assert here.sipp.call("ring", [ANN], "-timeout", "3", "-max_retrans", "3", source="127.0.0.3") == 1
    assert here.counted("sip_messages") == {} and here.counted("sip_dropped")["stranger"] >= 2


def test_lost_packets(world):
    here = world(ring_s=1)
    callers = people(40, 33600001001)
    here.sipp.call("ring", callers, "-lost", "25", "-r", "20")  # what sipp loses it may give up itself
    counted = here.counted("did_rings")
    told = until(lambda: [one for one in callers if here.texts(one)])
    assert counted["rang"] >= 30 and until(lambda: here.counted("did_rings_told").get("taken") == counted["rang"])
    assert all(len(here.texts(one)) == 1 for one in told)


@pytest.mark.parametrize("seed", [1, 2])
def test_packets_lost_doubled_and_out_of_order(world, seed):
    here = world(ring_s=1)
    relay, callers = BadLine(here.address, seed), people(60, 33600001001)
    try:
        sipp = Sipp(relay.address)
        sipp.call("ring", callers, "-r", "30")
        sipp.close()
    finally:
        relay.close()
    assert min(relay.fates.values()) > 10
    rang = here.counted("did_rings")["rang"]
    until(lambda: here.counted("did_rings_told").get("taken") == rang)
    texts = until(lambda: (found := {one: here.texts(one) for one in callers}) and sum(map(bool, found.values())) == rang and found)
    assert rang >= 55 and max(map(len, texts.values())) == 1  # each ring is told once


def test_a_flood_is_shed_and_the_rest_is_served(world):
    here = world(calls_max=30, ring_s=2, repeat_s=0)
    assert here.sipp.call("flood", people(300, 33600001001), "-r", "300") == 0
    counted = here.counted("did_rings")
    assert counted["rang"] + counted["shed"] == 300 and counted["shed"] > 100
    assert here.sipp.call("ring", [ANN]) == 0 and until(here.texts)
    assert here.daemon.stop() == 0


def test_killed_while_it_rings_nothing_is_owed_and_the_next_ring_counts(world):
    here = world(ring_s=30)
    caller = here.sipp.start("ring", [ANN])
    until(lambda: here.counted("sip_messages").get("180"))
    here.daemon.kill()
    caller.kill()
    here.daemon.start()
    here.sipp = Sipp(("127.0.0.1", here.daemon.address("did_sip")[1]))
    assert here.sipp.call("hang_up", [ANN], "-d", "700") == 0
    assert len(until(here.texts)) == 1 and balance(here.daemon) == "0.00"
