"""The import into both engines: chunks, bookmark, rejects; beside a daemon that writes at the same time."""

from dataclasses import replace

import pytest

from tectonics.domain.advance import REPAID
from tectonics.domain.subscriber import Profile
from tectonics.ports import Committed, Conflict
from tectonics.store.importing import LOST, TRIES_MAX, DryRun, position_of
from tectonics.store.importing_postgres import open_postgres_target
from tectonics.store.importing_sqlite import open_sqlite_target
from tests.store.building import NOW, World, unit
from tests.store.importing import ADVANCE, HISTORY, Kept, day, run

BASE = 33_700_000_000
HEADER = "msisdn,kind,language\n"


@pytest.fixture
def target(world):
    target = open_sqlite_target(world.path, NOW) if isinstance(world, World) \
        else open_postgres_target(world.address, NOW)
    target.chunk_rows = 4
    yield target
    target.close()


def rows(count, kind="prepaid", language="en"):
    return HEADER + "".join(f"{BASE + number},{kind},{language}\n" for number in range(count))


def counts(position):
    return position.read, position.inserted, position.updated, position.unchanged, position.rejected


def test_inserts_in_chunks_and_a_second_time_changes_nothing(world, target):
    position, _ = run(target, rows(10))
    assert counts(position) == (10, 10, 0, 0, 0)
    store = world.open()
    account = world.wait(store.store.load(str(BASE + 9))).account
    assert (account.version, account.profile) == (1, Profile("prepaid", language="en"))
    position, _ = run(target, rows(10))
    assert counts(position) == (10, 0, 0, 10, 0)
    assert target.bookmark("import:f") is None
    assert world.wait(store.store.load(str(BASE + 9))).account.version == 1


def test_a_bad_row_is_told_with_its_line_and_the_rest_goes_in(target):
    text = f'{HEADER}{BASE},prepaid,en\n\nnonsense,prepaid,en\n"{BASE + 1}","prepaid",en\r\n{BASE + 2},pre"paid,x\n'
    position, rejects = run(target, text.encode() + b"3370000\xe90009,prepaid,en\n")
    assert counts(position) == (5, 2, 0, 0, 3)
    assert sorted(rejects.reasons) == [4, 6, 7]
    assert rejects.reasons[4].startswith("msisdn: ") and "UTF-8" in rejects.reasons[7]
    assert rejects.rows[0][2] == b"nonsense,prepaid,en"


@pytest.mark.parametrize("data", [
    b"\xef\xbb\xbf" + rows(3).replace("\n", "\r\n").encode(), rows(3).replace(",", ";").encode(),
    rows(3).rstrip("\n").encode(), rows(3).replace("prepaid", '"prepaid"').encode()])
def test_forms_of_a_file(data, target):
    assert counts(run(target, data)[0]) == (3, 3, 0, 0, 0)


def test_a_delta_updates_and_leaves_what_is_the_same(world, target):
    run(target, rows(6))
    position, _ = run(target, rows(8, language="fr"), delta=True)
    assert counts(position) == (8, 2, 6, 0, 0)
    account = world.wait(world.open().store.load(str(BASE))).account
    assert (account.version, account.profile.language) == (2, "fr")


def test_the_same_number_twice_is_written_in_the_files_order(world, target):
    text = HEADER + "".join(f"{BASE},prepaid,{language}\n" for language in ("en", "fr", "en", "fr", "en", "fr"))
    position, _ = run(target, text, delta=True)
    assert counts(position) == (6, 1, 5, 0, 0)
    assert world.wait(world.open().store.load(str(BASE))).account.profile.language == "fr"


def test_an_open_advance_is_owed_and_its_end_is_remembered(world, target):
    text = f"{ADVANCE}\n{BASE},X1,2.00,0.20,2.20,{day(3)},{day(-4)}\n"
    assert counts(run(target, text)[0]) == (1, 1, 0, 0, 0)
    store = world.open()
    account = world.wait(store.store.load(str(BASE))).account
    assert account.outstanding_minor == 220
    paid = replace(account.advances[0], state=REPAID, principal_paid_minor=200, fee_paid_minor=20, closed_at=NOW)
    assert isinstance(world.wait(store.store.commit(unit(
        1, 1, str(BASE), account.with_advance(paid), advances=(paid,)))), Committed)
    assert counts(run(target, text, delta=True)[0]) == (1, 0, 0, 1, 0)
    assert world.wait(store.store.load(str(BASE))).account.outstanding_minor == 0


class Killed(Exception):
    """The process dies here."""


class Mortal:
    """A target whose process dies before, in or after a transaction."""

    def __init__(self, target, transactions, where):
        self._target, self._left, self._where = target, transactions, where
        self.chunk_rows = target.chunk_rows
        self.read, self.advance_ids = target.read, target.advance_ids
        self.bookmark, self.forget = target.bookmark, target.forget

    def write(self, changes, settle, bookmark):
        self._left -= 1
        if self._left or self._where == "after":
            self._target.write(changes, settle, bookmark)
        elif self._where == "in":
            def settle_and_die(lost):
                settle(lost)
                raise Killed
            self._target.write(changes, settle_and_die, bookmark)
        if not self._left:
            raise Killed


@pytest.mark.parametrize("where", ["before", "in", "after"])
@pytest.mark.parametrize("transaction", [1, 2, 3])
def test_resumes_behind_the_last_chunk_after_a_crash(world, target, where, transaction):
    text = rows(10).replace(f"{BASE + 5},", "bad,").replace(f"{BASE + 9},", "bad,")
    with pytest.raises(Killed):
        run(Mortal(target, transaction, where), text)
    done = position_of(target.bookmark("import:f"), "f")
    chunks = transaction if where == "after" else transaction - 1
    assert done.read == min(10, 4 * chunks)
    rejects = Kept()
    position, _ = run(target, text, rejects=rejects)
    assert counts(position) == (10, 8, 0, 0, 2)
    assert all(line > done.line for line in rejects.reasons)


def test_another_file_begins_at_its_beginning():
    assert position_of('{"file": "g", "line": 7}', "f").line == 0
    assert position_of("nonsense", "f").line == position_of(None, "f").line == 0
    assert position_of('{"file": "f", "line": 7}', "f").line == 7


class Beside:
    """A target beside a daemon that changes accounts between the import's reading and its writing."""

    def __init__(self, target, meanwhile):
        self._target, self._meanwhile = target, meanwhile
        self.chunk_rows = target.chunk_rows
        self.advance_ids, self.bookmark, self.forget = target.advance_ids, target.bookmark, target.forget

    def read(self, msisdns):
        found = self._target.read(msisdns)
        self._meanwhile()
        return found

    def write(self, *arguments):
        self._target.write(*arguments)


def daemon(world, times, **profile):
    """Changes the first account, so many times."""
    store, left = world.open().store, [times]

    def meanwhile():
        if left[0]:
            left[0] -= 1
            account = world.wait(store.load(str(BASE))).account
            version = account.version if account else 0
            changed = replace(account.profile if account else Profile(), sim_swapped_at=left[0], **profile)
            answer = world.wait(store.commit(unit(f"{version}", version, str(BASE), replace(
                account or unit(0, msisdn=str(BASE)).account, profile=changed))))
            assert isinstance(answer, Committed)

    return meanwhile


@pytest.mark.parametrize("there", [False, True])
def test_what_the_daemon_changes_meanwhile_is_not_overwritten(world, target, there):
    if there:
        run(target, rows(1))
    beside = Beside(target, daemon(world, 2, node="n9"))
    position, _ = run(beside, rows(6, language="fr"), delta=True)
    assert (position.inserted + position.updated, position.rejected) == (6, 0)
    profile = world.wait(world.open().store.load(str(BASE))).account.profile
    assert (profile.node, profile.language, profile.sim_swapped_at) == ("n9", "fr", 0)


def test_who_never_stands_still_is_rejected_and_the_rest_goes_in(world, target):
    beside = Beside(target, daemon(world, TRIES_MAX))
    position, rejects = run(beside, rows(3))
    assert counts(position) == (3, 2, 0, 0, 1)
    assert rejects.reasons == {2: LOST}


def test_the_daemon_loses_too_and_decides_again(world, target):
    run(target, rows(1))
    store = world.open().store
    account = world.wait(store.load(str(BASE))).account
    run(target, rows(1, language="fr"), delta=True)
    late = unit(1, account.version, str(BASE), replace(account, profile=replace(account.profile, node="n9")))
    assert isinstance(world.wait(store.commit(late)), Conflict)


def test_a_dry_run_counts_and_writes_nothing(world, target):
    run(target, rows(2))
    position, rejects = run(DryRun(target), rows(5).replace(f"{BASE + 4},", "bad,"))
    assert counts(position) == (5, 2, 0, 2, 1) and list(rejects.reasons) == [6]
    assert world.wait(world.open().store.load(str(BASE + 3))).account is None
    assert counts(run(DryRun(None), rows(5))[0]) == (5, 5, 0, 0, 0)


def test_history_of_existing_accounts_is_filled_up(world, target):
    run(target, rows(1))
    text = f"{HISTORY}\n{BASE},6,35.00,\n"
    assert counts(run(target, text)[0]) == (1, 0, 1, 0, 0)
    assert counts(run(target, text)[0]) == (1, 0, 0, 1, 0)
    account = world.wait(world.open().store.load(str(BASE))).account
    assert (len(account.standing.recharges), account.profile.kind) == (6, "prepaid")
