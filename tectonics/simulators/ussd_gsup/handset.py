"""One subscriber's session with a handset at the switch: what he sees, what he types, and that he may be left waiting."""

from functools import partial

from twisted.internet.defer import Deferred, fail

from tectonics.domain import alphabet
from tectonics.domain.screens import Screen
from tectonics.simulators.screens import NoScreen, Screens
from tectonics.wire.map import component as ss
from tectonics.wire.map import ussd
from tectonics.wire.map.ussd import Words

INVOKE = 1  # the handset's own number for what it dialled


def said(text: str) -> bytes:
    """A text as the argument or result that says it."""
    return ussd.encode(Words(*alphabet.choose(text)))


def read(argument: bytes) -> str:
    """The text of an argument or result. BadMessage."""
    words = ussd.decode(argument)
    return alphabet.decode(words.octets, words.alphabet)


class Handset:
    """A session. Screens come by `next`, in order; `type` answers the newest, and answers with the one that follows."""

    def __init__(self, register, imsi: str, code: str, number: int) -> None:
        self.imsi, self.code, self.number = imsi, code, number
        self.seen: Screen | None = None
        self._register = register
        self._question: int | None = None  # that is shown and not answered
        self._screens = Screens(register.clock, register.patience_s, partial(self.ended, "the switch gave up waiting"))
        self.next = self._screens.next

    @property
    def over(self) -> str:
        """Why it is; empty while it goes on."""
        return self._screens.over

    @property
    def waits(self) -> bool:
        """Whether a question is shown and nothing typed."""
        return self._question is not None

    def type(self, text: str) -> Deferred[Screen]:
        """Answers the question that is shown, while one is; the screen that follows."""
        if self.over or self._question is None:
            return fail(NoScreen(self.over or "nothing is asked"))
        answer, self._question = ss.ReturnResult(self._question, ss.USS_REQUEST, said(text)), None
        self._screens.skip()
        self._register.answered(self, answer)
        return self.next()

    def hang_up(self) -> None:
        """Leaves."""
        if not self.over:
            self._register.hung_up(self)
            self.ended("hung up")

    # --- for the register

    def asks(self, invoke: int, text: str) -> None:
        """A question arrives; an older one is not to be answered any more."""
        self._question = invoke
        self._show(Screen(text, more=True))

    def shows(self, text: str) -> None:
        """The last screen arrives."""
        self._show(Screen(text, more=False))
        self.ended("the last screen was shown")

    def ended(self, why: str) -> None:
        """The session is over."""
        if not self.over:
            self._question = None
            self._register.forget(self)
        self._screens.ended(why)

    def _show(self, screen: Screen) -> None:
        self.seen = screen
        self._screens.show(screen)
