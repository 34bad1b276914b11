"""The e-mail channel: connections bring mails, mails become requests, answers go out.

    listening ──▶ admitting ──▶ proving (relay, PIN, DKIM) ──▶ the engine, which answers by SMS
                      └──▶ answering ──▶ sending ──▶ smarthost     (what he owes)
"""

from twisted.internet.defer import Deferred, DeferredList, succeed

from tectonics.channels.email.admitting import Admitting
from tectonics.channels.email.answering import Answering
from tectonics.channels.email.limits import WHO_MAX
from tectonics.channels.email.listening import SmtpFactory
from tectonics.channels.email.proving import Proving
from tectonics.channels.email.sending import Sending
from tectonics.config.email import Email as Section
from tectonics.ports import Clock

STOP_S = 5.0  # for the mails that are being judged


class Email:
    """The channel in one piece, as the daemon handles it."""

    def __init__(self, section: Section, factory: SmtpFactory, admitting: Admitting, proving: Proving,
                 sending: Sending | None, answering: Answering | None, clock: Clock) -> None:
        self._section, self.factory, self._admitting, self._proving = section, factory, admitting, proving
        self._sending, self._answering, self._clock = sending, answering, clock

    def loads(self) -> list[tuple[str, int, int]]:
        """(what is kept or waits, how much, its bound)."""
        found = [("SMTP connections", len(self.factory), self._section.connections_max),
                 ("e-mail senders", len(self._admitting.senders), WHO_MAX),
                 ("PIN guesses by address", len(self._proving.of_address), WHO_MAX),
                 ("PIN guesses by host", len(self._proving.of_host), WHO_MAX)]
        if self._sending is not None and self._answering is not None:
            found += [("answers by e-mail", len(self._sending), self._section.smarthost.queue_max),
                      ("e-mail addresses answered", len(self._answering.of_address), WHO_MAX)]
        return found

    def shown(self) -> list[dict]:
        """The smarthost, for people; `since` is when it took one last."""
        if self._sending is None:
            return []
        told_s, trouble = self._sending.told_s, self._sending.trouble
        state = "away" if trouble else "silent" if told_s is None else "heard"
        row = {"name": "smarthost", "state": state, "why": trouble or ("" if told_s else "nothing has gone out yet")}
        return [row if told_s is None else {**row, "since": int(told_s * 1000)}]

    def stop(self) -> Deferred[None]:
        """Says good-bye; answers that wait are lost."""
        judged = self.factory.stop()
        if self._sending is not None:
            self._sending.stop()
        if not judged:
            return succeed(None)
        return DeferredList(judged).addTimeout(STOP_S, self._clock, lambda *_: None)
