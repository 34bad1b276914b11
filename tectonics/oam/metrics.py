"""The one registry of what is counted: each name, kind and label is declared here and nowhere else.

Prometheus, the pages, `status` and SNMP read the same registry, so they cannot disagree.
Each daemon instance owns its registry: two daemons in one process do not mix.  A name that is not
declared, or a wrong number of labels, is a bug (OurFault), not a new series.  Counters live in
memory: they start at zero with the process, as Prometheus expects.

Bound: CHILDREN_MAX label combinations per name.  Beyond it the figure is added to the combination
in which every label reads `other`, so totals stay right and memory stays bounded.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from math import inf

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.utils import floatToGoString
from twisted.logger import Logger

from tectonics.domain.errors import OurFault

CHILDREN_MAX = 1000
CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
COUNTER, GAUGE, HISTOGRAM = "counter", "gauge", "histogram"
_FAMILY = {COUNTER: CounterMetricFamily, GAUGE: GaugeMetricFamily, HISTOGRAM: HistogramMetricFamily}
STEP_BUCKETS_S = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
DECIDE_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)

_log = Logger()


@dataclass(frozen=True, slots=True)
class Declaration:
    """One metric: `labels` in the order in which callers give their values."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str
    buckets: tuple[float, ...] = ()


def _counter(name: str, labels: str, text: str) -> Declaration:
    return Declaration(name, COUNTER, tuple(labels.split()), text)


def _gauge(name: str, labels: str, text: str) -> Declaration:
    return Declaration(name, GAUGE, tuple(labels.split()), text)


def _histogram(name: str, labels: str, text: str, buckets: tuple[float, ...]) -> Declaration:
    return Declaration(name, HISTOGRAM, tuple(labels.split()), text, buckets)


DECLARATIONS = (
    _counter("tectonics_channel_requests_total", "channel result", "Requests that a channel took"),
    _histogram("tectonics_ussd_step_seconds", "channel step", "Time to answer one step", STEP_BUCKETS_S),
    _counter("tectonics_ussd_screens_total", "channel result", "Screens given to a gateway, and what became of them"),
    _counter("tectonics_dialogue_answers_total", "channel screen", "Screens that were answered"),
    _counter("tectonics_requests_total", "service", "Requests that a service decided about"),
    _counter("tectonics_granted_total", "service", "Requests that were granted"),
    _counter("tectonics_refused_total", "service reason", "Requests that were refused, by reason"),
    _counter("tectonics_failed_total", "service", "Requests that were agreed and then failed"),
    _counter("tectonics_unknown_total", "service", "Grants, and reservations and settlements of calls, without an answer"),
    _counter("tectonics_amount_charged_minor_total", "service", "What calls were charged, in minor units"),
    _counter("tectonics_amount_granted_minor_total", "service", "Credit given, in minor units"),
    _counter("tectonics_amount_recovered_minor_total", "service", "Debt paid back, in minor units"),
    _counter("tectonics_recoveries_total", "result", "Recoveries by their end"),
    _counter("tectonics_units_total", "result", "Units: committed, conflict, duplicate, failed"),
    _histogram("tectonics_decide_seconds", "event", "Time from event to commit", DECIDE_BUCKETS_S),
    _counter("tectonics_billing_requests_total", "operation outcome", "Requests to the billing system"),
    _histogram("tectonics_billing_seconds", "operation", "Time the billing system took", STEP_BUCKETS_S),
    _counter("tectonics_feed_records_total", "feed result", "Feed records: ok, dup, err"),
    _counter("tectonics_tickets_total", "type", "Tickets that were numbered"),
    _counter("tectonics_ticket_consumers_dropped_total", "stream", "Ticket clients dropped as slow or deaf"),
    _gauge("tectonics_ticket_consumer_lag", "consumer", "Tickets not yet acknowledged"),
    _counter("tectonics_messages_total", "result", "Messages to subscribers"),
    _counter("tectonics_correspondence_total", "request result", "Messages that subscribers wrote, by what they ask"),
    _counter("tectonics_adverts_total", "result", "Low balances: sent, or why nothing was advertised"),
    _gauge("tectonics_gsup_up", "link", "1 while a link to the HLR (gsup, control) is up"),
    _counter("tectonics_gsup_links_total", "link event", "Links to the HLR: up, lost, failed"),
    _counter("tectonics_gsup_sessions_total", "end", "USSD sessions through the HLR, by their end"),
    _counter("tectonics_gsup_lookups_total", "result", "IMSIs asked for: found, none, unavailable, kept"),
    _counter("tectonics_sms_parts_total", "account result", "Parts of messages given to a message centre, by its answer"),
    _counter("tectonics_sms_repeated_total", "", "Messages sent again whose earlier answer was lost"),
    _counter("tectonics_sms_receipts_total", "account state", "Delivery receipts, by what they said"),
    _counter("tectonics_sms_received_total", "account result", "Messages of subscribers and parts of them"),
    _counter("tectonics_shed_total", "what", "Work turned away because a bound was reached"),
    _counter("tectonics_retries_total", "operation", "Attempts after the first"),
    _counter("tectonics_admin_requests_total", "method result", "What was asked of the daemon"),
    _counter("tectonics_http_requests_total", "path status", "Requests to the web port"),
    _gauge("tectonics_sessions", "", "Menu sessions held in memory"),
    _gauge("tectonics_dispatching", "", "Events being decided"),
    _gauge("tectonics_outbox_rows", "", "Commands that wait for their outcome"),
    _gauge("tectonics_open_advances", "", "Advances not yet paid back"),
    _gauge("tectonics_outstanding_minor", "", "What is owed, in minor units"),
    _gauge("tectonics_overdue_advances", "", "Advances past their due date"),
    _gauge("tectonics_unknown_advances", "", "Advances whose grant is unknown"),
    _gauge("tectonics_barred_subscribers", "", "Subscribers who may not borrow"),
    _gauge("tectonics_alarms_active", "severity", "Active alarms"),
    _counter("tectonics_smpp_pdus_total", "account direction command", "PDUs but enquire_link and unbind"),
    _counter("tectonics_smpp_rejected_total", "account status", "Submits that a peer refused for good"),
    _counter("tectonics_smpp_throttled_total", "account", "Submits that a peer put off: throttled, queue full"),
    _counter("tectonics_smpp_lost_total", "account", "Submits whose answer did not come"),
    _counter("tectonics_smpp_late_total", "account", "Answers that came after they had been given up"),
    _counter("tectonics_smpp_bad_pdus_total", "account", "PDUs that could not be read"),
    _counter("tectonics_smpp_misplaced_total", "account command", "PDUs without a place: outbind, strays"),
    _gauge("tectonics_smpp_bound", "account", "Sessions that are bound"),
    _gauge("tectonics_smpp_window", "account", "Submits that wait for their answer"),
    _gauge("tectonics_smpp_queue", "channel", "Submits that wait to be sent"),
    _counter("tectonics_sip_messages_total", "trunk direction kind", "SIP messages in and out, by method or status"),
    _counter("tectonics_sip_dropped_total", "why", "What came to the SIP port and was thrown away"),
    _counter("tectonics_did_rings_total", "trunk result", "Calls to a DID, by what became of them"),
    _counter("tectonics_did_rings_told_total", "result", "Rings told to the engine: taken, again, lost, failed"),
    _gauge("tectonics_did_ringing", "", "Calls that ring"),
    _counter("tectonics_sip_legs_total", "trunk result", "Legs of ours that a SIP trunk took, by what became of them"),
    _gauge("tectonics_sip_calls", "", "Calls that the SIP call server keeps"),
    _counter("tectonics_call_legs_total", "leg result", "Ringing A and B for call-backs: answered, or why not"),
    _counter("tectonics_calls_ended_total", "cause", "Conversations of call-backs, by how they ended"),
    _gauge("tectonics_calls", "state", "Call-backs under way at this node: ring (A), connect (B), talk, hangup"),
    _counter("tectonics_email_connections_total", "result", "SMTP connections: served, slow, full, crowded"),
    _counter("tectonics_email_refused_total", "why", "What the SMTP port refused before it was read as a mail"),
    _counter("tectonics_email_received_total", "service result", "Mails to our addresses, by what became of them"),
    _counter("tectonics_email_proofs_total", "way result", "How senders were proved, or not: relay, pin, dkim"),
    _counter("tectonics_email_answers_total", "result", "Answers by e-mail: sent, again, refused, given_up, lost, limited"),
    _gauge("tectonics_email_connections", "", "SMTP connections that are open"),
    _gauge("tectonics_email_answers_waiting", "", "Answers by e-mail that have not gone out"),
    _counter("tectonics_self_care_codes_total", "result", "One-time codes asked for: sent, or why not"),
    _counter("tectonics_self_care_logins_total", "result", "Codes entered: in, wrong, source, flood, failed"),
    _counter("tectonics_self_care_refused_total", "why", "Requests of pages that were refused: over, stale, often and so on"),
    _gauge("tectonics_self_care_visits", "", "Subscribers who are signed in"),
    _counter("tectonics_snmp_requests_total", "operation result", "SNMP requests that were answered, by error status"),
    _counter("tectonics_snmp_dropped_total", "why", "SNMP messages that were thrown away, or answered by a report only"),
    _counter("tectonics_snmp_notifications_total", "manager result", "Traps and informs, by what became of them"),
    _gauge("tectonics_snmp_notifications_waiting", "", "Informs that are not yet acknowledged"),
    _gauge("tectonics_start_time_seconds", "", "When this daemon started, seconds since 1970"),
    _gauge("tectonics_build_info", "version node", "Always 1; the labels say what runs"),
)


class Distribution:
    """The durations of one label combination: how many up to each bound, and their sum."""

    __slots__ = ("bounds", "counts", "sum_s")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)  # the last is beyond every bound
        self.sum_s = 0.0

    def add(self, seconds: float) -> None:
        """One more; a bound belongs to what is below it (`le`)."""
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.sum_s += seconds

    def cumulated(self) -> list[tuple[str, int]]:
        """(`le`, how many up to it), as Prometheus wants them."""
        shown = [*map(floatToGoString, self.bounds), "+Inf"]
        return list(zip(shown, accumulate(self.counts), strict=True))


class MetricsRegistry:
    """Fills ports.Metrics. Plain numbers, moved in the reactor's thread; prometheus-client writes them out."""

    def __init__(self, declarations: tuple[Declaration, ...] = DECLARATIONS) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        self._declared = {d.name: d for d in declarations}
        self._figures: dict[str, dict[tuple, object]] = {COUNTER: {}, GAUGE: {}, HISTOGRAM: {}}
        self._counters, self._gauges, self._histograms = self._figures.values()
        self._known = {d.name: 0 for d in declarations}
        self._sources: dict[str, Callable[[], float | Mapping]] = {}
        for declared in declarations:
            if not declared.labels:
                self._admitted(declared.kind, (declared.name, ()))

    def count(self, name: str, *labels: str, by: int = 1) -> None:
        """Adds `by` to a counter."""
        key = name, labels
        if key not in self._counters:
            key = self._admitted(COUNTER, key)
        self._counters[key] += by

    def gauge(self, name: str, value: float, *labels: str) -> None:
        """Sets a level."""
        key = name, labels
        if key not in self._gauges:
            key = self._admitted(GAUGE, key)
        self._gauges[key] = value

    def observe(self, name: str, seconds: float, *labels: str) -> None:
        """Adds one duration to a histogram."""
        key = name, labels
        if key not in self._histograms:
            key = self._admitted(HISTOGRAM, key)
        self._histograms[key].add(seconds)

    def source(self, name: str, read: Callable[[], float | Mapping]) -> None:
        """Has `read` asked whenever the gauge is shown: a number, or numbers by label (text or tuple)."""
        self._check(GAUGE, name)
        self._sources[name] = read

    def render(self) -> bytes:
        """Everything in Prometheus' text exposition format, version 0.0.4."""
        self._pull()
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """As prometheus-client's collectors."""
        shown: dict[str, Metric] = {d.name: _FAMILY[d.kind](d.name, d.help, labels=d.labels)
                                    for d in self._declared.values()}
        for figures in (self._counters, self._gauges):
            for (name, labels), figure in figures.items():
                shown[name].add_metric(labels, figure)
        for (name, labels), figure in self._histograms.items():
            shown[name].add_metric(labels, figure.cumulated(), figure.sum_s)
        yield from shown.values()

    def snapshot(self) -> dict:
        """What has moved, as plain data: a number, or numbers by label values joined with commas.

        A histogram shows `count` and `sum_s`.
        """
        self._pull()
        shown: dict = {}
        for figures in self._figures.values():
            for (name, labels), figure in figures.items():
                if labels:
                    shown.setdefault(name, {})[",".join(labels)] = _plain(figure)
                else:
                    shown[name] = _plain(figure)
        return {name: shown[name] for name in self._declared if name in shown}

    def distribution(self, name: str) -> list[tuple[float, int]]:
        """(bound in seconds, how many up to it) of a histogram over all its labels; the last bound is infinite."""
        bounds = (*self._check(HISTOGRAM, name).buckets, inf)
        own = [kept for (kept_name, _), kept in self._histograms.items() if kept_name == name]
        return list(zip(bounds, accumulate(map(sum, zip(*(one.counts for one in own), strict=True))), strict=False))

    def _pull(self) -> None:
        for name, read in self._sources.items():
            try:
                value = read()
            except Exception:  # noqa: BLE001 - boundary: one bad source must not blind the rest
                _log.failure("The figure {name} could not be read.", name=name)
                continue
            self._put(name, value)

    def _put(self, name: str, value: float | Mapping) -> None:
        if not isinstance(value, Mapping):
            self.gauge(name, value)
            return
        self._forget(name)
        for labels, figure in value.items():
            self.gauge(name, figure, *((labels,) if isinstance(labels, str) else labels))

    def _forget(self, name: str) -> None:
        for key in [key for key in self._gauges if key[0] == name]:
            del self._gauges[key]
        self._known[name] = 0

    def _check(self, kind: str, name: str) -> Declaration:
        declared = self._declared.get(name)
        if declared is None or declared.kind != kind:
            raise OurFault(f"{name} is not declared as a {kind} in oam/metrics.py")
        return declared

    def _admitted(self, kind: str, key: tuple[str, tuple[str, ...]]) -> tuple[str, tuple[str, ...]]:
        """The key under which a new label combination is kept: its own, or at the bound `other`."""
        name, labels = key
        declared = self._check(kind, name)
        if len(labels) != len(declared.labels):
            raise OurFault(f"{name} needs the labels {declared.labels}, got {labels}")
        if self._known[name] >= CHILDREN_MAX:
            key = name, ("other",) * len(labels)
        else:
            self._known[name] += 1
        self._figures[kind].setdefault(key, Distribution(declared.buckets) if kind == HISTOGRAM else 0)
        return key


def _plain(figure) -> object:
    if isinstance(figure, Distribution):
        return {"count": sum(figure.counts), "sum_s": round(figure.sum_s, 6)}
    return int(figure) if isinstance(figure, int) or figure.is_integer() else figure
