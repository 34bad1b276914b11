"""What of e-mail a seed has, who has an address, whose mail is out in time, and that a day without faults is a good day."""

from contextlib import closing, suppress
from dataclasses import replace
from types import SimpleNamespace

from tectonics.config.email import Email
from tectonics.daemon.provision import provision_store
from tectonics.database.sqlite import open_connection
from tectonics.domain import mailbox
from tectonics.domain.subscriber import Account
from tectonics.simulation.drawing import draw
from tectonics.simulation.faults import mails
from tectonics.simulation.mailbook import HEARD, Attempt, Letter, Mailbook, Trouble
from tectonics.simulation.mailing import NO_MAIL, PINS, Mailing, Owner, owners, pins_remembered, register
from tectonics.simulation.peers.mail import LONGEST_PAUSE_S, OWED_S, UNKNOWN, MailPeer, _owns
from tectonics.simulation.plan import Fault, Options
from tectonics.simulation.run import simulate

PLANS = [draw(seed) for seed in range(200)]
KINDS = {kind.name for kind in mails.KINDS}
SHORT = {"days": 0.25, "subscribers": 14}


def test_some_seeds_have_it_and_the_others_nothing_of_it():
    drawn = [plan.mailing for plan in PLANS]
    assert 0.2 < sum(map(bool, drawn)) / len(drawn) < 0.4
    assert {one.answered for one in drawn if one} == {True, False} and {one.sender_per_hour for one in drawn if one} == {3, 10, 30}
    assert {fault.kind for plan in PLANS for fault in plan.faults} >= KINDS
    for plan in PLANS:
        struck = {fault.kind for fault in plan.faults} & KINDS
        assert bool(struck) == bool(plan.mailing)
        assert plan.mailing.answered or not any(kind.startswith("smarthost") for kind in struck)
        assert plan.mailing or plan.mailing == NO_MAIL and not plan.mailing.settings()


def test_without_faults_nothing_goes_wrong_and_people_are_answered():
    seed = next(plan.seed for plan in PLANS if plan.mailing.owners > 0.5 and plan.mailing.answered and plan.nodes > 1)
    verdict = simulate(draw(seed, Options(faults=False, **SHORT)))
    assert verdict.complaints == []
    assert verdict.figures["mails written"] > 5 and verdict.figures["mails answered"] >= 2  # in the peace by each node
    assert verdict.figures["mails brought"] == verdict.figures["mails written"]


def test_the_same_seed_writes_the_same_mails():
    plan = draw(next(plan.seed for plan in PLANS if plan.mailing), Options(days=0.1, subscribers=8))
    assert simulate(plan).digest == simulate(plan).digest


def test_a_seed_without_it_is_the_day_that_it_was():
    plan = next(plan for plan in PLANS if not plan.mailing)
    short = draw(plan.seed, Options(days=0.1, subscribers=8))
    assert simulate(short).digest == simulate(replace(short, mailing=NO_MAIL)).digest


def test_addresses_are_those_of_people_and_some_need_a_pin():
    plan = next(plan for plan in PLANS if plan.mailing.owners > 0.5)
    found = [owner for plan in PLANS for _, owner in owners(plan.people, plan.mailing)]
    assert {person.msisdn for person, _ in owners(plan.people, plan.mailing)} < {person.msisdn for person in plan.people}
    assert {bool(owner.pin) for owner in found} == {True, False} and {owner.pin for owner in found} - {""} == set(PINS)
    assert all(owner.pin or owner.address.endswith("@signed.example") for owner in found)
    assert all(mailbox.fold_address(owner.address) == owner.address for owner in found)


def test_an_address_is_registered_with_the_generation_of_its_number(tmp_path):
    provision_store(tmp_path / "t.db", [Account("33620000001", generation=7)], 5)
    register(tmp_path / "t.db", [Owner("33620000001", "a@plain.example", PINS[0]), Owner("33620000009", "b@signed.example")], 5)
    with closing(open_connection(tmp_path / "t.db")) as connection:
        rows = connection.execute("SELECT address, msisdn, generation, pin FROM mailbox").fetchall()
    assert [row[:3] for row in rows] == [("a@plain.example", 33620000001, 7)]
    with pins_remembered():
        assert mailbox.is_pin(PINS[0], rows[0][3]) and not mailbox.is_pin(PINS[1], rows[0][3])
    assert not hasattr(mailbox.hash_pin, "cache_info")


def test_the_settings_are_some_of_the_channels():
    for plan in PLANS:
        for name in plan.mailing.settings():
            first, _, second = name.removeprefix("channels.email.").partition(".")
            assert first in Email.model_fields and (not second or second in type(Email().smarthost).model_fields)


def test_whose_the_address_was():
    assert _owns((1, 1), (1, 1)) is True and _owns((1, 2), (1, 2)) is False and _owns((1, 2), (1, 3)) is False
    assert _owns((1, 1), (1, 2)) is None and _owns((1, 2), (2, 2)) is None and _owns((UNKNOWN, 2), (UNKNOWN, 2)) is None


def owed(*troubles, life=1, alive=True, now_s=300.0):
    """(whether an answer must be there of a node that took the mail at 100 s in its first life, when that is looked at again)."""
    letter, attempt, again = Letter("<m1@x>", "33620000001", "a@x", "balance", "", HEARD, 99.0), Attempt(99.0, "n1", 1, 100.0, 250, True), []
    world = SimpleNamespace(processes={"n1": SimpleNamespace(alive=alive)}, life=lambda node: life,
                            call_later=lambda delay_s, *what: again.append(now_s + delay_s))
    peer = SimpleNamespace(_stage=SimpleNamespace(world=world, now_s=now_s), book=Mailbook(troubles=list(troubles)), _owed=None,
                           plan=Mailing(retry_s=5, tries_max=8))
    peer._tried_s = lambda: MailPeer._tried_s(peer)
    MailPeer._owed(peer, letter, attempt)
    return peer.book.owed == [letter], again


def test_an_answer_is_owed_by_who_has_lived_since():
    assert owed() == (True, []) and owed(life=2) == owed(alive=False) == (False, [])


def test_where_the_way_was_bad_it_is_owed_when_that_is_over_and_unless_it_was_given_up_or_refused():
    short, long = Trouble(90.0, 700.0), Trouble(90.0, 99.0 + 635.0)
    assert owed(short) == (False, [700.0 + LONGEST_PAUSE_S + OWED_S]) and owed(short, now_s=2000.0) == (True, [])
    assert owed(long) == owed(replace(short, refused=True)) == (False, [])
    assert owed(Trouble(0.0, 99.0 - OWED_S)) == owed(Trouble(301.0, 500.0)) == (True, [])


def given_away(newest):
    """What the feed is told of, when a mail is to be brought and `newest` wrote last."""
    told = []

    async def waited(*_):
        pass

    feed = SimpleNamespace(tell=lambda type, msisdn, kind, ref: told.append((msisdn, kind)))
    stage = SimpleNamespace(next=waited, sleep=waited, ending=False, mail=SimpleNamespace(newest=newest), feed=feed)
    strike = next(kind.strike for kind in mails.KINDS if kind.name == "number given away behind a mail")
    with suppress(StopIteration):
        strike(stage, Fault(0.0, "", "n1", 0.0, 0.0)).send(None)
    return told


def test_a_number_is_given_away_by_who_wrote_and_by_nobody_where_nobody_did():
    assert given_away("33620000001") == [("33620000001", "recycled"), ("33620000001", "activated")]
    assert given_away("") == []
