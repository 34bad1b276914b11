"""Chapters of short messages, through a message centre that speaks SMPP: borrowing by SMS, and advertising."""

import json
import re

from tectonics.simulators.demo.borrowing import DEBTOR
from tectonics.simulators.demo.story import Story, record, short

SERVICE = "133"
CODE = re.compile(r"Responda SI (\d\d)")
SENDING = {"advertising": {"sending": True, "quiet_from": "00:00", "quiet_to": "00:00"}}


def borrowing_by_sms(story: Story) -> None:
    """SOS, a choice, a YES; in his language, with a word that nobody knows in between."""
    story.told.title("He writes instead: SOS by SMS, in Spanish")
    story.command("subscribers", "language", DEBTOR, "es")
    story.spend(DEBTOR, "0.70")
    write(story, DEBTOR, "sos!", "Responda con el número")
    offer = write(story, DEBTOR, "2", "Responda SI")
    story.check("nothing has moved yet", story.balance(DEBTOR), "0.10")
    story.say("A YES counts only with the code of its offer, so only from who has read it.")
    write(story, DEBTOR, "sí", "Responda SI")
    story.check("still nothing has moved", story.balance(DEBTOR), "0.10")
    story.centre.order(f"mo {DEBTOR} {SERVICE} sí {CODE.search(offer)[1]}")
    story.expect(DEBTOR, "2.10", "2.20")
    story.expect_message(DEBTOR, "Ha recibido 2.00 EUR")
    story.check("by the channel sms", story.expect_tickets(DEBTOR, "advance.granted")[0]["channel"], "sms")
    write(story, DEBTOR, "DEUDA", "2.20")
    write(story, DEBTOR, "hola", "SOS")
    story.say("An unknown word is answered once an hour, so that no two machines talk for ever.")
    story.feed(**record(id="demo-w1", type="recharge", msisdn=DEBTOR, amount="5.00"))
    story.expect(DEBTOR, "4.90", "0.00")


def advertising(story: Story) -> None:
    """A low balance is told what it could borrow; STOP ends that."""
    story.told.title("His balance falls: he is offered what he could really borrow")
    file = story.daemon.config.with_name("advertising.json")
    file.write_text(json.dumps(SENDING))
    story.command("policy", "load", str(file), "--note", "advertising is switched on")
    story.spend(DEBTOR, "4.70")
    story.expect_message(DEBTOR, "0.20", "*133#")
    ticket, = story.expect_tickets(DEBTOR, "advert.sent")
    story.check("the ticket names the campaign and the offer", (ticket["campaign"], ticket["amount"]), ("low", "5.00"))
    before = len(story.messages(DEBTOR))
    story.spend(DEBTOR, "0.10")
    write(story, DEBTOR, "STOP", "ofertas")
    story.check("once a day is enough, and STOP is STOP", len(story.messages(DEBTOR)), before + 1)


def write(story: Story, msisdn: str, text: str, *words: str) -> str:
    """An SMS to the service, and the answer with these words, which is returned."""
    before = len(story.messages(msisdn))
    story.say(f"{short(msisdn)} writes {text} to {SERVICE}")
    story.centre.order(f"mo {msisdn} {SERVICE} {text}")
    story.until(lambda: len(story.messages(msisdn)) > before)
    answers = story.messages(msisdn)[before:]
    for answer in answers:
        story.told.message(short(msisdn), answer)
    story.check(f"the answer says {', '.join(words)}", any(all(w in one for w in words) for one in answers))
    return answers[-1] if answers else ""
