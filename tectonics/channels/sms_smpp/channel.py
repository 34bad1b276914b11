"""SMS over SMPP, whole: what the daemon starts, stops, and gives to the engine as its Messenger.

It can be asked to send before it is started, as the outbox does with what an earlier life left; nobody is bound
then, and the command waits.
"""

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from tectonics.channels.sms_smpp.early import HELD_MAX
from tectonics.channels.sms_smpp.failing import Failing
from tectonics.channels.sms_smpp.receipts import Receipts
from tectonics.channels.sms_smpp.receiving import CHANNEL, Receiver
from tectonics.channels.sms_smpp.sending import Sender
from tectonics.channels.sms_smpp.submits import Submits
from tectonics.channels.sms_smpp.wording import DEFAULT_ALPHABETS
from tectonics.config.smpp import SmsSmpp as Settings
from tectonics.domain.commands import Notify
from tectonics.domain.outcome import Outcome
from tectonics.links.smpp.binds import Binds
from tectonics.ports import Alarms, Clock, Correspondence, MessageLog, Metrics

FORGET_EVERY_S = 3600.0
DAY_MS = 86_400_000
log = Logger()


class SmsSmpp:
    """Fills ports.Messenger, and tells the correspondence what subscribers write.

    `deadline_s` is how long a message may wait for its turn at the binds: less than the outbox's lease.
    """

    def __init__(self, binds: Binds, settings: Settings, messages: MessageLog, clock: Clock, metrics: Metrics,
                 alarms: Alarms, *, country_code: str = "", deadline_s: float = 10.0) -> None:
        self._binds, self._settings, self._messages = binds, settings, messages
        self._clock, self._metrics, self._alarms, self._country_code = clock, metrics, alarms, country_code
        self._centres = _centres(settings)
        failing = Failing(alarms, CHANNEL)
        self._receipts = Receipts(settings.receipt_ids, messages, clock, metrics, failing)
        slowest_s = max((account.response_s for account in settings.accounts), default=0.0)
        self._sender = Sender(binds, Submits(settings), self._receipts, messages, clock, metrics, alarms, failing,
                              deadline_s, quiet_s=deadline_s + slowest_s + 5, centres=self._centres)
        self._receiver: Receiver | None = None
        self._forgetting = None

    def start(self, correspondence: Correspondence) -> None:
        """Connects to the message centres."""
        self._receiver = Receiver(
            self._receipts, correspondence, self._clock, self._metrics, self._alarms,
            default=DEFAULT_ALPHABETS[self._settings.gsm_packing], country_code=self._country_code,
            centres=self._centres)
        self._binds.heard, self._binds.late = self._receiver.heard, self._sender.late
        self._binds.start()
        self._forget()

    def stop(self) -> Deferred[None]:
        """Takes nothing more, and unbinds."""
        if self._receiver is not None:
            self._receiver.stop()
        if self._forgetting is not None and self._forgetting.active():
            self._forgetting.cancel()
        self._receipts.stop()
        return self._binds.stop()

    def send(self, command: Notify) -> Deferred[Outcome]:
        """See ports.Messenger."""
        return self._sender.send(command)

    def loads(self) -> list[tuple[str, int, int]]:
        """(queue, depth, bound) of what is kept or waits."""
        receiving = self._receiver.loads() if self._receiver is not None else []
        return [*self._binds.loads(), ("sms receipts held", self._receipts.held, HELD_MAX), *receiving]

    def _forget(self) -> None:
        """Deletes old rows, now and each hour."""
        before = int(self._clock.seconds() * 1000) - self._settings.keep_days * DAY_MS
        self._messages.forget(before).addErrback(
            lambda failure: log.error("Old messages could not be deleted: {why}", why=failure.getErrorMessage()))
        self._forgetting = self._clock.callLater(FORGET_EVERY_S, self._forget)


def _centres(settings: Settings) -> dict[str, str]:
    """Account -> whose ids it brings: an account that only receives brings those of its twin at the same centre."""
    first: dict[tuple[str, str], str] = {}
    for account in settings.accounts:
        first.setdefault((account.address, account.system_id), account.name)
    return {account.name: first[account.address, account.system_id] for account in settings.accounts}
