"""Chapters of recovery: the debt is paid back from recharges, whatever order life takes."""

import json

from tectonics.simulators.demo.borrowing import ANN, CODE, DEBTOR, GOLD
from tectonics.simulators.demo.story import Story, record, short


def spends_and_recharges(story: Story) -> None:
    """The whole debt from one recharge, once."""
    story.told.title("He spends it, recharges, and pays it back")
    story.spend(ANN, "1.50")
    story.expect(ANN, "0.50", "2.20")
    recharge = record(id="demo-r1", type="recharge", msisdn=ANN, amount="5.00", **{"class": "voucher"})
    story.feed(**recharge)
    story.expect(ANN, "3.30", "0.00")
    ticket = story.expect_tickets(ANN, "recovery.full")[0]
    story.check("the fee first, then the principal", (ticket["fee_paid"], ticket["principal_paid"]),
                ("0.20", "2.00"))
    story.expect_message(ANN, "Your advance is paid back")
    story.say("The prepaid system lost our answer and sends the record again.")
    story.feed(wanted="DUP", **recharge)
    story.expect(ANN, "3.30", "0.00")


def reversal(story: Story) -> None:
    """A recharge that is taken back reopens the debt."""
    story.told.title("The voucher was stolen: the recharge is taken back, the debt is open again")
    story.feed(**record(id="demo-v1", type="reversal", msisdn=ANN, ref="demo-r1"))
    story.expect(ANN, "0.50", "2.20")
    story.expect_tickets(ANN, "recovery.reversed")
    story.expect_message(ANN, "taken back")


def in_parts(story: Story) -> None:
    """A recharge that is too small, over the API; the rest by the command line."""
    story.told.title("Too small a recharge pays a part")
    recharge = record(id="demo-a1", type="recharge", msisdn=ANN, amount="1.00")
    for wanted in ("OK", "DUP"):
        status, body = story.api.send("POST", "/api/v1/recharges", recharge)
        story.told.operator(f"POST /api/v1/recharges {json.dumps(recharge)}\n{status} {body}")
        story.check(f"the API answers {wanted}", (status, json.loads(body)["result"]), (200, wanted))
    story.books.fed(recharge)
    story.expect(ANN, "0.50", "1.20")
    story.expect_tickets(ANN, "recovery.partial")
    story.expect_message(ANN, "still owe 1.20 EUR")
    if story.command("recharge", ANN, "5.00").returncode == 0:
        story.books.move(ANN, "5.00")
    story.expect(ANN, "4.30", "0.00")
    story.expect_tickets(ANN, "recovery.full")


def our_own_credit(story: Story) -> None:
    """What looks like a recharge but is our own credit is never recovered from."""
    story.told.title("A credit of our own, seen on the feed, is not a recharge")
    own = record(id="TEC-DEMO-OWN-CREDIT", type="recharge", msisdn=DEBTOR, amount="2.00",
                 **{"class": "adjustment"})
    answer = story.feed_sender.send(own)
    story.told.operator(f"feed > {json.dumps(own)}\nfeed < {answer}")
    story.check("the feed takes it", answer, "OK TEC-DEMO-OWN-CREDIT")
    story.expect(DEBTOR, "0.00", "2.20")
    story.say("A real recharge pays.")
    story.feed(**record(id="demo-r2", type="recharge", msisdn=DEBTOR, amount="3.00"))
    story.expect(DEBTOR, "0.80", "0.00")


def several_at_once(story: Story) -> None:
    """Several advances from one recharge, oldest first."""
    story.told.title("One recharge pays two advances")
    story.spend(GOLD, "9.60")
    story.say("With 10.80 of his ceiling of 15.00 used, 5.00 and 10.00 are not offered any more.")
    text = story.dial(GOLD, CODE)
    story.check("two amounts are left", ("2. 2.00" in text, "3. 5.00" in text), (True, False))
    story.dial(GOLD, "*133*2#", "1")
    story.expect(GOLD, "2.40", "13.00")
    story.feed(**record(id="demo-g1", type="recharge", msisdn=GOLD, amount="20.00", **{"class": "etopup"}))
    story.expect(GOLD, "9.40", "0.00")
    first, second = story.expect_tickets(GOLD, "recovery.full", "recovery.full")
    story.check("oldest first, to the cent", (first["amount"], second["amount"]), ("10.80", "2.20"))
    story.check(f"{short(GOLD)} owes nothing", "You owe nothing." in story.dial(GOLD, "*133*0#"))
