"""What a row means for an account: nothing twice, nothing lost, nothing of a stranger's."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.advance import OPEN, OVERDUE
from tectonics.domain.policy import RechargeRule, counted_recharges
from tectonics.domain.recharge import CLASSES, RechargeMark
from tectonics.domain.subscriber import RECHARGE_MARKS_MAX, Account, Bar, Profile, Standing
from tectonics.store.importing_columns import WINDOW_MS, ForeignAdvance, History, Record, Terms
from tectonics.store.importing_lines import BadRow
from tectonics.store.importing_merge import SUSPENDED, change_of
from tests.store.building import NOW
from tests.store.importing import ADVANCE, DAY, HISTORY, MSISDN, TERMS, day, record

BLANK = Account(MSISDN)
KNOWN = Account(MSISDN, version=3, profile=Profile("prepaid", NOW - 5 * DAY, "en", "n1"))


def change(got, account=BLANK, known=(), delta=False, terms=TERMS):
    return change_of(got, account, known, terms, delta)


def profile(told, known=BLANK.profile, delta=False, version=3):
    got = change(Record(MSISDN, told), Account(MSISDN, version=version, profile=known), delta=delta)
    return known if got is None else got.account.profile


def test_people_qualify_on_the_first_day():
    account = change(record(HISTORY, f"{MSISDN},6,35.00,{day(1)}")).account
    assert counted_recharges(account, RechargeRule(6, 500, 90, ("voucher",)), NOW) == 6
    assert sum(mark.amount_minor for mark in account.standing.recharges) == 3500


HISTORIES = st.lists(st.builds(
    lambda kind, count, extra, ago: History(kind, count, count + extra, NOW - ago), st.sampled_from(CLASSES),
    st.integers(1, 300), st.integers(0, 10**9), st.integers(0, WINDOW_MS - 1)), unique_by=lambda h: h.kind)
MARKS = st.lists(st.builds(lambda ago, amount, kind: RechargeMark(NOW - ago, amount, kind, 7),
                           st.integers(-DAY, 2 * WINDOW_MS), st.integers(1, 10**6), st.sampled_from(CLASSES)),
                 max_size=RECHARGE_MARKS_MAX).map(lambda marks: tuple(sorted(marks, key=lambda m: m.at)))


@given(HISTORIES)
def test_marks_are_exact_in_the_window_and_bounded(histories):
    marks = change(Record(MSISDN, history=tuple(histories))).account.standing.recharges
    assert len(marks) == min(RECHARGE_MARKS_MAX, sum(h.count for h in histories))
    assert list(marks) == sorted(marks, key=lambda m: m.at)
    assert all(NOW - WINDOW_MS < mark.at <= NOW and mark.amount_minor > 0 for mark in marks)
    if sum(h.count for h in histories) <= RECHARGE_MARKS_MAX:
        for history in histories:
            mine = [m for m in marks if m.kind == history.kind]
            assert (len(mine), sum(m.amount_minor for m in mine)) == (history.count, history.sum_minor)
            assert mine[-1].at == history.last_at


@given(HISTORIES, MARKS)
def test_what_the_daemon_saw_itself_stays_and_a_second_time_changes_nothing(histories, marks):
    account = replace(KNOWN, standing=Standing(marks))
    told = Record(MSISDN, history=tuple(histories))
    first = change(told, account)
    after = account if first is None else first.account
    assert len(after.standing.recharges) <= RECHARGE_MARKS_MAX
    if len(after.standing.recharges) < RECHARGE_MARKS_MAX:
        assert all(mark in after.standing.recharges for mark in marks)
        for history in histories:
            def told_of(recharges, kind=history.kind):
                inside = [m for m in recharges if m.kind == kind and NOW - WINDOW_MS < m.at <= NOW]
                return len(inside), sum(m.amount_minor for m in inside)
            before, now = told_of(marks), told_of(after.standing.recharges)
            assert now in (before, (history.count, history.sum_minor))
    assert change(told, after) is None


def test_an_advance_is_owed_on_the_first_day():
    got = change(record(ADVANCE, f"{MSISDN},X9,2.00,0.20,1.50,{day(3)},{day(-4)}"))
    advance, = got.advances
    assert (advance.state, advance.outstanding_minor, advance.unpaid_minor) == (OPEN, 150, 150)
    assert (advance.fee_paid_minor, advance.principal_paid_minor) == (20, 50)
    assert (advance.channel, advance.offer.policy, advance.id) == ("import", 0, "X9")
    assert (got.account.standing.advances_total, got.account.standing.last_advance_at) == (1, NOW - 3 * DAY)


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.data(), st.booleans())
def test_what_was_paid_before_and_what_is_owed_make_the_whole(amount, fee, data, fee_first):
    outstanding = data.draw(st.integers(1, amount + fee))
    told = Record(MSISDN, advances=(ForeignAdvance("a", amount, fee, outstanding, NOW - DAY, NOW + DAY),))
    terms = Terms(NOW, "EUR", frozenset(), frozenset(), fee_first=fee_first)
    advance, = change(told, terms=terms).advances
    assert advance.outstanding_minor == outstanding
    assert 0 <= advance.fee_paid_minor <= fee and 0 <= advance.principal_paid_minor <= amount
    assert advance.fee_paid_minor in (0, fee) or advance.principal_paid_minor in (0, amount)


def test_what_is_late_already_is_overdue_without_being_told_again():
    got = change(record(ADVANCE, f"{MSISDN},X9,2,,2,{day(9)},{day(2)}"))
    assert got.advances[0].state == OVERDUE and got.advances[0].was_late
    assert got.account.standing.late_count == 1


def test_an_advance_that_was_ever_here_is_the_daemons():
    told = record(ADVANCE, f"{MSISDN},X9,2,,2,{day(3)},{day(-4)}")
    assert change(told, KNOWN, known={"X9"}) is None and change(told, KNOWN, known={"X9"}, delta=True) is None
    assert [a.id for a in change(told, KNOWN, known={"X8"}).advances] == ["X9"]


def test_without_delta_only_what_is_unknown_is_filled_in():
    told = {"kind": "postpaid", "activated": NOW - 400 * DAY, "language": "fr", "node": "n2", "segment": "gold",
            "listed": "white"}
    assert profile(told) == Profile("postpaid", NOW - 400 * DAY, "fr", "n2", "gold", "white")
    assert profile(told, KNOWN.profile) == Profile("prepaid", NOW - 400 * DAY, "en", "n1", "gold", "white")
    assert profile({"activated": NOW - DAY}, KNOWN.profile) == KNOWN.profile


def test_with_delta_the_file_wins_and_a_dash_clears():
    told = {"kind": "postpaid", "activated": NOW - DAY, "language": "fr", "node": "-"}
    assert profile(told, KNOWN.profile, delta=True) == Profile("postpaid", NOW - DAY, "fr", "")
    assert profile({}, KNOWN.profile, delta=True) == KNOWN.profile
    assert profile({"segment": "-", "language": "-"}) == Profile()


@pytest.mark.parametrize("delta", [False, True])
def test_what_no_file_tells_stays(delta):
    stopped = replace(KNOWN.profile, adverts_stopped_at=NOW - DAY, sim_swapped_at=NOW - 2 * DAY)
    after = profile({"segment": "gold", "listed": "white"}, stopped, delta)
    assert after == replace(stopped, segment="gold", listed="white")


OURS, THEIRS = Bar("admin", 1, "fraud"), Bar("bad_debt", 1, "late")


@pytest.mark.parametrize(("told", "known", "delta", "after"), [
    ({"bar": "lost"}, None, False, Bar("admin", NOW, "lost")),
    ({"bar": "lost"}, OURS, False, OURS),
    ({"bar": "lost"}, OURS, True, Bar("admin", NOW, "lost")),
    ({"bar": "fraud"}, OURS, True, OURS),
    ({"bar": "-"}, OURS, False, OURS),
    ({"bar": "-"}, OURS, True, None),
    ({"bar": "-"}, THEIRS, True, THEIRS),
    ({"bar": "lost"}, THEIRS, True, THEIRS),
    ({"state": "suspended"}, None, False, Bar("admin", NOW, SUSPENDED)),
    ({"state": "suspended"}, OURS, True, OURS),
    ({"state": "suspended"}, Bar("admin", 1, SUSPENDED), True, Bar("admin", 1, SUSPENDED)),
    ({"state": "active"}, Bar("admin", 1, SUSPENDED), True, None),
    ({"state": "active"}, Bar("admin", 1, SUSPENDED), False, Bar("admin", 1, SUSPENDED)),
    ({"state": "active"}, OURS, True, OURS),
    ({"state": "suspended", "bar": "-"}, OURS, True, Bar("admin", NOW, SUSPENDED)),
    ({"state": "active"}, None, True, None),
])
def test_bars(told, known, delta, after):
    assert profile(told, replace(KNOWN.profile, bar=known), delta).bar == after


def test_a_new_holder_inherits_nothing():
    recycled = replace(KNOWN, generation=2)
    told = replace(record(HISTORY, f"{MSISDN},6,35.00,{day(1)}"), profile={"activated": NOW - 400 * DAY})
    for stale in (told, replace(told, profile={})):
        with pytest.raises(BadRow, match="new holder"):
            change(stale, recycled, delta=True)
    his = replace(told, profile={"activated": NOW - 5 * DAY - 3600})
    assert len(change(his, recycled).account.standing.recharges) == 6
    with pytest.raises(BadRow, match="new holder"):
        change(his, replace(recycled, profile=Profile()))
