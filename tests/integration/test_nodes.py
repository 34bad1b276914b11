"""Two daemons over one PostgreSQL: one that is killed is lost to the other until it is back; one that stops is not missed."""

from functools import partial

from tests.integration import clients
from tests.integration.clients import as_json

until = partial(clients.until, within_s=60)
ALARMS = {"oam": {"alarms": {"peer_silent_s": 5, "hold_s": 0}}}


def lost(daemon):
    return [one["id"] for one in daemon.ask("status")["alarms"] if one["id"].startswith("peer_lost")]


def test_a_killed_node_is_lost_until_it_is_back_and_a_stopped_one_is_not_missed(postgres_server, start):
    store = {"kind": "postgresql", "url": postgres_server.url(postgres_server.new_database())}
    one, other = (start({"node": {"name": name}, "store": store, **ALARMS}) for name in ("n1", "n2"))
    until(lambda: one.ask("status")["role"] == other.ask("status")["role"] == "active")
    other.kill()
    until(lambda: lost(one) == ["peer_lost:n2"])
    seen = as_json(one.command("status", "--json"))
    assert seen["role"] == "single" and {"name": "node n2", "state": "down"} in seen["peers"]
    other.start()
    until(lambda: not lost(one) and one.ask("status")["role"] == "active")
    assert other.stop() == 0
    until(lambda: one.ask("status")["role"] == "single")
    assert lost(one) == []
