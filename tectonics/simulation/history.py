"""The history of one subscriber as one sentence: what he did and saw, what the books say, which faults came between.

For whoever reads a failure: everything stands in the order of the virtual time, the newest MOMENTS_MAX of it.
"""

from collections.abc import Iterator

from tectonics.domain.ticket import parse_rfc3339
from tectonics.simulation.books import Subscriber
from tectonics.simulation.callbook import Rung
from tectonics.simulation.journal import Journal, Record, Session, Step
from tectonics.simulation.mailbook import Letter

MOMENTS_MAX = 30
DAY_S, HOUR_S, MINUTE_S = 86_400, 3600, 60


def clock(at_s: float) -> str:
    """Virtual time: day 0 08:12:01.500."""
    day, rest = divmod(at_s, DAY_S)
    hour, rest = divmod(rest, HOUR_S)
    minute, second = divmod(rest, MINUTE_S)
    return f"day {int(day)} {int(hour):02d}:{int(minute):02d}:{second:06.3f}"


def sentence(one: Subscriber, journal: Journal, start_ms: int) -> str:
    """Everything that happened to one, as far as anybody saw it."""
    moments = sorted([*_seen(one.msisdn, journal), *_booked(one, start_ms)], key=lambda moment: moment[0])
    kept = moments[-MOMENTS_MAX:]
    since_s = kept[0][0] if kept else 0.0
    faults = [(at_s, text) for at_s, _, text in journal.faults if at_s >= since_s]
    told = sorted([*kept, *faults], key=lambda moment: moment[0])
    earlier = "" if len(kept) == len(moments) else f" (after {len(moments) - len(kept)} earlier moments)"
    return f"{one.msisdn}{earlier}: " + ("; ".join(f"{clock(at_s)} {text}" for at_s, text in told) or "nothing") + "."


def _seen(msisdn: str, journal: Journal) -> Iterator[tuple[float, str]]:
    for entry in journal.by_subscriber.get(msisdn, ()):
        if isinstance(entry, Session):
            for step in entry.steps:
                yield step.at_s, _step(entry, step)
        else:
            yield from _record(entry)
    yield from _post(msisdn, journal)
    for rung in journal.calls.rung.get(msisdn, ()):
        yield from _rung(rung)
    for ring in journal.rings.by_subscriber.get(msisdn, ()):
        for one in ring.tries:
            yield ring.at_s, f"rang {ring.did} ({ring.service}) as {ring.call_id} at {one.node} and heard {one.statuses}"
    for letter in journal.mail.by_subscriber.get(msisdn, ()):
        yield from _mailed(letter, journal)
    operations = {op for _, op, _ in journal.resolved}
    if operations:
        yield from ((at_s, f"an operator said of {op}: {what}") for at_s, op, what in journal.resolved)


def _step(session: Session, step: Step) -> str:
    what = f"typed {step.typed!r}" if len(session.steps) and step is not session.steps[0] else f"dialled {step.typed!r}"
    if step.text is None:
        return f"{what} in {session.id} and saw nothing"
    first = step.text.partition("\n")[0]
    return f"{what} in {session.id} and saw {first!r} at {clock(step.answered_s)[-12:]}"


def _post(msisdn: str, journal: Journal) -> Iterator[tuple[float, str]]:
    for written in journal.post.written.get(msisdn, ()):
        yield written.at_s, f"wrote {written.text!r}"
        for at_s, (node, life), _ in written.tries:
            yield at_s, f"{written.text!r} was delivered to {node} (life {life})"
        if written.taken_s is not None:
            yield written.taken_s, f"{written.text!r} was acknowledged"
    for read in journal.post.read.get(msisdn, ()):
        yield read.at_s, f"read {read.text[:60]!r}"
    for call in journal.post.calls.get(msisdn, ()):
        yield from _calls(call.steps, "SMPP")
    for switched in journal.switch.by_subscriber.get(msisdn, ()):
        yield from _calls(switched.steps, f"GSUP ({switched.number:08x})")


def _calls(steps: list[Step], way: str) -> Iterator[tuple[float, str]]:
    for step in steps:
        what = f"saw {step.text.partition(chr(10))[0]!r} at {clock(step.answered_s)[-12:]}" if step.text else "saw nothing"
        yield step.at_s, f"{'typed' if step is not steps[0] else 'dialled'} {step.typed!r} over {way} and {what}"


def _rung(rung: Rung) -> Iterator[tuple[float, str]]:
    whose, phone = rung.b or "his telephone", rung.phone
    yield phone.rung_at - rung.boot_s, f"{whose} rang for {rung.call or 'no call'} ({rung.leg})"
    for at_s, what in ((phone.answered_at, "was picked up"), (phone.vanished_at, "vanished"),
                       (phone.over_at, f"was over, by {phone.ended_by}")):
        if at_s:
            yield at_s - rung.boot_s, f"{whose} {what}"


def _mailed(letter: Letter, journal: Journal) -> Iterator[tuple[float, str]]:
    yield letter.at_s, f"wrote to {letter.service}@ {letter.manner}".rstrip() + f" ({letter.id})"
    for one in letter.attempts:
        yield one.at_s, f"{letter.id} was brought to {one.node} (life {one.life}) and answered {one.code} at {clock(one.told_s)[-12:]}"
    for answer in journal.mail.answers.get(letter.id, ()):
        yield answer.at_s, f"{letter.id} was answered by mail: {answer.text.strip()[:60]!r}"


def _record(record: Record) -> Iterator[tuple[float, str]]:
    amount = f" of {record.amount_minor}" if record.amount_minor else f" of {record.ref}" if record.ref else ""
    yield record.at_s, f"{record.type} {record.id}{amount}"
    if record.answered_s is not None:
        yield record.answered_s, f"{record.id} was answered {record.answer}"


def _booked(one: Subscriber, start_ms: int) -> Iterator[tuple[float, str]]:
    for movement in one.movements:
        what = f"{movement.kind} {movement.amount_minor} as {movement.name} ({movement.op})"
        yield (movement.at - start_ms) / 1000, f"the ledger booked {what}"
    for ticket in one.tickets:
        at_s = (parse_rfc3339(ticket.body["time"]) - start_ms) / 1000
        yield at_s, f"ticket {ticket.origin}:{ticket.seq} {ticket.body['type']} {ticket.body.get('amount', '')}".rstrip()


