"""Why a daemon that has started cannot serve: what /health/ready, `status` and SNMP say, beginning with one word.

The alarms are no measure for it: they stay for their hold-down, and this has to be true at once.
"""

from tectonics.domain.policy import Policy
from tectonics.oam.alarms import AlarmTable


class Database:
    """Whether it can be written; `lost` is empty where it can."""

    lost = ""

    def fault(self, alarms: AlarmTable, text: str) -> None:
        """The writer's last batch failed, or, with an empty text, succeeded again."""
        self.lost = f"database lost: {text}" if text else ""
        if text:
            alarms.raise_alarm("store_fault", text, "database")
        else:
            alarms.clear("store_fault", "database")


def locked(policy: Policy) -> str:
    """That no service begins anything new, or empty where one does (ITU-T X.731: the administrative state)."""
    if policy.lending.accepting or policy.call_back.enabled:
        return ""
    return "locked: no service begins anything new; debts are collected all the same"
