"""The settings of SMPP: accounts at message centres and USSD gateways, and the two channels that use them.

An account has one or several sessions ("binds") to one address.  Accounts of the lowest `rank` share the load;
those of a higher rank take over while no lower one is bound.
"""

from typing import Annotated, Literal

from pydantic import Field

from tectonics.config.values import Count, Flag, Name, Seconds, Section

Byte = Annotated[Count, Field(le=255)]
Client = Annotated[str, Field(pattern=r"^(tcp|tls):[^:\s]+:[0-9]{1,5}(:\S+)?$|^unix:[^:\s]+$", max_length=512)]


class SmppAccount(Section):
    """One account at a peer that speaks SMPP 3.4."""

    name: Name = Field(description="its name in alarms, metrics and logs")
    address: Client = Field(description="a Twisted client endpoint: tcp:host:port, tls:host:port:trustRoots=folder")
    bind: Literal["transceiver", "transmitter", "receiver"] = Field("transceiver", description="what it may carry")
    sessions: Annotated[Count, Field(ge=1, le=32)] = Field(1, description="binds side by side")
    rank: Annotated[Count, Field(le=9)] = Field(0, description="the lowest that is bound serves; equal ones share")
    system_id: str = Field("", max_length=15, description="the account's name at the peer")
    password_file: str = Field("", max_length=1024, description="holds the password, nothing else; empty: none")
    system_type: str = Field("", max_length=12, description="as the peer asks for it")
    dialect: Name = Field("standard", description="how a USSD gateway speaks, a file of the dialects' folder")
    per_second: Annotated[Count, Field(ge=1, le=100_000)] = Field(
        100, description="PDUs submitted a second at most, each part of a long message counted")
    window: Annotated[Count, Field(ge=1, le=10_000)] = Field(50, description="submits without an answer, each session")
    enquire_s: Annotated[Seconds, Field(ge=1, le=3600)] = Field(55, description="silence before an enquire_link")
    response_s: Annotated[Seconds, Field(gt=0, le=600)] = Field(30, description="wait for an answer")
    reconnect_s: Annotated[Seconds, Field(gt=0, le=600)] = Field(
        1, description="pause before the next try, doubled up to a minute")
    throttle_s: Annotated[Seconds, Field(gt=0, le=60)] = Field(
        0.5, description="pause after ESME_RTHROTTLED or ESME_RMSGQFUL, doubled up to ten times as long")


class Address(Section):
    """An address with its type and plan (SMPP 3.4, 5.2.5 and 5.2.6)."""

    number: str = Field("", max_length=20, description="digits, or a name where ton is 5")
    ton: Byte = Field(0, description="type of number: 1 international, 5 alphanumeric")
    npi: Byte = Field(0, description="numbering plan: 1 E.164")


class SmsSmpp(Section):
    """SMS by SMPP: requests, replies and notices. Without accounts messages are shown on the demo handset alone."""

    accounts: tuple[SmppAccount, ...] = Field((), max_length=64, description=(
        "such as {name: smsc1, address: \"tcp:192.0.2.1:2775\", system_id: tectonics, password_file: smsc1.secret}"))
    source: Address = Field({"number": "133"}, description="the sender that subscribers see and answer to")
    destination_ton: Byte = Field(1, description="type of number of subscribers")
    destination_npi: Byte = Field(1, description="their numbering plan")
    coding: Literal["auto", "gsm", "ucs2"] = Field(
        "auto", description="auto: GSM 7-bit where the text fits it, else UCS-2; gsm: transliterated")
    gsm_packing: Literal["octets", "ascii", "latin1"] = Field(
        "octets", description="how the peer wants data_coding 0: GSM 03.38 one character an octet, ASCII, or Latin 1")
    long_messages: Literal["udh", "sar", "payload"] = Field("udh", description="how parts are joined")
    parts_max: Annotated[Count, Field(ge=1, le=20)] = Field(6, description="a longer text is cut")
    validity_s: Annotated[Seconds, Field(ge=60, le=604_800)] = Field("1d", description="how long the peer tries")
    receipts: Flag = Field(True, description="ask for delivery receipts and note them with the message")
    receipt_ids: Literal["same", "hex", "decimal"] = Field(
        "same", description="how receipts spell the id of submit_sm_resp: as it is, or in the other base")
    keep_days: Annotated[Count, Field(ge=1, le=90)] = Field(7, description="how long a message awaits its receipt")
    offer_s: Annotated[Seconds, Field(ge=60, le=86_400)] = Field("15m", description="how long an offer may be answered")
    help_every_s: Annotated[Seconds, Field(ge=0, le=86_400)] = Field(
        "1h", description="an unknown word gets help once in this time")


class UssdSmpp(Section):
    """USSD by SMPP."""

    accounts: tuple[SmppAccount, ...] = Field((), max_length=64, description=(
        "such as {name: ussdgw, address: \"tcp:192.0.2.2:2775\", system_id: tectonics, dialect: standard}"))
    dialects: str = Field("dialects", max_length=1024, description="folder of the dialects, relative to this file's")
    budget_s: Annotated[Seconds, Field(gt=0, lt=10)] = Field(
        8.0, description="a later answer is worth nothing; then: you will get an SMS")
    session_s: Annotated[Seconds, Field(ge=10, le=3600)] = Field(180, description="how long a menu waits")
