"""docs/metrics.md, made from what is declared: `python -m tectonics.oam.metrics_described > docs/metrics.md`."""

import sys

from tectonics.oam.metrics_declared import DECLARATIONS, HISTOGRAM, Declaration

LABELS = {
    "account": "of SMPP, as configured", "alarm": "its id: the kind and, after a colon, what it concerns", "cause": "how a call ended",
    "channel": "as in the configuration; `sms` for messages, `web` for self-care", "command": "of SMPP",
    "consumer": "the name in its HELLO", "direction": "`in`, `out`", "end": "how a session ended", "event": "what was decided about, or what became of a link",
    "feed": "as configured; `till`, `api`", "kind": "a method of SIP, or a status", "leg": "`a`, `b`", "link": "`gsup`, `control`",
    "manager": "of SNMP, as configured", "method": "of the administration", "node": "this process among others",
    "operation": "of the billing system, or of SNMP", "outcome": "`ok`, `done`, `refused`, `unknown`, `not_found`, `unavailable`",
    "path": "the route, not the address", "reason": "of a refusal, as in tickets", "request": "what a message asks for",
    "result": "what became of it", "screen": "`continue`, `end`", "service": "`advance`, `call_back`; of mails: the address",
    "severity": "`critical`, `major`, `minor`, `warning`", "state": "of a delivery receipt; of a call: what is being done",
    "status": "of HTTP, or of SMPP", "step": "`dial`, `input`, `confirm`, `call`, `at_once`; of messages: what they ask for",
    "stream": "`live`, `acknowledged`", "trunk": "of SIP, as configured", "type": "of the ticket", "version": "of the program",
    "way": "`relay`, `pin`, `dkim`", "what": "the bound that was reached", "why": "a word for the cause",
}
_HEAD = """\
# Metrics

Made from `tectonics/oam/metrics_declared.py`. `/metrics` of the web port has them in Prometheus' text format, `tectonics status --json` under
`counters`, and SNMP those that TECTONICS-MIB has an object for: one registry, so they are the same (a test moves every one by real traffic
and compares). Counters begin at zero with the process. Times are in seconds, money is in minor units of the currency. A name
has at most 1,000 combinations of labels; what is beyond is counted under `other`.

## Prometheus and Grafana

| file | what |
|---|---|
| `etc/prometheus/prometheus.yml` | an example of the scrape job, `tectonics`, and of the one over SNMP |
| `etc/prometheus/tectonics.rules.yml` | recorded ratios and quantiles; alerts on what the daemon cannot see itself, as that it is down |
| `etc/prometheus/tectonics-alarms.rules.yml` | an alert for each kind of alarm ([alarms.md](alarms.md)), with its severity and what to do |
| `etc/grafana/tectonics.json` | the dashboard: import it, choose the data source |
| `etc/prometheus/snmp.yml` | the module of prometheus-snmp-exporter (0.21) for TECTONICS-MIB; `generator.yml` makes it for other versions |

Every alert has a `severity` (critical, major, minor, warning), a `summary`, an `action` that says what to do, and a `runbook` page here.
`up == 0` is what a dead daemon looks like; everything else is silent then. Over SNMP the same figures have the names of the MIB, such as
`tectonicsServiceGranted{tectonicsServiceName="advance"}`; scrape one way or the other, and alert on one.

## What is counted

Besides these there are `process_*` of the Prometheus client library: CPU, memory, files.
"""


def describe() -> str:
    """The whole page."""
    rows = [f"| `{one.name}` | {one.kind} | {_labels(one)} | {one.help}{_bounds(one)} |" for one in DECLARATIONS]
    words = [f"| `{name}` | {meaning} |" for name, meaning in LABELS.items()]
    return "\n".join([_HEAD, "| name | kind | labels | meaning |", "|---|---|---|---|", *rows, "",
                      "## Labels", "", "| label | values |", "|---|---|", *words, ""])


def _labels(one: Declaration) -> str:
    return ", ".join(f"`{label}`" for label in one.labels)


def _bounds(one: Declaration) -> str:
    return f" ({len(one.buckets)} buckets, {one.buckets[0]:g} to {one.buckets[-1]:g} s)" if one.kind == HISTOGRAM else ""


if __name__ == "__main__":
    sys.stdout.write(describe())
