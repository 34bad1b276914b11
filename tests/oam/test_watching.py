"""What is shipped for Prometheus and Grafana asks only for what there is, and says what to do."""

import json
import re
from pathlib import Path

import pytest
import yaml
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.parser import text_string_to_metric_families

from tectonics.oam import alarm_rules, metrics_described
from tectonics.oam.alarm_kinds import KINDS, SEVERITIES
from tectonics.oam.metrics import MetricsRegistry
from tectonics.oam.metrics_declared import DECLARATIONS, HISTOGRAM
from tests.oam.promql import asked

ROOT = Path(__file__).parents[2]
RULES = {path.name: yaml.safe_load(path.read_text()) for path in sorted((ROOT / "etc/prometheus").glob("*.rules.yml"))}
DASHBOARD = json.loads((ROOT / "etc/grafana/tectonics.json").read_text())
EACH = [(name, rule) for name, document in RULES.items() for group in document["groups"] for rule in group["rules"]]
RECORDED = {rule["record"] for _, rule in EACH if "record" in rule}
OF_PROMETHEUS = {"job", "instance"}  # labels that each series gets when it is scraped
FUNCTIONS = {"sum", "count", "max", "rate", "increase", "changes", "absent", "histogram_quantile", "min_over_time", "time"}


def known():
    """{name of a series: its labels}."""
    found = {"up": set()}
    for one in DECLARATIONS:
        labels = set(one.labels)
        if one.kind == HISTOGRAM:
            found |= {one.name + suffix: labels for suffix in ("_sum", "_count")} | {f"{one.name}_bucket": labels | {"le"}}
        else:
            found[one.name] = labels
    process = ProcessCollector(registry=CollectorRegistry())
    found |= {one.name: set() for family in process.collect() for one in family.samples}
    for name in RECORDED:  # level:metric:operations, the level being its labels
        found[name] = set(name.partition(":")[0].split("_")) - {""}
    return found


def wrong(expression):
    """What it asks for that there is not."""
    metrics, grouped, functions = asked(expression)
    there = known()
    unknown = {name for name in metrics if name not in there}
    labels = {f"{name}{{{label}}}" for name, own in metrics.items() if name in there for label in own - there[name] - OF_PROMETHEUS}
    every = set().union(OF_PROMETHEUS, *(there.get(name, set()) for name in metrics))
    return unknown | labels | (grouped - every) | (functions - FUNCTIONS)


@pytest.mark.parametrize("expression, found", [
    ("tectonics_sessions", set()), ('rate(tectonics_granted_total{service="advance"}[5m])', set()),
    ("tectonics_session", {"tectonics_session"}), ('tectonics_sessions{channel="x"}', {"tectonics_sessions{channel}"}),
    ("sum by (step) (tectonics_sessions)", {"step"}), ("tectonics_billing_seconds", {"tectonics_billing_seconds"}),
    ("sum by (le, operation) (rate(tectonics_billing_seconds_bucket[5m]))", set()), ("zum(up)", {"zum"}),
    ("up == 0 and on (instance) tectonics_sessions offset 1d > 2", set()), ("process_open_fds", set()), ("process_opened", {"process_opened"}),
])
def test_a_slip_is_found(expression, found):
    assert wrong(expression) == found


@pytest.mark.parametrize("file, rule", EACH, ids=[rule.get("alert") or rule["record"] for _, rule in EACH])
def test_rules_ask_for_what_there_is(file, rule):
    assert wrong(rule["expr"]) == set()


@pytest.mark.parametrize("file, rule", [one for one in EACH if "alert" in one[1]], ids=[rule["alert"] for _, rule in EACH if "alert" in rule])
def test_alerts_say_how_grave_what_and_what_to_do(file, rule):
    assert rule["labels"]["severity"] in SEVERITIES and re.fullmatch("Tectonics[A-Za-z]+", rule["alert"])
    notes = rule["annotations"]
    assert set(notes) == {"summary", "action", "runbook"} and all(len(text) > 10 for text in notes.values())
    assert (ROOT / notes["runbook"]).is_file()
    metrics, grouped, _ = asked(rule["expr"])
    shown = set(re.findall(r"\$labels\.(\w+)", " ".join(notes.values())))
    assert shown <= (grouped or set().union(OF_PROMETHEUS, *(known()[name] for name in metrics)))


def test_names_are_given_once_and_each_alarm_has_its_alert():
    alerts = [rule["alert"] for _, rule in EACH if "alert" in rule]
    assert len(alerts) == len(set(alerts)) and {alarm_rules.alert_of(kind) for kind in KINDS} <= set(alerts)


@pytest.mark.parametrize("path, written, how", [
    ("etc/prometheus/tectonics-alarms.rules.yml", alarm_rules.describe, "tectonics.oam.alarm_rules"),
    ("docs/metrics.md", metrics_described.describe, "tectonics.oam.metrics_described")])
def test_what_is_made_from_code_is_up_to_date(path, written, how):
    assert (ROOT / path).read_text() == written(), f"python -m {how} > {path}"


def test_every_label_is_described():
    assert set(metrics_described.LABELS) == {label for one in DECLARATIONS for label in one.labels}


def expressions():
    """(panel, expression) of the whole dashboard."""
    panels = [(panel["title"], target["expr"]) for panel in DASHBOARD["panels"] for target in panel.get("targets", ())]
    return panels + [(note["name"], note["expr"]) for note in DASHBOARD["annotations"]["list"]]


@pytest.mark.parametrize("panel, expression", expressions())
def test_the_dashboard_asks_for_what_there_is(panel, expression):
    assert wrong(expression.replace("$__rate_interval", "5m")) == set()


def test_the_dashboard_shows_everything_that_is_declared():
    shown = set().union(*(asked(expression.replace("$__rate_interval", "5m"))[0] for _, expression in expressions()))
    names = {one.name + ("_bucket" if one.kind == HISTOGRAM else "") for one in DECLARATIONS}
    assert names - shown == {"tectonics_dialogue_answers_total", "tectonics_alarm_acknowledged", "tectonics_alarm_flapping"}


def test_the_dashboard_is_whole():
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(0 <= place["x"] and place["x"] + place["w"] <= 24 for place in (panel["gridPos"] for panel in panels))
    taken = [(place["x"] + x, place["y"] + y) for place in (panel["gridPos"] for panel in panels)
             for x in range(place["w"]) for y in range(place["h"])]
    assert len(taken) == len(set(taken))
    named = {one["name"] for one in DASHBOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z_]+)", json.dumps(panels))) - {"__rate_interval"}
    assert used == named
    for panel in panels:
        for target in panel.get("targets", ()):
            labels = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            metrics, grouped, functions = asked(target["expr"].replace("$__rate_interval", "5m"))
            there = grouped if functions & {"sum", "count"} else set().union(OF_PROMETHEUS, *(known()[name] for name in metrics))
            assert labels <= there, panel["title"]


def test_the_example_names_the_rules_that_are_there():
    example = yaml.safe_load((ROOT / "etc/prometheus/prometheus.yml").read_text())
    assert set(example["rule_files"]) == set(RULES) and {one["job_name"] for one in example["scrape_configs"]} == {"tectonics", "tectonics_snmp"}


def test_every_family_has_help_and_can_be_read_by_others():
    families = {family.name: family for family in text_string_to_metric_families(MetricsRegistry().render().decode())}
    for one in DECLARATIONS:
        family = families[one.name.removesuffix("_total")]
        assert family.documentation == one.help and family.type == one.kind
