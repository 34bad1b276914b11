"""What says the same again and again is counted."""

from tectonics.daemon.logs.repeats import KEYS_MAX, Repeats, shape


def admitted(repeats, key, times, now_s=0.0):
    return sum(repeats.admits(key, key, now_s) for _ in range(times))


def test_the_first_lines_are_written_and_the_others_counted():
    repeats = Repeats(3, 10)
    assert admitted(repeats, "a", 8) == 3
    assert repeats.over(9.9) == []
    assert repeats.over(10) == [("a", 5)]
    assert repeats.over(20) == []
    assert admitted(repeats, "a", 1, 20) == 1


def test_few_lines_leave_no_word():
    repeats = Repeats(3, 10)
    assert admitted(repeats, "a", 3) == 3
    assert repeats.over(10) == [] and len(repeats) == 0


def test_each_kind_has_a_window_of_its_own():
    repeats = Repeats(1, 10)
    assert admitted(repeats, "a", 2, 0) == 1 and admitted(repeats, "b", 3, 5) == 1
    assert repeats.over(10) == [("a", 1)]
    assert repeats.over(15) == [("b", 2)]


def test_at_the_end_all_is_told():
    repeats = Repeats(1, 10)
    admitted(repeats, "a", 2)
    assert repeats.over(0, all_of_them=True) == [("a", 1)]


def test_none_is_held_back_where_that_is_wanted():
    repeats = Repeats(0, 10)
    assert admitted(repeats, "a", 1000) == 1000 and len(repeats) == 0


def test_the_table_is_bounded():
    repeats = Repeats(1, 10)
    told = []
    for number in range(3 * KEYS_MAX):
        told += repeats.over(0)
        assert admitted(repeats, number, 2) == 1
        assert len(repeats) <= KEYS_MAX
    assert told[:2] == [(0, 1), (1, 1)]


def test_errors_of_different_texts_are_different():
    assert shape("outbox TEC-01K8Z waits: the disk is full") == shape("outbox TEC-77AAB waits: the disk is full")
    assert shape("outbox TEC-01K8Z waits: the disk is full") != shape("outbox TEC-01K8Z waits: no route to host")
    assert shape("336*****01 rang") == shape("336*****02 rang")
