"""Each command asks the daemon for exactly what its words say, and shows what comes back."""

import json

import pytest

N = "33600000001"

ASKS = {
    "status": ("status", {}),
    f"subscribers show {N}": ("subscribers.show", {"msisdn": N}),
    f"subscribers bar {N} --text why": ("subscribers.bar", {"msisdn": N, "text": "why"}),
    f"subscribers unbar {N}": ("subscribers.unbar", {"msisdn": N}),
    f"subscribers allow {N}": ("subscribers.allow", {"msisdn": N}),
    f"subscribers deny {N}": ("subscribers.deny", {"msisdn": N}),
    f"subscribers unlist {N}": ("subscribers.unlist", {"msisdn": N}),
    f"subscribers segment {N} gold": ("subscribers.segment", {"msisdn": N, "segment": "gold"}),
    f"subscribers language {N} fr": ("subscribers.language", {"msisdn": N, "language": "fr"}),
    f"subscribers callback {N} on": ("subscribers.callback", {"msisdn": N, "value": "on"}),
    f"subscribers collect {N} refuse": ("subscribers.collect", {"msisdn": N, "value": "refuse"}),
    f"subscribers adverts {N} start": ("subscribers.adverts", {"msisdn": N, "value": "start"}),
    f"callback {N} 0612345678": ("callbacks.ask", {"msisdn": N, "number": "0612345678"}),
    "callbacks list --limit 5": ("callbacks.list", {"limit": 5}),
    f"callbacks show {N}": ("callbacks.show", {"msisdn": N}),
    f"subscribers forget {N} --yes": ("subscribers.forget", {"msisdn": N}),
    f"subscribers mail {N} a@b.example": ("subscribers.mail", {"msisdn": N, "address": "a@b.example"}),
    f"subscribers mail {N} a@b.example --pin 123456":
        ("subscribers.mail", {"msisdn": N, "address": "a@b.example", "pin": "123456"}),
    f"subscribers mail {N} a@b.example --remove": ("subscribers.unmail", {"msisdn": N, "address": "a@b.example"}),
    "advances list": ("advances.list", {"limit": 100}),
    f"advances list --msisdn {N} --state-is open --after x --limit 5":
        ("advances.list", {"msisdn": N, "state": "open", "after": "x", "limit": 5}),
    "advances show A": ("advances.show", {"id": "A"}),
    "advances write-off A --text why": ("advances.write_off", {"id": "A", "text": "why"}),
    f"recharge {N} 5.00": ("recharge", {"msisdn": N, "amount": "5.00"}),
    f"recharge {N} 5.00 --id r1": ("recharge", {"msisdn": N, "amount": "5.00", "id": "r1"}),
    f"spend {N} 0.80": ("billing.spend", {"msisdn": N, "amount": "0.80"}),
    f"billing balance {N}": ("billing.balance", {"msisdn": N}),
    "billing faults": ("billing.faults", {}),
    "billing faults --delay 1.5 --refuse 1 --lose-answers 2 --lose-requests 0":
        ("billing.faults", {"delay_s": 1.5, "refuse": 1, "lose_answers": 2, "lose_requests": 0}),
    "reconcile": ("reconcile.run", {}),
    "reconcile --list": ("reconcile.list", {}),
    "reconcile TEC-1 --done --text log": ("reconcile.resolve", {"op": "TEC-1", "outcome": "done", "text": "log"}),
    "reconcile TEC-1 --not-done --text log":
        ("reconcile.resolve", {"op": "TEC-1", "outcome": "not_done", "text": "log"}),
    "policy show": ("policy.show", {}),
    "policy show --version 2": ("policy.show", {"version": 2}),
    "policy history": ("policy.history", {}),
    "policy stop": ("policy.switch", {"accepting": False}),
    "policy resume": ("policy.switch", {"accepting": True}),
    f"messages {N}": ("messages", {"msisdn": N}),
    "alarms list": ("alarms.list", {}),
    "alarms history --limit 5": ("alarms.history", {"limit": 5}),
    "alarms ack bind_down:smsc1 --note seen": ("alarms.ack", {"id": "bind_down:smsc1", "note": "seen"}),
    "alarms unack bind_down:smsc1": ("alarms.unack", {"id": "bind_down:smsc1"}),
    "log show": ("log.show", {}),
    "log level channels.ussd_http debug": ("log.level", {"area": "channels.ussd_http", "level": "debug"}),
    "log reset": ("log.reset", {}),
}


@pytest.mark.parametrize("words", ASKS)
def test_asks(words, type_in, daemon):
    method, params = ASKS[words]
    daemon.answers[method] = {"text": "this was done"}
    result = type_in(*words.split(), "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert daemon.calls == [(method, params)]
    assert json.loads(result.stdout) == {"text": "this was done"}


@pytest.mark.parametrize("words", [
    "", "nonsense", "subscribers show", f"subscribers bar {N}", f"subscribers forget {N}", f"recharge {N}",
    "advances list --limit 0", "advances list --state-is odd", "advances write-off A", "billing faults --delay -1",
    "billing faults --refuse x", "reconcile --done", "reconcile TEC-1", "reconcile TEC-1 --done",
    "reconcile TEC-1 --list", "run", "check-config", "ledger --db x", "policy show --version 0",
    "policy load /nonexistent --note x", "alarms ack", "alarms history --limit 0", "tickets export --format csv", "dial", f"dial {N}",
])
def test_wrong_usage_is_two_and_asks_nothing(words, type_in, daemon):
    result = type_in(*words.split())
    assert result.exit_code == (1 if "forget" in words else 2)
    assert daemon.calls == [] and "Traceback" not in result.output


def test_a_change_says_what_was_done(type_in, daemon):
    daemon.answers["subscribers.bar"] = {"text": "336*****01 is barred"}
    assert type_in("subscribers", "bar", N, "--text", "fraud").stdout == "336*****01 is barred\n"


def test_forget_asks_first(type_in, daemon):
    daemon.answers["subscribers.forget"] = {"text": "forgotten"}
    assert type_in("subscribers", "forget", N, input="n\n").exit_code == 1
    assert daemon.calls == []
    assert "forgotten" in type_in("subscribers", "forget", N, input="y\n").stdout


def test_status_for_people(type_in, daemon):
    daemon.answers["status"] = {
        "version": "0.1.0", "state": "serving", "uptime_s": 93784, "policy_version": 3, "accepting": True,
        "debt": {"open_advances": 2, "outstanding": "4.40"}, "counters": {"tectonics_units_total": 99},
        "listeners": [{"name": "ussd_http", "address": "tcp:8081:interface=127.0.0.1"}], "peers": [],
        "alarms": [{"id": "billing_down", "severity": "critical", "text": "no answer", "advice": "look"}]}
    shown = type_in("status").stdout
    for expected in ("1 day, 2:03:04", "serving", "open advances 2, outstanding 4.40", "ussd_http", "tcp:8081",
                     "billing_down", "no answer"):
        assert expected in shown
    assert "tectonics_units_total" not in shown
    daemon.answers["status"]["alarms"] = []
    assert "no alarms" in type_in("status").stdout


def test_advances_as_a_table_with_the_next_page(type_in, daemon):
    daemon.answers["advances.list"] = {"after": "c2", "advances": [
        {"id": "A1", "state": "overdue", "amount": "2.00", "tier": "two"}, {"id": "A2", "state": "open", "amount": "10.00"}]}
    shown = type_in("advances", "list").stdout
    assert "A1" in shown and "overdue" in shown and " 2.00" in shown and "--after 'c2'" in shown
    daemon.answers["advances.list"] = {"after": "", "advances": []}
    assert type_in("advances", "list").stdout == "no advances\n"


def test_nothing_unknown(type_in, daemon):
    daemon.answers["reconcile.run"] = {"results": []}
    assert type_in("reconcile").stdout == "no operation is unknown\n"
    daemon.answers["reconcile.list"] = {"unresolved": [{"op": "TEC-9", "msisdn": N}]}
    assert "TEC-9" in type_in("reconcile", "--list").stdout


def test_what_a_peer_wrote_cannot_command_the_terminal(type_in, daemon):
    daemon.answers["messages"] = {"messages": [{"at": "now", "text": "a\x1b[2Jb\r\u202ec\nd"}]}
    shown = type_in("messages", N).stdout
    assert "\x1b" not in shown and "\r" not in shown and "\u202e" not in shown and "a\\x1b[2Jb" in shown


def test_markup_is_text(type_in, daemon):
    daemon.answers["subscribers.show"] = {"segment": "[red]gold[/red]"}
    assert "[red]gold[/red]" in type_in("subscribers", "show", N).stdout


def test_alarms_are_told_with_who_looks_after_them_and_what_to_do(type_in, daemon):
    alarm = {"id": "bind_down:smsc1", "severity": "major", "since_at": "2026-11-22T14:00:00.000Z", "text": "not bound",
             "advice": "Check the peer.", "cause": "x", "raises": 7, "flapping": True,
             "acknowledged": {"who": "cli:ann", "at": "2026-11-22T14:01:00.000Z", "note": "\x1b[31mcalled them"}}
    daemon.answers["alarms.list"] = {"alarms": [alarm, alarm | {"acknowledged": None, "raises": 1, "flapping": False}]}
    shown = type_in("alarms", "list").stdout
    assert "7, flapping" in shown and "cli:ann 2026-11-22T14:01:00.000Z" in shown and "Check the peer." in shown
    assert "\x1b" not in shown and "\\x1b[31mcalled them" in shown
    daemon.answers["alarms.history"] = {"changes": [{"at": "2026-11-22T14:02:00.000Z", "what": "cleared", "who": None, **alarm}]}
    assert "cleared" in type_in("alarms", "history").stdout
    daemon.answers["alarms.list"] = {"alarms": []}
    assert "no alarms" in type_in("alarms", "list").stdout
