"""One session as the dialogue knows it, and screens as words of the network. Pure.

The network sends only the newest input, but it never sends one twice unnoticed: an answer belongs to the question
with its invoke id.  So the inputs are kept here and told to the dialogue joined by `*`, as a gateway of mode
`cumulative` tells them: each step has a text of its own, whose repetition gets the same screen and confirms nothing
again, and a menu that was forgotten is found again from it.  An empty answer adds nothing: it is the
same request again.

A session's identity must never return, as triggers are kept by it.  The network's number for it does return, so
IMSI, number, moment and the count of our sessions together make it.
Bounds: INPUTS_MAX inputs are told; a dialogue ends a session before.
"""

import re
from dataclasses import dataclass, field

from tectonics.domain import alphabet
from tectonics.domain.screens import Dialled, Screen
from tectonics.wire.gsup.events import Key
from tectonics.wire.map.ussd import Words

INPUTS_MAX = 40
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(slots=True)
class Talk:
    """One session. Times are ms."""

    key: Key
    began_at: int
    msisdn: str = ""  # once it is known
    code: str = ""
    inputs: list[str] = field(default_factory=list)
    asked: bool = False  # the subscriber reads a screen and may answer
    unsaid: Screen | None = None  # a screen that waits for the link

    @property
    def session(self) -> str:
        """Its identity, which never returns."""
        return f"{self.key.imsi}-{self.key.session:08x}-{self.began_at}-{self.key.serial}"

    def typed(self, text: str) -> None:
        """The subscriber's newest input."""
        if text and len(self.inputs) < INPUTS_MAX:
            self.inputs.append(text)

    def dialled(self, at: int) -> Dialled:
        """The request that the dialogue is to answer."""
        return Dialled(self.session, self.msisdn, self.code, "*".join(self.inputs), at)


def text_of(words: Words) -> str:
    """What a subscriber wrote, without control characters and space around it."""
    return _CONTROL.sub("", alphabet.decode(words.octets, words.alphabet)).strip()


def words_of(text: str) -> Words:
    """A screen's text, which the style has made short enough, in the alphabet that it needs.

    A carriage return at the end would be taken for padding (3GPP TS 23.038 section 6.1.2.3.1).
    """
    return Words(*alphabet.choose(text.rstrip() or "."))
