"""How the values of the domain stand in rows, and come back.

A row holds the whole value as JSON (`body`) beside the few typed columns that rules, indexes and
reports ask for; only the body is read back, so the two cannot disagree in a running daemon.
JSON is text, so that `sqlite3` and people can read it; msgspec writes and checks it.
Nothing here touches a database: a value that cannot be stored fails here, before its transaction
has written anything.
"""

import msgspec

from tectonics.domain import advance as adv
from tectonics.domain import recharge as rec
from tectonics.domain.advance import Advance
from tectonics.domain.commands import (
    Command,
    Connect,
    Credit,
    Debit,
    HangUp,
    Notify,
    Reserve,
    Ring,
    Settle,
    Talk,
)
from tectonics.domain.recharge import Recovery
from tectonics.domain.subscriber import Account, Profile, Standing
from tectonics.domain.ticket import Ticket
from tectonics.ports import OutboxRow
from tectonics.store.terse import terse

_encode = msgspec.json.Encoder().encode
_profile_text, _standing_text = terse(Profile), terse(Standing)
_profile = msgspec.json.Decoder(Profile).decode
_standing = msgspec.json.Decoder(Standing).decode
decode_advance = msgspec.json.Decoder(Advance).decode
decode_recovery = msgspec.json.Decoder(Recovery).decode
_KINDS = {Credit: "credit", Debit: "debit", Notify: "notify", Reserve: "reserve", Settle: "settle",
          Ring: "ring", Connect: "connect", Talk: "talk", HangUp: "hang_up"}
_COMMANDS = {kind: msgspec.json.Decoder(command).decode for command, kind in _KINDS.items()}
OUTBOX_COLUMNS = "kind, body, state, created_at, due_at, attempts, lease_until"


def encode_text(value) -> str:
    """`value` as compact JSON."""
    return _encode(value).decode()


def account_columns(account: Account) -> tuple:
    """generation, barred, profile, standing."""
    profile = account.profile
    return (account.generation, int(profile.bar is not None), _profile_text(profile),
            _standing_text(account.standing))


def account_of(msisdn: int, row: tuple, advances=(), recoveries=()) -> Account:
    """The account of a row (generation, version, profile, standing)."""
    generation, version, profile, standing = row
    return Account(str(msisdn), generation, version, _profile(profile), _standing(standing),
                   tuple(advances), tuple(recoveries))


def advance_row(msisdn: int, advance: Advance) -> tuple:
    """All columns of table advance."""
    offer = advance.offer
    return (msisdn, advance.id, advance.generation, advance.state, int(advance.state in adv.UNFINISHED),
            advance.channel, advance.trigger, advance.requested_at, advance.due_at, advance.closed_at,
            offer.amount_minor, offer.fee_minor, advance.outstanding_minor, encode_text(advance))


def recovery_row(msisdn: int, recovery: Recovery) -> tuple:
    """All columns of table recovery."""
    return (msisdn, recovery.id, recovery.generation, recovery.state, int(recovery.state in rec.UNFINISHED),
            recovery.feed, recovery.recharge, recovery.created_at, recovery.amount_minor,
            encode_text(recovery))


def command_columns(command: Command) -> tuple[str, str, str]:
    """op, kind, body."""
    return command.op, _KINDS[type(command)], encode_text(command)


def outbox_row(row: tuple) -> OutboxRow:
    """The outbox row of OUTBOX_COLUMNS."""
    kind, body, state, created_at, due_at, attempts, lease_until = row
    return OutboxRow(_COMMANDS[kind](body), state, created_at, due_at, attempts, lease_until)


def ticket_line(origin: str, seq: int, ticket: Ticket) -> str:
    """The ticket as one JSON object, numbered."""
    return f'{{"origin":"{origin}","seq":{seq},{encode_text(ticket.record())[1:]}'
