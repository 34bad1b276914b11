"""What was lent by SMS or over USSD by SMPP was shown before, and agreed to: one YES, one advance.

A YES counts for an offer that the subscriber had on his handset before he wrote it, and whose code it names.  What is on handsets is what the
message centre or the gateway has taken, whatever the daemon believes to have shown.
"""

from collections import Counter

from tectonics.simulation.books import Subscriber
from tectonics.simulation.invariants.invariant import Scene, Violation, Wrong
from tectonics.simulation.population import letters, screens
from tectonics.simulation.postbook import Postbook, Written

SMS, USSD = "sms", "ussd_smpp"
SLOW_S = 60.0  # from a YES to its advance
MS_S = 0.001  # the daemon writes whole milliseconds
CHANNELS = (SMS, USSD)
CREDITED = ("open", "overdue", "repaid", "written_off")


def what_is_lent_by_message_was_agreed_to(scene: Scene) -> Wrong:
    """Each advance has a YES of its own, to an offer of its amount and fee."""
    post = scene.journal.post
    for one in scene.books.latest() if post else ():
        for channel, agreed in ((SMS, _written(post, one.msisdn, scene.clocks_apart_ms / 1000)), (USSD, _typed(post, one.msisdn))):
            lent = Counter(_terms(advance) for advance in one.advances.values() if advance["channel"] == channel)
            for (amount, fee), count in lent.items():
                if count > agreed[amount, fee]:
                    yield Violation(f"{count} advances of {amount} with fee {fee} by {channel}, agreed to were"
                                    f" {agreed[amount, fee]}", one.msisdn)
            if channel == SMS and not scene.clocks_apart_ms:
                yield from _each_was_read(scene, one)
            if channel == SMS and lent.total() > (said := _yeses(post, one.msisdn)):
                yield Violation(f"{lent.total()} advances by SMS, he wrote YES {said} times", one.msisdn)


def _each_was_read(scene: Scene, one: Subscriber) -> Wrong:
    """Each advance by itself: of the YESes that may have led to it, one was written when its offer had been read."""
    post, start_ms = scene.journal.post, scene.now - round(scene.at_s * 1000)
    yeses = list(filter(_agrees, post.written.get(one.msisdn, ())))
    for advance in (each for each in one.advances.values() if each["channel"] == SMS):
        asked_s = (advance["requested_at"] - start_ms) / 1000
        might = [each for each in yeses if any(-MS_S < asked_s - at_s < SLOW_S for at_s, *_ in each.tries)]
        if might and not any(_terms(advance) in _read(post, each, 0.0) for each in might):
            yield Violation(f"the offer of {_terms(advance)} was lent at {asked_s:.0f} s, before he could read it", one.msisdn)


def what_messages_say_is_true(scene: Scene) -> Wrong:
    """Told "you have received" by SMS, or on a screen of the gateway over SMPP, means lent."""
    post = scene.journal.post
    for one in scene.books.latest() if post else ():
        lent = {(amount, amount + fee) for amount, fee in map(_terms, _credited(one))}
        told = [letters.granted(read.text) for read in post.read.get(one.msisdn, ())]
        told += [screens.granted(step.text) for call in post.calls.get(one.msisdn, ()) for step in call.steps if step.text]
        for amounts in told:
            if amounts and amounts not in lent:
                yield Violation(f"he was told that he has received {amounts[0]}, {sorted(lent)} were lent", one.msisdn)


def who_asked_by_message_is_told(scene: Scene) -> Wrong:
    """Credit that was asked for by SMS is told by SMS, or its message waits, or was given up."""
    post = scene.journal.post
    for one in scene.books.latest() if post else ():
        asked = Counter((amount, amount + fee) for amount, fee in map(_terms, (
            advance for advance in _credited(one) if advance["channel"] == SMS and advance["generation"] == one.generation)))
        if not asked:
            continue
        told = Counter(filter(None, (letters.granted(read.text) for read in post.read.get(one.msisdn, ()))))
        waiting = Counter(filter(None, (letters.granted(command.body.get("text", "")) for command in one.commands)))
        given_up = sum(row.given_up for row in scene.books.mail.of(one.msisdn))
        for amounts, count in asked.items():
            if count > told[amounts] + waiting[amounts] + given_up:
                yield Violation(f"{count} advances of {amounts[0]} were lent by SMS, {told[amounts]} were told, "
                                f"{waiting[amounts]} wait", one.msisdn)


def _terms(advance: dict) -> tuple[int, int]:
    return advance["offer"]["amount_minor"], advance["offer"]["fee_minor"]


def _credited(one: Subscriber) -> list[dict]:
    return [advance for advance in one.advances.values() if advance["state"] in CREDITED]


def _agrees(written) -> bool:
    return written.word in letters.AGREES


def _yeses(post: Postbook, msisdn: str) -> int:
    return sum(map(_agrees, post.written.get(msisdn, ())))


def _written(post: Postbook, msisdn: str, apart_s: float) -> Counter:
    """(amount, fee) -> YESes that were written when an offer of that had been read, not too long ago."""
    found: Counter = Counter()
    for written in filter(_agrees, post.written.get(msisdn, ())):
        found.update(_read(post, written, apart_s))
    return found


def _read(post: Postbook, written: Written, apart_s: float) -> set[tuple[int, int]]:
    """The terms of the offers that he had read when he wrote it, and whose code stands in it."""
    since_s = written.at_s - post.offer_s - apart_s
    return {(offer.amount_minor, offer.fee_minor) for at_s, offer in written.offers
            if at_s >= since_s and offer.yes.split()[-1] in written.text}


def _typed(post: Postbook, msisdn: str) -> Counter:
    """(amount, fee) -> confirmations on screens that were accepted."""
    return Counter((asked.amount_minor, asked.fee_minor) for call in post.calls.get(msisdn, ()) for asked in call.consents)
