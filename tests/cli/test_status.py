"""`tectonics status` for people: what is wrong and what to do comes first, and an older daemon is shown as far as it tells."""

import pytest

ANSWER = {
    "version": "0.1.0", "node": "n1", "origin": "n1", "role": "single", "state": "serving", "uptime_s": 93784,
    "policy_version": 3, "accepting": False,
    "alarms": [
        {"id": "billing_down", "severity": "critical", "since_at": "2026-11-22T03:00:00.000Z", "text": "no answer " * 20,
         "advice": "look at it", "flapping": True},
        {"id": "feed_lag:tcp", "severity": "major", "text": "silent", "advice": "",
         "acknowledged": {"who": "cli:alice", "at": "now", "note": "asked them"}}],
    "channels": [{"name": "ussd_http", "state": "up", "in": 10, "out": 9, "errors": 1, "sessions": 2, "p50_ms": 2.5, "p99_ms": None}],
    "billing": [{"name": "embedded", "state": "down", "requests": 3, "errors": 0, "timeouts": 3, "unknown": 0, "p50_ms": 2.0,
                 "p99_ms": 250.0}],
    "services": [{"name": "advance", "requests": 4, "granted": 2, "refused": 3, "failed": 0, "unknown": 0, "amount": "3.00",
                  "recovered": "0.00", "refusals": {"tenure": 1, "balance": 2}}],
    "backlog": {"outbox": 1, "dispatching": 0, "sessions": 2}, "shed": {"dial": 7},
    "queues": [{"name": "store writes", "depth": 3, "bound": 10}, {"name": "idle", "depth": 0, "bound": 10}],
    "debt": {"open_advances": 2, "outstanding": "4.40", "currency": "EUR", "stale": True},
    "tickets": {"origin": "n1", "newest": 30, "numbered": 4, "consumers_dropped": 0}, "counters": {"tectonics_units_total": 99},
    "consumers": [{"name": "mediation", "origin": "n1", "acknowledged": 25, "newest": 30, "lag": 5, "connected": False}],
    "listeners": [{"name": "web", "address": "127.0.0.1:8080"}], "peers": [{"name": "HLR", "state": "down", "why": "refused"}],
    "versions": {"tectonics": "0.1.0", "python": "3.13"},
}


@pytest.fixture
def shown(type_in, daemon):
    daemon.answers["status"] = ANSWER
    return type_in("status").stdout


def test_everything_is_there(shown):
    for expected in ("node n1, single, tectonics 0.1.0, up 1 day, 2:03:04, policy 3, new advances are stopped",
                     "critical  billing_down  since 2026-11-22T03:00:00.000Z  flapping", "do: look at it",
                     "major  feed_lag:tcp  acknowledged by cli:alice: asked them", "p99 ms", "250", "advance balance 2, advance tenure 1",
                     "dial 7", "store writes", "outstanding 4.40, currency EUR, stale yes", "newest 30", "mediation", "127.0.0.1:8080",
                     "HLR", "python 3.13"):
        assert expected in shown
    assert "idle" not in shown and "tectonics_units_total" not in shown and "\x1b" not in shown


def test_what_is_wrong_comes_first(shown):
    places = [shown.index(word) for word in ("serving", "billing_down", "feed_lag", "ussd_http", "embedded", "recovered", "outbox",
                                             "mediation", "8080", "HLR")]
    assert places == sorted(places)
    assert all(len(line) <= 120 for line in shown.splitlines() if "no answer" in line)


def test_why_it_does_not_serve(type_in, daemon):
    daemon.answers["status"] = {"state": "fenced: another process\x1b[2J"}
    assert type_in("status").stdout.startswith("not serving: fenced: another process\\x1b[2J\n")


@pytest.mark.parametrize("key", sorted(ANSWER))
def test_a_daemon_that_tells_less(type_in, daemon, key):
    daemon.answers["status"] = {name: value for name, value in ANSWER.items() if name != key}
    assert type_in("status").exit_code == 0
