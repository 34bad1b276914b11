"""Each manner of writing a mail meets what it should at the real channel's door: read, screened, proved or not."""

import pytest
import pytest_twisted

from tectonics.channels.email.proving import Proving
from tectonics.channels.email.reading import read
from tectonics.channels.email.screening import ignored
from tectonics.config.email import Relay
from tectonics.domain.errors import BadMessage
from tectonics.domain.mailbox import Mailbox, hash_pin
from tectonics.simulation.envelopes import FATES, SECRET, envelope
from tectonics.simulation.mailbook import HEARD, IGNORED, UNHEARD
from tectonics.simulation.mailing import AUTHSERV_ID, DOMAIN, PINS, PLAIN, RELAY, SIGNED, Owner
from tests.engine.world import Counted

SIGNS, TYPES = Owner("33620000001", f"ann@{SIGNED}"), Owner("33620000002", f"bob@{PLAIN}", PINS[0])


class Clock:
    @staticmethod
    def seconds():
        return 1_790_000_000.0


async def fate(owner, manner):
    host, mail = envelope(owner, manner, "sos", "2", "first line", "<m1@signed.example>", Clock.seconds())
    try:
        written = read(mail.content)
    except BadMessage:
        return UNHEARD
    if ignored(written, mail.sender, (DOMAIN,)):
        return IGNORED
    if written.sender != owner.address:
        return UNHEARD

    async def here(function, *arguments):
        return function(*arguments)

    from twisted.internet.defer import Deferred

    proving = Proving((Relay(sources=(RELAY,), authserv_id=AUTHSERV_ID),), False, None, Clock, Counted(),
                      lambda *call: Deferred.fromCoroutine(here(*call)))
    mailbox = Mailbox(owner.address, owner.msisdn, 1, hash_pin(owner.pin, bytes(16)) if owner.pin else "", 0)
    return HEARD if await proving.prove(written, mailbox, host) else UNHEARD


@pytest.mark.parametrize("owner, manner", [(owner, manner) for owner in (SIGNS, TYPES) for manner in FATES
                                           if (owner, manner) != (SIGNS, "by anybody's server")])  # nobody writes so without a PIN
@pytest_twisted.ensureDeferred
async def test_each_manner_has_its_fate(owner, manner):
    assert await fate(owner, manner) == FATES[manner]


def test_what_he_says_stands_in_it():
    _, mail = envelope(TYPES, "", "call", "0612345678", "hello", "<m1@signed.example>", Clock.seconds())
    written = read(mail.content)
    assert (written.subject, written.line, written.message_id) == (f"0612345678 PIN {PINS[0]}", "hello", "<m1@signed.example>")
    assert mail.recipient == f"call@{DOMAIN}" and SECRET.encode() in mail.content
