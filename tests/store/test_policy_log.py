"""Policies are numbered and only added to; bookmarks survive."""

from tectonics.domain.ticket import Ticket
from tectonics.ports import PolicyVersion
from tests.store.building import NOW


def test_versions_are_added_one_after_the_other(world):
    policies = world.open().policies
    assert world.wait(policies.newest()) is None
    first = world.wait(policies.append(0, {"currency": "EUR", "text": "é\"\n"}, NOW, "seed", "from the file"))
    assert first == PolicyVersion(1, NOW, "seed", "from the file", {"currency": "EUR", "text": "é\"\n"})
    second = world.wait(policies.append(1, {}, NOW + 1, "ann", ""))
    policies = world.open().policies
    assert world.wait(policies.newest()) == second
    assert world.wait(policies.get(1)) == first
    assert world.wait(policies.get(3)) is None
    assert world.wait(policies.history(9)) == [second, first]
    assert world.wait(policies.history(1)) == [second]


def test_somebody_was_faster(world):
    first, second = world.open("n1").policies, world.open("n2").policies
    answers = world.wait_all([first.append(0, {"a": 1}, NOW, "ann", ""), second.append(0, {"b": 1}, NOW, "bob", ""),
                              first.append(5, {}, NOW, "ann", "")])
    assert [answer and answer.who for answer in answers] == ["ann", None, None]
    assert world.wait(second.newest()).document == {"a": 1}


def test_a_change_that_is_kept_nowhere_else_leaves_its_ticket(world):
    opened = world.open()
    ticket = Ticket("T1", "admin.change", NOW, "", {"channel": "admin", "text": "ann: the log shows engine from debug on"})
    assert world.wait(opened.policies.audit(ticket)) is None
    lines = world.wait(opened.tickets.read(opened.tickets.origin, 0, 9))
    assert [b"ann: the log shows engine" in line.line for line in lines] == [True]
    assert world.wait(opened.policies.newest()) is None


def test_bookmarks(world):
    marks = world.open().bookmarks
    assert world.wait(marks.read("feed")) is None
    world.wait(marks.write("feed", "12:400"))
    world.wait(marks.write("feed", "13:0"))
    assert world.wait(world.open().bookmarks.read("feed")) == "13:0"
