"""The columns of an active alarm that stand in the table alone: what to do, why, and who looks after it."""

from collections.abc import Iterator

from tectonics.oam.snmp import schema, values
from tectonics.oam.snmp.values import Value
from tectonics.ports import Alarm


def more(alarm: Alarm) -> Iterator[tuple[str, Value]]:
    """Column -> value; one that nobody has acknowledged has no time of it."""
    yield "tectonicsAlarmAdvice", values.text(alarm.advice)
    yield "tectonicsAlarmCause", values.text(alarm.cause)
    yield from state(alarm)
    if alarm.acknowledged is not None:
        yield "tectonicsAlarmAcknowledgedAt", values.date(alarm.acknowledged.at)
    yield "tectonicsAlarmNote", values.text(alarm.acknowledged.note if alarm.acknowledged else "")


def state(alarm: Alarm) -> Iterator[tuple[str, Value]]:
    """What tectonicsAlarmChanged tells besides what the alarm is."""
    yield "tectonicsAlarmRaises", values.gauge(alarm.raises)
    yield "tectonicsAlarmFlapping", values.number(schema.TRUTHS[alarm.flapping])
    yield "tectonicsAlarmAcknowledged", values.number(schema.TRUTHS[alarm.acknowledged is not None])
    yield "tectonicsAlarmAcknowledgedBy", values.text(alarm.acknowledged.who if alarm.acknowledged else "")
