"""Who takes part in a measurement, how the daemons are configured for it, and the ledger that they begin with.

Every subscriber is the eligible one of the demonstration (prepaid, long enough on the network, enough
recharges, balance 0.00), so that each session lends.  Those who borrow are spread over all subscribers by
a fixed permutation, so that a large table is not read in order; they have even numbers, and the odd ones
are left to pgbench.  Only they have an account in the ledger.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import yaml

from tectonics.billing.entries import Opening
from tectonics.billing.ledger import open_accounts
from tectonics.config import Settings, load
from tectonics.config.demo import demo_accounts
from tectonics.database.migrate import upgrade
from tectonics.database.sqlite import open_connection
from tectonics.domain.subscriber import Account

ROOT = Path(__file__).parents[2]
FIRST_MSISDN = 33_700_000_000
_STRIDE = 982_451_653  # a prime beyond any number of subscribers: its multiples meet each of them once
_ANY_PORT = "tcp:0:interface=127.0.0.1"


def configure(directory: Path, origin: str = "n1", store: dict | None = None,
              billing: dict | None = None, oam: dict | None = None) -> Settings:
    """Writes `<origin>.yaml`: the default configuration on free ports, without the demonstration's people."""
    document = {
        "node": {"name": origin},
        "state_dir": f"state-{origin}",
        "messages": {"directory": str(ROOT / "etc/messages")},
        "channels": {"ussd_http": {"endpoint": _ANY_PORT}, "email": {"endpoint": ""}},
        "oam": oam or {"snmp": {"endpoint": ""}},
        "feeds": {"tcp": _ANY_PORT},
        "tickets": {"stream": _ANY_PORT, "acknowledged": _ANY_PORT},
        "web": {"endpoint": _ANY_PORT, "handset": False},
        "demo": {"subscribers": False},
        "log": {"level": "warn"},
        **({"store": store} if store else {}), **({"billing": billing} if billing else {}),
    }
    path = directory / f"{origin}.yaml"
    path.write_text(yaml.safe_dump(document))
    return load(path)


def numbers(count: int) -> Iterator[str]:
    """All subscribers."""
    return (str(FIRST_MSISDN + index) for index in range(count))


def borrowers(count: int, until: int, first: int = 0, step: int = 1) -> Iterator[str]:
    """Of the even ones of all `count`, in an order that spreads them: the places first, first + step, ... before `until`."""
    return (str(FIRST_MSISDN + 2 * (place * _STRIDE % (count // 2))) for place in range(first, min(count // 2, until), step))


def pattern(settings: Settings, now: int) -> Account:
    """The account that all of them have."""
    return demo_accounts(settings.seed_policy(), now)[0].account


def accounts(settings: Settings, chosen: Iterable[str], now: int) -> Iterator[Account]:
    """The accounts of these numbers, all alike but for the number."""
    one = pattern(settings, now)
    return (replace(one, msisdn=msisdn) for msisdn in chosen)


def fill_ledger(path: Path, settings: Settings, chosen: Sequence[str] | Iterator[str], now: int) -> None:
    """Makes the ledger's file, with an empty account for each of these numbers."""
    currency = settings.seed_policy().currency
    with closing(open_connection(path)) as ledger:
        upgrade(ledger, "tectonics.billing.migrations", now)
        open_accounts(ledger, (Opening(msisdn, currency, now) for msisdn in chosen))
