"""Self-care: one effect a form, of what its page showed to who was signed in; nobody is in without his code; no page shows another one.

What is right is told by the browsers (webbook.py), and by the codes that the message centre took.
"""

from collections import Counter, defaultdict

from tectonics.simulation.books import Subscriber
from tectonics.simulation.invariants.invariant import Scene, Violation, Wrong
from tectonics.simulation.population import screens
from tectonics.simulation.webbook import codes_of

CHANNEL = "web"
CREDITED = ("open", "overdue", "repaid", "written_off")
IN, WRONG = 303, 422
VALID_S, GUESSES_MAX = 300.0, 5
HOUR_S, HOUR_MAX, DAY_S, DAY_MAX = 3600.0, 3, 86_400.0, 10
SLOW_S = 60.0  # codes that were asked for apart may be sent closer together


def what_is_lent_on_a_page_was_shown(scene: Scene) -> Wrong:
    """Each advance has an offer's page of its own, which showed him these terms, and whose form he sent while he was signed in."""
    web = scene.journal.web
    for one in scene.books.latest() if web else ():
        lent = [advance for advance in one.advances.values() if advance["channel"] == CHANNEL]
        for id, count in Counter(_id(advance["trigger"]) for advance in lent).items():
            if count > 1:
                yield Violation(f"the form {id} lent {count} times", one.msisdn)
        for advance in lent:
            form, terms = web.forms.get(_id(advance["trigger"])), (advance["offer"]["amount_minor"], advance["offer"]["fee_minor"])
            if form is None or form.offer is None or form.msisdn != one.msisdn:
                yield Violation(f"{terms} were lent by a form that no page of his had", one.msisdn)
            elif (form.offer.amount_minor, form.offer.fee_minor) != terms:
                yield Violation(f"{terms} were lent, the page showed {form.offer.amount_minor} for {form.offer.fee_minor}", one.msisdn)
            elif not form.agreed:
                yield Violation(f"{terms} were lent, and he was not signed in", one.msisdn)


def a_form_has_one_effect(scene: Scene) -> Wrong:
    """Call-backs and changes: one for each form, of a page of his, that was sent while he was signed in."""
    web = scene.journal.web
    for one in scene.books.latest() if web else ():
        found = Counter((ticket.body["type"], ticket.body["trigger"]) for ticket in one.tickets
                        if ticket.body.get("channel") == CHANNEL and ticket.body["type"] in EFFECTS)
        for (kind, trigger), count in found.items():
            form = web.forms.get(_id(trigger))
            if count > 1:
                yield Violation(f"the form {_id(trigger)} made {count} of {kind}", one.msisdn)
            if form is None or form.msisdn != one.msisdn or not form.agreed:
                yield Violation(f"{kind} by the form {_id(trigger)}, which was not his to send", one.msisdn)


EFFECTS = ("admin.change", "callback.completed", "callback.refused", "callback.failed")


def what_pages_say_is_true(scene: Scene) -> Wrong:
    """"You have received" means lent by that form, "not given" never lent by it."""
    web = scene.journal.web
    for one in scene.books.latest() if web else ():
        lent = defaultdict(set)
        for advance in one.advances.values():
            if advance["channel"] == CHANNEL and advance["state"] in CREDITED:
                lent[_id(advance["trigger"])].add((advance["offer"]["amount_minor"], _total(advance)))
        for form in web.forms.values():
            if form.msisdn == one.msisdn and form.offer is not None:
                yield from _told(form, lent[form.id], one)


def _told(form, lent: set, one: Subscriber) -> Wrong:
    for text in form.told:
        received = screens.granted(text)
        if received and received not in lent:
            yield Violation(f"a page said {text!r}, lent was {sorted(lent)}", one.msisdn)
        if screens.not_given(text) and lent:
            yield Violation(f"a page said {text!r}, yet credit was lent", one.msisdn)


def nobody_is_in_without_his_code(scene: Scene) -> Wrong:
    """By a code that was sent to that number, not long ago, not used before, and not guessed at too often."""
    used: set[tuple[str, str]] = set()
    wrong: Counter[tuple[str, float]] = Counter()
    for guess in sorted(scene.journal.web.guesses, key=lambda one: one.sent_s):
        sent = [(at_s, code) for at_s, code in codes_of(scene.journal.post, guess.msisdn) if at_s <= guess.answered_s]
        newest = sent[-1] if sent else (0.0, "")
        if guess.status == WRONG:
            wrong[guess.msisdn, newest[0]] += newest[0] <= guess.sent_s
        if guess.status != IN:
            continue
        if not any(code == guess.code and guess.sent_s < at_s + VALID_S + scene.clocks_apart_ms / 1000 + SLOW_S for at_s, code in sent):
            yield Violation(f"somebody is in with {guess.code}, which was not sent to him", guess.msisdn)
        elif (guess.msisdn, guess.code) in used and sum(code == guess.code for _, code in sent) == 1:
            yield Violation(f"the code {guess.code} was used twice", guess.msisdn)
        elif wrong[guess.msisdn, newest[0]] >= GUESSES_MAX and newest[1] == guess.code:
            yield Violation(f"somebody is in with the code {guess.code} after {wrong[guess.msisdn, newest[0]]} wrong ones", guess.msisdn)
        used.add((guess.msisdn, guess.code))


def codes_are_few(scene: Scene) -> Wrong:
    """What the centre took for a number: three an hour, ten a day, but for what was sent late."""
    if scene.clocks_apart_ms or not scene.journal.web:
        return
    for msisdn in sorted(scene.journal.post.submitted):
        if scene.books.of(msisdn).generation > 1:
            continue  # the number has had other holders, each with codes of his own
        first = {}
        for at_s, code in codes_of(scene.journal.post, msisdn):
            first.setdefault(code, at_s)
        moments = sorted(first.values())
        for window_s, most in ((HOUR_S - VALID_S - SLOW_S, HOUR_MAX), (DAY_S - VALID_S - SLOW_S, DAY_MAX)):
            if any(after - before < window_s for before, after in zip(moments, moments[most:], strict=False)):
                yield Violation(f"more than {most} codes were sent to him within {window_s:.0f} s", msisdn)


def a_page_is_its_visitors(scene: Scene) -> Wrong:
    """No number of anybody else stands on it; and his balance is his, where nothing moved meanwhile."""
    for page in scene.journal.web.pages:
        if page.numbers - {page.msisdn}:
            yield Violation(f"{page.path} showed {', '.join(sorted(page.numbers - {page.msisdn}))} to him", page.msisdn)
        if page.balances and page.balances[0] == page.balances[2] != page.balances[1]:
            yield Violation(f"{page.path} showed him a balance of {page.balances[1]}, his is {page.balances[0]}", page.msisdn)


def who_visits_is_served(scene: Scene) -> Wrong:
    """In the end: each node shows the page where one signs in."""
    for node in scene.journal.web.unserved:
        yield Violation(f"{node} showed no page when all was well")


def _id(trigger: str) -> str:
    return trigger.partition("|")[0]


def _total(advance: dict) -> int:
    return advance["offer"]["amount_minor"] + advance["offer"]["fee_minor"]
