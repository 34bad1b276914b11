"""Operators register addresses: folded, with a hashed PIN, each change with a ticket that names it, over a real store."""

from types import SimpleNamespace

import pytest
from twisted.internet.defer import Deferred

from tectonics.domain.errors import TheirFault
from tectonics.domain.mailbox import is_pin
from tectonics.oam.admin import mailboxes
from tectonics.oam.admin.parameters import NotThere, decode
from tests.store.building import MSISDN, NOW, World, unit

ANN = "ann@example.com"


class Office:
    """The methods over a store with one subscriber."""

    def __init__(self, folder):
        self.world = World(folder)
        self.opened = self.world.open()
        self.world.wait(self.opened.store.commit(unit(1)))
        self.count = 0
        self.offices = SimpleNamespace(addresses=self.opened.addresses, now=lambda: NOW, ids=self, country_code="33")
        self.table = mailboxes.methods(self.offices)

    def new(self, now):
        self.count += 1
        return f"T{self.count}"

    def ask(self, method, **params):
        values = decode(method, self.table[method].takes, params)
        return self.world.wait(Deferred.fromCoroutine(self.table[method].call("cli:ann", **values)))

    def shown(self):
        return self.world.wait(Deferred.fromCoroutine(mailboxes.shown_of(self.offices, MSISDN)))


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path)


def test_an_address_is_registered_and_removed(office):
    told = office.ask("subscribers.mail", msisdn="0600000001", address=" Ann@Example.COM ")
    assert told == {"text": "the address a...@example.com speaks for the number now, without PIN"}
    assert office.shown() == [{"address": ANN, "pin": False, "registered_at": "2026-09-21T14:13:20.000Z"}]
    office.ask("subscribers.unmail", msisdn=MSISDN, address=ANN)
    assert office.shown() == []
    lines = [line for line, in office.world.query("SELECT body FROM ticket ORDER BY seq")]
    assert len(lines) == 2 and all('"admin.change"' in line and f"cli:ann: the address {ANN}" in line for line in lines)
    with pytest.raises(NotThere):
        office.ask("subscribers.unmail", msisdn=MSISDN, address=ANN)


def test_a_pin_is_kept_hashed(office):
    told = office.ask("subscribers.mail", msisdn=MSISDN, address=ANN, pin="123456")
    kept = office.world.wait(office.opened.addresses.find(ANN)).pin
    assert is_pin("123456", kept) and office.shown()[0]["pin"] is True
    everything = str((told, office.world.query("SELECT * FROM ticket"), office.world.query("SELECT * FROM mailbox")))
    assert "123456" not in everything


@pytest.mark.parametrize("params", [
    {"address": "ann"}, {"address": ""}, {"address": "a\nb@example.com"}, {"address": ANN, "pin": "12345"}, {"address": ANN, "pin": "abcdef"},
    {"address": ANN, "msisdn": "33699999999"}, {"address": "a" * 300 + "@b.example"}])
def test_what_is_refused(office, params):
    with pytest.raises(TheirFault):
        office.ask("subscribers.mail", **{"msisdn": MSISDN, **params})
    assert office.world.query("SELECT * FROM ticket") == []


def test_where_there_are_no_addresses(office):
    office.offices.addresses = None
    assert office.shown() == []
    with pytest.raises(TheirFault):
        office.ask("subscribers.mail", msisdn=MSISDN, address=ANN)
