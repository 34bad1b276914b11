"""What machines poll without a token: figures for Prometheus, and the two health questions.

Live says that the process answers at all (restart it if not); ready that it serves the main job (send it no traffic if
not: 503), with the reason as one line of text or, for who accepts JSON before text, as `{"status", "reason"}`; the status is
the reason's first words: starting, database lost, locked, fenced, stopping.
"""

import json
from collections.abc import Callable

from tectonics.oam.metrics import CONTENT_TYPE, MetricsRegistry
from tectonics.oam.web.request import WebRequest
from tectonics.oam.web.routes import Routes


def add(routes: Routes, metrics: MetricsRegistry, ready: Callable[[], str]) -> None:
    """Adds /metrics, /health/live and /health/ready."""

    def figures(request: WebRequest) -> bytes:
        request.setHeader(b"Content-Type", CONTENT_TYPE)
        return metrics.render()

    def live(request: WebRequest) -> bytes:
        return _told(request, 200, "live", "")

    def readiness(request: WebRequest) -> bytes:
        reason = ready()
        return _told(request, 503, reason.partition(":")[0], reason) if reason else _told(request, 200, "ready", "")

    routes.add("GET", "/metrics", figures)
    routes.add("GET", "/health/live", live)
    routes.add("GET", "/health/ready", readiness)


def _told(request: WebRequest, status: int, word: str, reason: str) -> bytes:
    request.setResponseCode(status)
    if _wants_json(request):
        request.setHeader(b"Content-Type", b"application/json")
        return json.dumps({"status": word, "reason": reason}, ensure_ascii=False).encode() + b"\n"
    request.setHeader(b"Content-Type", b"text/plain; charset=utf-8")
    return (reason or word).encode() + b"\n"


def _wants_json(request: WebRequest) -> bool:
    """Whether JSON stands in Accept before any text."""
    accepted = (request.getHeader(b"accept") or b"").lower()
    kinds = [kind.split(b";")[0].strip() for kind in accepted.split(b",")]
    return b"application/json" in kinds and not any(
        kind.startswith(b"text/") for kind in kinds[:kinds.index(b"application/json")])
