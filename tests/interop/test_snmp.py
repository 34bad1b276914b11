"""SNMP with real managers: net-snmp asks, sets and is told; smilint and snmptranslate read the module."""

import json
import os
import socket
import subprocess
from contextlib import ExitStack

import pytest

from tests.integration.clients import ANN, until
from tests.interop.net_snmp import (
    AUTHENTICATION,
    ENGINE_ID,
    MODULES,
    PRIVACY,
    ROOT,
    V2C,
    Manager,
    Receiver,
    v3,
)

BASE = "1.3.6.1.4.1.8072.9999.9999.133"
COLD_START, AUTHENTICATION_FAILURE = "1.3.6.1.6.3.1.1.5.1", "1.3.6.1.6.3.1.1.5.5"


def free_port():
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Lab:
    """A daemon with its agent, a manager, and a receiver of notifications that is told in all four ways."""

    def __init__(self, make_daemon, made):
        self.receiver, self.make_daemon = Receiver(free_port()), make_daemon
        made.callback(self.receiver.close)
        to = f"127.0.0.1:{self.receiver.port}"
        users = [{"name": name, "authentication_file": "auth", "privacy_file": "priv", "write": name == "noc"} for name in ("noc", "watch")]
        self.daemon = make_daemon({"oam": {"snmp": {
            "engine_id": ENGINE_ID, "users": users, "managers": [
                {"name": "traps2", "address": to, "community_file": "traps", "inform": False},
                {"name": "informs2", "address": to, "community_file": "traps"},
                {"name": "traps3", "address": to, "user": "noc", "inform": False},
                {"name": "informs3", "address": to, "user": "noc"}]}}})
        for name, secret in (("auth", AUTHENTICATION), ("priv", PRIVACY), ("traps", "traps")):
            (self.daemon.config.parent / name).write_text(secret + "\n")
        self.made = made

    def start(self):
        self.daemon.start()
        address = next(one["address"] for one in self.daemon.ask("status")["listeners"] if one["name"] == "snmp")
        self.manager = Manager(int(address.rpartition(":")[2]))
        self.made.callback(self.manager.close)
        return self

    def count(self, name, *labels):
        return self.daemon.ask("status")["counters"].get(f"tectonics_snmp_{name}_total", {}).get(",".join(labels), 0)


@pytest.fixture
def lab(make_daemon):
    with ExitStack() as made:
        yield Lab(make_daemon, made)


def test_nothing_is_reported_by_smilint():
    done = subprocess.run(["smilint", "-s", "-l", "6", str(ROOT / "mibs/TECTONICS-MIB.txt")], capture_output=True, text=True,
                          env={**os.environ, "SMIPATH": MODULES}, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
    broken = subprocess.run(["smilint", "-s", "-l", "6", "/dev/stdin"], input="X DEFINITIONS ::= BEGIN END", capture_output=True,
                            text=True, env={**os.environ, "SMIPATH": MODULES}, check=False)
    assert broken.stdout + broken.stderr


def test_net_snmp_loads_the_module():
    def translate(*arguments):
        done = subprocess.run(["snmptranslate", "-M", MODULES, "-m", "TECTONICS-MIB", *arguments], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr.replace("Created directory", "").count(":")) == (0, done.stderr.count("Created directory:"))
        return done.stdout

    tree = translate("-Tp", "-IR", "tectonicsMIB")
    assert "tectonicsServiceTable(2)" in tree and "tectonicsAlarmRaised(1)" in tree
    assert translate("-On", "TECTONICS-MIB::tectonicsActiveAlarmTable").strip() == f".{BASE}.1.8"


@pytest.mark.parametrize("who", [V2C, v3()], ids=["v2c", "v3"])
def test_every_table_is_walked(lab, who):
    manager = lab.start().manager
    lab.daemon.command("dial", ANN, "*133#", "--inputs", "1,1")
    walked = manager.ask("snmpwalk", who, BASE, options=("-On",))
    bulk = manager.ask("snmpbulkwalk", who, BASE, options=("-On", "-Cr50"))
    names = [[line.split(" = ")[0] for line in lines if " = " in line] for lines in (walked, bulk)]
    assert names[0] == names[1] and len(names[0]) > 50
    assert manager.get("tectonicsNode.0", who) == "n1"
    table = manager.ask("snmptable", who, "tectonicsServiceTable", options=("-Oq", "-Ci"))
    assert any("advance" in line and "unlocked" in line for line in table)
    granted = until(lambda: manager.get('tectonicsServiceGranted."advance"', who).startswith("1"))
    assert granted and manager.get('tectonicsServiceAmountGranted."advance"', who).startswith("100 ")
    assert manager.ask("snmpget", who, "1.3.6.1.2.1.1.3.0", options=("-On",))[0].startswith(".1.3.6.1.2.1.1.3.0 = Timeticks")


def test_a_service_is_locked_with_a_ticket_and_its_effect(lab):
    manager = lab.start().manager
    state = 'tectonicsServiceAdminState."advance"'
    assert manager.ask("snmpset", v3(), state, "i", "locked")[0].endswith("locked(1)")
    assert manager.get(state) == "locked"
    dialled = lab.daemon.command("dial", ANN, "*133#", "--inputs", "1,1").stdout
    assert "You have received" not in dialled
    tickets = [json.loads(line) if isinstance(line, str) else line for line in lab.daemon.ask("tickets.page", limit=100)["lines"]]
    changes = [one["text"] for one in tickets if one["type"] == "admin.change"]
    assert changes == ["policy version 2 in force, by snmp:noc: advance locked"]
    assert manager.ask("snmpset", v3(), state, "i", "unlocked")[0].endswith("unlocked(2)")
    assert "You have received" in lab.daemon.command("dial", ANN, "*133#", "--inputs", "1,1").stdout


def test_the_daemon_is_locked_whole(lab):
    manager = lab.start().manager
    manager.ask("snmpset", v3(), "tectonicsAdminState.0", "i", "locked")
    assert [manager.get(f'tectonicsServiceAdminState."{one}"') for one in ("advance", "call_back")] == ["locked", "locked"]
    assert lab.daemon.ask("services.show") == {"advance": False, "call_back": False}
    manager.ask("snmpset", v3(), "tectonicsAdminState.0", "i", "shuttingDown")
    assert manager.get("tectonicsAdminState.0") in ("locked", "shuttingDown")


@pytest.mark.parametrize("arguments, said", [
    (("tectonicsVersion.0", "s", "2"), "notWritable"), ((f"{BASE}.1.1.6.0", "s", "locked"), "wrongType"),
    ((f"{BASE}.1.1.6.0", "i", "9"), "wrongValue"), (('tectonicsServiceAdminState."none"', "i", "1"), "noCreation"),
    (("1.3.6.1.2.1.1.4.0", "s", "me"), "notWritable"),
    (("tectonicsAdminState.0", "i", "locked", 'tectonicsServiceAdminState."advance"', "i", "unlocked"), "inconsistentValue"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_what_cannot_be_set_says_why(lab, arguments, said):
    manager = lab.start().manager
    code, _, wrong = manager.run("snmpset", v3(), *arguments, options=("-Ir",))
    assert code != 0 and said.lower() in wrong.lower(), wrong
    assert manager.get("tectonicsPolicyVersion.0") == "1"


@pytest.mark.parametrize("who, said", [
    (v3("watch"), "noAccess"), (V2C, "noAccess"), (v3("nobody"), "Unknown user name"),
    (v3(authentication="another phrase"), "Authentication failure"), (v3(privacy="another phrase"), "Decryption error"),
    (v3(level="authNoPriv"), "Unsupported security level"), (("-v2c", "-c", "private"), "Timeout"), (("-v1", "-c", "public"), "Timeout"),
], ids=["reader", "public", "stranger", "wrong key", "wrong privacy", "no privacy", "private", "v1"])
def test_who_may_not_set_is_told_so_and_counted(lab, who, said):
    manager = lab.start().manager
    code, _, wrong = manager.run("snmpset", who, "tectonicsAdminState.0", "i", "locked")
    assert code != 0 and said in wrong, wrong
    assert manager.get("tectonicsAdminState.0") == "unlocked"
    counters = lab.daemon.ask("status")["counters"]
    assert counters["tectonics_snmp_requests_total"].get("set,noAccess") or \
        sum(counters["tectonics_snmp_dropped_total"].get(why, 0) for why in ("user", "digest", "decryption", "level", "community", "version"))


def test_traps_and_informs_reach_a_manager_in_both_versions(lab):
    lab.receiver.start()
    lab.start()
    raised = f"{BASE}.0.1"
    until(lambda: len(lab.receiver.heard(COLD_START)) == 4 and len(lab.receiver.heard(f"{BASE}.0.4")) == 4)
    lab.daemon.command("policy", "stop")
    heard = until(lambda: len(lab.receiver.heard(raised)) == 4 and lab.receiver.heard(raised))
    assert all('= STRING: "policy_differs"' in line and f"{BASE}.1.1.10.0 = Gauge32: 2" in line for line in heard)
    until(lambda: lab.count("notifications", "informs3", "acknowledged") == 3 == lab.count("notifications", "informs2", "acknowledged"))
    lab.manager.run("snmpget", ("-v2c", "-c", "guess"), "tectonicsNode.0")
    until(lambda: len(lab.receiver.heard(AUTHENTICATION_FAILURE)) == 4)
    lab.daemon.stop()
    until(lambda: len(lab.receiver.heard(f"{BASE}.0.5")) == 4)


def test_a_manager_that_was_away_is_told_when_it_is_back_and_finds_every_alarm(lab):
    lab.start()
    lab.daemon.command("policy", "stop")
    assert 'STRING: policy_differs' in "\n".join(lab.manager.ask("snmpwalk", V2C, "tectonicsActiveAlarmTable"))
    lab.receiver.start()
    until(lambda: len(lab.receiver.heard(f"{BASE}.0.1")) == 2, within_s=60)
    assert lab.count("notifications", "informs2", "repeated") > 0
    assert lab.count("notifications", "traps3", "sent") == 3


def test_a_restart_keeps_the_engine_and_managers_go_on(lab):
    manager = lab.start().manager
    first = manager.ask("snmpget", V2C, "1.3.6.1.6.3.10.2.1.1.0", "1.3.6.1.6.3.10.2.1.2.0", options=("-On", "-Ox"))
    lab.daemon.stop()
    second = lab.start().manager.ask("snmpget", V2C, "1.3.6.1.6.3.10.2.1.1.0", "1.3.6.1.6.3.10.2.1.2.0", options=("-On", "-Ox"))
    assert first[0] == second[0] and first[1].endswith(": 1") and second[1].endswith(": 2")
    assert lab.manager.get("tectonicsNode.0", v3()) == "n1"


def test_floods_and_garbage_do_not_stop_a_walk(lab):
    manager = lab.start().manager
    with socket.socket(type=socket.SOCK_DGRAM) as flood:
        flood.bind(("127.0.0.2", 0))
        for number in range(3000):
            flood.sendto(os.urandom(number % 200), ("127.0.0.1", manager.port))
    assert len(manager.ask("snmpbulkwalk", v3(), BASE)) > 50
    counters = lab.daemon.ask("status")["counters"]["tectonics_snmp_dropped_total"]
    assert counters.get("malformed", 0) + counters.get("full", 0) + counters.get("rate", 0) > 100
    assert lab.daemon.ask("status")["state"] == "serving"
