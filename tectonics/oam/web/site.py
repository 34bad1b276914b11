"""The web port in one function: health and figures, the API, self-care, and in the demo the handset."""

from collections.abc import Callable

from twisted.web.server import Site

from tectonics.oam.admin import Administration
from tectonics.oam.metrics import MetricsRegistry
from tectonics.oam.web import openapi, plain
from tectonics.oam.web.api import Api
from tectonics.oam.web.handset import Handset
from tectonics.oam.web.me.handlers import TABLE
from tectonics.oam.web.me.site import SelfCareSite
from tectonics.oam.web.request import Shell, WebSite
from tectonics.oam.web.routes import Routes
from tectonics.oam.web.tokens import Tokens
from tectonics.ports import Alarms, Clock, Intake


def make_site(*, administration: Administration, intake: Intake, metrics: MetricsRegistry, alarms: Alarms,
              clock: Clock, tokens: Tokens, currency: Callable[[], str], ready: Callable[[], str],
              version: str, country_code: str = "", handset: Handset | None = None,
              self_care: SelfCareSite | None = None) -> Site:
    """The listener of the web port; `ready()` is empty when the daemon serves, else says why not."""
    routes = Routes(alarms, ready)
    plain.add(routes, metrics, ready)
    api = Api(administration, intake, tokens, metrics, clock, currency, country_code)
    api.add(routes, openapi.document(administration.table(), version))
    if handset is not None:
        handset.add(routes)
    if self_care is not None:
        self_care.add(routes, TABLE)
        metrics.source("tectonics_self_care_visits", lambda: len(self_care.visits))
    return WebSite(Shell(routes.app, metrics, clock), metrics, clock)
