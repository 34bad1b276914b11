"""The mail that answers: short, plain, and such that nobody answers it.

It says that a program wrote it (RFC 3834), and its envelope has no sender, so no bounce comes back.  Nothing of what was
written to us stands in it but the Message-ID, which is plain; so nobody can make us write his words to somebody.
At most `answers_per_hour` go to one address.
"""

from email import policy
from email.message import EmailMessage
from email.utils import formatdate

from tectonics.channels.email.limits import Hourly
from tectonics.channels.email.reading import Written
from tectonics.channels.email.sending import ANSWERS, Sending
from tectonics.ports import Clock, Ids, Metrics
from tectonics.wire.smtp.client import Envelope

_POLICY = policy.SMTP.clone(cte_type="7bit")


class Answering:
    """Fills admitting.Answers."""

    def __init__(self, sending: Sending, per_hour: int, clock: Clock, ids: Ids, metrics: Metrics) -> None:
        self._sending, self._clock, self._ids, self._metrics = sending, clock, ids, metrics
        self.of_address = Hourly(per_hour)

    def answer(self, mail: Written, recipient: str, text: str) -> bool:
        """Whether it was put among those to be sent. `recipient`: which address of ours he wrote to."""
        now_s = self._clock.seconds()
        if not self.of_address.may(mail.sender, now_s):
            self._metrics.count(ANSWERS, "limited")
            return False
        self.of_address.note(mail.sender, now_s)
        content = compose(mail, recipient, text, now_s, self._ids.new(int(now_s * 1000)))
        return self._sending.send(Envelope("", mail.sender, content))


def compose(mail: Written, recipient: str, text: str, now_s: float, id: str) -> bytes:
    """The octets of an answer."""
    answer = EmailMessage(policy=_POLICY)
    answer["From"], answer["To"] = recipient, mail.sender
    answer["Subject"] = recipient.partition("@")[0]
    answer["Date"] = formatdate(now_s)
    answer["Message-ID"] = f"<{id.lower()}@{recipient.partition('@')[2]}>"
    answer["In-Reply-To"] = answer["References"] = mail.message_id
    answer["Auto-Submitted"] = "auto-replied"
    answer["X-Auto-Response-Suppress"] = "All"
    answer.set_content(text)
    return answer.as_bytes()
