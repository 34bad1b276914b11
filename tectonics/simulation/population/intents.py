"""What a person can want, and what he can see of it: the words between life.py and the peers."""

from collections.abc import Generator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wait:
    """Does nothing for a while."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Dial:
    """Begins a session with the code, perhaps with inputs in it (`*133*1#`). Sees a Screen."""

    inputs: str = ""


@dataclass(frozen=True, slots=True)
class Type:
    """Types into the session that is open. Sees a Screen."""

    text: str


@dataclass(frozen=True, slots=True)
class Rush:
    """Opens so many sessions, and accepts in all of them at the same moment."""

    sessions: int


@dataclass(frozen=True, slots=True)
class HangUp:
    """Leaves the session as it is."""


@dataclass(frozen=True, slots=True)
class Recharge:
    """Buys credit; goes on before it has arrived. Sees the id of the recharge."""

    amount_minor: int
    kind: str = "voucher"


@dataclass(frozen=True, slots=True)
class TakeBack:
    """The network takes a recharge back."""

    recharge: str


@dataclass(frozen=True, slots=True)
class Spend:
    """Uses credit, as far as there is any."""

    amount_minor: int


@dataclass(frozen=True, slots=True)
class Happens:
    """Something happens to the number: a life-cycle record of the feed."""

    change: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Write:
    """Writes a short message. Sees the text of the first that comes, or "". `numbered`: how his handset is, 0 to 1."""

    text: str
    numbered: float


@dataclass(frozen=True, slots=True)
class Listen:
    """Waits for another message. Sees its text, or ""."""


@dataclass(frozen=True, slots=True)
class CallMe:
    """Wants to be called back. Sees what answers him. `mind`: what the telephones will do; `numbered` as of Write."""

    mind: int
    written: bool
    numbered: float


@dataclass(frozen=True, slots=True)
class Ring:
    """Rings a number of ours, by what it stands for. Sees the text of the first message that comes, or "". `mind` as of CallMe."""

    service: str
    mind: int


@dataclass(frozen=True, slots=True)
class Browse:
    """Visits his pages, for what `mind` has in it."""

    mind: int


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Calls customer care: he wants to be called back from now on, or no more (`on` or `off`)."""

    value: str


@dataclass(frozen=True, slots=True)
class Mail:
    """Writes an e-mail, or something in his name does. `manner`: one of envelopes.FATES; `mind`: what else stands in it."""

    service: str
    manner: str
    subject: str
    mind: int


@dataclass(frozen=True, slots=True)
class Enrol:
    """Calls customer care: his address shall speak for his number again."""


@dataclass(frozen=True, slots=True)
class Screen:
    """What a handset shows; `text` empty: the network gave up."""

    text: str
    more: bool = False


Intent = Wait | Dial | Type | Rush | HangUp | Recharge | TakeBack | Spend | Happens | Write | Listen | CallMe | Ring | Browse | Subscribe | Mail | Enrol
Life = Generator[Intent, "Screen | str | None", None]  # asks for one intent after the other, is sent what was seen
