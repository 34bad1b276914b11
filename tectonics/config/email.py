"""The settings of e-mail: where mail comes in, who may vouch for a sender, and how answers go out."""

from ipaddress import ip_address, ip_network
from typing import Annotated

from pydantic import BeforeValidator, Field

from tectonics.config.values import Count, Endpoint, Flag, Seconds, Section

DNS_PORT = 53
Path = Annotated[str, Field(max_length=1024)]
DOMAIN = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+"


def _network(value: object) -> str:
    try:
        return str(ip_network(value if isinstance(value, str) else ""))
    except ValueError:
        raise ValueError("expected an address or a network such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32") from None


def _server(value: object) -> str:
    """An address, with a port where it is not that of DNS."""
    text = value if isinstance(value, str) else ""
    try:
        host, port = server_of(text)
        if not 0 < port <= 65_535:
            raise ValueError
        ip_address(host)
    except ValueError:
        raise ValueError("expected an address such as 192.0.2.53, 127.0.0.1:5353 or [2001:db8::53]:53") from None
    return text


def server_of(text: str) -> tuple[str, int]:
    """Address and port of a validated name server."""
    host, colon, port = text.rpartition(":")
    if text.startswith("[") and "]" in text:
        return text[1:text.index("]")], int(port) if host.endswith("]") else DNS_PORT
    return (host, int(port)) if colon and ":" not in host else (text, DNS_PORT)


class Relay(Section):
    """A mail server of ours that has checked the sender and says so."""

    sources: tuple[Annotated[str, BeforeValidator(_network)], ...] = Field(
        min_length=1, max_length=64, description="addresses or networks that it sends from")
    authserv_id: str = Field(min_length=1, max_length=255, pattern=r"^[A-Za-z0-9._-]+$", description=(
        "its name in Authentication-Results (RFC 8601); it must take off such fields that come from outside"))


class Smarthost(Section):
    """The mail server that our answers go out by."""

    address: str = Field("", max_length=512, pattern=r"^$|^(tcp|tls):[^:\s]+:[0-9]{1,5}(:\S+)?$|^unix:[^:\s]+$", description=(
        "a Twisted client endpoint: tcp:host:587, tls:host:465; empty: no answers by e-mail"))
    starttls: Flag = Field(False, description="encrypt by STARTTLS, or send nothing; with address tcp:")
    ca_file: Path = Field("", description="whom to trust for its certificate by STARTTLS, PEM; empty: the system's")
    user: str = Field("", max_length=255, description="our name there; empty: none is needed")
    password_file: Path = Field("", description="holds the password, nothing else")
    deadline_s: Annotated[Seconds, Field(gt=0, le=600)] = Field(60, description="for one mail")
    queue_max: Annotated[Count, Field(ge=1, le=100_000)] = Field(1000, description="answers that wait; a further one is lost")
    tries_max: Annotated[Count, Field(ge=1, le=100)] = Field(8, description="then an answer is given up")
    retry_s: Annotated[Seconds, Field(gt=0, le=3600)] = Field(5, description="until the second try, doubled up to ten minutes")


class Email(Section):
    """E-mail to sos@, call@ and balance@ of the domain, from registered addresses."""

    endpoint: Endpoint = Field("tcp:2525:interface=127.0.0.1", description="where mail comes in by SMTP")
    domain: str = Field("vas.example", max_length=253, pattern=f"^{DOMAIN}$", description=(
        "what stands behind the @ of our addresses, and our name to other servers"))
    certificate_file: Path = Field("", description="PEM with its chain, for STARTTLS; empty: none is offered")
    key_file: Path = Field("", description="its key, PEM")
    size_max: Annotated[Count, Field(ge=4096, le=10_485_760)] = Field(262_144, description="octets of a mail; then 552")
    connections_max: Annotated[Count, Field(ge=1, le=10_000)] = Field(200, description="a further one gets 421")
    host_connections_max: Annotated[Count, Field(ge=1, le=10_000)] = Field(
        20, description="of one address; relays are not bound by it")
    idle_s: Annotated[Seconds, Field(ge=1, le=600)] = Field(60, description="silence after which a connection is closed")
    session_s: Annotated[Seconds, Field(ge=10, le=3600)] = Field(300, description="how long a connection may last at most")
    relays: tuple[Relay, ...] = Field((), max_length=64, description=(
        "servers whose checks are believed, such as {sources: [192.0.2.25], authserv_id: mx.example.com}"))
    dkim: Flag = Field(True, description="believe senders whose domain has signed; its key is looked up in DNS")
    nameservers: tuple[Annotated[str, BeforeValidator(_server)], ...] = Field(
        (), max_length=8, description="resolvers to ask for keys; []: those of /etc/resolv.conf")
    sender_per_hour: Annotated[Count, Field(ge=1, le=1000)] = Field(10, description="mails of one sender that count")
    answers_per_hour: Annotated[Count, Field(ge=1, le=1000)] = Field(10, description="answers by e-mail to one address")
    smarthost: Smarthost = Field({}, description="by which answers go out")
