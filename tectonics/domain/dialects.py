"""How one USSD gateway speaks SMPP: its dialect. The specification leaves most of it open, and gateways differ.

A `ussd_service_op` (SMPP 3.4 section 5.3.2.44) says what a PDU is; which number means what is the gateway's, and None
where it wants none.  The correlator says which PDUs are of one session of one subscriber:

    its_session_info        its first octet is the session; the second counts units, so a repetition is told
    its_dialog              its upper 15 bits are the session; nothing counts
    user_message_reference  that parameter is the session
    source                  nothing but the subscriber's number: one session at a time

Bit 0 of its_session_info may say that the session ends (section 5.3.2.43).
"""

from tectonics.domain.screens import Style
from tectonics.domain.value import value

ITS_SESSION, ITS_DIALOG = "its_session_info", "its_dialog"
REFERENCE, SOURCE = "user_message_reference", "source"
CORRELATORS = (ITS_SESSION, ITS_DIALOG, REFERENCE, SOURCE)
SHORT_MESSAGE, MESSAGE_PAYLOAD, DESTINATION = "short_message", "message_payload", "destination_addr"
SUBMIT_SM, DATA_SM = "submit_sm", "data_sm"
LAST, CUMULATIVE = "last", "cumulative"


@value
class OpsIn:
    """What the gateway's ussd_service_op means; any other number is not understood."""

    begin: tuple[int, ...] = (1,)  # PSSR indication: somebody dials
    input: tuple[int, ...] = (18,)  # USSR confirm: somebody answers a menu
    shown: tuple[int, ...] = (19,)  # USSN confirm: a notice was seen
    abort: tuple[int, ...] = (17, 129)  # hung up, or given up by the network


@value
class OpsOut:
    """The ussd_service_op of what we say; None: that parameter is left out."""

    menu: int | None = 2  # USSR request
    end: int | None = 17  # PSSR response
    notice: int | None = 3  # USSN request
    abort: int | None = 128  # USSREL request; None: the gateway is not told, its timer ends the session


@value
class Numbering:
    """Type of number and numbering plan (SMPP 3.4, 5.2.5 and 5.2.6)."""

    ton: int = 0
    npi: int = 0


@value
class Dialect:
    """How one gateway speaks."""

    name: str = "standard"
    correlator: str = ITS_SESSION
    ops_in: OpsIn = OpsIn()
    ops_out: OpsOut = OpsOut()
    end_bit: bool = True  # bit 0 of its_session_info ends a session, both ways
    code_in: str = SHORT_MESSAGE  # or DESTINATION: where the dialled code arrives
    input: str = LAST  # or CUMULATIVE: all inputs joined by `*`
    answer_with: str = SUBMIT_SM  # or DATA_SM
    text_out: str = SHORT_MESSAGE  # or MESSAGE_PAYLOAD; data_sm has nothing else
    service_type: str = "USSD"
    service_address: str = ""  # ours in what the network did not begin; else the one that was dialled
    service_numbering: Numbering | None = None  # None: as it came
    subscriber_numbering: Numbering | None = None
    coding: str = "auto"  # gsm: always GSM 7-bit; ucs2: always UCS-2
    gsm_packing: str = "octets"  # of GSM 7-bit, and of data_coding 0: octets, ascii, latin1
    gsm_data_coding: int = 0x00
    ucs2_data_coding: int = 0x08
    septets_max: int = 182  # of a screen, 3GPP TS 23.038 section 6.1.2.3
    ucs2_max: int = 80

    @property
    def counts(self) -> bool:
        """Whether a repetition can be told from the next input by a number of the gateway's."""
        return self.correlator == ITS_SESSION and self.input == LAST

    @property
    def joins_its(self) -> bool:
        """Whether its_session_info is spoken."""
        return self.correlator in (ITS_SESSION, ITS_DIALOG)

    def style(self, channel: str, budget_s: float, session_s: int, counted: bool) -> Style:
        """How a dialogue answers through this gateway; `counted`: this session's PDUs do carry the count."""
        septets_max = self.ucs2_max if self.coding == "ucs2" else self.septets_max
        return Style(channel, self.input, counted, septets_max, self.ucs2_max, self.coding != "ucs2", budget_s, session_s)
