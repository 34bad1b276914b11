"""Every figure that is declared is moved by real traffic, and reads the same by /metrics, by `status` and by SNMP."""

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred

from tectonics.oam.metrics_declared import DECLARATIONS, HISTOGRAM
from tests.integration.busy_world import BusyWorld, all_traffic
from tests.integration.clients import as_json
from tests.oam.snmp.lab import of

# What moves because somebody looks; everything else stands still while nobody does anything.
ASKING = {"tectonics_http_requests_total", "tectonics_http_request_seconds", "tectonics_admin_requests_total",
          "tectonics_snmp_requests_total"}
UNMOVED: dict[str, str] = {}  # name -> why no traffic to one daemon moves it; none now


@pytest.fixture
def world(make_daemon):
    from twisted.internet import reactor  # pytest-twisted chooses it first
    made = BusyWorld(reactor, make_daemon)
    yield made
    made.daemon.kill()
    pytest_twisted.blockon(Deferred.fromCoroutine(made.close()))


def shown_of(declared, series):
    """As `status` shows it: label values in the order in which they are declared, joined with commas; a histogram's count."""
    name = declared.name + ("_count" if declared.kind == HISTOGRAM else "")
    by_label = {",".join(dict(labels)[label] for label in declared.labels): value for labels, value in series.get(name, {}).items()}
    return by_label if declared.labels else by_label.get("", 0)


def status_of(declared, counters):
    """The same of `status`."""
    shown = counters.get(declared.name, {} if declared.labels else 0)
    if declared.kind != HISTOGRAM:
        return shown
    return {labels: one["count"] for labels, one in shown.items()}


@pytest_twisted.ensureDeferred
async def test_every_figure_moves_and_is_the_same_everywhere(world):
    await world.start()
    await all_traffic(world)
    names = {one.name + ("_count" if one.kind == HISTOGRAM else "") for one in DECLARATIONS}
    unmoved = names - world.seen
    assert unmoved == set(UNMOVED)
    await world.until(lambda: differing(world) <= ASKING, lambda: differing(world))
    await world.until(lambda: differing(world, printed(world)) <= ASKING, lambda: differing(world, printed(world)))
    await world.until(lambda: not wrong(world), lambda: wrong(world))


def printed(world):
    """What the command line prints of them."""
    return as_json(world.daemon.command("status", "--json"))["counters"]


def differing(world, counters=None):
    """The names that are not the same in /metrics and `status`."""
    counters, series = counters or world.daemon.ask("status")["counters"], world.metrics()
    return {one.name for one in DECLARATIONS if shown_of(one, series) != status_of(one, counters)}


def wrong(world):
    """The variables of the MIB that do not say what /metrics says: (name, over SNMP, there)."""
    expected = variables(world.metrics())
    names = [(*of(name)[:-1], *index) for name, index in expected]
    values = [value for at in range(0, len(names), 20) for value in world.variables(*names[at:at + 20])]
    return [(name, value, figure) for ((name, _), figure), value in zip(expected.items(), values, strict=True) if value != figure]


def index(*words):
    """The arcs of a row that is named by words (RFC 2578 section 7.7)."""
    return tuple(arc for word in words for arc in (len(word), *word.encode()))


def variables(series):
    """{(name, index): value} of everything that the MIB takes from figures."""
    def total(name, **labels):
        return sum(value for found, value in series.get(name, {}).items() if labels.items() <= dict(found).items())

    shown = {}
    for service in ("advance", "call_back"):
        for column in ("requests", "granted", "refused", "failed", "unknown"):
            shown[f"tectonicsService{column.title()}", index(service)] = total(f"tectonics_{column}_total", service=service)
        given = total("tectonics_amount_granted_minor_total", service=service) + total("tectonics_amount_charged_minor_total", service=service)
        shown["tectonicsServiceAmountGranted", index(service)] = given
        shown["tectonicsServiceAmountRecovered", index(service)] = total("tectonics_amount_recovered_minor_total", service=service)
    for labels, value in series["tectonics_refused_total"].items():
        found = dict(labels)
        shown["tectonicsRefusals", index(found["service"], found["reason"])] = value
    for channel in ("ussd_http", "ussd_smpp", "ussd_gsup"):
        shown["tectonicsChannelIn", index(channel)] = total("tectonics_channel_requests_total", channel=channel)
        shown["tectonicsChannelOut", index(channel)] = total("tectonics_dialogue_answers_total", channel=channel)
    for channel, name in (("sms_smpp", "sms_received"), ("did_sip", "did_rings"), ("email", "email_received")):
        shown["tectonicsChannelIn", index(channel)] = total(f"tectonics_{name}_total")
    for column, labels in (("Requests", {}), ("Errors", {"outcome": "refused"}), ("Timeouts", {"outcome": "unavailable"}),
                           ("Unknown", {"outcome": "unknown"})):
        shown[f"tectonicsBillingNode{column}", index("embedded")] = total("tectonics_billing_requests_total", **labels)
    for name, figure in (("OpenAdvances", "open_advances"), ("Outstanding", "outstanding_minor"), ("OverdueAdvances", "overdue_advances"),
                         ("BarredSubscribers", "barred_subscribers"), ("UnknownAdvances", "unknown_advances"),
                         ("TicketsNumbered", "tickets_total"), ("ConsumersDropped", "ticket_consumers_dropped_total")):
        shown[f"tectonics{name}", (0,)] = total(f"tectonics_{figure}")
    return shown
