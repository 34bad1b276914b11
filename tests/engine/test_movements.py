"""History by message and menu: what has happened to this holder of the number, and to nobody else."""

from tectonics.domain.call import BY_A
from tectonics.domain.events import LifecycleSeen
from tectonics.engine.movements import NEWEST_MAX
from tectonics.engine.running import deferred
from tests.engine.call_story import Calls
from tests.engine.test_correspondence import Pen
from tests.engine.world import build, run, settle
from tests.workflows.world import MSISDN


def borrowed(pen):
    pen.write("SOS 1")
    pen.write(pen.yes())


def test_what_was_lent_and_paid_back(tmp_path):
    pen = Pen(build(tmp_path))
    assert pen.write("HISTORY") == ["history.none"]
    borrowed(pen)
    assert pen.write("history") == ["history.title EUR\nhistory.advance 1.00 21/09 0.10"]
    run(pen.node.clock, pen.node.recharge())
    settle(pen.node, 10)
    assert pen.write("History.") == ["history.title EUR\nhistory.payment 1.10 21/09\nhistory.advance 1.00 21/09 0.10"]
    dialled = run(pen.node.clock, pen.node.dial("96*5"))
    assert dialled.more and dialled.text.split("\n")[1:-1] == ["history.payment 1.10 21/09",
                                                              "history.advance 1.00 21/09 0.10"]


def test_an_advance_that_was_not_given_is_none(tmp_path):
    pen = Pen(build(tmp_path))
    run(pen.node.clock, pen.node.ledger.billing.set_faults(refuse=1))
    borrowed(pen)
    assert [one.state for _, one in run(pen.node.clock, pen.node.files.queries.advances(MSISDN))] == ["failed"]
    assert pen.write("HISTORY") == ["history.none"]


def test_the_newest_are_shown(tmp_path):
    pen = Pen(build(tmp_path))
    for number in range(NEWEST_MAX):
        run(pen.node.clock, pen.node.dial("1", f"d{number}"))
        run(pen.node.clock, pen.node.dial("1*1", f"d{number}"))
        run(pen.node.clock, pen.node.recharge(f"r{number}"))
        settle(pen.node, 3)
        run(pen.node.clock, pen.node.ledger.billing.spend(MSISDN, 490))
    account = run(pen.node.clock, pen.node.files.queries.account(MSISDN))
    found = run(pen.node.clock, deferred(pen.node.core.movements.newest(account)))
    assert [one.kind for one in found] == ["payment", "advance"] * (NEWEST_MAX // 2)
    assert [one.at for one in found] == sorted((one.at for one in found), reverse=True)
    assert found[0].at > pen.node.core.engine.now() - 10_000


def test_a_stranger_and_the_next_holder_are_told_nothing(tmp_path):
    pen = Pen(build(tmp_path))
    borrowed(pen)
    assert Pen(pen.node, "33699999999").write("HISTORY") == []
    now = pen.node.core.engine.now()
    run(pen.node.clock, pen.node.core.intake.feed(LifecycleSeen(MSISDN, "tcp", "l1", now, now + 1, "recycled")))
    assert pen.write("HISTORY") == ["history.none"]


def test_a_call_back_that_took_place_stands_with_what_it_cost(tmp_path):
    story = Calls(tmp_path, talk=(BY_A, 30))
    story.dial()
    story.wait(100)
    assert story.types() == ["callback.completed"]
    amount = story.tickets()[0]["amount"]
    story.another()  # it stands in the account, also after a restart
    shown = run(story.clock, story.node.dial("96*5", "h1"))
    assert shown.text.split("\n")[1] == f"history.callback {amount} 21/09"
