"""The settings of USSD through OsmoHLR, and how that network speaks."""

from typing import Annotated

from pydantic import Field

from tectonics.config.values import Count, Seconds, Section
from tectonics.domain.screens import Style


class UssdGsup(Section):
    """USSD as an external USSD entity of OsmoHLR, by GSUP."""

    address: str = Field("", max_length=512, pattern=r"^$|^(tcp|tls):[^:\s]+:[0-9]{1,5}(:\S+)?$|^unix:[^:\s]+$",
                         description="of the HLR's GSUP port, such as tcp:127.0.0.1:4222; empty: off")
    control: str = Field("", max_length=512, pattern=r"^$|^tcp:[^:\s]+:[0-9]{1,5}$|^unix:[^:\s]+$",
                         description="of its CTRL port, where an IMSI's MSISDN is asked, such as tcp:127.0.0.1:4259")
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")] = Field(
        "tectonics", description="ours, as in the HLR's line `euse tectonics`")
    septets_max: Annotated[Count, Field(ge=80, le=128)] = Field(
        128, description="longest screen in GSM 7-bit; OsmoHLR loses longer final ones")
    ucs2_max: Annotated[Count, Field(ge=30, le=56)] = Field(56, description="longest screen in UCS-2")
    budget_s: Annotated[Seconds, Field(gt=0, lt=10)] = Field(8.0, description="a later answer is worth nothing")
    session_s: Annotated[Seconds, Field(ge=10, le=600)] = Field(
        30, description="how long a menu waits; the HLR's ncss-guard-timeout")
    imsi_keep_s: Annotated[Seconds, Field(ge=0, le=86_400)] = Field(
        "5m", description="how long an IMSI's MSISDN is remembered")

    def style(self) -> Style:
        """How the network speaks; the channel makes it cumulative. A menu outlives the slowest answer to it."""
        return Style("ussd_gsup", "cumulative", False, self.septets_max, self.ucs2_max, True, self.budget_s,
                     round(self.session_s + self.budget_s) + 1)
