"""Alarms of a running daemon: the same set on every surface, acknowledged, kept over a restart, and whether it is ready."""

import json
import re
import socket
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tectonics.oam.alarm_history import FILE
from tectonics.simulators.mib_reader import Mib
from tectonics.simulators.snmp_manager import SnmpManager
from tests.integration.clients import api, as_json, until

EXPIRING, BIND = "certificate_expiring:email", "bind_down:smsc1"
MODULE = Path(__file__).parents[2] / "mibs" / "TECTONICS-MIB.txt"


def certificate(folder):
    """A certificate for five more days, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "vas.example")]), datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=5))
    (folder / "mx.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    (folder / "mx.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return {"certificate_file": str(folder / "mx.pem"), "key_file": str(folder / "mx.key")}


@pytest.fixture
def nobody():
    """The address of a message centre that is bound and does not listen."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        yield f"tcp:127.0.0.1:{closed.getsockname()[1]}"


@pytest.fixture
def troubled(start, tmp_path, nobody):
    """A daemon without its message centre, and with a certificate that expires."""
    account = {"name": "smsc1", "address": nobody, "system_id": "t"}
    return start({"channels": {"email": certificate(tmp_path), "sms_smpp": {"accounts": [account]}}})


def by_status(daemon):
    return {(one["id"], one["severity"]) for one in as_json(daemon.command("status", "--json"))["alarms"]}


def by_api(daemon):
    status, body = api(daemon).get("/api/v1/alarms")
    assert status == 200
    return {(one["id"], one["severity"]) for one in json.loads(body)["alarms"]}


def by_metrics(daemon, name="tectonics_alarm_active"):
    _, text = api(daemon, token=False).get("/metrics")
    found = re.findall(rf'^{name}{{alarm="([^"]+)"(?:,severity="(\w+)")?}} (\S+)$', text, re.MULTILINE)
    return {(alarm, severity) for alarm, severity, value in found if float(value) == 1}


def rows_of_snmp(daemon):
    """Alarm's id -> {column: value in words}, as a manager reads the table."""
    mib, manager = Mib(MODULE.read_text()), SnmpManager(daemon.address("snmp"))
    rows = {}
    for variable in manager.walk(mib.objects["tectonicsActiveAlarmTable"].arcs):
        placed, row = mib.object_of(variable[0])
        rows.setdefault(row, {})[placed.name.removeprefix("tectonicsAlarm")] = mib.value(variable)
    manager.close()
    return {one["Id"]: one for one in rows.values()}


def by_snmp(daemon):
    return {(id, one["Severity"]) for id, one in rows_of_snmp(daemon).items()}


def test_every_surface_shows_the_same_alarms_and_who_looks_after_them(troubled):
    both = {(EXPIRING, "warning"), (BIND, "major")}
    until(lambda: by_status(troubled) == both, lambda: str(by_status(troubled)))
    assert by_api(troubled) == by_metrics(troubled) == both
    until(lambda: by_snmp(troubled) == both, lambda: str(by_snmp(troubled)))  # a snapshot of some seconds

    done = troubled.command("alarms", "ack", BIND, "--note", "the centre is being moved")
    assert done.returncode == 0 and f"the alarm {BIND} is acknowledged" in done.stdout
    [shown] = [one for one in troubled.ask("status")["alarms"] if one["id"] == BIND]
    who = shown["acknowledged"]["who"]
    assert who.startswith("cli:") and shown["acknowledged"]["note"] == "the centre is being moved"
    assert by_metrics(troubled, "tectonics_alarm_acknowledged") == {(BIND, "")}
    row = until(lambda: (one := rows_of_snmp(troubled)[BIND])["Acknowledged"] == "true" and one)
    assert (row["AcknowledgedBy"], row["Note"], row["Cause"]) == (who, shown["acknowledged"]["note"], shown["cause"])
    assert (row["Raises"], row["Flapping"], rows_of_snmp(troubled)[EXPIRING]["Acknowledged"]) == ("1", "false", "false")
    audits = [json.loads(line) for line in troubled.ask("tickets.tail")["lines"]]
    assert [one["text"] for one in audits if one["type"] == "admin.change"] == [
        f"{who}: the alarm {BIND} is acknowledged: the centre is being moved"]

    assert "gsup_down" in troubled.command("alarms", "ack", "gsup_down").stderr
    status, body = api(troubled).send("POST", f"/api/v1/alarms/{BIND}/unack", {})
    assert status == 200 and by_metrics(troubled, "tectonics_alarm_acknowledged") == set(), body


def test_what_was_is_known_after_the_process_was_killed(troubled):
    until(lambda: len(by_status(troubled)) == 2)
    troubled.command("alarms", "ack", BIND)
    troubled.kill()
    with open(troubled.state / FILE, "ab") as file:
        file.write(b'{"at": 1790')  # it died in the middle of a line
    troubled.start()
    until(lambda: len(by_status(troubled)) == 2)
    assert [one["acknowledged"] for one in troubled.ask("alarms.list")["alarms"]] == [None, None]
    words = [(one["what"], one["id"]) for one in as_json(troubled.command("alarms", "history", "--json"))["changes"]]
    assert sorted(words).count(("ended", BIND)) == 1 and ("acknowledged", BIND) in words and words.count(("raised", BIND)) == 2


def test_readiness_tells_why_not(daemon):
    def ready(accept="*/*"):
        connection = HTTPConnection(*daemon.address("web"), timeout=20)
        connection.request("GET", "/health/ready", headers={"Accept": accept})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    assert ready() == (200, "ready\n")
    daemon.ask("services.switch", advance=False, call_back=False)
    status, body = ready("application/json")
    assert status == 503 and json.loads(body)["status"] == "locked" and daemon.ask("status")["state"].startswith("locked: ")
    daemon.ask("services.switch", advance=True)
    assert ready() == (200, "ready\n")
    assert daemon.stop() == 0
