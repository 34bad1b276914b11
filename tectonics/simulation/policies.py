"""The operator's policy of a run: small, tight and hurried, so that every rule is met within a day.

Due dates are hours, caps and ceilings are near, tiers of every kind stand in the menu.  It is the document
that `etc/tectonics.yaml` has under `policy`; what is left out keeps its default.
"""

import random

FEES = ("0.10", {"percent": 10}, {"percent": 12.5, "min": "0.05"},
        {"steps": [{"up_to": "1.00", "fee": "0.15"}, {"up_to": "5.00", "fee": "0.40"}]})
DUES = ("20m", "2h", "6h", "1d", "7d")


def draw_policy(chance: random.Random) -> dict:
    """A policy document."""
    return {
        "lending": _lending(chance),
        "recovery": {
            "share_percent": chance.choice((100, 100, 60, 30)), "first": chance.choice(("fee", "principal")),
            "attempts_max": chance.choice((1, 2, 4))},
        "barring": {
            "late_max": chance.choice((0, 1, 3)), "chances_max": chance.choice((0, 2)),
            "unbar_on_full_recovery": chance.random() < 0.8},
        "segments": [
            {"name": "standard", "open_max": chance.choice((1, 1, 2)), "tiers": _tiers(chance)},
            {"name": "gold", "open_max": chance.choice((3, 5)), "ceiling": chance.choice(("8.00", "15.00")),
             "assigned_only": True, "tiers": _tiers(chance)},
        ],
    }


def _lending(chance: random.Random) -> dict:
    return {
        "tenure_days_min": 30,
        "recharges": {"count": 2, "amount_min": "1.00", "days": 90},
        "balance_max": chance.choice((None, "0.50", "3.00")),
        "day_count_max": chance.choice((None, None, 2, 5)),
        "day_amount_max": chance.choice((None, None, "12.00")),
        "service_day_count_max": chance.choice((None, None, None, 12)),
        "service_day_amount_max": chance.choice((None, None, None, "60.00")),
        "pause_after_advance": chance.choice(("0s", "0s", "10m")),
        "pause_after_recovery": chance.choice(("0s", "0s", "5m")),
    }


def _tiers(chance: random.Random) -> list[dict]:
    tiers = [{"id": "A1", "amount": "1.00", "fee": chance.choice(FEES)},
             {"id": "A2", "amount": "2.00", "fee": chance.choice(FEES)},
             {"id": "A5", "amount": "5.00", "fee": chance.choice(FEES)}]
    if chance.random() < 0.3:
        tiers.append({"id": "T", "amount": {"min": "0.50", "max": "6.00", "step": "0.25"}, "fee": chance.choice(FEES)})
    if chance.random() < 0.3:
        tiers.append({"id": "C", "fee": chance.choice(FEES),
                      "amount": {"percent": 20, "step": "0.50", "min": "0.50", "max": "4.00"}})
    if chance.random() < 0.2:
        tiers[0]["balance_type"] = "data"
    due = chance.choice(DUES)
    return [tier | {"due": due, "credit_valid": chance.choice(("1h", "30d"))} for tier in tiers]
