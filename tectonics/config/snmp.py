"""The settings of the SNMP agent: who may ask and see what, and which managers are told."""

from ipaddress import ip_address, ip_network
from typing import Annotated

from pydantic import BeforeValidator, Field

from tectonics.config.alarms import AlarmLimits
from tectonics.config.values import Count, Endpoint, Flag, Name, Section

File = Annotated[str, Field(max_length=1024)]
PLAYPEN = "1.3.6.1.4.1.8072.9999.9999.133"
_OID = r"^[0-2](\.[0-9]{1,10}){1,40}$"


def _network(value: object) -> str:
    try:
        return str(ip_network(value if isinstance(value, str) else ""))
    except ValueError:
        raise ValueError("expected an address or a network such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32") from None


def _address(value: object) -> str:
    text = value if isinstance(value, str) else ""
    try:
        host, port = address_of(text)
        ip_address(host)
        if not 0 < port <= 65_535:
            raise ValueError
    except ValueError:
        raise ValueError("expected an address and a port such as 192.0.2.10:162 or [2001:db8::10]:162") from None
    return text


def address_of(text: str) -> tuple[str, int]:
    """Host and port of a validated address."""
    host, _, port = text.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


def oid_of(text: str) -> tuple[int, ...]:
    """The arcs of a validated object identifier."""
    return tuple(map(int, text.split(".")))


Network = Annotated[str, BeforeValidator(_network)]
Oid = Annotated[str, Field(pattern=_OID)]


class View(Section):
    """A part of the tree; of the subtrees that an object is below, the longest decides."""

    name: Name = Field(description="by which communities and users name it")
    include: tuple[Oid, ...] = Field(min_length=1, max_length=64, description="subtrees that are in it")
    exclude: tuple[Oid, ...] = Field((), max_length=64, description="subtrees of those that are not")


class Community(Section):
    """Who may read by v2c, without encryption."""

    community_file: File = Field(min_length=1, description="holds the community, nothing else")
    sources: tuple[Network, ...] = Field(min_length=1, max_length=64, description="addresses or networks it may come from")
    view: str = Field("", max_length=32, description="what it sees, of views; empty: everything")


class User(Section):
    """Who may ask by v3: HMAC-SHA-256 and AES-128, both always."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,32}$")] = Field(description="its name")
    authentication_file: File = Field(min_length=1, description="holds its authentication pass phrase, at least 8 characters")
    privacy_file: File = Field(min_length=1, description="holds its privacy pass phrase, at least 8 characters")
    view: str = Field("", max_length=32, description="what it sees, of views; empty: everything")
    write: Flag = Field(False, description="whether it may set what can be set in its view")


class Manager(Section):
    """Who is told of alarms."""

    name: Name = Field(description="its name in metrics and the log")
    address: Annotated[str, BeforeValidator(_address)] = Field(description="where it listens")
    inform: Flag = Field(True, description="informs, sent again until they are acknowledged; false: traps, sent once")
    user: str = Field("", max_length=32, description="the user whose keys are used, by v3")
    community_file: File = Field("", description="or the community, by v2c")


class Snmp(Section):
    """The SNMP agent; its module is mibs/TECTONICS-MIB.txt."""

    endpoint: Endpoint = Field("udp:1161:interface=127.0.0.1", description="where it listens")
    communities: tuple[Community, ...] | None = Field(None, max_length=64, description=(
        "who reads by v2c, such as {community_file: community, sources: [192.0.2.10]}; null: with demo subscribers "
        "`public` from this machine, else nobody"))
    users: tuple[User, ...] = Field((), max_length=64, description=(
        "who asks by v3, such as {name: noc, authentication_file: noc.auth, privacy_file: noc.priv, write: true}"))
    views: tuple[View, ...] = Field((), max_length=64, description=(
        "parts of the tree, such as {name: alarms, include: [1.3.6.1.4.1.8072.9999.9999.133.1.8]}"))
    managers: tuple[Manager, ...] = Field((), max_length=16, description=(
        "who is told, such as {name: noc1, address: \"192.0.2.10:162\", user: noc}"))
    base_oid: Oid = Field(PLAYPEN, description="where the module stands; the module's file must say the same")
    engine_id: str = Field("", pattern=r"^([0-9a-f]{2}){5,32}$|^$", description=(
        "in hexadecimal; empty: made at the first start and kept in the state directory"))
    contact: str = Field("", max_length=255, description="sysContact: whom to call")
    location: str = Field("", max_length=255, description="sysLocation: where it stands")
    source_rate: Annotated[Count, Field(ge=1, le=10_000)] = Field(
        500, description="messages a second of one address; further ones are not heard")


class Oam(Section):
    """Operation and maintenance."""

    snmp: Snmp = Field({}, description="SNMP")
    alarms: AlarmLimits = Field({}, description="alarms")


def contradictions(snmp: Snmp):
    """What is well-formed and cannot be meant; (path below the section, sentence) pairs."""
    views, users = {one.name for one in snmp.views}, {one.name for one in snmp.users}
    for key, ones in (("communities", snmp.communities or ()), ("users", snmp.users)):
        for i, one in enumerate(ones):
            if one.view and one.view not in views:
                yield (key, i, "view"), f"expected one of oam.snmp.views, found {one.view!r}"
    for key, ones in (("views", snmp.views), ("users", snmp.users), ("managers", snmp.managers)):
        seen = set()
        for i, one in enumerate(ones):
            if one.name in seen:
                yield (key, i, "name"), f"expected a name of its own, found {one.name!r} again"
            seen.add(one.name)
    for i, one in enumerate(snmp.managers):
        if bool(one.user) == bool(one.community_file):
            yield ("managers", i, "user"), "expected either user, by v3, or community_file, by v2c"
        if one.user and one.user not in users:
            yield ("managers", i, "user"), f"expected one of oam.snmp.users, found {one.user!r}"
    if snmp.managers and not snmp.endpoint:
        yield ("endpoint",), "expected where the agent listens, because there are managers: they answer to it"
    if snmp.endpoint and not snmp.endpoint.startswith("udp:"):
        yield ("endpoint",), "expected a UDP port such as udp:1161:interface=127.0.0.1"
