"""Self-care over the real engine and store: codes that count across lives, borrowing pressed twice, somebody else's number."""

from dataclasses import replace

import pytest
from twisted.internet.defer import Deferred

from tectonics.domain import call as calls
from tectonics.domain.errors import TheirFault
from tectonics.domain.events import LifecycleSeen, ProfileChanged, Trigger
from tectonics.domain.login import CODES_HOUR_MAX, GUESSES_MAX
from tectonics.domain.outcome import Done
from tectonics.domain.self_care import AGREE, Entry, Line, Visitor
from tectonics.engine.self_care import PAGE, EngineSelfCare
from tests.engine.call_story import ANN, BOB, Calls
from tests.engine.world import Node, build, run, settle
from tests.workflows.world import MSISDN, NOW

STRANGER = "33699999999"


class Chance:
    """Random octets that are known: 000001 is the first code, 000002 the second."""

    def __init__(self):
        self.asked = 0

    def __call__(self, count):
        self.asked += count == 16
        return ((self.asked + 1) // 2).to_bytes(count)


def care_of(node):
    core = node.core
    return EngineSelfCare(core.engine, core.sessions, core.enquiry, node.files.queries, ("*133#", "*144#"),
                          lambda: core.calls.offered, Chance())


@pytest.fixture
def node(tmp_path):
    return build(tmp_path)


@pytest.fixture
def care(node):
    return care_of(node)


def visitor(node):
    return Visitor(MSISDN, 1, node.core.engine.now())


def wait(node, deferred):
    return run(node.clock, deferred)


def sent(node):
    settle(node, 5)
    return [told.text for told in node.inbox.sent if told.key == "sms.login_code"]


def account(node):
    return wait(node, node.files.queries.account(MSISDN))


# --- codes

def test_a_code_is_sent_and_opens_once(node, care):
    assert wait(node, care.send_code(MSISDN, "a")) == "sent"
    assert sent(node) == ["sms.login_code 000001 5"]
    assert wait(node, care.enter(MSISDN, "000002")) is None
    found = wait(node, care.enter(MSISDN, "000001"))
    assert (found.msisdn, found.generation) == (MSISDN, 1)
    assert wait(node, care.enter(MSISDN, "000001")) is None


def test_a_stranger_gets_no_message_and_no_row(node, care):
    assert wait(node, care.send_code(STRANGER, "a")) == "stranger"
    assert wait(node, care.enter(STRANGER, "000001")) is None
    assert wait(node, node.files.queries.account(STRANGER)) is None and sent(node) == []


def test_limits_and_codes_outlive_the_process_and_bind_the_other_node(node, care):
    for number in range(CODES_HOUR_MAX):
        assert wait(node, care.send_code(MSISDN, f"a{number}")) == "sent"
    for number in range(2):
        assert wait(node, care.enter(MSISDN, "999999")) is None
    node.process.kill()
    other = Node(node.folder, node.clock, node.ledger, "n2", life=b"\2")
    wait(other, other.start())
    there = care_of(other)
    assert wait(other, there.send_code(MSISDN, "b")) == "limited"
    assert account(other).standing.login.wrong == 2
    assert wait(other, there.enter(MSISDN, "000003")).msisdn == MSISDN


def test_guesses_are_counted_and_then_refused_even_when_they_come_all_at_once(node, care):
    wait(node, care.send_code(MSISDN, "a"))
    guesses = [care.enter(MSISDN, f"9{number:05}") for number in range(3 * GUESSES_MAX)]
    assert [wait(node, guess) for guess in guesses] == [None] * len(guesses)
    assert account(node).standing.login.wrong == GUESSES_MAX
    assert wait(node, care.enter(MSISDN, "000001")) is None


# --- who it is

def told(node, change, at):
    now = node.core.engine.now()
    wait(node, node.core.intake.feed(LifecycleSeen(MSISDN, "tcp", f"l-{change}", now, at, change)))


@pytest.mark.parametrize("change", ["recycled", "ported", "sim_swapped"])
def test_somebody_who_has_the_number_no_more_sees_and_does_nothing(node, care, change):
    him = visitor(node)
    assert wait(node, care.overview(him)) is not None
    told(node, change, node.core.engine.now() + 1)
    for asked in (care.overview(him), care.history(him), care.borrow(him, "b"), care.borrow(him, "b", "1", AGREE),
                  care.change(him, "c", "advert_stop"), care.call_back(him, "d", "0612345678")):
        assert wait(node, asked) is None
    assert account(node).profile.adverts_stopped_at is None


def test_a_new_sim_card_does_not_end_a_visit_that_began_after_it(node, care):
    told(node, "sim_swapped", node.core.engine.now() - 1)
    assert wait(node, care.overview(visitor(node))) is not None


# --- what he sees

def test_the_overview_and_the_history_of_an_advance_that_was_paid_back(node, care):
    him = visitor(node)
    seen = wait(node, care.overview(him))
    assert (seen.balance, seen.owed, seen.adverts, seen.collect, seen.calls) == ("0.00", "", True, True, False)
    wait(node, care.borrow(him, "b", "1"))
    wait(node, care.borrow(him, "b", "1", AGREE))
    seen = wait(node, care.overview(him))
    assert (seen.balance, seen.owed, seen.due) == ("1.00", "1.10", "28/09")
    (entry,), mark = wait(node, care.history(him))
    assert entry == Entry("2026-09-21", "advance", "1.00", "EUR", "0.10", "1.10", "28/09", "open") and mark == ""
    wait(node, node.recharge())
    settle(node, 10)
    entries, _ = wait(node, care.history(him))
    assert [(one.kind, one.amount, one.state, one.owed) for one in entries] == [
        ("payment", "1.10", "", ""), ("advance", "1.00", "repaid", "")]


def test_without_a_balance_everything_else_is_shown(node, care):
    wait(node, node.ledger.billing.set_faults(hang_balance=True))
    seen = wait(node, care.overview(visitor(node)))
    assert seen.balance == "" and seen.currency == "EUR"


def test_history_comes_in_pages(node, care):
    him = visitor(node)
    for number in range(PAGE + 2):
        wait(node, care.borrow(him, f"b{number}", "1"))
        wait(node, care.borrow(him, f"b{number}", "1", AGREE))
        wait(node, node.recharge(f"r{number}"))
        settle(node, 3)
        wait(node, node.ledger.billing.spend(MSISDN, 490))
    seen, before, pages = [], "", 0
    while pages == 0 or before:
        entries, before = wait(node, care.history(him, before))
        seen, pages = seen + entries, pages + 1
        assert len(entries) <= PAGE
    assert pages == 3 and sum(one.kind == "advance" for one in seen) == PAGE + 2 == sum(
        one.kind == "payment" for one in seen)
    with pytest.raises(TheirFault):
        wait(node, care.history(him, "'; --"))


def test_call_backs_that_took_place_stand_among_the_rest_on_their_page(tmp_path):
    story = Calls(tmp_path, talk=(calls.BY_A, 30))
    care, him = care_of(story.node), visitor(story.node)
    story.dial()
    assert wait(story.node, care.history(him)) == ([], "")  # it goes on
    story.wait(100)
    amount = story.tickets()[0]["amount"]
    (entry,), mark = wait(story.node, care.history(him))
    assert entry == Entry("2026-09-21", "callback", amount, "EUR", number=f"+{BOB}") and mark == ""
    at = wait(story.node, story.node.files.queries.account(MSISDN)).standing.calls[0].at
    assert [len(wait(story.node, care.history(him, f"{at}.{id}"))[0]) for id in ("1", "0", "-")] == [1, 0, 0]


# --- what he does

def test_borrowing_shows_the_offers_the_whole_cost_and_lends_once_however_often_it_is_pressed(node, care):
    him = visitor(node)
    menu = wait(node, care.borrow(him, "a"))
    assert menu.more and menu.offers[1] == Line("2", "2.00", "0.20", "2.20", "28/09") and len(menu.offers) == 3
    shown = wait(node, care.borrow(him, "b", "2"))
    assert shown.offer == Line("", "2.00", "0.20", "2.20", "28/09") and not shown.offers
    both = care.borrow(him, "b", "2", AGREE), care.borrow(him, "b", "2", AGREE)
    first, second = wait(node, both[0]), wait(node, both[1])
    assert first == second and not first.more and first.text.startswith("result.granted 2.00")
    assert wait(node, care.borrow(him, "b", "2", AGREE)) == first
    (lent,) = account(node).advances
    assert (lent.channel, lent.trigger, lent.offer.amount_minor) == ("web", "b|2*1", 200)


def test_pressed_again_after_a_crash_it_lends_once_or_shows_the_cost_again(node, care):
    """Killed at every step of the clock between the press and the answer."""
    him = visitor(node)
    for steps in range(1, 60):
        folder = node.folder / f"life{steps}"
        folder.mkdir()
        one = build(folder)
        wait(one, care_of(one).borrow(him, "b", "2"))
        pressed: Deferred = care_of(one).borrow(him, "b", "2", AGREE)
        done = any(_over(one, pressed) for _ in range(steps))
        one.process.kill()
        again = Node(one.folder, one.clock, one.ledger, life=b"\2")
        wait(again, again.start())
        settle(again, 40, 10)
        menu = wait(again, care_of(again).borrow(him, "b", "2", AGREE))
        if menu.more:
            assert menu.offer is not None and account(again).advances == ()
            wait(again, care_of(again).borrow(him, "c", "2"))
            menu = wait(again, care_of(again).borrow(him, "c", "2", AGREE))
        settle(again, 40, 10)
        assert menu.text.startswith(("result.granted 2.00", "result.pending")), (steps, menu)
        assert [lent.offer.amount_minor for lent in account(again).advances] == [200]
        assert wait(again, again.ledger.billing.balance(MSISDN)).amount_minor == 200
        if done:
            return
    raise AssertionError("it never ended")


def _over(node, deferred):
    node.clock.step()
    return deferred.called


def test_who_may_not_borrow_is_told_why_with_a_ticket(node, care):
    him = visitor(node)
    wait(node, node.core.desk.decide(ProfileChanged(MSISDN, NOW, "bar", "", "ann", Trigger("admin", "x"))))
    menu = wait(node, care.borrow(him, "a"))
    assert not menu.more and menu.text == "refused.barred"
    assert node.metrics.counts["tectonics_refused_total", ("advance", "barred")] == 1


@pytest.mark.parametrize("typed", [("0",), ("97",), ("98",), ("1*1",), ("13",), ("",), ("1", "x"), ("1", "1*1"),
                                   ("1", "2.00", "x"), ("1", "1", "1", "1"), ("1\n",)])
def test_other_keys_of_the_menu_are_no_choice_of_a_page(node, care, typed):
    with pytest.raises(TheirFault):
        wait(node, care.borrow(visitor(node), "a", *typed))


def test_settings_are_changed_once_each_and_only_those_of_his_own(node, care):
    him = visitor(node)
    for change, value in (("language", "en"), ("advert_stop", ""), ("collect_refuse", "")):
        assert wait(node, care.change(him, "c", change, value)) is True
        version = account(node).version
        assert wait(node, care.change(him, "c", change, value)) is True
        assert account(node).version == version
    profile = account(node).profile
    assert profile.language == "en" and profile.adverts_stopped_at and profile.collect_refused_at
    seen = wait(node, care.overview(him))
    assert not seen.adverts and not seen.collect and seen.language == "en"
    for change in ("bar", "unbar", "segment", "forget", ""):
        with pytest.raises(TheirFault):
            wait(node, care.change(him, "d", change))


def test_a_call_back_is_asked_for_as_if_it_were_dialled(node, care):
    assert wait(node, care.call_back(visitor(node), "e", "0612345678")) == "callback.refused.not_offered"


def test_a_call_back_rings_once_however_often_it_is_pressed(tmp_path):
    story = Calls(tmp_path, talk=(calls.BY_A, 5))
    care, him = care_of(story.node), visitor(story.node)
    assert wait(story.node, care.overview(him)).calls
    first = wait(story.node, care.call_back(him, "e", "0612345678"))
    assert first.startswith("callback.coming") and wait(story.node, care.call_back(him, "e", "0612345678")) == first
    story.wait(100)
    assert [phone.number for phone in story.exchange.phones.values()] == [ANN, BOB]
    assert story.types() == ["callback.completed"] and story.tickets()[0]["channel"] == "web"


def test_a_slow_credit_is_answered_by_the_promise_of_a_message(node, care):
    him, credits = visitor(node), []
    wait(node, care.borrow(him, "b", "2"))
    node.ledger.billing.credit = lambda command: credits.append(Deferred()) or credits[-1]
    pressed = wait(node, care.borrow(him, "b", "2", AGREE))
    assert pressed.text == "result.pending" and node.core.engine.now() - NOW <= 9000
    credits[0].callback(Done("ref"))
    settle(node, 5)
    assert wait(node, care.borrow(him, "b", "2", AGREE)) == pressed and len(credits) == 1
    assert node.inbox.sent[-1].text.startswith("sms.granted")


def test_a_visitor_of_another_generation_is_nobody(node, care):
    assert wait(node, care.overview(replace(visitor(node), generation=2))) is None
