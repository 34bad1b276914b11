"""The settings of the DID ring: trunks that may call, numbers that ring, and how long.

A trunk is who delivers calls: known by the addresses that it sends from, and by a password where it has one.
"""

from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from tectonics.config.values import Count, Endpoint, Name, Seconds, Section


def network(value: object) -> str:
    """An address, or a network such as 192.0.2.0/24."""
    try:
        return str(ip_network(value)) if isinstance(value, str) else _no_network()
    except ValueError:
        return _no_network()


def _no_network() -> str:
    raise ValueError("expected an address or a network such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32")


def digits(value: object) -> object:
    """A number that YAML took for a whole number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class SipTrunk(Section):
    """Who may call us."""

    name: Name = Field(description="its name in alarms, metrics and logs")
    sources: tuple[Annotated[str, BeforeValidator(network)], ...] = Field(
        min_length=1, max_length=64, description="addresses or networks that it sends from; nobody else is heard")
    cli: Literal["pai", "rpid", "from"] = Field("pai", description=(
        "which header tells who calls: P-Asserted-Identity, Remote-Party-ID or From; others are not looked at"))
    country_code: Annotated[str, BeforeValidator(digits)] = Field(
        "", pattern=r"^([1-9][0-9]{0,2})?$", description="put before its national numbers; empty: the daemon's")
    user: str = Field("", max_length=64, pattern=r'^[^":\\]*$', description="its name when it proves itself by digest; empty: no digest")
    password_file: str = Field("", max_length=1024, description="holds its password, nothing else")
    realm: str = Field("tectonics", min_length=1, max_length=64, pattern=r'^[^"\\]+$', description="what its password is for")
    algorithms: tuple[Literal["SHA-256", "MD5"], ...] = Field(
        ("SHA-256", "MD5"), min_length=1, max_length=2, description="of the digest that are offered, the best first")
    per_second: Annotated[Count, Field(ge=1, le=100_000)] = Field(200, description="new calls a second; then 503")


class Did(Section):
    """A number that is called and rings."""

    number: Annotated[str, BeforeValidator(digits)] = Field(
        pattern=r"^[0-9]{3,15}$", description="international without plus sign, or short as the trunk delivers it")
    service: Literal["lend", "call_last", "call_favourite", "call_ask", "call_to"] = Field("lend", description=(
        "lend: the caller is offered credit by SMS, to be agreed to; call_last, call_favourite, call_to: he is called "
        "back and connected with whom he called last, calls most often, or `to`; call_ask: he is asked by SMS with whom"))
    to: Annotated[str, BeforeValidator(digits)] = Field(
        "", pattern=r"^([1-9][0-9]{5,14})?$", description="of call_to: the number, international without plus sign")


class DidSip(Section):
    """A call that rings, is declined and costs nobody anything. Without dids nothing listens, but in the demo."""

    endpoint: Endpoint = Field("udp:5070:interface=127.0.0.1", pattern=r"^$|^udp:[0-9]{1,5}(:interface=\S+)?$",
                               description="where trunks send SIP by UDP")
    tcp: Endpoint = Field("", pattern=r"^$|^tcp", description="where they may connect to for SIP by TCP; empty: nowhere")
    trunks: tuple[SipTrunk, ...] = Field((), max_length=64, description=(
        "such as {name: carrier1, sources: [192.0.2.0/28], cli: pai, user: tectonics, password_file: carrier1.secret}; no "
        "trunks and no dids: with demo subscribers this machine may ring 33800133000, service lend, with its number in From"))
    dids: tuple[Did, ...] = Field((), max_length=1000, description="such as {number: \"33800133000\", service: lend}")
    ring_s: Annotated[Seconds, Field(ge=1, le=120)] = Field(8, description="how long a call rings before it is declined")
    min_ring_s: Annotated[Seconds, Field(ge=0, le=60)] = Field(
        1, description="a caller who hangs up earlier wanted nothing")
    status: Literal[480, 486, 603] = Field(
        480, description="480 unavailable, 486 busy, 603 declined: what the trunk plays for it is its own affair")
    repeat_s: Annotated[Seconds, Field(ge=0, le=86_400)] = Field(
        60, description="a caller who rings the same number again so soon is declined at once")
    caller_per_hour: Annotated[Count, Field(ge=1, le=1000)] = Field(10, description="rings of one caller that count")
    calls_max: Annotated[Count, Field(ge=1, le=20_000)] = Field(5000, description="calls that ring at a time; then 503")
    strangers: Literal["drop", "refuse"] = Field(
        "drop", description="what comes from no trunk's address: no answer at all, or 403")


DEMO_RINGS = {"trunks": (SipTrunk(name="demo", sources=("127.0.0.1",), cli="from"),), "dids": (Did(number="33800133000"),)}
