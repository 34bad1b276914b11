"""A moment of somebody who wrote mails, and how that can be wrong."""

from dataclasses import replace

from tectonics.simulation.envelopes import FATES, SECRET
from tectonics.simulation.mailbook import Answer, Attempt, Letter
from tectonics.simulation.mailing import DOMAIN, SIGNED
from tests.simulation.invariants.healthy import A, advance, healthy, ticket

ANN, STRANGER, AT_S = f"p000000@{SIGNED}", f"nobody@{SIGNED}", 9000.0
OWED = "You owe 2.20 EUR."
LOADS = (("n1: SMTP connections", 0, 200), ("n1: answers by e-mail", 0, 1000), ("n1: e-mail senders", 7, 50_000))


def mailed():
    """He asked for offers, to be called back, and what he owes; a machine, a stranger and a former holder wrote too."""
    plain = healthy()
    scene = type(plain)(plain.books, plain.journal, plain.policies, plain.now, over=True, loads=LOADS, at_s=AT_S)
    one, book = scene.books.of(A), scene.journal.mail
    book.answered, book.tries_max, book.answers_per_hour, book.sender_per_hour = True, 8, 1, 1
    wrote(scene, "sos", "", 100.0, (0, None), (250, True))
    wrote(scene, "call", "", 200.0, (250, True), (250, True))
    wrote(scene, "balance", "", 300.0, (451, True), (250, True))
    wrote(scene, "balance", "automatic", 400.0, (250, True))
    wrote(scene, "sos", "stranger", 500.0, (550, None))
    wrote(scene, "sos", "", 9000.0, (550, False))
    one.mails = {letter(scene, 0).trigger, letter(scene, 1).trigger}
    one.tickets.append(ticket(4, "callback.failed", amount="0.00", reason="a_busy", channel="email", trigger=letter(scene, 1).trigger))
    plain.books.tickets["n1"].append(one.tickets[-1])
    plain.books.origins["n1"] = (5, 2)
    answered(scene, letter(scene, 2))
    book.owed.append(letter(scene, 2))
    scene.journal.consumed.clear()
    scene.journal.files.clear()
    return scene


def wrote(s, service, manner, at_s, *told):
    number = len(s.journal.mail.letters) + 1
    stranger = manner == "stranger"
    one = Letter(f"<m{number}@{SIGNED}>", "" if stranger else A, STRANGER if stranger else ANN, service, manner, FATES[manner], at_s, over=True)
    one.attempts += [Attempt(at_s + n, "n1", 1, at_s + n + 0.1, code, owns) for n, (code, owns) in enumerate(told)]
    s.journal.mail.wrote(one)
    return one


def answered(s, one, number=1, **more):
    plain = Answer(one.attempts[-1].told_s + 0.1, "n1", 1, "", one.sender, f"<{number}@{DOMAIN}>", one.id, "auto-replied", OWED)
    s.journal.mail.answer(replace(plain, **more))


def letter(s, number):
    return list(s.journal.mail.letters.values())[number]


def lent_by_mail(s):
    s.books.of(A).advances["a2"] = advance(id="a2", channel="email", session=letter(s, 0).trigger)


def of_no_mail(s):
    s.books.of(A).mails.add(letter(s, 0).trigger + "2")


def of_another_service(s):
    s.books.of(A).mails.add(f"sos:{letter(s, 1).id}")


def two_calls(s):
    s.books.of(A).tickets.append(s.books.of(A).tickets[-1])


def answered_too_often(s):
    answered(s, letter(s, 2), 2)
    answered(s, letter(s, 2), 3)


def a_machine_is_heard(s):
    s.books.of(A).mails.add(letter(s, 3).trigger)


def a_machine_is_answered(s):
    answered(s, letter(s, 3))


def a_machine_is_refused(s):
    letter(s, 3).attempts[0] = replace(letter(s, 3).attempts[0], code=550)


def a_stranger_is_taken(s):
    letter(s, 4).attempts[0] = replace(letter(s, 4).attempts[0], code=250)


def a_former_holder_is_heard(s):
    s.books.of(A).mails.add(letter(s, 5).trigger)


def an_owner_is_refused(s):
    letter(s, 5).attempts[0] = replace(letter(s, 5).attempts[0], owns=True)


def taken_and_forgotten(s):
    s.books.of(A).mails.remove(letter(s, 0).trigger)


def taken_and_not_answered(s):
    s.journal.mail.answers.clear()


def answered_without_a_smarthost(s):
    s.journal.mail.answers.clear()
    s.journal.mail.owed.clear()
    s.journal.mail.answered = False


def an_answer_to_nothing(s):
    answered(s, letter(s, 2), refers_to="<other@example.com>")


def an_answer_about_offers(s):
    answered(s, letter(s, 0))


def an_answer_to_another(s):
    answered(s, letter(s, 2), recipient="bob@signed.example")


def an_answer_that_can_bounce(s):
    answered(s, letter(s, 2), envelope_sender=f"balance@{DOMAIN}")


def an_answer_of_a_person(s):
    answered(s, letter(s, 2), automatic="")


def an_answer_that_repeats(s):
    answered(s, letter(s, 2), text=SECRET)


def an_answer_again_and_again(s):
    for _ in range(8):
        answered(s, letter(s, 2))


def too_many_answers(s):
    one = wrote(s, "balance", "", 350.0, (250, True), (250, True))
    answered(s, one, 2)
    answered(s, one, 3)


def not_told(s):
    s.journal.mail.untold.append(letter(s, 0))


def an_answer_waits(s):
    object.__setattr__(s, "loads", (("n1: answers by e-mail", 1, 1000),))


def a_mail_is_left(s):
    letter(s, 0).over = False


WRONG = {
    "nothing_is_lent_by_mail": (lent_by_mail,),
    "a_mail_counts_once": (of_no_mail, of_another_service, two_calls, answered_too_often),
    "only_who_wrote_it_is_heard": (a_machine_is_heard, a_machine_is_answered, a_machine_is_refused, a_stranger_is_taken,
                                   a_former_holder_is_heard),
    "who_is_registered_is_heard": (an_owner_is_refused,),
    "a_mail_that_was_taken_has_its_effect": (taken_and_forgotten, taken_and_not_answered, answered_without_a_smarthost),
    "answers_by_mail_are_answers": (an_answer_to_nothing, an_answer_about_offers, an_answer_to_another, an_answer_that_can_bounce,
                                    an_answer_of_a_person, an_answer_that_repeats, an_answer_again_and_again, too_many_answers),
    "who_asked_by_mail_is_told": (not_told,),
    "nothing_is_left_of_mail": (an_answer_waits, a_mail_is_left),
}
