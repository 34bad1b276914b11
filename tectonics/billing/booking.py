"""Booking: what a feed tells of money really happens in our own ledger, before the daemon hears of it.

With the embedded billing the feed is not the news of another system's till but the till itself: a
recharge must raise the balance, or there is nothing that could pay an advance back.  So recharges,
reversals and activations are booked first, once, as `<feed>:<id>` and with the source `feed:<name>`
(which feed_embedded does not tell again), and then passed on.  A credit of our own that comes back on a
feed is in this ledger already and is only passed on.

If the process dies between the two, the sender has not been answered and sends the record again:
the ledger gives its first answer and the intake gets the event after all.
"""

from collections.abc import Callable

from twisted.internet.defer import Deferred

from tectonics.billing.entries import RECHARGE, REVERSAL, Entry, Opening
from tectonics.domain.errors import Busy, TheirFault
from tectonics.domain.events import FeedEvent, LifecycleSeen, Recharged, Reversed
from tectonics.domain.outcome import Done, Outcome, Refused
from tectonics.ports import Intake

_SENTENCES = {"unknown_subscriber": "unknown subscriber", "blocked": "the account is blocked",
              "unknown_recharge": "the recharge that it takes back is not known"}


class BookingIntake:
    """ports.Intake that books in `ledger` (`post`, `open_account`) before it passes on to `intake`.

    Fails with a TheirFault where the ledger refuses, and with Busy where it did not answer: the same
    record may be sent again.
    """

    def __init__(self, ledger, intake: Intake, currency: str,
                 own_marks: Callable[[], tuple[str, ...]] = tuple):
        self._ledger = ledger
        self._intake = intake
        self._currency = currency
        self._own_marks = own_marks  # what ids and refs of our own credits begin with

    def feed(self, event: FeedEvent) -> Deferred[str]:
        """Books what is to be booked, then asks the intake: `OK` or `DUP`."""
        booked = self._book(event)
        if booked is None:
            return self._intake.feed(event)
        return booked.addCallback(lambda _: self._intake.feed(event))

    def backlogged(self) -> bool:
        """True while the intake has too much to do."""
        return self._intake.backlogged()

    def _book(self, event: FeedEvent) -> Deferred | None:
        match event:
            case Recharged(id=id, ref=ref):
                marks = self._own_marks()
                if id.startswith(marks) or ref.startswith(marks):
                    return None
                return self._ledger.post(_recharge(event)).addCallback(_require_done)
            case Reversed():
                return self._ledger.post(_reversal(event)).addCallback(_require_done)
            case LifecycleSeen(change="activated"):
                return self._ledger.open_account(Opening(
                    event.msisdn, self._currency, event.at, activated_at=event.happened_at))
        return None


def _recharge(event: Recharged) -> Entry:
    return Entry(event.msisdn, f"{event.feed}:{event.id}", RECHARGE, event.at, f"feed:{event.feed}",
                 event.amount_minor, event.currency, recharge_class=event.kind)


def _reversal(event: Reversed) -> Entry:
    return Entry(event.msisdn, f"{event.feed}:{event.id}", REVERSAL, event.at, f"feed:{event.feed}",
                 ref=f"{event.feed}:{event.ref}")


def _require_done(outcome: Outcome) -> None:
    """A TheirFault unless it is booked; Busy where nobody knows yet."""
    if isinstance(outcome, Done):
        return
    if isinstance(outcome, Refused) and outcome.reason not in ("busy", "unreachable"):
        raise TheirFault(_SENTENCES.get(outcome.reason, outcome.text))
    raise Busy("the ledger did not answer")
