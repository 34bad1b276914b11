"""How a trunk is spoken to: numbers, identities, and where requests go; names on the wire."""

import pytest

from tectonics.callservers.sip import naming
from tectonics.callservers.sip.handle import CHARS_MAX, Handle
from tectonics.callservers.sip.trunks import PASSED_S_MAX, Trunk, Trunks
from tectonics.config.call_server import CallTrunk
from tectonics.domain.errors import BadMessage
from tectonics.wire.sip.dialog import Dialog
from tectonics.wire.sip.values import parse_address

OURS = "192.0.2.200:5072"


def trunk(**changes):
    return Trunk(CallTrunk(**{"name": "t1", "address": "192.0.2.1"} | changes))


@pytest.mark.parametrize("changes, uri", [
    ({}, "sip:+33600000001@192.0.2.1;user=phone"),
    ({"address": "192.0.2.1:5080", "prefix": "00"}, "sip:0033600000001@192.0.2.1:5080;user=phone"),
    ({"domain": "switch.example", "prefix": "9*"}, "sip:9*33600000001@switch.example;user=phone"),
    ({"address": "[2001:db8::1]:5080"}, "sip:+33600000001@[2001:db8::1]:5080;user=phone")])
def test_numbers_are_written_as_the_trunk_wants_them(changes, uri):
    assert trunk(**changes).target("33600000001") == uri


@pytest.mark.parametrize("changes, number, sender, headers", [
    ({}, "33800", "<sip:+33800@192.0.2.200:5072;user=phone>;tag=x",
     (("P-Asserted-Identity", "<sip:+33800@192.0.2.200:5072;user=phone>"),)),
    ({"identity": "from"}, "33800", "<sip:+33800@192.0.2.200:5072;user=phone>;tag=x", ()),
    ({"identity": "pai", "domain": "d.example"}, "33800", '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=x',
     (("P-Asserted-Identity", "<sip:+33800@d.example;user=phone>"),)),
    ({"asserted": "33800999", "domain": "d.example"}, "33800", "<sip:+33800@d.example;user=phone>;tag=x",
     (("P-Asserted-Identity", "<sip:+33800999@d.example;user=phone>"),)),
    ({"asserted": "33800999", "domain": "d.example"}, "", '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=x',
     (("P-Asserted-Identity", "<sip:+33800999@d.example;user=phone>"), ("Privacy", "id"))),
    ({}, "", '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=x', (("Privacy", "id"),))])
def test_who_calls(changes, number, sender, headers):
    told, identity = trunk(**changes).caller(number, OURS, "x")
    assert (str(told), identity) == (sender, headers)


def dialog(target, *routes):
    return Dialog("c", parse_address("<sip:a@x>;tag=1"), parse_address("<sip:b@y>;tag=2"), target, routes, 1, None, False)


@pytest.mark.parametrize("target, routes, place", [
    ("sip:b@192.0.2.1:5090", (), ("192.0.2.1", 5090)),
    ("sip:b@198.51.100.9:5090", (), ("198.51.100.9", 5090)),
    ("sip:b@203.0.113.5:5090", (), ("192.0.2.1", 5060)),
    ("sip:b@phone.example", (), ("192.0.2.1", 5060)),
    ("sip:b@203.0.113.5", ("<sip:198.51.100.9;lr>", "<sip:203.0.113.6;lr>"), ("198.51.100.9", 5060)),
    ("sip:b@192.0.2.1", ("<sip:proxy.example;lr>",), ("192.0.2.1", 5060))])
def test_nothing_is_sent_to_an_address_that_is_not_the_trunk_s(target, routes, place):
    to = trunk(sources=["198.51.100.0/24"]).hop(dialog(target, *routes))
    assert (to.peer, to.host, to.port) == ("t1", *place)


def test_whose_address_it_is():
    trunks = Trunks([CallTrunk(name="t1", address="192.0.2.1"), CallTrunk(name="t2", address="192.0.2.2", sources=["2001:db8::/32"])], {})
    assert [getattr(trunks.find(host), "name", None) for host in ("192.0.2.1", "::ffff:192.0.2.2", "2001:db8::5", "192.0.2.3", "x")] == [
        "t1", "t2", "t2", None, None]


def test_who_is_passed_over_comes_last():
    trunks = Trunks([CallTrunk(name=name, address=f"192.0.2.{n}") for n, name in enumerate(("t1", "t2", "t3"), 1)], {})
    trunks.all["t1"].troubled("it says 503", 100, 3600)
    assert [one.name for one in trunks.in_turn(101)] == ["t2", "t3", "t1"]
    trunks.all["t1"].well(102)
    trunks.all["t2"].troubled("it says 503", 100, 3600)
    assert [one.name for one in trunks.in_turn(101)] == ["t1", "t3", "t2"] and PASSED_S_MAX == 60


def test_names_are_made_from_the_leg_and_the_trunk_alone():
    assert naming.leg_of(naming.call_id("01ABC", "t1")) == "01ABC"
    names = {naming.branch("01ABC", one, number, method) for one in ("t1", "t2") for number in (1, 2) for method in ("INVITE", "BYE")}
    assert len(names) == 8 and naming.branch("01ABC", "t1", 1, "INVITE") in names
    assert naming.tag("01ABC", "t1") != naming.tag("01ABC", "t2")
    assert 2.1 <= min(naming.glare_s("x", n) for n in range(100)) <= max(naming.glare_s("x", n) for n in range(100)) <= 4.0
    assert naming.taken_over(1_700_000_000) < naming.taken_over(1_700_000_001) < 2**31 > naming.taken_over(3_700_000_000)


@pytest.mark.parametrize("route", ["<sip:x;lr>" * CHARS_MAX, "\udcff"])
def test_a_dialog_that_cannot_be_remembered(route):
    with pytest.raises(BadMessage):
        Handle("t1", "192.0.2.1", 5060, "c", "<sip:a@x>;tag=1", "<sip:b@y>;tag=2", "sip:b@y", (route,)).encode()
