"""Who takes part in a measurement, how the daemon is configured for it, and the files that both begin with.

Every subscriber is the eligible one of the demonstration (prepaid, long enough on the network, enough
recharges, balance 0.00), so that each session lends.  Both files are filled by bulk insert.
"""

from collections.abc import Iterator
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
from tectonics.store.bulk import insert_accounts

ROOT = Path(__file__).parents[2]
FIRST_MSISDN = 33_700_000_000
_ANY_PORT = "tcp:0:interface=127.0.0.1"


def configure(directory: Path) -> Settings:
    """Writes `bench.yaml`: the default configuration on free ports, without the demonstration's people."""
    document = {
        "state_dir": "state",
        "messages": {"directory": str(ROOT / "etc/messages")},
        "channels": {"ussd_http": {"endpoint": _ANY_PORT}},
        "feeds": {"tcp": _ANY_PORT},
        "tickets": {"stream": _ANY_PORT, "acknowledged": _ANY_PORT},
        "web": {"endpoint": _ANY_PORT, "handset": False},
        "demo": {"subscribers": False},
        "log": {"level": "warn"},
    }
    path = directory / "bench.yaml"
    path.write_text(yaml.safe_dump(document))
    return load(path)


def numbers(count: int, first: int = 0, step: int = 1) -> Iterator[str]:
    """The numbers of the subscribers first, first + step, ... below count."""
    return (str(FIRST_MSISDN + index) for index in range(first, count, step))


def accounts(settings: Settings, count: int, now: int) -> Iterator[Account]:
    """Their accounts, all alike but for the number."""
    pattern = demo_accounts(settings.seed_policy(), now)[0].account
    return (replace(pattern, msisdn=msisdn) for msisdn in numbers(count))


def fill(settings: Settings, state: Path, count: int, now: int) -> None:
    """Makes the two files in `state`."""
    state.mkdir(parents=True)
    currency = settings.seed_policy().currency
    store = open_connection(state / "tectonics.db")
    upgrade(store, "tectonics.store.migrations", now)
    insert_accounts(store, accounts(settings, count, now))
    store.close()
    ledger = open_connection(state / "ledger.db")
    upgrade(ledger, "tectonics.billing.migrations", now)
    open_accounts(ledger, (Opening(msisdn, currency, now) for msisdn in numbers(count)))
    ledger.close()
