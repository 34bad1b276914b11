"""The audit: every rule of the house about money, asked of the evidence; each answer is a list of sentences.

`audit` of a healthy run is empty.  Ledger, advances and tickets are three books kept by different
hands; the journal is a fourth, kept by the people who were served.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from tectonics.domain import advance as adv
from tectonics.domain import recharge as rec
from tectonics.domain.money import parse_minor
from tectonics.simulators.soak.evidence import Advance, Evidence
from tectonics.simulators.soak.journal import BUSY, GRANTED, NOT_GRANTED, Borrowed, Recharged, Unlike
from tectonics.simulators.soak.paper import paper

CREDITED = frozenset({adv.OPEN, adv.OVERDUE, adv.REPAID, adv.WRITTEN_OFF})
PAYMENTS = ("recovery.full", "recovery.partial")
COMPLAINTS_MAX = 20  # of one rule; beyond it only their number is told
LENDING = "lending"


def audit(found: Evidence) -> list[str]:
    """Everything that is wrong; at most COMPLAINTS_MAX sentences of one rule."""
    complaints = []
    for rule in RULES:
        wrong = list(rule(found))
        complaints += [f"{rule.__name__.strip('_')}: {sentence}" for sentence in wrong[:COMPLAINTS_MAX]]
        if len(wrong) > COMPLAINTS_MAX:
            complaints.append(f"{rule.__name__.strip('_')}: and {len(wrong) - COMPLAINTS_MAX} more")
    return complaints


def _ledger_adds_up(found: Evidence) -> Iterator[str]:
    """A balance is the sum of its movements, and no operation of ours stands there twice."""
    for one in found.balances:
        if one.stored_minor != one.moved_minor:
            yield f"{one.msisdn} has {one.stored_minor}, the movements make {one.moved_minor}"
    for op, count in Counter(m.op for m in found.movements if m.op).items():
        if count > 1:
            yield f"operation {op} was done {count} times"


def _ledger_is_what_was_lent(found: Evidence) -> Iterator[str]:
    """Each credited advance has its credit, each credit its advance, with the same amount."""
    credits = {m.op: m for m in found.movements if m.source == LENDING and m.kind == "credit"}
    for one in found.advances:
        credit = credits.pop(one.op, None)
        if (credit is not None) != (one.state in CREDITED):
            yield f"advance {one.id} of {one.msisdn} is {one.state}, its credit {'is' if credit else 'is not'} there"
        elif credit and (credit.msisdn, credit.amount_minor) != (one.msisdn, one.amount_minor):
            yield f"advance {one.id} is over {one.amount_minor}, its credit over {credit.amount_minor}"
    for op, credit in credits.items():
        yield f"credit {op} of {credit.amount_minor} to {credit.msisdn} belongs to no advance"


def _ledger_is_what_was_recovered(found: Evidence) -> Iterator[str]:
    """Each recovery that is done has its debit, each debit its recovery, with the same amount."""
    debits = {m.op: m for m in found.movements if m.source == LENDING and m.kind == "debit"}
    for one in found.recoveries:
        debit = debits.pop(one.op, None)
        if (debit is not None) != (one.state == rec.DONE):
            yield f"recovery {one.id} of {one.msisdn} is {one.state}, its debit {'is' if debit else 'is not'} there"
        elif debit and (debit.msisdn, -debit.amount_minor) != (one.msisdn, one.amount_minor):
            yield f"recovery {one.id} is over {one.amount_minor}, its debit over {-debit.amount_minor}"
    for op, debit in debits.items():
        yield f"debit {op} of {-debit.amount_minor} from {debit.msisdn} belongs to no recovery"


def _tickets_are_the_money(found: Evidence) -> Iterator[str]:
    """Per subscriber and in total: tickets, ledger and advances say the same, both ways."""
    lent, paid = Counter(), Counter()
    for ticket in found.ticket_records():
        if ticket["type"] == "advance.granted":
            lent[ticket["msisdn"]] += _minor(ticket, "amount")
        elif ticket["type"] in PAYMENTS:
            paid[ticket["msisdn"]] += _minor(ticket, "amount")
    booked = Counter(), Counter()
    for m in found.movements:
        if m.source == LENDING:
            booked[m.kind == "debit"][m.msisdn] += abs(m.amount_minor)
    granted, returned = Counter(), Counter()
    for one in found.advances:
        granted[one.msisdn] += one.amount_minor if one.state in CREDITED else 0
        returned[one.msisdn] += one.principal_paid_minor + one.fee_paid_minor
    for what, tickets, ledger, advances in (("lent", lent, booked[0], granted),
                                            ("recovered", paid, booked[1], returned)):
        for msisdn in sorted({*tickets, *ledger, *advances}):
            if not tickets[msisdn] == ledger[msisdn] == advances[msisdn]:
                yield (f"{what} of {msisdn}: tickets {tickets[msisdn]}, ledger {ledger[msisdn]}, "
                       f"advances {advances[msisdn]}")
        if not tickets.total() == ledger.total() == advances.total():
            yield f"{what} in total: tickets {tickets.total()}, ledger {ledger.total()}, advances {advances.total()}"


def _one_at_a_time(found: Evidence) -> Iterator[str]:
    """In the order of his units nobody ever has two open advances, and each is granted once."""
    owed: dict[str, dict[str, int]] = defaultdict(dict)
    seen = set()
    for ticket in found.ticket_records():
        mine, id = owed[ticket["msisdn"]], ticket.get("advance")
        if ticket["type"] == "advance.granted":
            if id in seen:
                yield f"advance {id} was granted twice (ticket {_name(ticket)})"
            seen.add(id)
            mine[id] = _minor(ticket, "amount") + _minor(ticket, "fee")
            if len(mine) > 1:
                yield f"{ticket['msisdn']} has {len(mine)} open advances at ticket {_name(ticket)}"
        elif ticket["type"] in PAYMENTS:
            mine[id] = mine.get(id, 0) - _minor(ticket, "amount")
            if mine[id] != _minor(ticket, "outstanding"):
                yield f"ticket {_name(ticket)} says {ticket['outstanding']} are left, it must be {mine[id]} minor"
            if ticket["type"] == "recovery.full":
                del mine[id]


def _everything_is_settled(found: Evidence) -> Iterator[str]:
    """Nothing waits, nothing is unknown, and everybody has paid everything back."""
    for msisdn, op, kind in found.outbox:
        yield f"{kind} {op} of {msisdn} is still in the outbox"
    for one in found.advances:
        if one.state in adv.UNFINISHED:
            yield f"advance {one.id} of {one.msisdn} is {one.state}, {one.outstanding_minor} are owed"
    for one in found.recoveries:
        if one.state in rec.UNFINISHED:
            yield f"recovery {one.id} of {one.msisdn} is {one.state}"


def _adopted_once(found: Evidence) -> Iterator[str]:
    """A command goes from life to life and never back: who lost it to another does not have it again."""
    for op, owners in found.owners.items():
        if len(set(owners)) < len(owners):
            yield f"operation {op} went from hand to hand: {', '.join(f'{name} {life}' for name, life in owners)}"


def _recharges_are_applied_once(found: Evidence) -> Iterator[str]:
    """A recharge that was answered stands once in the ledger and once in the store; no other does."""
    booked = {m.op: m for m in found.movements if m.kind == "recharge"}
    known = set(found.feed_triggers)
    for one in found.journal:
        if not isinstance(one, Recharged):
            continue
        movement = booked.pop(f"tcp:{one.id}", None)
        if one.answer not in ("OK", "DUP"):
            yield f"recharge {one.id} was answered {one.answer}"
        if movement is None or (movement.msisdn, movement.amount_minor) != (one.msisdn, one.amount_minor):
            yield f"recharge {one.id} of {one.amount_minor} stands in the ledger as {movement}"
        if (one.msisdn, one.id) not in known:
            yield f"recharge {one.id} was answered {one.answer}, but never decided"
        known.discard((one.msisdn, one.id))
    for op in booked:
        yield f"the ledger has a recharge {op} that nobody sent"
    for msisdn, id in known:
        yield f"the store has a recharge {id} of {msisdn} that nobody sent"


def _no_recovery_is_lost(found: Evidence) -> Iterator[str]:
    """A recharge pays all that was owed when it was made, as far as it goes.

    What was owed follows from what the subscriber did before it, in his order.  A recharge made while
    his session was open may have come before the grant or after it.
    """
    paid, advances = Counter(), {one.session: one for one in found.advances if one.state in CREDITED}
    for ticket in found.ticket_records():
        if ticket["type"] in PAYMENTS:
            paid[ticket["recharge"]] += _minor(ticket, "amount")
    for msisdn, entries in _by_subscriber(found).items():
        owed = 0
        for one in entries:
            if isinstance(one, Borrowed):
                if one.session in advances:
                    owed += _total(advances[one.session])
                    owed -= sum(paid[early.id] for early in _during(one.session, entries))
            elif one.during in advances:
                if paid[one.id] > min(one.amount_minor, _total(advances[one.during])):
                    yield f"recharge {one.id} of {one.amount_minor} paid {paid[one.id]}"
            else:
                if paid[one.id] != min(one.amount_minor, owed):
                    yield f"recharge {one.id} of {one.amount_minor} paid {paid[one.id]} when {msisdn} owed {owed}"
                owed -= paid[one.id]


def _during(session: str, entries: list) -> list[Recharged]:
    return [one for one in entries if isinstance(one, Recharged) and one.during == session]


def _people_were_told_the_truth(found: Evidence) -> Iterator[str]:
    """Granted means granted, and no other final word came before a grant; the same POST, the same words."""
    granted = {one.session for one in found.advances if one.state in CREDITED}
    sessions = set()
    for one in found.journal:
        if isinstance(one, Unlike):
            yield f"session {one.session} got {one.answers} to the same POST"
        if not isinstance(one, Borrowed):
            continue
        sessions.add(one.session)
        if one.told == GRANTED and one.session not in granted:
            yield f"session {one.session} of {one.msisdn} was told {one.text!r}, but nothing was granted"
        if one.told == NOT_GRANTED and one.session in granted:
            yield f"session {one.session} of {one.msisdn} was told {one.text!r}, but credit was granted"
    for session in granted - sessions:
        yield f"session {session} got credit and nobody asked for it"


def granted_though_busy(found: Evidence) -> int:
    """Sessions that were told to come again later and got credit nevertheless."""
    granted = {one.session for one in found.advances if one.state in CREDITED}
    return sum(isinstance(one, Borrowed) and one.told == BUSY and one.session in granted for one in found.journal)


def _by_subscriber(found: Evidence) -> dict[str, list]:
    entries = defaultdict(list)
    for one in found.journal:
        if isinstance(one, Borrowed | Recharged):
            entries[one.msisdn].append(one)
    return entries


def _total(one: Advance) -> int:
    return one.amount_minor + one.fee_minor


def _name(ticket: dict) -> str:
    return f"{ticket['origin']}:{ticket['seq']}"


def _minor(ticket: dict, name: str) -> int:
    return parse_minor(ticket[name], ticket["currency"])


RULES: tuple[Callable[[Evidence], Iterator[str]], ...] = (
    _ledger_adds_up, _ledger_is_what_was_lent, _ledger_is_what_was_recovered, _tickets_are_the_money,
    _one_at_a_time, _everything_is_settled, _adopted_once, _recharges_are_applied_once, _no_recovery_is_lost,
    _people_were_told_the_truth, *paper)
