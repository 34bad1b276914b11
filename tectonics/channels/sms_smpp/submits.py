"""The submit_sm of each part of a message (SMPP 3.4 section 4.4), and what its answer means for the part."""

from tectonics.channels.sms_smpp.wording import Wording
from tectonics.config.smpp import SmsSmpp
from tectonics.domain.commands import Notify
from tectonics.domain.delivery import FAILED, LOST, SENT, WAITING
from tectonics.domain.outcome import Done, Outcome, Refused, Unknown
from tectonics.links.smpp.outcome import Accepted, Lost, Rejected, Submission, Unsent
from tectonics.wire.smpp.pdus import SubmitSm
from tectonics.wire.smpp.status import TRY_LATER, Status, name

_RECEIPT_WANTED = 0x01  # registered_delivery: whether it arrives or not (section 5.2.17)
# besides, what says nothing about the message: the session is not as it should be, an error without a name
_LATER = TRY_LATER | {Status.RINVBNDSTS, Status.RUNKNOWNERR}


class Submits:
    """Makes the PDUs of one channel."""

    def __init__(self, settings: SmsSmpp) -> None:
        self._settings = settings
        self._wording = Wording(settings)

    def of(self, command: Notify, reference: int, now: int) -> list[SubmitSm]:
        """One for each part. A message that is worth nothing later is not tried longer by the centre either."""
        source, settings = self._settings.source, self._settings
        data_coding, parts = self._wording.write(command.text, reference)
        left_s = settings.validity_s
        if command.expires_at:
            left_s = min(left_s, max(1, (command.expires_at - now) // 1000))
        return [SubmitSm(
            source_addr_ton=source.ton, source_addr_npi=source.npi, source_addr=source.number,
            dest_addr_ton=settings.destination_ton, dest_addr_npi=settings.destination_npi,
            destination_addr=command.msisdn, esm_class=part.esm_class, validity_period=relative(int(left_s)),
            registered_delivery=_RECEIPT_WANTED if settings.receipts else 0, data_coding=data_coding,
            short_message=part.short_message, tlvs=part.tlvs) for part in parts]


def relative(seconds: int) -> str:
    """A time from now, of less than a month (section 7.1.1.2).

    >>> relative(86_400 + 61)
    '000001000101000R'
    """
    days, rest = divmod(seconds, 86_400)
    return f"0000{days:02}{rest // 3600:02}{rest // 60 % 60:02}{rest % 60:02}000R"


def for_now(submission: Submission) -> bool:
    """Whether the centre refused it, and may take it later."""
    return isinstance(submission, Rejected) and submission.status in _LATER


def state_after(submission: Submission) -> str:
    """The part's state."""
    match submission:
        case Accepted():
            return SENT
        case Lost():
            return LOST
        case Rejected() if not for_now(submission):
            return FAILED
    return WAITING


def outcome_of(submissions: list[Submission]) -> Outcome:
    """What the message as a whole came to: the worst of its parts.

    Refused for good; Unknown, to be tried again a few times; Refused with a reason that says that nothing was sent.
    """
    refused = next((one for one in submissions if state_after(one) == FAILED), None)
    if refused is not None:
        reason = "unknown_subscriber" if refused.status == Status.RINVDSTADR else "rejected"
        return Refused(reason, f"{refused.account} refused it: {name(refused.status)}")
    for one in submissions:
        match one:
            case Lost(account, why):
                return Unknown(f"{account} did not say whether it has it: {why}")
            case Rejected(account, status):
                return Unknown(f"{account} refused it for now: {name(status)}")
    unsent = next((one for one in submissions if isinstance(one, Unsent)), None)
    if unsent is not None:
        return Refused("unreachable", unsent.why)
    return Done(",".join(one.message_id for one in submissions))
