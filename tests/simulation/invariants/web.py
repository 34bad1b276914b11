"""A moment at which somebody has signed in and borrowed on his page, and how that can be wrong."""

from tectonics.simulation.invariants.invariant import Scene
from tectonics.simulation.population.screens import Consent
from tectonics.simulation.postbook import Submitted
from tectonics.simulation.webbook import BORROW, CHANGE, Guess, Page
from tests.simulation.invariants.healthy import NOW, A, advance, healthy, ticket

CODE, LENT, CHANGED, AT_S, OTHER = "123456", "f1", "f2", 1000.0, "33620000009"
GRANTED = "You have received 2.00 EUR. 2.20 will be taken from your recharges, due by 22/01."


def visited():
    """A code came at 10 s, was entered at 20 s; he borrowed 2.00 at 40 s and refused collect calls at 60 s."""
    plain = healthy()
    web, one = plain.journal.web, plain.books.of(A)
    plain.journal.post.submitted[A].append(Submitted(10.0, f"{CODE} is your code. It is good for 5 minutes.", 0, 1, 1))
    web.guesses.append(Guess(A, CODE, 20.0, 20.1, 303))
    form = web.shown(LENT, A, BORROW, 30.0, Consent(200, 20, 220, "", ""))
    form.sent += [(40.0, True), (41.0, True)]
    form.told.add(GRANTED)
    plain.journal.began(LENT, A).consents.append(form.offer)
    one.advances["a1"] = advance(session=LENT, channel="web")
    web.shown(CHANGED, A, CHANGE, 50.0).sent.append((60.0, True))
    one.tickets.append(ticket(4, "admin.change", channel="web", trigger=f"{CHANGED}|collect_refuse|"))
    web.pages.append(Page(A, "/me", 21.0, frozenset({A}), (580, 580, 580)))
    web.wishes[A].add("collect_refuse")
    return Scene(plain.books, plain.journal, plain.policies, NOW, over=True, at_s=AT_S)


def web_of(s):
    return s.journal.web


def form(s, id=LENT):
    return web_of(s).forms[id]


def lent_twice(s):
    s.books.of(A).advances["a2"] = advance("a2", session=LENT, channel="web")


def lent_by_no_form(s):
    del web_of(s).forms[LENT]


def lent_by_the_form_of_another(s):
    form(s).msisdn = OTHER


def lent_at_other_terms(s):
    form(s).offer = Consent(200, 30, 230, "", "")


def lent_to_who_had_left(s):
    form(s).sent[:] = [(40.0, False)]


def changed_twice(s):
    s.books.of(A).tickets.append(s.books.of(A).tickets[-1])


def changed_behind_his_signing_out(s):
    form(s, CHANGED).sent[:] = [(60.0, False)]


def changed_by_a_form_of_another(s):
    form(s, CHANGED).msisdn = OTHER


def said_another_amount(s):
    form(s).told.add(GRANTED.replace("2.00", "5.00"))


def said_that_it_was_not_given(s):
    form(s).told.add("You still owe 2.20 EUR.")


def in_with_no_code(s):
    s.journal.post.submitted.clear()


def in_with_the_code_of_another(s):
    s.journal.post.submitted[OTHER] = s.journal.post.submitted.pop(A)


def in_twice_with_one_code(s):
    web_of(s).guesses.append(Guess(A, CODE, 30.0, 30.1, 303))


def in_with_an_old_code(s):
    web_of(s).guesses[0] = Guess(A, CODE, 400.0, 400.1, 303)


def in_after_too_many_guesses(s):
    web_of(s).guesses += [Guess(A, "000000", 11.0 + n, 11.5 + n, 422) for n in range(5)]


def many_codes(s):
    s.journal.post.submitted[A] += [Submitted(20.0 * n, f"10000{n} is your code. x", 0, 1, 1) for n in range(3)]


def a_page_of_another(s):
    web_of(s).pages.append(Page(A, "/me", 30.0, frozenset({OTHER})))


def the_balance_of_another(s):
    web_of(s).pages.append(Page(A, "/me", 30.0, frozenset({A}), (580, 100, 580)))


def no_page(s):
    web_of(s).unserved.append("n1")


WRONG = {
    "what_is_lent_on_a_page_was_shown": (lent_twice, lent_by_no_form, lent_by_the_form_of_another, lent_at_other_terms,
                                         lent_to_who_had_left),
    "a_form_has_one_effect": (changed_twice, changed_behind_his_signing_out, changed_by_a_form_of_another),
    "what_pages_say_is_true": (said_another_amount, said_that_it_was_not_given),
    "nobody_is_in_without_his_code": (in_with_no_code, in_with_the_code_of_another, in_twice_with_one_code, in_with_an_old_code,
                                      in_after_too_many_guesses),
    "codes_are_few": (many_codes,),
    "a_page_is_its_visitors": (a_page_of_another, the_balance_of_another),
    "who_visits_is_served": (no_page,),
}
