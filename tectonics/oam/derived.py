"""How figures of the registry become those of a channel, a service or a billing node.

`status`, `top` and SNMP show these rows (wire/sample.py), so they cannot disagree.
"""

from collections.abc import Iterable, Iterator, Mapping

from tectonics.oam.metrics import MetricsRegistry
from tectonics.ports import Alarm
from tectonics.wire.sample import BillingNode, Channel, Service

SERVICES = ("advance", "call_back")
_GOOD = {"ok", "taken", "sent", "again", "kept"}
# channel -> metric of what came in and place of its `result` label, of what went out, of what is open
_MESSAGES = {
    "sms_smpp": ("tectonics_sms_received_total", "tectonics_sms_parts_total", "tectonics_smpp_bound"),
    "did_sip": ("tectonics_did_rings_total", "", "tectonics_did_ringing"),
    "email": ("tectonics_email_received_total", "tectonics_email_answers_total", "tectonics_email_connections_open"),
}
_BAD_BEGINNINGS = ("bad", "error", "refus", "fail", "unknown", "lost", "late", "reject", "given_up")
# channel -> the alarms that say that it, or a part of it, does not work
_ALARMS = {"ussd_gsup": ("gsup_down",), "ussd_smpp": ("bind_down",), "sms_smpp": ("bind_down", "messages_failing"),
           "email": ("smarthost_down",), "ussd_http": (), "did_sip": ("trunk_password",)}
_DOWN = {"gsup_down"}


class Counts:
    """A snapshot of the registry (MetricsRegistry.snapshot), asked by label."""

    def __init__(self, snapshot: Mapping) -> None:
        self._snapshot = snapshot

    def of(self, name: str, *labels: str) -> float:
        """The sum over all that begin with these labels."""
        found = self._snapshot.get(name, 0)
        if not isinstance(found, Mapping):
            return found
        if not labels:
            return sum(found.values())
        return sum(count for key, count in found.items() if tuple(key.split(","))[:len(labels)] == labels)

    def rows(self, name: str, labels: int) -> Iterator[tuple[tuple[str, ...], float]]:
        """(label values, count) of each series with so many labels."""
        found = self._snapshot.get(name, {})
        for key, count in found.items() if isinstance(found, Mapping) else ():
            values = tuple(key.split(",", labels - 1))
            if len(values) == labels:
                yield values, count

    def by_label(self, name: str, place: int) -> dict[str, float]:
        """The sums over one label, the first being 0."""
        sums: dict[str, float] = {}
        for values, count in self.rows(name, place + 1):
            sums[values[place]] = sums.get(values[place], 0) + count
        return sums

    def of_channel(self, channel: str) -> tuple[float, float, float, float]:
        """What came in, went out, was at fault, and is open."""
        if channel in _MESSAGES:
            came, went, open_now = _MESSAGES[channel]
            faults = _bad(self.by_label(came, 1)) + (_bad(self.by_label(went, 0 if channel == "email" else 1)) if went else 0)
            return self.of(came), self.of(went) if went else 0, faults, self.of(open_now)
        results = {key[1]: count for key, count in self.rows("tectonics_channel_requests_total", 2) if key[0] == channel}
        went = self.of("tectonics_dialogue_answers_total", channel)
        return sum(results.values()), went, sum(n for result, n in results.items() if result not in _GOOD), \
            self.of("tectonics_sessions") if channel == "ussd_http" else 0


def channels(counts: Counts, metrics: MetricsRegistry, names: Iterable[str], active: Iterable[Alarm]) -> list[Channel]:
    """The channels of these names, and how the alarms see them."""
    kinds = {alarm.id.partition(":")[0] for alarm in active}
    return [Channel(name, _state(name, kinds), *map(int, counts.of_channel(name)),
                    spread=metrics.spread("tectonics_dialogue_step_seconds", name)) for name in names]


def services(counts: Counts, names: Iterable[str] = SERVICES) -> list[Service]:
    """The services of these names."""
    refused: dict[str, dict[str, int]] = {}
    for (service, reason), count in counts.rows("tectonics_refused_total", 2):
        refused.setdefault(service, {})[reason] = int(count)
    return [_service(counts, name, refused.get(name, {})) for name in names]


def billing(counts: Counts, metrics: MetricsRegistry, name: str, active: Iterable[Alarm]) -> list[BillingNode]:
    """The billing nodes; there is one, of this kind."""
    outcomes = counts.by_label("tectonics_billing_requests_total", 1)
    down = any(alarm.id == "billing_down" for alarm in active)
    return [BillingNode(name, "down" if down else "up", int(sum(outcomes.values())), int(outcomes.get("refused", 0)),
                        int(outcomes.get("unavailable", 0)), int(outcomes.get("unknown", 0)),
                        metrics.spread("tectonics_billing_seconds"))]


def _service(counts: Counts, name: str, refused: dict[str, int]) -> Service:
    given = counts.of("tectonics_amount_granted_minor_total", name) \
        + counts.of("tectonics_amount_charged_minor_total", name)
    return Service(name, int(counts.of("tectonics_requests_total", name)), int(counts.of("tectonics_granted_total", name)),
                   refused, int(counts.of("tectonics_failed_total", name)), int(counts.of("tectonics_unknown_total", name)),
                   int(given), int(counts.of("tectonics_amount_recovered_minor_total", name)))


def _bad(by_result: Mapping[str, float]) -> float:
    return sum(count for result, count in by_result.items() if result.startswith(_BAD_BEGINNINGS))


def _state(channel: str, kinds: set[str]) -> str:
    """What the alarms say of it: up, partial, down."""
    wrong = kinds & set(_ALARMS.get(channel, ()))
    return "up" if not wrong else "down" if wrong & _DOWN else "partial"
