"""The pages of self-care that the configuration asks for."""

from tectonics.config import Settings
from tectonics.daemon.core import Core
from tectonics.daemon.host import Host
from tectonics.engine.self_care import EngineSelfCare
from tectonics.oam.web.me.site import SelfCareSite
from tectonics.ports import Alarms, Metrics, Queries


def make_self_care(settings: Settings, core: Core, queries: Queries, host: Host, metrics: Metrics,
                   alarms: Alarms) -> SelfCareSite:
    """The pages; codes, cookies and ids are random octets of the host's."""
    care = EngineSelfCare(core.engine, core.sessions, core.enquiry, queries, settings.codes,
                          lambda: core.calls.offered, host.octets)
    return SelfCareSite(care, settings.web.self_care, settings.catalogue, host.clock, metrics, alarms, host.octets,
                        settings.country_code)
