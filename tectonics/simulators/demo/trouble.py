"""Chapters of trouble: an answer that is lost, money spent meanwhile, two debts paid at once."""

from tectonics.simulators.demo.borrowing import CODE, GOLD
from tectonics.simulators.demo.story import Story, money, record, short

HANGING_S = "3"  # longer than the deadlines of the demo's daemon, so that no look-up succeeds


def a_lost_answer(story: Story) -> None:
    """Unknown, then resolved by itself; the recharge that came meanwhile waited."""
    story.told.title("The billing's answer is lost")
    story.spend(GOLD, "9.60")
    story.expect(GOLD, "0.40", "10.80")
    story.say("With 10.80 of his ceiling of 15.00 used, 5.00 and 10.00 are not offered any more.")
    story.command("billing", "faults", "--lose-answers", "1", quiet=True)
    text = story.dial(GOLD, CODE, "2", "1")
    story.check("he is told at once that an SMS will follow", "You will get an SMS" in text)
    story.command("billing", "faults", "--delay", HANGING_S, quiet=True)
    story.expect_tickets(GOLD, "advance.unknown")
    unresolved = story.command("reconcile", "--list")
    story.check("an operator sees the operation", GOLD in unresolved.stdout)
    story.say("A recharge of 1.00 arrives while nobody knows, and he spends all but 0.50.")
    story.feed(**record(id="demo-g1", type="recharge", msisdn=GOLD, amount="1.00"))
    story.spend(GOLD, money(_ledger_minor(story) - 50))
    story.say("The billing answers again; the daemon looks the operation up by itself.")
    story.command("billing", "faults", "--delay", "0", quiet=True)
    _resolved(story)


def _ledger_minor(story: Story) -> int:
    """0.40 and the recharge, and the credit whose answer was lost: it was given."""
    return 40 + 100 + 200


def _resolved(story: Story) -> None:
    story.until(lambda: story.owed(GOLD) == "12.50")
    tickets = [t for t in story.live.records() if t.get("msisdn") == GOLD][-3:]
    story.expect_tickets(GOLD, "reconcile.resolved", "advance.granted", "recovery.partial")
    story.check("1.00 was due, 0.50 was left: the recovery stepped down to it",
                [t.get("amount") for t in tickets[-1:]], ["0.50"])
    story.expect(GOLD, "0.00", "12.50")
    story.expect_message(GOLD, "You have received 2.00 EUR")
    story.check("nothing is unknown any more", "no operation is unknown" in story.command("reconcile").stdout)


def two_debts_at_once(story: Story) -> None:
    """Several advances from one recharge, oldest first."""
    story.told.title("One recharge pays two advances")
    story.feed(**record(id="demo-g2", type="recharge", msisdn=GOLD, amount="20.00", **{"class": "etopup"}))
    story.expect(GOLD, "7.50", "0.00")
    first, second = story.expect_tickets(GOLD, "recovery.full", "recovery.full")
    story.check("oldest first, to the cent", (first["amount"], second["amount"]), ("10.30", "2.20"))
    story.check(f"{short(GOLD)} owes nothing", "You owe nothing." in story.dial(GOLD, "*133*0#"))
