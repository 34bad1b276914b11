"""Bad debt: how much of what was lent lately is overdue, or was given up.

Lent and written off stand in the days of the service, overdue in the index of what is unfinished, so that a look
costs little however long the history is.
"""

from tectonics.config.alarms import AlarmLimits
from tectonics.domain.money import format_minor
from tectonics.domain.policy import DAY_MS, Policy
from tectonics.ports import Alarms, Queries


async def watch_bad_debt(queries: Queries, policy: Policy, now: int, alarms: Alarms, limits: AlarmLimits) -> None:
    """Raises or clears bad_debt."""
    day = policy.day(now) - limits.bad_debt_days + 1
    lent = await queries.lent(day, day * DAY_MS - policy.utc_offset_minutes * 60_000)
    bad_minor = lent.overdue_minor + lent.written_off_minor
    if lent.count < limits.bad_debt_advances_min or 100 * bad_minor < limits.bad_debt_percent * lent.lent_minor:
        alarms.clear("bad_debt")
        return
    overdue, written_off, whole = (format_minor(minor, policy.currency)
                                   for minor in (lent.overdue_minor, lent.written_off_minor, lent.lent_minor))
    alarms.raise_alarm("bad_debt", f"of {whole} {policy.currency} lent in {limits.bad_debt_days} days {overdue} with its fees is "
                       f"overdue and {written_off} was written off")
