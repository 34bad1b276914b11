"""What an External USSD Entity tells its owner: the link's state, what subscribers say, and what was odd."""

from dataclasses import dataclass
from typing import NamedTuple

from tectonics.wire.map.ussd import Words

LATE, SILENT = "we did not answer in time", "the subscriber did not answer"  # why a session ended by the guard
TOO_MANY = "too many sessions"  # why one was refused


class Key(NamedTuple):
    """A session: the network's number for it is unique for one subscriber while it lives, and returns later.

    `serial` counts the sessions of the entity, so that no key returns; 0 where it knows of none.
    """

    imsi: str
    session: int
    serial: int = 0


@dataclass(frozen=True, slots=True)
class Up:
    """The peer knows who we are: it routes to us."""


@dataclass(frozen=True, slots=True)
class Down:
    """The link is worth nothing: close it and connect again."""

    why: str


@dataclass(frozen=True, slots=True)
class Dialled:
    """A session has begun; it waits for our answer."""

    key: Key
    words: Words


@dataclass(frozen=True, slots=True)
class Answered:
    """The subscriber answered our `step`th question, counted from 1; the session waits for our answer."""

    key: Key
    step: int
    words: Words


@dataclass(frozen=True, slots=True)
class Ended:
    """A session is over although we did not end it."""

    key: Key
    why: str


@dataclass(frozen=True, slots=True)
class Undelivered:
    """The peer no longer knew the session when we asked something there: the subscriber has not seen it.

    `cause`: of TS 24.008 section 10.5.5.14, where the peer said one.
    """

    key: Key
    cause: int | None


@dataclass(frozen=True, slots=True)
class Refused:
    """A session was answered at once with our excuse, and is over."""

    key: Key
    why: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """Something that has no place here, or cannot be read; nothing came of it."""

    why: str


Event = Up | Down | Dialled | Answered | Ended | Undelivered | Refused | Ignored
