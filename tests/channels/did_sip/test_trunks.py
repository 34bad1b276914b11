"""Who may call: addresses and passwords; how much one caller and one trunk may."""

import pytest

from tectonics.channels.did_sip import limits
from tectonics.channels.did_sip.limits import Bucket, Callers
from tests.channels.did_sip.house import ANN, DID, House, invite, section
from tests.wire.sip.making import authorization

TRUNKS = [{"name": "wide", "sources": ["192.0.2.0/24", "2001:db8::/32"], "cli": "from"},
          {"name": "narrow", "sources": ["192.0.2.8/29"]}, {"name": "one", "sources": ["192.0.2.9", "::1"]}]
GUARDED = {"name": "t1", "sources": ["192.0.2.1"], "user": "carrier", "password_file": "t1.secret"}
URI = f"sip:+{DID}@127.0.0.1:5070"


@pytest.mark.parametrize("host, name", [
    ("192.0.2.1", "wide"), ("192.0.2.8", "narrow"), ("192.0.2.9", "one"), ("192.0.3.1", ""), ("2001:db8::7", "wide"), ("::1", "one"),
    ("::ffff:192.0.2.8", "narrow"), ("fe80::1%eth0", ""), ("", ""), ("x", ""),
])
def test_an_address_belongs_to_the_narrowest_network(host, name):
    assert House(section(trunks=TRUNKS)).channel.peer(host) == name


# --- digest

@pytest.fixture
def house():
    return House(section(GUARDED), {"t1": "secret"}, )


def challenged(house, call_id="c1", number=1):
    """The challenges that a call without credentials gets."""
    call = invite(call_id, branch=f"z9hG4bK{call_id}{number}", number=number)
    refused, = house.hear(call)
    assert refused.status == 401
    house.acknowledge(call, refused)
    return refused.all("WWW-Authenticate")


def again(house, challenge, call_id="c1", number=2, password="secret", uri=URI, to=f"+{DID}", **changes):
    """The statuses of the same call with credentials."""
    header = authorization(challenge, "carrier", password, uri, **changes)
    return house.statuses(invite(call_id, branch=f"z9hG4bK{call_id}{number}", number=number, to=to,
                                 headers=f"Authorization: {header}\r\n"))


@pytest.mark.parametrize("choice", [0, 1])
def test_who_proves_himself_rings(house, choice):
    assert again(house, challenged(house)[choice]) == [100, 180]
    house.pass_s(9)
    assert [one[2] for one in house.told()] == [ANN] and house.results() == {"challenged": 1, "rang": 1}


def test_credentials_that_name_only_the_host(house):
    assert again(house, challenged(house)[0], uri="sip:127.0.0.1:5070") == [100, 180]


def test_who_does_not_rings_nowhere_and_is_an_alarm_in_the_end(house):
    for n in range(6):
        assert again(house, challenged(house, f"c{n}")[0], f"c{n}", password="wrong") == [401]
        assert bool(house.counted.raised) == (n >= 4)
    assert ("trunk_password", "t1") in house.counted.raised and house.told() == []
    assert again(house, challenged(house, "c9")[0], "c9") == [100, 180]
    assert house.counted.raised == {}


def test_overheard_credentials_are_of_no_use(house):
    challenge = challenged(house)[0]
    assert again(house, challenge) == [100, 180]
    assert again(house, challenge, "c2") == [401]  # replayed
    assert again(house, challenged(house, "c3")[0], "c3", to="133") == [401]  # for another number
    house.clock.advance(121)
    assert again(house, challenge, "c4", count=2) == [401]
    assert house.results()["wrong_password"] == 1 and house.results()["challenged"] == 4


def test_options_need_no_password(house):
    assert house.statuses(invite(method="OPTIONS")) == [200]


# --- limits

def test_a_bucket():
    bucket = Bucket(2)
    assert [bucket.take(10.0) for _ in range(3)] == [True, True, False]
    assert [bucket.take(10.5) for _ in range(2)] == [True, False] and bucket.take(9.0) is False


def test_callers_who_are_forgotten_ring_once_more(monkeypatch):
    monkeypatch.setattr(limits, "CALLERS_MAX", 2)
    callers = Callers(60, 1)
    for n in range(3):
        callers.rings(f"n{n}", DID, 0.0)
    assert [callers.refused(f"n{n}", DID, 1.0) for n in range(3)] == ["", "repeated", "repeated"]
    assert callers.refused("n2", DID, 60.0) == "limited" and callers.refused("n2", DID, 3600.0) == "" and len(callers) == 2
