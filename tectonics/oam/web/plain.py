"""What machines poll without a token: figures for Prometheus, and the two health questions.

Live says that the process answers at all (restart it if not); ready that it serves the main job
(send it no traffic if not), with the reason as text.
"""

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
        return _text(request, 200, "live")

    def readiness(request: WebRequest) -> bytes:
        reason = ready()
        return _text(request, 503, reason) if reason else _text(request, 200, "ready")

    routes.add("GET", "/metrics", figures)
    routes.add("GET", "/health/live", live)
    routes.add("GET", "/health/ready", readiness)


def _text(request: WebRequest, status: int, line: str) -> bytes:
    request.setResponseCode(status)
    request.setHeader(b"Content-Type", b"text/plain; charset=utf-8")
    return line.encode() + b"\n"
