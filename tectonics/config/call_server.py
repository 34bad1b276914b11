"""The settings of the call server: who rings two people and connects them.

Over SIP the daemon is a third party that controls calls of a switch (RFC 3725).  A trunk is a switch, or a way through one,
that takes our calls; they are tried in the order in which they stand.
"""

from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from tectonics.config.sip import digits, network
from tectonics.config.values import Count, Endpoint, Flag, Name, Seconds, Section

_PLACE = r"^$|^([0-9.]{7,15}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?$"


def _address(value: object) -> str:
    """`192.0.2.1`, `192.0.2.1:5060`, `[2001:db8::1]:5060`."""
    text = value if isinstance(value, str) else ""
    host, colon, port = text.rpartition(":") if text.count(":") == 1 or "]:" in text else (text, "", "")
    try:
        ip_address(host.strip("[]"))
        good = not colon or port.isdigit() and 0 < int(port) <= 65_535
    except ValueError:
        good = False
    if not good:
        raise ValueError("expected an address such as 192.0.2.1, 192.0.2.1:5060 or [2001:db8::1]:5060")
    return text


class CallTrunk(Section):
    """Who takes our calls."""

    name: Name = Field(description="its name in alarms, metrics and logs")
    address: Annotated[str, BeforeValidator(_address)] = Field(
        description="where it takes SIP by UDP: an IP address, with its port where that is not 5060")
    sources: tuple[Annotated[str, BeforeValidator(network)], ...] = Field(
        (), max_length=64, description="addresses or networks that it sends from as well; nobody else is heard")
    domain: str = Field("", max_length=255, pattern=r"^[A-Za-z0-9.\[\]:-]*$",
                        description="host part of the numbers that are called, and of ours; empty: the addresses")
    prefix: str = Field("+", max_length=15, pattern=r"^\+?[0-9*#]*$",
                        description="put before the international number that is called: +, 00, a routing prefix, or nothing")
    identity: Literal["from", "pai", "both"] = Field("both", description=(
        "which header tells the number that is shown: From, P-Asserted-Identity (From is anonymous then), or both"))
    asserted: Annotated[str, BeforeValidator(digits)] = Field(
        "", pattern=r"^(\+?[0-9]{3,15})?$", description="the number that P-Asserted-Identity names instead; empty: the one that is shown")
    user: str = Field("", max_length=64, pattern=r'^[^":\\]*$', description="our name when it asks for a digest; empty: none")
    password_file: str = Field("", max_length=1024, description="holds our password there, nothing else")
    redirects: Flag = Field(False, description="whether a 3xx is followed, once, by way of this trunk")


class SipCalls(Section):
    """Third-party call control over SIP."""

    endpoint: Endpoint = Field("udp:5072:interface=127.0.0.1", pattern=r"^udp:[0-9]{1,5}(:interface=\S+)?$",
                               description="our socket")
    public: str = Field("", pattern=_PLACE, description=(
        "the address, and perhaps port, that trunks reach it by; empty: the endpoint's own"))
    siblings: tuple[Annotated[str, Field(pattern=_PLACE)], ...] = Field(
        (), max_length=8, description="`public` of the other nodes over the same database: calls that they left ringing are cancelled")
    trunks: tuple[CallTrunk, ...] = Field((), max_length=16, description=(
        "such as {name: switch1, address: \"192.0.2.1:5060\", user: tectonics, password_file: switch1.secret}"))
    flow: Literal["IV", "III", "I"] = Field("IV", description=(
        "of RFC 3725: IV offers A no media until B answers, III lets him offer his own, I is for a B that answers at once"))
    announcement: str = Field("", max_length=64, pattern=r"^[A-Za-z0-9+*#._-]*(\{language\})?[A-Za-z0-9+*#._-]*$", description=(
        "user part of the trunks' announcement server, which A hears while B rings; {language} is his; empty: silence"))
    answer_s: Annotated[Seconds, Field(ge=0.5, le=32)] = Field(
        4, description="a trunk that has not answered an INVITE at all is passed over")
    session_s: Annotated[Seconds, Field(ge=90, le=86_400)] = Field(
        300, description="session timer (RFC 4028): a call whose end was lost is ended by both sides within it")
    keep_alive_s: Annotated[Seconds, Field(ge=1, le=3600)] = Field(30, description="between two OPTIONS to each trunk")
    calls_max: Annotated[Count, Field(ge=1, le=20_000)] = Field(2000, description="calls at a time; then nobody is rung")


class CallServer(Section):
    """Who rings two people and connects them; without one there are no call-backs."""

    kind: Literal["none", "sip"] = Field("none", description="none, or sip: third-party call control")
    sip: SipCalls = Field({}, description="Third-party call control over SIP")
