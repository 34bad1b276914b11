"""What of e-mail there is in a world: a relay that is believed, a server that is not, a smarthost, and people with addresses.

Drawn from a generator of its own, so that a seed that has none of it is the day that it always was.  Relay and smarthost are one
machine, the server that anybody may use another; who is believed is known by its address, so both are called by theirs.
Nothing is encrypted, and nobody signs: what proves a sender is the relay's word or a PIN.
"""

import random
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from unittest import mock

from tectonics.domain import mailbox
from tectonics.domain.mailbox import SALT_OCTETS, hash_pin
from tectonics.simulation.population.person import Person

RELAY, ANYBODYS = "192.0.2.25", "198.51.100.7"  # machines
PORT, SMARTHOST_PORT = 2525, 25
AUTHSERV_ID, DOMAIN = "mx.example.net", "vas.example"
SHARE = 0.3  # of the seeds have it
SIGNED, PLAIN = "signed.example", "plain.example"  # domains of people: the relay vouches for those of the first
PINS = ("135790", "246801", "123456")
PLAINLY = 0.25  # share of the addresses whose domain does not sign
_SALT = bytes(SALT_OCTETS)


@dataclass(frozen=True)
class Mailing:
    """Of one plan. Without `owners` there is none. `retry_s` to `queue_max`: of answers that go out by the smarthost."""

    owners: float = 0.0  # share of people with an address
    answered: bool = True  # whether there is a smarthost
    sender_per_hour: int = 10
    answers_per_hour: int = 10
    connections_max: int = 200
    retry_s: int = 5
    tries_max: int = 8
    queue_max: int = 1000
    doubled: float = 0.0  # share of mails that the relay brings once more

    def __bool__(self) -> bool:
        return self.owners > 0

    def settings(self) -> dict[str, object]:
        """Of every node."""
        if not self:
            return {}
        section = {"endpoint": f"tcp:{PORT}", "domain": DOMAIN, "dkim": False,
                   "relays": [{"sources": [RELAY], "authserv_id": AUTHSERV_ID}],
                   "sender_per_hour": self.sender_per_hour, "answers_per_hour": self.answers_per_hour,
                   "connections_max": self.connections_max}
        if self.answered:
            section |= {"smarthost.address": f"tcp:{RELAY}:{SMARTHOST_PORT}", "smarthost.retry_s": self.retry_s,
                        "smarthost.tries_max": self.tries_max, "smarthost.queue_max": self.queue_max}
        return {f"channels.email.{key}": value for key, value in section.items()}


NO_MAIL = Mailing()


def draw_mailing(chance: random.Random, faulty: bool) -> Mailing:
    """Of a seed; most have none."""
    if chance.random() >= SHARE:
        return NO_MAIL
    return Mailing(
        owners=chance.choice((0.3, 0.6)), answered=chance.random() < 0.75, sender_per_hour=chance.choice((3, 10, 30)),
        answers_per_hour=chance.choice((2, 10)), connections_max=chance.choice((2, 200)), retry_s=chance.choice((5, 60)),
        tries_max=chance.choice((3, 8)), queue_max=chance.choice((1, 1000)), doubled=chance.choice((0.0, 0.1, 0.3)) * faulty)


@dataclass(frozen=True)
class Owner:
    """Whose an address is. `pin` empty: the relay vouches for him."""

    msisdn: str
    address: str
    pin: str = ""


def owners(people: Iterable[Person], mailing: Mailing) -> Iterator[tuple[Person, Owner]]:
    """Those who have an address."""
    for person in people:
        chance = random.Random(f"{person.seed}:address")
        if chance.random() >= mailing.owners:
            continue
        plain = chance.random() < PLAINLY
        name = f"p{person.msisdn[-6:]}@{PLAIN if plain else SIGNED}"
        yield person, Owner(person.msisdn, name, chance.choice(PINS) if plain else "")


def register(store: Path, all_of_them: Iterable[Owner], now: int) -> None:
    """An operator has done that before the world begins."""
    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        connection.executemany(
            "INSERT INTO mailbox (address, msisdn, generation, pin, verified_at)"
            " SELECT ?, msisdn, generation, ?, ? FROM account WHERE msisdn = ?",
            [(one.address, _hashed(one.pin, _SALT) if one.pin else "", now, int(one.msisdn)) for one in all_of_them])


_hashed = lru_cache(64)(hash_pin)


@contextmanager
def pins_remembered() -> Iterator[None]:
    """Meanwhile each hash of a PIN is computed once: it takes 20 ms, on purpose, and is the same each time."""
    with mock.patch.object(mailbox, "hash_pin", _hashed):
        yield
