"""Chapters of borrowing: the main job, repetition, direct codes, who is served and who is refused."""

from tectonics.simulators.demo.story import Story, numbered, short
from tectonics.simulators.ussd_gateway import Steps

ANN, DEBTOR, GOLD, WHITE = numbered(1), numbered(6), numbered(8), numbered(10)
CODE = "*133#"

# Number: what its first screen must say; the language is set before.
WHO = {
    2: ("fr", "90 jours d'utilisation"),
    3: ("", "balance is 0.50 or less"),
    4: ("", "cannot get advances at present"),
    5: ("", "after 5 recharges within 90 days"),
    6: ("", "still owe 2.20 EUR"),
    7: ("", "Only prepaid"),
    8: ("", "4. 10.00 (fee 0.80)"),
    9: ("ar", "السلفة غير متاحة لرقمك"),
    10: ("es", "2. 2.00"),
}


def the_main_job(story: Story) -> None:
    """An advance from dial to SMS."""
    story.told.title("Out of credit: an advance from dial to SMS")
    story.check(f"{short(ANN)} has no credit", story.balance(ANN), "0.00")
    steps = Steps(ANN, CODE, "demo-first")
    text = _step(story, steps, None)
    story.check("three amounts are offered, each with its fee", "2. 2.00 (fee 0.20)" in text)
    text = _step(story, steps, "2")
    story.check("the whole cost stands there before anything moves: amount, fee, total and date",
                all(word in text for word in ("2.00", "0.20", "2.20", "due by")))
    story.check("nothing has moved yet", story.balance(ANN), "0.00")
    body = steps.body("1")
    story.say("types 1")
    status, answer = story.post(body)
    story.told.screen(short(ANN), answer.decode()[4:], False)
    story.check("the credit is there", (status, answer[:26]), (200, b"END You have received 2.00"))
    story.expect(ANN, "2.00", "2.20")
    story.expect_message(ANN, "You have received 2.00 EUR")
    story.expect_tickets(ANN, "advance.granted")

    story.say("The gateway repeats the confirmation, five times in parallel.")
    answers = story.repeat(body, 5)
    story.check("five times the same bytes", set(answers), {(200, answer)})
    story.expect(ANN, "2.00", "2.20")


def five_at_once(story: Story) -> None:
    """The first confirmation comes five times at once."""
    story.told.title("The same confirmation, five times at the same moment")
    steps = Steps(GOLD, CODE, "demo-five")
    text = _step(story, steps, None)
    story.check("segment gold is also offered 10.00", "4. 10.00 (fee 0.80)" in text)
    _step(story, steps, "4")
    story.say("types 1; five copies of that POST arrive together, over five connections")
    answers = story.together(steps, "1", 5)
    story.told.screen(short(GOLD), answers[0][1].decode()[4:], False)
    story.check("one answer for all five", len(set(answers)), 1)
    story.check("and it is the credit", answers[0][1].startswith(b"END You have received 10.00"))
    story.expect(GOLD, "10.00", "10.80")
    story.expect_tickets(GOLD, "advance.granted")


def _step(story: Story, steps: Steps, typed: str | None) -> str:
    story.say(f"{short(steps.msisdn)} dials {steps.code}" if typed is None else f"types {typed}")
    _, answer = story.post(steps.body(typed))
    text = answer.decode()
    story.told.screen(short(steps.msisdn), text[4:], text.startswith("CON "))
    return text[4:]


def what_i_owe(story: Story) -> None:
    """A direct code for the debt."""
    story.told.title("What do I owe?")
    text = story.dial(ANN, "*133*0#")
    story.check("principal and fee, and when", "You owe 2.20 EUR, due by" in text)


def ten_people(story: Story) -> None:
    """Each demo subscriber, and why he is served or refused."""
    story.told.title("Ten subscribers, ten reasons, four languages")
    for number, (language, words) in WHO.items():
        msisdn = numbered(number)
        if language:
            story.command("subscribers", "language", msisdn, language)
        text = "" if number == 8 else story.dial(msisdn, CODE)
        if number != 8:
            story.check(f"{short(msisdn)}: {_first_line(text)}", words in text)
    reasons = {t["msisdn"]: t["reason"] for t in story.live.records() if t["type"] == "advance.refused"}
    wanted = {2: "tenure", 3: "balance", 4: "barred", 5: "recharges", 6: "open_advance", 7: "not_prepaid",
              9: "black_list"}
    story.check("each refusal left a ticket with its reason", reasons,
                {numbered(number): reason for number, reason in wanted.items()})
    text = story.dial("33699999999", CODE)
    story.check("a number that nobody knows is told so", "do not know your number" in text)


def _first_line(text: str) -> str:
    return text.splitlines()[0]


def direct_code(story: Story) -> None:
    """Straight to a choice, in another language."""
    story.told.title("The direct code, in Spanish, for one on the white list")
    text = story.dial(WHITE, "*133*1#", "1")
    story.check("1.00 was lent in Spanish", "Ha recibido 1.00" in text)
    story.expect(WHITE, "1.00", "1.10")
    story.expect_tickets(WHITE, "advance.granted")
