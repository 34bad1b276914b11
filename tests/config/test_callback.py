"""The section of call-backs: every key reaches the domain, and what cannot be meant is told."""

from pathlib import Path

import pytest

from tectonics.config.document import parse_document
from tectonics.config.policy import canonical_document, decode_policy
from tectonics.domain.call import Rate
from tectonics.domain.call_rules import CallBackRules, CallLimits, HighCost, PostpaidRules
from tectonics.domain.errors import BadPolicy
from tectonics.domain.tariff import Destination

FRANCE = {"name": "france", "prefixes": ["33", 3361], "minute": "0.125", "setup": "0.05", "first": "1m", "then": 1}
WHOLE = {
    "enabled": False, "destinations": [FRANCE, {"name": "far", "prefixes": ["+2"], "minute": 1, "high_cost": True}],
    "refused_kinds": ["premium"],
    "limits": {"hour_max": 1, "day_max": None, "b_hour_max": 3, "range_hour_max": 4},
    "high_cost": {"talk_most": "5m", "day_max": 1}, "ring_a": 20, "ring_b": 30, "talk_least": 10, "talk_first": 60,
    "talk_more": 45, "extend_before": 15, "talk_most": "2h", "hold": "1d", "service_number": "33144", "a_sees": "b",
    "b_sees": "none", "subscription": [], "marketed_as": "minutes", "minutes_of": "far",
    "postpaid": {"allowance": None, "allowance_amount": "20", "cycle_day": 15}}


def decoded(**changes):
    return decode_policy({"currency": "TND", "lending": {"balance_max": 1}, "call_back": WHOLE | changes}, 1).call_back


def test_every_key_reaches_the_domain():
    assert decoded() == CallBackRules(
        False, (Destination("france", ("33", "3361"), Rate("france", 50, 125, 60, 1)),
                Destination("far", ("2",), Rate("far", 0, 1000, 30, 6), True)),
        ("premium",), CallLimits(1, None, 3, 4), HighCost(300, 1), 20, 30, 10, 60, 45, 15, 7200, 86_400, "33144", "b",
        "none", (), PostpaidRules(None, 20_000, 15), "minutes", "far")


def test_the_defaults_are_the_domains():
    assert decode_policy({}, 1).call_back == CallBackRules()
    currency_without_decimals = {"currency": "XOF", "lending": {"balance_max": 100, "recharges": None}, "segments": [
        {"name": "a", "tiers": [{"id": "t", "amount": 100, "fee": 10}]}]}
    assert decode_policy(currency_without_decimals, 1).call_back == CallBackRules()


def test_the_canonical_document_means_the_same():
    document = {"currency": "TND", "lending": {"balance_max": 1}, "call_back": WHOLE}
    canonical = canonical_document(document)
    assert canonical_document(canonical) == canonical
    assert canonical["call_back"]["destinations"][0]["first"] == "1m"
    assert decode_policy(canonical, 1) == decode_policy(document, 1)


@pytest.mark.parametrize(("changes", "sentence"), [
    ({"destinations": [FRANCE, FRANCE], "minutes_of": ""}, "destinations[1].name: expected a name of its own"),
    ({"destinations": [FRANCE, FRANCE | {"name": "x", "prefixes": ["33"]}], "minutes_of": ""},
     "destinations[1].prefixes[0]: expected a prefix of its own, found '33' again (also of france)"),
    ({"destinations": [FRANCE | {"then": 0}], "minutes_of": ""}, "destinations[0].then: expected some time, found 0s"),
    ({"minutes_of": "nowhere"}, "minutes_of: expected a destination (france, far), found 'nowhere'"),
    ({"talk_more": 15}, "talk_more: expected more than extend_before (15s)"),
    ({"talk_first": 15}, "talk_first: expected more than extend_before (15s)"),
    ({"hold": "2h"}, "hold: expected more than the longest call (7250s with its ringing)"),
    ({"hold": 604_801}, "hold: expected at most 7d, the longest that the ledger holds, found "),
    ({"ring_a": 0}, "ring_a: expected some time, found 0s"),
    ({"destinations": [FRANCE | {"prefixes": ["0033"]}], "minutes_of": ""},
     "prefixes[0]: expected how international numbers begin"),
    ({"service_number": "SERVICE"}, "service_number: expected a number in digits"),
    ({"limits": {"hour_max": 31}}, "limits.hour_max: expected"),
    ({"refused_kinds": ["expensive"]}, "refused_kinds[0]: expected"),
    ({"postpaid": {"cycle_day": 29}}, "postpaid.cycle_day: expected"),
    ({"enable": True}, "enable"),
])
def test_what_cannot_be_meant_is_told(changes, sentence):
    with pytest.raises(BadPolicy) as caught:
        decoded(**changes)
    assert "call_back." in str(caught.value) and sentence in str(caught.value)


def test_the_price_list_of_the_documentation_is_one():
    page = (Path(__file__).parents[2] / "docs" / "call-back.md").read_text()
    text = page.partition("```yaml\n")[2].partition("```")[0]
    document = parse_document(text.encode(), "call-back.md")
    assert document.errors == []
    rules = decode_policy(document.data["policy"], 1).call_back
    assert [one.name for one in rules.destinations] == ["france", "france_mobile", "africa"]
    assert rules.destinations[1].rate == Rate("france_mobile", 5, 12, 30, 6) and rules.destinations[2].high_cost
