"""What the hot statements must not say, so that Citus can run them: read from their text, needs no cluster.

Each rule is one that a real cluster (Citus 13.2) enforces with an error, or with a statement that goes to every
shard.  A statement that breaks one of them works here and fails there.
"""

import re
from importlib.resources import files

import pytest

from tectonics.store import accounts, messages, outbox, policy_log, ticket_log, unit
from tectonics.store.postgres import bulk, life, loads, statements

DISTRIBUTED = re.findall(r"create_distributed_table\('(\w+)'", files("tectonics.store.postgres").joinpath(
    "distribute.sql").read_text(encoding="utf-8"))
PREPARED = {one.name: one.text for one in (*statements.ALL, *loads.ALL)}
OTHERS = {f"{module.__name__.rpartition('.')[2]}.{name}": text
          for module in (accounts, bulk, life, messages, outbox, policy_log, ticket_log, unit)
          for name, text in vars(module).items()
          if isinstance(text, str) and text.startswith(("SELECT", "UPDATE", "DELETE", "INSERT"))}
ALL = {**PREPARED, **OTHERS}
# by time, owner or a centre's id, over all shards: reads of the daemon's duties and of people, adoption, receipts
ACROSS = {"accounts._DUE", "outbox._DUE", "outbox._ADOPT", "ticket_log._READ", "ticket_log._READ_TIME",
          "ticket_log._OLDEST", "messages._FIND"}
FUNCTIONS = {"unnest", "any", "coalesce", "max", "min", "sum"}  # none is volatile
BEFORE_A_LIST = {"in", "as", "given", "asked", "values", "select", "conflict", "and", "or", "where", "on", "join", "set"}


def _plain(text):
    return re.sub(r"\s+", " ", re.sub(r"'[^']*'", "''", text)).strip().lower()


def _tables(text):
    """The distributed tables of a statement, once for each time that it names them."""
    return [name for name in re.findall(r"(?:from|join|into|update) (\w+)", _plain(text)) if name in DISTRIBUTED]


def _parts(text):
    """The branches of a union, each of which is planned by itself."""
    return _plain(text).split(" union all ")


def _breaks(text):
    """The rules that every statement keeps and this one breaks."""
    plain, broken = _plain(text), []
    if re.search(r"\bfor (no key )?(update|share|key share)\b|\bskip locked\b|\bnowait\b", plain):
        broken.append("a lock on rows: only with one msisdn")
    called = set(re.findall(r"(\w+) ?\(", re.sub(r"insert into \w+ \([^)]*\)", "", plain)))
    if called - FUNCTIONS - BEFORE_A_LIST:
        broken.append(f"functions: {sorted(called - FUNCTIONS - BEFORE_A_LIST)}")
    if re.search(r"\bcurrent_(time|date|timestamp)\b|\blocaltime", plain):
        broken.append("a clock")
    if _tables(text):
        broken += _breaks_of_distributed(plain)
    return broken


def _breaks_of_distributed(plain):
    broken = []
    if plain.startswith("insert") and not re.match(r"insert into \w+ \([^)]*\bmsisdn\b", plain):
        broken.append("an INSERT without msisdn")
    target = re.search(r"on conflict \(([^)]*)\)", plain)
    if target and not target[1].startswith("msisdn"):
        broken.append("a key that does not begin with msisdn")
    if re.search(r"do update .* where .*\(", plain):
        broken.append("a function in WHERE of ON CONFLICT")
    if re.search(r"\bset (\w+ = [^,]*, )*msisdn =", plain):
        broken.append("a change of msisdn")
    if re.search(r"\bwith\b .* as (materialized )?\(|\bmerge\b", plain):
        broken.append("writes in WITH, or MERGE")
    return broken


def _says_whom(part):
    """Whether Citus can tell from this part which shards it concerns; the join with an array alone does not say."""
    joined = "unnest" not in part or re.search(r"t\.msisdn = (given|asked)\.msisdn", part)
    return bool(joined and re.search(r"\b(t\.)?msisdn = any \(\$\d+\)", part))


def test_what_is_looked_at_is_what_there_is():
    assert len(DISTRIBUTED) == 7 and len(PREPARED) == len(statements.ALL) + len(loads.ALL) and len(OTHERS) > 20
    assert sum(bool(_tables(text)) for text in ALL.values()) > 25


@pytest.mark.parametrize("name", sorted(ALL))
def test_no_statement_says_what_a_cluster_refuses(name):
    assert _breaks(ALL[name]) == []


@pytest.mark.parametrize("name", sorted(PREPARED))
def test_what_joins_arrays_names_the_subscribers_once_more(name):
    for part in _parts(PREPARED[name]):
        assert not _tables(part) or part.strip().startswith("insert") or _says_whom(part), part


@pytest.mark.parametrize("name", sorted(OTHERS.keys() - ACROSS))
def test_what_is_about_one_subscriber_names_him(name):
    plain = _plain(OTHERS[name])
    if _tables(plain) and not plain.startswith("insert"):
        assert re.search(r"\bmsisdn = \?", plain), plain


@pytest.mark.parametrize("one", statements.ON_CLUSTER, ids=lambda one: one.name)
def test_a_cluster_says_which_constraint_a_unit_has_violated(one):
    """What it inserts by COPY, without RETURNING or ON CONFLICT, fails with XX000, as a broken server does."""
    plain = _plain(one.text)
    assert not plain.startswith("insert") or not _tables(plain) or "returning" in plain or "on conflict" in plain


def test_the_account_is_read_before_what_hangs_on_it():
    """A cluster reads the parts one after the other: what is read later may be newer, never older."""
    assert [_tables(part) for part in _parts(loads.LOADS.text)].index(["account"]) == 0
    assert loads.LOADS.text.count("account WHERE") == 1


@pytest.mark.parametrize("text", [
    "SELECT op FROM outbox WHERE owner = ? LIMIT 1 FOR UPDATE SKIP LOCKED",
    "UPDATE account SET version = version + 1, unit = random()::text WHERE msisdn = ?",
    "UPDATE account SET profile = '{}', msisdn = 7 WHERE msisdn = ?",
    "INSERT INTO ticket (origin, seq) SELECT * FROM unnest($1, $2)",
    "INSERT INTO advance (msisdn, id) VALUES (?, ?) ON CONFLICT (id) DO NOTHING",
    "INSERT INTO advance (msisdn, id) VALUES (?, ?) ON CONFLICT (msisdn, id) DO UPDATE SET id = '' WHERE due_at < now()",
    "INSERT INTO origin (name, next) VALUES (?, nextval('numbers'))",
    "SELECT body FROM ticket WHERE at < current_timestamp"])
def test_the_rules_can_be_broken(text):
    assert _breaks(text)


def test_a_statement_that_goes_to_every_shard_is_found():
    text = statements.FINISHED.text
    assert _says_whom(_plain(text)) and _tables(text) == ["outbox"]
    assert not _says_whom(_plain(text.replace("t.msisdn = ANY ($1) AND ", "")))
    assert not _says_whom(_plain(text.replace("t.msisdn = given.msisdn AND ", "")))
