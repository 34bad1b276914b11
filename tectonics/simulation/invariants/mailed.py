"""E-mail: each mail has one effect, nobody but its owner speaks for a number, what was taken is done or answered, and machines get no answer.

What should become of a mail is told by how it was written (envelopes.py), and by whose number it was when it was brought.
"""

from collections import Counter, defaultdict

from tectonics.simulation.invariants.invariant import Scene, Violation, Wrong
from tectonics.simulation.invariants.letterbox import REPLIES_MAX, REPLIES_S
from tectonics.simulation.mailbook import HEARD, IGNORED, Answer, Letter, Mailbook

CHANNEL, BALANCE = "email", "balance"
TAKEN, REFUSED = 250, 550
HOUR_S = 3600.0
SECRET = "plugh"  # envelopes.SECRET
ENDS = ("callback.completed", "callback.refused", "callback.failed")
LEFT = ("SMTP connections", "answers by e-mail")


def nothing_is_lent_by_mail(scene: Scene) -> Wrong:
    """No mail agrees to anything, whatever is written in it."""
    for one in scene.books.latest() if scene.journal.mail else ():
        for id, advance in one.advances.items():
            if advance["channel"] == CHANNEL:
                yield Violation(f"advance {id} was lent by e-mail ({advance['trigger']})", one.msisdn)


def a_mail_counts_once(scene: Scene) -> Wrong:
    """Each trigger is one mail of his, and a mail is answered by mail no more often than it was brought."""
    book = scene.journal.mail
    for one in scene.books.latest() if book else ():
        known = {letter.trigger for letter in book.by_subscriber.get(one.msisdn, ())}
        for id in sorted(one.mails - known):
            yield Violation(f"no mail of his is {id}, which was decided", one.msisdn)
        ended = Counter(ticket.body.get("trigger") for ticket in one.tickets if ticket.body["type"] in ENDS)
        for id in sorted(one.mails):
            if ended[id] > 1:
                yield Violation(f"the mail {id} has {ended[id]} call-backs", one.msisdn)
    for id, answers in book.answers.items():
        brought = len(book.letters[id].attempts) + (not book.letters[id].over) if id in book.letters else 0
        if len({answer.id for answer in answers}) > brought:
            yield Violation(f"{id} was brought {brought} times and answered by {len(answers)} mails")


def only_who_wrote_it_is_heard(scene: Scene) -> Wrong:
    """What nobody wrote, or nobody proved, or who has the number no more, comes to nothing, and is told so."""
    book = scene.journal.mail
    for letter in book.letters.values():
        heard = letter.fate == HEARD and any(one.owns is not False for one in letter.attempts)
        if heard or letter.fate == HEARD and not letter.over:
            continue
        if letter.trigger in scene.books.of(letter.msisdn).mails if letter.msisdn else False:
            yield Violation(f"{_told(letter)} has had an effect", letter.msisdn)
        if book.answers.get(letter.id):
            yield Violation(f"{_told(letter)} was answered by mail", letter.msisdn)
        right = TAKEN if letter.fate == IGNORED else REFUSED
        for one in letter.attempts:
            if one.code in (TAKEN, REFUSED) and one.code != right:
                yield Violation(f"{_told(letter)} was told {one.code}, {right} would be right", letter.msisdn)


def _told(letter: Letter) -> str:
    return f"the mail {letter.id} to {letter.service}@ ({letter.manner or 'as people write'})"


def who_is_registered_is_heard(scene: Scene) -> Wrong:
    """A mail that the relay vouches for is refused to no owner who has not written too many within an hour."""
    book = scene.journal.mail
    if scene.clocks_apart_ms:
        return
    brought = defaultdict(list)
    for letter in book.letters.values():
        for one in letter.attempts:
            brought[letter.sender, one.node].append(one.told_s)
    for letter in book.letters.values():
        if letter.fate != HEARD or "signed" not in letter.sender:
            continue
        for one in letter.attempts:
            recent = sum(one.at_s - 2 * HOUR_S <= at_s <= one.told_s for at_s in brought[letter.sender, one.node]) - 1
            if one.code == REFUSED and one.owns and recent < book.sender_per_hour:
                yield Violation(f"{_told(letter)} of its owner was refused", letter.msisdn)


def a_mail_that_was_taken_has_its_effect(scene: Scene) -> Wrong:
    """It is committed before it is answered 250; what is answered by mail instead is out soon, where nothing is wrong."""
    book = scene.journal.mail
    for letter in book.letters.values():
        if letter.fate != HEARD or not letter.taken or _chatters(book, letter):
            continue
        one = scene.books.of(letter.msisdn)
        if letter.trigger in one.mails or book.answers.get(letter.id):
            continue
        if letter.service != BALANCE or not book.answered:
            yield Violation(f"{letter.id} to {letter.service}@ was taken, and nothing came of it", letter.msisdn)
    for letter in book.owed:
        if not book.answers.get(letter.id) and letter.trigger not in scene.books.of(letter.msisdn).mails:
            yield Violation(f"{letter.id} to {letter.service}@ was taken, and has no answer", letter.msisdn)


def _chatters(book: Mailbook, letter: Letter) -> bool:
    """Whether he writes so much that he is not answered any more."""
    moments = [each.told_s for one in book.by_subscriber[letter.msisdn] for each in one.taken]
    return sum(abs(at_s - letter.taken[0].told_s) < REPLIES_S for at_s in moments) > REPLIES_MAX


def answers_by_mail_are_answers(scene: Scene) -> Wrong:
    """To who asked what he owes and to nobody else, from nobody, by a machine, without his words, and not too many."""
    book, sent = scene.journal.mail, defaultdict(list)
    for id, answers in book.answers.items():
        letter = book.letters.get(id)
        for one in answers:
            if letter is None or letter.service != BALANCE or letter.sender != one.recipient:
                yield Violation(f"{one.recipient} was answered by mail about {id or 'nothing'}")
            if one.envelope_sender or one.automatic != "auto-replied" or SECRET in one.text:
                yield Violation(f"the answer to {id} begins a loop, or repeats what was written: {one}")
        for each, copies in Counter(one.id for one in answers).items():
            if copies > book.tries_max:
                yield Violation(f"the answer {each} was sent {copies} times")
        for one in {answer.id: answer for answer in reversed(answers)}.values():
            sent[one.recipient, one.node, one.life].append(_asked_s(letter, one))
    if not scene.clocks_apart_ms:
        for (recipient, node, _), moments in sent.items():
            if _most_within_an_hour(moments) > 2 * book.answers_per_hour:
                yield Violation(f"{recipient} had {len(moments)} answers of {node}")


def _asked_s(letter: Letter | None, answer: Answer) -> float:
    """When the mail was brought that it answers."""
    return max((one.at_s for one in letter.attempts if one.at_s <= answer.at_s), default=answer.at_s) if letter else answer.at_s


def _most_within_an_hour(moments: list[float]) -> int:
    moments = sorted(moments)
    return max(sum(at_s <= other < at_s + HOUR_S for other in moments) for at_s in moments)


def who_asked_by_mail_is_told(scene: Scene) -> Wrong:
    """What is decided without an answer by mail has its message in the same unit, or rings."""
    for letter in scene.journal.mail.untold:
        yield Violation(f"{_told(letter)} was decided, and nobody is told or rung", letter.msisdn)


def nothing_is_left_of_mail(scene: Scene) -> Wrong:
    """In the end: every mail is answered, every answer is out, every connection is closed."""
    for name, depth, _ in scene.loads if scene.over else ():
        if depth and name.partition(": ")[2] in LEFT:
            yield Violation(f"when all is over {name} holds {depth}")
    for letter in scene.journal.mail.letters.values() if scene.over else ():
        if not letter.over:
            yield Violation(f"{_told(letter)} is still to be brought", letter.msisdn)


RULES = {rule.__name__: rule for rule in (
    nothing_is_lent_by_mail, a_mail_counts_once, only_who_wrote_it_is_heard, who_is_registered_is_heard,
    a_mail_that_was_taken_has_its_effect, who_asked_by_mail_is_told, answers_by_mail_are_answers, nothing_is_left_of_mail)}
