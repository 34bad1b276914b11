"""Prometheus scrapes a daemon both ways, over HTTP and over SNMP, and sees the same; promtool finds nothing to say of what we ship."""

import os
import shutil
import subprocess
from contextlib import ExitStack

import pytest
import yaml

from tests.integration.clients import ANN, api, dial, feed, recharge, until
from tests.interop.net_snmp import AUTHENTICATION, ENGINE_ID, MODULES, PRIVACY
from tests.interop.prometheus import ROOT, SHIPPED, Exporter, Prometheus, promtool

WITHIN_S = 60
GOLD = "33600000008"
LOGIN = {"security_level": "authPriv", "username": "noc", "password": AUTHENTICATION, "auth_protocol": "SHA256", "priv_protocol": "AES",
         "priv_password": PRIVACY}
BOTH = {  # over HTTP: over SNMP
    'tectonics_requests_total{service="advance"}': 'tectonicsServiceRequests{tectonicsServiceName="advance"}',
    'tectonics_granted_total{service="advance"}': 'tectonicsServiceGranted{tectonicsServiceName="advance"}',
    'tectonics_amount_granted_minor_total{service="advance"}': 'tectonicsServiceAmountGranted{tectonicsServiceName="advance"}',
    'tectonics_amount_recovered_minor_total': 'tectonicsServiceAmountRecovered{tectonicsServiceName="advance"}',
    'sum(tectonics_refused_total{reason="open_advance"})':
        'tectonicsRefusals{tectonicsServiceName="advance", tectonicsRefusalReason="open_advance"}',
    'sum(tectonics_channel_requests_total{channel="ussd_http"})': 'tectonicsChannelIn{tectonicsChannelName="ussd_http"}',
    'sum(tectonics_billing_requests_total)': 'tectonicsBillingNodeRequests{tectonicsBillingNodeName="embedded"}',
    "tectonics_open_advances": "tectonicsOpenAdvances", "tectonics_outstanding_minor": "tectonicsOutstanding",
    "tectonics_barred_subscribers": "tectonicsBarredSubscribers", "sum(tectonics_tickets_total)": "tectonicsTicketsNumbered"}


@pytest.fixture
def made():
    with ExitStack() as programs:
        yield programs


def start(made, program):
    made.callback(program.close)
    return program.start()


def snmp_port(daemon):
    return daemon.address("snmp")[1]


@pytest.fixture
def watched(made, daemon):
    exporter = start(made, Exporter())
    return start(made, Prometheus(daemon.address("web")[1], snmp_port(daemon), exporter.port))


def test_it_sees_the_same_numbers_over_http_and_over_snmp(daemon, watched):
    until(lambda: watched.targets() == {"tectonics": "up", "tectonics_snmp": "up"}, watched.targets, WITHIN_S)
    assert "You have received 1.00" in dial(daemon, ANN, "1", "1")[1]
    dial(daemon, ANN)
    assert feed(daemon, recharge("r1")) == ["OK r1"]

    def differing():
        asked = {pair: (watched.value(pair[0]), watched.value(pair[1])) for pair in BOTH.items()}
        return {pair: values for pair, values in asked.items() if values[0] != values[1] or values[0] is None}

    until(lambda: watched.value('tectonics_amount_recovered_minor_total{service="advance"}') == 110, watched.log, WITHIN_S)
    until(lambda: not differing(), differing, WITHIN_S)
    assert watched.value('tectonics_granted_total{service="advance"}') == 1
    assert "You have received" in dial(daemon, GOLD, "1", "1")[1]
    until(lambda: watched.value('tectonicsServiceGranted{tectonicsServiceName="advance"}') == 2, watched.log, WITHIN_S)


def test_our_rules_are_loaded_and_an_alarm_and_a_death_are_alerts(daemon, watched):
    until(lambda: watched.targets().get("tectonics") == "up", watched.targets, WITHIN_S)
    rules = [rule for group in watched.api("rules")["groups"] for rule in group["rules"]]
    assert {rule["health"] for rule in rules} <= {"ok", "unknown"}
    assert {"TectonicsDown", "TectonicsBillingDown"} <= {rule["name"] for rule in rules}
    until(lambda: {rule["health"] for group in watched.api("rules")["groups"] for rule in group["rules"]} == {"ok"}, watched.log, WITHIN_S)
    assert watched.firing() == set()
    daemon.command("policy", "stop")
    until(lambda: watched.firing() == {"TectonicsPolicyDiffers"}, watched.firing, WITHIN_S)
    until(lambda: watched.value('tectonicsAlarmSeverity{tectonicsAlarmId="policy_differs"}') == 6, watched.log, WITHIN_S)
    dial(daemon)
    dial(daemon)
    p99 = 'instance_channel_step:tectonics_dialogue_step_seconds:p99_5m{channel="ussd_http", step="dial"}'
    until(lambda: watched.value(p99) is not None, watched.log, WITHIN_S)
    daemon.kill()
    until(lambda: "TectonicsDown" in {one["labels"]["alertname"] for one in watched.api("alerts")["alerts"]}, watched.log, WITHIN_S)


def test_the_exporter_asks_by_v3_as_well(made, make_daemon):
    daemon = make_daemon({"oam": {"snmp": {"engine_id": ENGINE_ID, "users": [
        {"name": "noc", "authentication_file": "auth", "privacy_file": "priv"}]}}})
    for name, secret in (("auth", AUTHENTICATION), ("priv", PRIVACY)):
        (daemon.config.parent / name).write_text(secret + "\n")
    daemon.start()
    dial(daemon, ANN, "1", "1")
    exporter, stranger = start(made, Exporter(LOGIN)), start(made, Exporter(LOGIN | {"password": "another phrase"}))
    until(lambda: 'tectonicsServiceGranted{tectonicsServiceName="advance"} 1' in (exporter.ask(snmp_port(daemon)) or ""), exporter.log, WITHIN_S)
    assert 'tectonicsNode{tectonicsNode="n1"} 1' in exporter.ask(snmp_port(daemon))
    assert "tectonicsNode" not in (stranger.ask(snmp_port(daemon)) or "")


def test_its_own_generator_makes_the_module_that_we_ship(tmp_path):
    for folder in MODULES.split(":"):
        for module in os.listdir(folder):
            shutil.copy(f"{folder}/{module}", tmp_path)
    shutil.copy(SHIPPED / "generator.yml", tmp_path)
    done = subprocess.run(["prometheus-snmp-generator", "generate"], cwd=tmp_path, capture_output=True, text=True, check=False,
                          env={**os.environ, "MIBDIRS": str(tmp_path), "MIBS": "ALL"})
    assert done.returncode == 0, done.stderr
    theirs, ours = (yaml.safe_load(path.read_text())["tectonics"] for path in (tmp_path / "snmp.yml", SHIPPED / "snmp.yml"))
    assert (theirs["walk"], theirs["get"]) == (ours["walk"], ours["get"])
    assert [without_help(one) for one in theirs["metrics"]] == [without_help(one) for one in ours["metrics"]]


def without_help(metric):
    """The generator takes the first sentence of a description, with the number of the object."""
    return {name: value for name, value in metric.items() if name != "help"}


def test_promtool_has_nothing_to_say_of_what_a_daemon_shows(daemon):
    dial(daemon, ANN, "1", "1")
    feed(daemon, recharge("r1"))
    text = api(daemon, token=False).get("/metrics")[1]
    assert promtool("check", "metrics", given=text) == (0, "")
    assert promtool("check", "metrics", given=text.replace("# HELP tectonics_sessions ", "# HELP other "))[0] != 0


def test_promtool_takes_our_rules_and_our_example():
    code, said = promtool("check", "rules", "--lint=all", "--lint-fatal", *sorted(SHIPPED.glob("*.rules.yml")))
    assert code == 0 and said.count("SUCCESS") == 2, said
    code, said = promtool("check", "config", SHIPPED / "prometheus.yml")
    assert code == 0, said


def test_rules_fire_when_they_should_and_not_before(tmp_path):
    cases = yaml.safe_load((ROOT / "tests/interop/rules.yml").read_text())
    cases["rule_files"] = [str(path) for path in sorted(SHIPPED.glob("*.rules.yml"))]
    (tmp_path / "cases.yml").write_text(yaml.safe_dump(cases))
    code, said = promtool("test", "rules", tmp_path / "cases.yml")
    assert code == 0, said
