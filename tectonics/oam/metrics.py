"""The one registry of what is counted; each name, kind and label is declared in metrics_declared.py and nowhere else.

Prometheus, the pages, `status` and SNMP read the same registry, so they cannot disagree.
Each daemon instance owns its registry: two daemons in one process do not mix.  A name that is not
declared, or a wrong number of labels, is a bug (OurFault), not a new series.  Counters live in
memory: they start at zero with the process, as Prometheus expects.

Bound: CHILDREN_MAX label combinations per name.  Beyond it the figure is added to the combination
in which every label reads `other`, so totals stay right and memory stays bounded.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate

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
from tectonics.oam.metrics_declared import COUNTER, DECLARATIONS, GAUGE, HISTOGRAM, Declaration
from tectonics.wire.sample import Spread

CHILDREN_MAX = 1000
CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
_FAMILY = {COUNTER: CounterMetricFamily, GAUGE: GaugeMetricFamily, HISTOGRAM: HistogramMetricFamily}

_log = Logger()


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

    def spread(self, name: str, *labels: str) -> Spread:
        """A histogram over all label values that begin with these."""
        bounds = self._check(HISTOGRAM, name).buckets
        own = [kept.counts for (kept_name, values), kept in self._histograms.items()
               if kept_name == name and values[:len(labels)] == labels]
        return Spread(bounds, tuple(map(sum, zip(*own, strict=True))) if own else (0,) * (len(bounds) + 1))

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
            raise OurFault(f"{name} is not declared as a {kind} in oam/metrics_declared.py")
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
