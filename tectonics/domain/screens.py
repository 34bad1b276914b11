"""What a dialogue exchanges with a channel: what was dialled or typed, and the screen that answers.

A channel's `Style` says how its gateway speaks: whether `text` accumulates, whether steps are
counted, how long a screen may be and how long an answer may take.
"""

from tectonics.domain.value import value


@value
class Style:
    """How one channel's gateway behaves."""

    channel: str = "ussd_http"
    mode: str = "cumulative"  # cumulative: all inputs joined by `*`; last: only the newest
    counted: bool = False  # the gateway sends a step counter
    septets_max: int = 160  # a GSM 7-bit screen
    ucs2_max: int = 70  # characters of a UCS-2 screen
    transliterate: bool = True  # else letters outside GSM 7-bit force UCS-2
    budget_s: float = 8.0  # an answer later than this is worth nothing
    session_s: int = 180  # how long a session may sleep between two steps
    by_message: bool = False  # answers are short messages: words instead of keys, and no menu around them


@value
class Keys:
    """What the subscriber types. A tier is chosen by its number, 1 to 12."""

    yes: str
    back: str
    more: str = "98"
    owe: str = "0"
    language: str = "97"
    settings: str = "96"


# Of an offer that is shown on a redial before any menu: who types the number of a tier without looking chooses it.
RESUMED = Keys(yes="99", back="0")


def keys(style: Style) -> Keys:
    """The keys of a channel.

    Where a gateway sends only the newest input, a request that comes again or late cannot always be
    told from the next input, not even by its step once the menu is forgotten; there the key that
    confirms is never one that chooses.
    """
    if style.mode == "last":
        return Keys(yes="99", back="0")
    return Keys(yes="1", back="2")


@value
class Dialled:
    """One request of a gateway."""

    session: str
    msisdn: str
    code: str  # `*133#`
    text: str  # as the gateway's mode says
    at: int
    step: int | None = None  # where the gateway counts


@value
class Screen:
    """What the handset shows; `more` keeps the session open for an input."""

    text: str
    more: bool

    def encode(self) -> bytes:
        """The form in which a trigger keeps its answer."""
        return (b"C" if self.more else b"E") + self.text.encode()

    @classmethod
    def decode(cls, data: bytes) -> "Screen":
        """The screen that `encode` wrote."""
        return cls(data[1:].decode(), data[:1] == b"C")
