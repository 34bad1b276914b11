"""The settings of self-care: the pages at /me on the web port."""

from ipaddress import ip_network
from typing import Annotated

from pydantic import BeforeValidator, Field

from tectonics.config.values import Count, Flag, Seconds, Section


def _network(value: object) -> str:
    try:
        return str(ip_network(value if isinstance(value, str) else ""))
    except ValueError:
        raise ValueError("expected an address or a network such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32") from None


class SelfCare(Section):
    """Pages of subscribers at /me, by a one-time code sent by SMS."""

    enabled: Flag = Field(True, description="false: there is nothing at /me")
    proxies: tuple[Annotated[str, BeforeValidator(_network)], ...] = Field((), max_length=64, description=(
        "in front of the pages, such as [127.0.0.1]: their X-Forwarded-For and X-Forwarded-Proto are believed"))
    idle_s: Annotated[Seconds, Field(ge=60, le=86_400)] = Field(900, description="then a visitor is signed out")
    visit_s: Annotated[Seconds, Field(ge=60, le=86_400)] = Field(7200, description="and after this long in any case")
    visits_max: Annotated[Count, Field(ge=1, le=1_000_000)] = Field(
        20_000, description="signed in at a time; beyond it who has done nothing for longest is signed out")
    codes_per_hour: Annotated[Count, Field(ge=1, le=1_000_000)] = Field(
        60, description="that one address may ask for; more where many subscribers share one (NAT)")
    guesses_per_hour: Annotated[Count, Field(ge=1, le=1_000_000)] = Field(
        120, description="codes that one address may enter")
    per_minute: Annotated[Count, Field(ge=1, le=1_000_000)] = Field(
        300, description="codes asked for, and wrong ones, of all together; above it none are served and an alarm is raised")
