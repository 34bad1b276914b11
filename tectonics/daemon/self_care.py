"""The pages of self-care that the configuration asks for."""

import os

from tectonics.config import Settings
from tectonics.daemon.core import Core
from tectonics.engine.self_care import EngineSelfCare
from tectonics.oam.web.me.site import SelfCareSite
from tectonics.ports import Alarms, Clock, Metrics, Queries


def make_self_care(settings: Settings, core: Core, queries: Queries, clock: Clock, metrics: Metrics,
                   alarms: Alarms) -> SelfCareSite:
    """The pages; codes, cookies and ids are random octets of the operating system."""
    care = EngineSelfCare(core.engine, core.sessions, core.enquiry, queries, settings.codes,
                          lambda: core.calls.offered, os.urandom)
    return SelfCareSite(care, settings.web.self_care, settings.catalogue, clock, metrics, alarms, os.urandom,
                        settings.country_code)
