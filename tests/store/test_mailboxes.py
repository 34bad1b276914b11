"""Registered addresses: one number at a time, void when the number changes hands, each change with its ticket."""

from dataclasses import replace

import pytest

from tectonics.domain.mailbox import Mailbox
from tectonics.domain.subscriber import Account
from tectonics.domain.ticket import Ticket
from tectonics.ports import Committed
from tectonics.store.mailboxes import MAILBOXES_MAX, NOBODY, TAKEN, TOO_MANY
from tests.store.building import MSISDN, NOW, unit

ANN = "ann@example.com"
OTHER = "33600000002"


def audit(number=1, msisdn=MSISDN):
    return Ticket(f"T{number}", "admin.change", NOW, msisdn, {"text": "an address"})


@pytest.fixture
def opened(world):
    opened = world.open()
    for msisdn in (MSISDN, OTHER):
        assert isinstance(world.wait(opened.store.commit(unit(int(msisdn), msisdn=msisdn))), Committed)
    return opened


def put(world, opened, address=ANN, msisdn=MSISDN, pin="", number=1):
    return world.wait(opened.addresses.put(address, msisdn, pin, NOW, audit(number, msisdn)))


def recycle(world, opened, msisdn=MSISDN):
    account = world.wait(opened.store.load(msisdn)).account
    fresh = Account(msisdn, generation=account.generation + 1, version=account.version)
    one = replace(unit(7, msisdn=msisdn), account=fresh, expected=account.version)
    assert isinstance(world.wait(opened.store.commit(one)), Committed)


def tickets(world):
    return world.query("SELECT count(*) FROM ticket WHERE type = 'admin.change'")[0][0]


def test_it_is_found_by_its_address_after_a_restart(world, opened):
    assert put(world, opened, pin="scrypt$aa$bb") == ""
    opened = world.open()
    kept = Mailbox(ANN, MSISDN, 1, "scrypt$aa$bb", NOW)
    assert world.wait(opened.addresses.find(ANN)) == kept
    assert world.wait(opened.addresses.of(MSISDN)) == [kept]
    assert world.wait(opened.addresses.find("bob@example.com")) is None
    assert tickets(world) == 1


def test_registering_again_changes_the_pin(world, opened):
    put(world, opened, pin="a")
    assert put(world, opened, pin="b", number=2) == ""
    assert [one.pin for one in world.wait(opened.addresses.of(MSISDN))] == ["b"]


def test_it_speaks_for_one_number_at_a_time(world, opened):
    put(world, opened)
    before = tickets(world)
    assert put(world, opened, msisdn=OTHER, number=2) == TAKEN
    assert world.wait(opened.addresses.find(ANN)).msisdn == MSISDN
    assert tickets(world) == before


def test_a_number_that_nobody_has_gets_none(world, opened):
    assert put(world, opened, msisdn="33699999999") == NOBODY
    assert world.wait(opened.addresses.find(ANN)) is None and tickets(world) == 0


def test_a_number_has_so_many_at_most(world, opened):
    for number in range(MAILBOXES_MAX):
        assert put(world, opened, f"ann{number}@example.com", number=number) == ""
    assert put(world, opened, number=99) == TOO_MANY
    assert put(world, opened, "ann0@example.com", number=98) == ""


def test_who_gets_a_number_gets_no_mailbox_with_it(world, opened):
    put(world, opened)
    recycle(world, opened)
    assert world.wait(opened.addresses.find(ANN)) is None
    assert world.wait(opened.addresses.of(MSISDN)) == []
    assert put(world, opened, msisdn=OTHER, number=2) == ""
    assert world.wait(opened.addresses.find(ANN)).msisdn == OTHER


def test_what_is_void_is_cleared_away_by_the_next_registration(world, opened):
    put(world, opened)
    recycle(world, opened)
    put(world, opened, "eve@example.com", number=2)
    assert world.query("SELECT address, generation FROM mailbox") == [("eve@example.com", 2)]


def test_removing(world, opened):
    put(world, opened)
    assert not world.wait(opened.addresses.remove(ANN, OTHER, audit(2)))
    assert world.wait(opened.addresses.remove(ANN, MSISDN, audit(3)))
    assert not world.wait(opened.addresses.remove(ANN, MSISDN, audit(4)))
    assert world.wait(opened.addresses.find(ANN)) is None
    assert tickets(world) == 2
