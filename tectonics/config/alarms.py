"""The settings of alarms: from when on something is one, and how alarms are damped."""

from typing import Annotated

from pydantic import Field

from tectonics.config.values import Count, Seconds, Section

Percent = Annotated[Count, Field(ge=1, le=100)]


class AlarmLimits(Section):
    """From when on something is an alarm, and how those that come and go are damped."""

    hold_s: Annotated[Seconds, Field(ge=0, le=600)] = Field(
        10, description="a clear takes effect when the alarm has not been raised again for so long")
    flap_raises: Annotated[Count, Field(ge=1, le=100)] = Field(
        5, description="one that was raised more often than this within flap_window_s is flapping")
    flap_window_s: Annotated[Seconds, Field(ge=10, le=86_400)] = Field(
        300, description="and comes to rest when it has not been raised for so long")
    disk_free_mib: Annotated[Count, Field(ge=1, le=1_048_576)] = Field(
        200, description="less room than this in the state directory is disk_low")
    ussd_window_s: Annotated[Seconds, Field(ge=30, le=86_400)] = Field(300, description="the time that the next three look back on")
    ussd_steps_min: Annotated[Count, Field(ge=1, le=1_000_000)] = Field(
        50, description="steps, or sessions, of a channel within it; fewer say nothing")
    ussd_late_percent: Percent = Field(5, description="of its steps that the budget ran out on: ussd_late")
    ussd_timeouts_percent: Percent = Field(60, description="of its sessions after whose last screen nothing came: ussd_timeouts")
    bad_debt_days: Annotated[Count, Field(ge=1, le=3650)] = Field(90, description="what was lent in the last so many days")
    bad_debt_percent: Percent = Field(20, description="of it overdue now or written off since: bad_debt")
    bad_debt_advances_min: Annotated[Count, Field(ge=1, le=1_000_000_000)] = Field(
        100, description="advances lent in that time; fewer say nothing")
    certificate_days: Annotated[Count, Field(ge=1, le=365)] = Field(
        30, description="a certificate that is valid for less time is certificate_expiring")
    reconcile_every_s: Annotated[Seconds, Field(ge=0, le=86_400)] = Field(
        60, description="how often some operations are compared with the billing system; 0: never")
    reconcile_operations: Annotated[Count, Field(ge=1, le=1000)] = Field(
        20, description="so many each time; what there was more is passed over")
    peer_silent_s: Annotated[Seconds, Field(ge=5, le=3600)] = Field(
        20, description="a node over the same database that gave no sign for so long is peer_lost")
    peer_gone_s: Annotated[Seconds, Field(ge=60, le=604_800)] = Field(
        86_400, description="and gone for good after so long, when all that it had begun has been taken over")
