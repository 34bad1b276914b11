"""Who takes part: nobody twice, nobody of pgbench's, spread over the table; and how the daemons are configured."""

from itertools import pairwise

import people
from hypothesis import given
from hypothesis import strategies as st

COUNTS = st.integers(2, 3000)


@given(COUNTS)
def test_every_even_number_borrows_once(count):
    found = [int(number) - people.FIRST_MSISDN for number in people.borrowers(count, count)]
    assert sorted(found) == list(range(0, count // 2 * 2, 2))


@given(COUNTS, st.integers(1, 4), st.integers(1, 3))
def test_phases_and_processes_share_them_out(count, turns, processes):
    each = count // 2 // turns
    shares = [list(people.borrowers(count, (turn + 1) * each, turn * each + index, processes))
              for turn in range(turns) for index in range(processes)]
    everybody = [number for share in shares for number in share]
    assert len(everybody) == len(set(everybody)) == turns * each


def test_neighbours_in_time_are_not_neighbours_in_the_table():
    found = [int(number) for number in people.borrowers(100_000, 50)]
    assert min(abs(one - other) for one, other in pairwise(found)) > 100


def test_the_daemon_has_free_ports_and_nobody_in_it(tmp_path):
    settings = people.configure(tmp_path)
    assert settings.node.name == "n1" and not settings.demo.subscribers
    assert settings.channels.ussd_http.endpoint.startswith("tcp:0:")
    found = list(people.accounts(settings, people.numbers(3), 1_700_000_000_000))
    assert [account.msisdn for account in found] == ["33700000000", "33700000001", "33700000002"]
    assert len({account.profile for account in found}) == 1
