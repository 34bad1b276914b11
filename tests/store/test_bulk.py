"""The bulk import only inserts, in chunks, and may be repeated."""

from dataclasses import replace

import pytest

from tectonics.domain.advance import OPEN
from tectonics.domain.subscriber import Account, Profile
from tectonics.ports import Committed
from tectonics.store import bulk
from tests.store.building import MSISDN, advance, unit


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(bulk, "CHUNK", 4)


def _accounts(count):
    return (Account(str(33600000000 + n), profile=Profile("prepaid", n)) for n in range(count))


def test_new_accounts_are_inserted_and_usable(world):
    opened = world.open()
    assert world.insert(_accounts(10)) == 10
    loaded = world.wait(opened.store.load("33600000009")).account
    assert (loaded.version, loaded.profile) == (1, Profile("prepaid", 9))
    assert world.wait(opened.store.commit(unit(1, 1, "33600000009"))) == Committed()


def test_existing_accounts_and_their_loans_are_left_alone(world):
    opened = world.open()
    world.wait(opened.store.commit(unit(1, account=Account(MSISDN, profile=Profile("postpaid")))))
    owing = replace(Account(MSISDN), advances=(advance(1, OPEN),))
    also = replace(Account("33600000099"), advances=(advance(2, OPEN),))
    assert world.insert([*_accounts(3), owing, also]) == 3
    assert world.insert([*_accounts(3), owing, also]) == 0
    mine = world.wait(opened.store.load(MSISDN)).account
    assert (mine.profile.kind, mine.advances) == ("postpaid", ())
    assert world.wait(opened.store.load("33600000099")).account.advances == (advance(2, OPEN),)


def test_a_bad_account_undoes_its_chunk_only(world):
    world.open()
    with pytest.raises(ValueError):
        world.insert([*_accounts(6), Account("not a number")])
    assert world.query("SELECT count(*) FROM account") == [(4,)]
