"""Alert rules for Prometheus, one for each kind of alarm: etc/prometheus/tectonics-alarms.rules.yml, made from alarm_kinds.py.

A rule fires while such an alarm is active (`tectonics_alarm_active`, whose `alarm` is the kind and, after a colon, what it
concerns), with the alarm's severity and with what the operator reads.  What only a monitoring system can see, as that the
daemon is down, stands in tectonics.rules.yml, which is written by hand.

`python -m tectonics.oam.alarm_rules > etc/prometheus/tectonics-alarms.rules.yml`
"""

import sys

import yaml

from tectonics.oam.alarm_kinds import KINDS, Kind

_HEAD = "# One alert for each kind of alarm. Made from tectonics/oam/alarm_kinds.py; see docs/alarms.md.\n"


def describe() -> str:
    """The whole file."""
    group = {"name": "tectonics-alarms", "rules": [_rule(kind) for kind in KINDS.values()]}
    return _HEAD + yaml.safe_dump({"groups": [group]}, sort_keys=False, width=160)


def _rule(kind: Kind) -> dict:
    return {"alert": alert_of(kind.name), "expr": f'tectonics_alarm_active{{alarm=~"{kind.name}(:.*)?"}} == 1',
            "labels": {"severity": kind.severity},
            "annotations": {"summary": f"{kind.meaning} ({{{{ $labels.alarm }}}} at {{{{ $labels.instance }}}})",
                            "action": kind.advice, "runbook": "docs/alarms.md"}}


def alert_of(kind: str) -> str:
    """The alert's name: billing_down is TectonicsBillingDown."""
    return "Tectonics" + "".join(word.title() for word in kind.split("_"))


if __name__ == "__main__":
    sys.stdout.write(describe())
