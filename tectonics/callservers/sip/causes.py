"""SIP's reasons in the words of domain/call.py, with the cause of ITU-T Q.850 (RFC 3398, section 8.2.6.1; RFC 3326).

A Reason header with a Q.850 cause comes from the telephone network and is believed before the status, which is often no more
than a gateway's guess.  That nobody answered is told apart by whether it rang: a phone that is switched off does not.
"""

from tectonics.domain.call import (
    BAD_NUMBER,
    BUSY,
    CONGESTION,
    DECLINED,
    FAILED,
    NO_ANSWER,
    NOT_ALLOWED,
    UNREACHABLE,
)
from tectonics.wire.sip.message import Message
from tectonics.wire.sip.reason import q850_of

NORMAL, USER_BUSY, NOT_RESPONDING, ALERTED, REJECTED, NO_CIRCUIT, TEMPORARY, TIMER = 16, 17, 18, 19, 21, 34, 41, 102
INTERWORKING = 127
Q850 = {400: 41, 401: 21, 402: 21, 403: 21, 404: 1, 405: 63, 406: 79, 407: 21, 408: 102, 410: 22, 413: 127, 414: 127, 415: 79,
        416: 127, 420: 127, 421: 127, 422: 127, 423: 127, 480: 18, 481: 41, 482: 25, 483: 25, 484: 28, 485: 1, 486: 17,
        488: 65, 491: 41, 500: 41, 501: 79, 502: 38, 503: 41, 504: 102, 505: 127, 513: 127, 600: 17, 603: 21, 604: 1, 606: 65}
_OF_STATUS = {401: NOT_ALLOWED, 402: NOT_ALLOWED, 403: NOT_ALLOWED, 407: NOT_ALLOWED, 410: BAD_NUMBER}
_OF_CAUSE = {
    **dict.fromkeys((1, 22, 28), BAD_NUMBER), **dict.fromkeys((2, 3, 20, 25, 27), UNREACHABLE), 17: BUSY, 19: NO_ANSWER, 21: DECLINED,
    **dict.fromkeys((29, 50, 52, 53, 54, 55, 57, 87), NOT_ALLOWED), **dict.fromkeys((34, 38, 41, 42, 43, 44, 46, 47), CONGESTION)}
_NOBODY = (NOT_RESPONDING, TIMER)  # off, or not picked up


def refused(status: int, message: Message, rang: bool) -> tuple[str, int]:
    """(word, Q.850 cause) of a final answer that is no 2xx."""
    told = q850_of(message.lines("Reason"))
    if not told and status in _OF_STATUS:
        return _OF_STATUS[status], Q850[status]
    cause = told or Q850.get(status, INTERWORKING)
    return word(cause, rang), cause


def word(cause: int, rang: bool) -> str:
    """Of a Q.850 cause."""
    if cause in _NOBODY:
        return NO_ANSWER if rang else UNREACHABLE
    return _OF_CAUSE.get(cause, FAILED)


def hung_up(message: Message) -> int:
    """The Q.850 cause of a BYE."""
    return q850_of(message.lines("Reason")) or NORMAL


def is_lost(cause: int) -> bool:
    """Whether a BYE of that cause says no more than that a switch has waited in vain: nobody has hung up just now."""
    return cause == TIMER
