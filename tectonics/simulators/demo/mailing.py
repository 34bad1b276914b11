"""Chapters of e-mail, through a mail server that sends and takes: an advance asked for, a debt told, a stranger refused."""

import re
from contextlib import closing

from tectonics.simulators.demo.borrowing import DEBTOR
from tectonics.simulators.demo.story import Story, short
from tectonics.simulators.demo.writing import SERVICE
from tectonics.simulators.mailbox.process import MailboxProcess

DOMAIN = "vas.example"
ADDRESS, PIN, STRANGER = "max@people.example", "482913", "eve@people.example"
CODE = re.compile(r"Responda SI (\d\d)")


def an_email(story: Story) -> None:
    """sos@ brings the offer by SMS, where it is agreed to; balance@ answers by e-mail."""
    story.told.title("He writes an e-mail")
    story.command("subscribers", "mail", DEBTOR, ADDRESS, "--pin", PIN)
    with closing(MailboxProcess(story.daemon.address("email")[1]).start()) as server:
        _asks(story, server)
        _asks_again(story, server)
        _debt(story, server)
        _strangers(story, server)


def _asks(story: Story, server: MailboxProcess) -> None:
    before = len(story.messages(DEBTOR))
    _send(story, server, ADDRESS, "sos", f"1 PIN {PIN}", 250)
    story.until(lambda: len(story.messages(DEBTOR)) > before)
    offer = story.messages(DEBTOR)[-1]
    story.told.message(short(DEBTOR), offer)
    story.say("The offer comes by SMS, with its code: no e-mail agrees to a debt.")
    code = CODE.search(offer)
    story.check("the offer and its code come by SMS", "1.00" in offer and code is not None)
    story.check("nothing has moved yet", story.owed(DEBTOR), "0.00")
    balance_minor = story.balance_minor(DEBTOR)
    answer = f"SI {code[1] if code else ''}"
    story.say(f"{short(DEBTOR)} writes {answer} to {SERVICE}")
    story.centre.order(f"mo {DEBTOR} {SERVICE} {answer}")
    ticket, = story.expect_tickets(DEBTOR, "advance.granted")
    story.check("agreed to by the channel sms", (ticket["channel"], ticket["amount"]), ("sms", "1.00"))
    story.until(lambda: story.owed(DEBTOR) == "1.10")
    story.check("1.00 is there, 1.10 are owed", (story.balance_minor(DEBTOR) - balance_minor, story.owed(DEBTOR)),
                (100, "1.10"))


def _asks_again(story: Story, server: MailboxProcess) -> None:
    _send(story, server, ADDRESS, "sos", f"SOS PIN {PIN}", 250)
    ticket, = story.expect_tickets(DEBTOR, "advance.refused")
    story.check("one at a time: refused by the channel email", (ticket["channel"], ticket["reason"]),
                ("email", "open_advance"))


def _debt(story: Story, server: MailboxProcess) -> None:
    _send(story, server, ADDRESS, "balance", f"PIN {PIN}", 250)
    kept = story.until(story.mailbox.kept) or [{"envelope": [], "fields": {}, "text": ""}]
    mail = kept[-1]
    story.told.operator(f"From: {mail['fields'].get('From', '')}\nTo: {mail['fields'].get('To', '')}\n\n{mail['text']}")
    story.check("what he owes comes by e-mail", (mail["envelope"], "1.10" in mail["text"]), (["", ADDRESS], True))


def _strangers(story: Story, server: MailboxProcess) -> None:
    story.say("An address that nobody registered, and the registered one without its PIN or a signature:")
    answers = {_send(story, server, sender, "sos", subject, 550)
               for sender, subject in ((STRANGER, f"SOS PIN {PIN}"), (ADDRESS, "SOS"))}
    story.check("both are refused in the same words", len(answers), 1)


def _send(story: Story, server: MailboxProcess, sender: str, recipient: str, subject: str, code: int) -> str:
    """A mail, and what is answered to it."""
    answer = server.order(f"send {sender} {recipient}@{DOMAIN} {subject}")
    story.told.operator(f"mail from {sender} to {recipient}@{DOMAIN}: {subject}\n{answer['code']} {answer['text']}")
    story.check(f"{recipient}@ answers {code}", answer["code"], code)
    return answer["text"]
