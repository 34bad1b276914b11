"""The ticket log: live in order after the commit, readable by number and by time, cursors forward only."""

from tectonics.ports import Committed
from tests.store.building import NOW, ticket, unit


def _write(world, opened, *numbers, at=NOW):
    world.wait_all([opened.store.commit(unit(n, msisdn=f"336000{n:05d}", tickets=(ticket(n, at=at + n),)))
                    for n in numbers])


def test_followers_get_every_ticket_once_in_order_after_its_commit(world):
    opened = world.open()
    seen = []

    def follow(lines):
        seen.append([line.seq for line in lines])
        assert world.query("SELECT count(*) FROM ticket") == [(lines[-1].seq,)]

    opened.tickets.subscribe(follow)
    answers = []
    for number in range(5):
        opened.store.commit(unit(number, msisdn=f"3360000000{number}", tickets=(ticket(number),))).addCallback(
            lambda answer: answers.append((answer, len(seen))))
    world.clock.advance(0)
    assert seen == [[1], [2, 3, 4, 5]]
    assert answers == [(Committed(1, 1), 1)] + [(Committed(n, 1), 2) for n in range(2, 6)]


def test_a_follower_that_raises_stops_nobody(world):
    opened = world.open()
    seen = []
    opened.tickets.subscribe(lambda lines: 1 / 0)
    opened.tickets.subscribe(lambda lines: seen.extend(line.seq for line in lines))
    _write(world, opened, 1, 2)
    assert seen == [1, 2]


def test_reading_by_number_pages_and_serves_every_origin(world):
    first, second = world.open("n1"), world.open("n2")
    _write(world, first, 1, 2, 3)
    _write(world, second, 4)
    assert [line.seq for line in world.wait(second.tickets.read("n1", 1, 10))] == [2, 3]
    assert [line.seq for line in world.wait(second.tickets.read("n1", 0, 2))] == [1, 2]
    assert [(line.origin, line.seq) for line in world.wait(first.tickets.read("n2", 0, 9))] == [("n2", 1)]
    assert world.wait(first.tickets.read("n9", 0, 9)) == []
    assert (first.tickets.origin, second.tickets.origin) == ("n1", "n2")


def test_reading_by_time_pages_without_losing_equal_times(world):
    first, second = world.open("n1"), world.open("n2")
    for opened, base in ((first, 10), (second, 20)):
        world.wait(opened.store.commit(unit(base, msisdn=f"336000000{base}", tickets=tuple(
            ticket(n, at=NOW) for n in range(3)))))
    _write(world, first, 50)
    after, found = (0, "", 0), []
    while page := world.wait(second.tickets.read_time(NOW, NOW + 50, after, 2)):
        found += [(line.origin, line.seq) for line in page]
        after = (page[-1].at, page[-1].origin, page[-1].seq)
    assert found == [(origin, seq) for origin in ("n1", "n2") for seq in (1, 2, 3)]
    assert [line.seq for line in world.wait(first.tickets.read_time(NOW + 50, NOW + 51, (0, "", 0), 9))] == [4]


def test_the_span_of_an_origin(world):
    opened = world.open()
    assert world.wait(opened.tickets.span("n1")) == (1, 0)
    assert world.wait(opened.tickets.span("n9")) == (1, 0)
    _write(world, opened, 1, 2, 3)
    assert world.wait(opened.tickets.span("n1")) == (1, 3)


def test_cursors_are_kept_and_only_move_forward(world):
    opened = world.open()
    log = opened.tickets
    assert world.wait(log.cursor("mediation", "n1")) is None
    world.wait(log.acknowledge("mediation", "n1", 0))
    assert world.wait(log.cursor("mediation", "n1")) == 0
    world.wait(log.acknowledge("mediation", "n1", 7))
    world.wait(log.acknowledge("mediation", "n1", 5))
    world.wait(log.acknowledge("fraud", "n2", 1))
    assert world.wait(world.open().tickets.cursors()) == [("fraud", "n2", 1), ("mediation", "n1", 7)]
