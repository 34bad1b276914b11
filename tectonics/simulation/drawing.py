"""From a seed to its plan: everything that is drawn is drawn here, once, before anything happens.

Each part draws from a generator of its own, so that an option that is given changes nothing else of the
seed.  Every figure has a bound, so that no seed runs for ever.
"""

import random
from dataclasses import replace

from tectonics.ports import Capabilities
from tectonics.simulation import faults, themes
from tectonics.simulation.browsing import Browsing, draw_browsing
from tectonics.simulation.calling import Calling, draw_calling, varied
from tectonics.simulation.faults.kind import Layout
from tectonics.simulation.mailing import Mailing, draw_mailing
from tectonics.simulation.messaging import Messaging, draw_messaging
from tectonics.simulation.plan import DAY_S, PROMISES, Fault, FeedTraits, GatewayTraits, Options, Plan
from tectonics.simulation.policies import draw_policy
from tectonics.simulation.population.person import RATES, Person, draw_person
from tectonics.simulation.ringing import Ringing, draw_ringing
from tectonics.simulation.switching import Switching, draw_switching

DAYS_MAX, SUBSCRIBERS_MAX, NODES_MAX = 3660, 1_000_000, 2
FIRST_MSISDN = 33_620_000_000
TIGHT_SHARE = 0.3  # of the seeds: every bound of the configuration is near
BRISK_SHARE, BRISK_DAYS, ORDINARY_DAYS_MAX = 0.2, 0.1, 2.0
HURRY = {"brisk": 3.0, "ordinary": 1.0, "seldom": 1.0}
HURRIED_MAX, QUIET = 200, 0.05  # of more people each does about one thing a day, as people do
NOTHING_ASKED = Options()
CLOCKS = ("clock jump", "clocks step behind a confirmation")  # faults that may overlap, of half an hour each
WRONG_CLOCKS_WINDOW_S = 14_400  # what a billing system remembers must outlast twice what clocks are wrong by
SHAPE = ("days", "subscribers", "nodes", "ledger", "promises")  # as an option may ask for them
PARTS = ("shape", "pace", "settings", "policy", "peers", "people", "faults", "theme", "twins", "messaging", "switching", "calling", "call ways", "ringing",
         "browsing", "mailing")


def draw(seed: int, options: Options = NOTHING_ASKED) -> Plan:
    """The plan of a seed. An option does not change what is drawn for the others."""
    chance = {name: random.Random(f"{seed}:{name}") for name in PARTS}
    theme = themes.draw(chance["theme"], chance["twins"])
    brisk = chance["pace"].random() < BRISK_SHARE and options.days is None
    days, subscribers, nodes, ledger, promises = _shape(chance["shape"], options, theme.wishes)
    days = BRISK_DAYS if brisk else days
    capabilities = _capabilities(chance["shape"], promises)
    messaging = draw_messaging(chance["messaging"], options.faults)
    switching, calling = draw_switching(chance["switching"]), varied(draw_calling(chance["calling"]), chance["call ways"])
    browsing = draw_browsing(chance["browsing"], bool(messaging.links), options.faults)
    ringing = draw_ringing(chance["ringing"], bool(messaging.links or calling))
    mailing = draw_mailing(chance["mailing"], options.faults)
    policy = draw_policy(chance["policy"]) | messaging.policy() | calling.policy()
    hurried = subscribers <= HURRIED_MAX
    pace = "brisk" if brisk else "ordinary" if hurried and days <= ORDINARY_DAYS_MAX else "seldom"
    rate, habits = (HURRY[pace], theme.habits) if hurried else (QUIET, theme.shares)
    people = tuple(_person(chance["people"], str(FIRST_MSISDN + n), rate, habits) for n in range(subscribers))
    layout = Layout(nodes, ledger, days * DAY_S)
    struck = _faults(chance, layout, theme, messaging, switching, calling, ringing, browsing, mailing) if options.faults else ()
    if any(fault.kind in CLOCKS for fault in struck):
        capabilities = replace(capabilities, window_s=max(capabilities.window_s, WRONG_CLOCKS_WINDOW_S))
    return Plan(seed, options, days, nodes, ledger, promises, pace, capabilities,
                _settings(chance["settings"]), policy,
                _gateway(chance["peers"], options.faults), _feed(chance["peers"], options.faults), people,
                struck, theme.name, messaging, switching, calling, ringing, mailing, browsing)


def _person(chance: random.Random, msisdn: str, pace: float, habits: dict[str, float]) -> Person:
    person = draw_person(chance, msisdn, pace)
    own = {name: value * pace if name in RATES else value for name, value in habits.items()}
    return replace(person, habits=replace(person.habits, **own)) if habits else person


def _faults(chance: dict[str, random.Random], layout: Layout, theme: themes.Theme,
            messaging: Messaging, switching: Switching, calling: Calling, ringing: Ringing,
            browsing: Browsing, mailing: Mailing) -> tuple[Fault, ...]:
    found = [*faults.draw(chance["faults"], layout), *theme.draw_faults(chance["theme"], layout),
             *faults.messages.draw(chance["messaging"], layout, messaging),
             *faults.registers.draw(chance["switching"], layout, switching),
             *faults.telephones.draw(chance["calling"], layout, calling),
             *faults.carriers.draw(chance["ringing"], layout, ringing),
             *faults.visitors.draw(chance["browsing"], layout, browsing),
             *faults.mails.draw(chance["mailing"], layout, mailing)]
    return tuple(sorted(found, key=lambda fault: (fault.at_s, fault.kind)))


def _shape(chance: random.Random, options: Options, wishes: dict) -> tuple[float, int, int, str, str]:
    drawn = (chance.choice((0.25, 0.25, 0.5, 0.5, 1.0)), chance.randint(10, 30), chance.choice((1, 1, 2)),
             chance.choice(("embedded", "process")), chance.choice(list(PROMISES)))
    asked = {name: getattr(options, name) for name in SHAPE}
    days, subscribers, nodes, ledger, promises = (
        wishes.get(name, one) if asked[name] is None else asked[name] for name, one in zip(SHAPE, drawn, strict=True))
    if nodes > 1:
        ledger = "process"  # an embedded ledger belongs to one process alone
    return days, subscribers, nodes, ledger, promises


def _capabilities(chance: random.Random, promises: str) -> Capabilities:
    deduplicates, readable_back = PROMISES[promises]
    return Capabilities(deduplicates, chance.choice((20, 60, 3600, 86_400)), readable_back,
                        tells_balance=chance.random() < 0.8, sessions=True)


def _settings(chance: random.Random) -> dict[str, object]:
    if chance.random() > TIGHT_SHARE:
        return {}
    return {"limits.sessions_max": chance.randint(2, 20), "limits.dialogues_max": chance.randint(2, 8),
            "limits.dispatch_max": chance.randint(8, 20), "limits.feed_max": chance.randint(1, 4),
            "channels.ussd_http.exchanges_max": chance.randint(1, 4), "tickets.window": chance.randint(1, 20),
            "outbox.poll_max": chance.randint(1, 10)}


def _gateway(chance: random.Random, faulty: bool) -> GatewayTraits:
    mode, step_field = chance.choice((("cumulative", ""), ("cumulative", ""), ("cumulative", "step"), ("last", ""),
                                      ("last", "step")))
    shares = [chance.choice((0.0, 0.02, 0.1)) * faulty for _ in range(4)]
    return GatewayTraits(mode, step_field, *shares, ended=chance.choice((0.0, 0.5, 1.0)))


def _feed(chance: random.Random, faulty: bool) -> FeedTraits:
    return FeedTraits(*(chance.choice((0.0, 0.05, 0.2)) * faulty for _ in range(3)))
