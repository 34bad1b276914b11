"""The specification's name of a PDU, as figures and logs show it."""

import re
from functools import cache

from tectonics.wire.smpp.pdus import Pdu


@cache
def command_word(pdu: type[Pdu]) -> str:
    """The name of a class of PDU.

    >>> from tectonics.wire.smpp.pdus import SubmitSmResp
    >>> command_word(SubmitSmResp)
    'submit_sm_resp'
    """
    return re.sub(r"(?<!^)(?=[A-Z])", "_", pdu.__name__).lower()
