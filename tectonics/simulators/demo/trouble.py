"""The chapter of trouble: an answer that is lost, a recharge meanwhile, and its money spent meanwhile."""

from tectonics.simulators.demo.borrowing import ANN, CODE
from tectonics.simulators.demo.story import Story, record

HANGING_S = 3  # longer than the deadlines of the demo's daemon, so that no look-up succeeds


def a_lost_answer(story: Story) -> None:
    """Unknown, then resolved by itself; the recharge that came meanwhile waited."""
    story.told.title("The billing's answer is lost")
    story.spend(ANN, "4.30")
    story.fault("the next credit is given, its answer is lost", lose_answers=1)
    text = story.dial(ANN, CODE, "2", "1")
    story.fault(f"every answer takes {HANGING_S} s, which is too long", delay_s=HANGING_S)
    story.check("an SMS will follow", "You will get an SMS" in text)
    story.expect_tickets(ANN, "advance.unknown")
    unresolved = story.command("reconcile", "--list")
    story.check("an operator sees the operation", ANN in unresolved.stdout)
    story.say("A recharge of 1.00 arrives while nobody knows; it waits. He spends all but 0.50.")
    story.feed(**record(id="demo-m1", type="recharge", msisdn=ANN, amount="1.00"))
    story.spend(ANN, "2.50")
    story.fault("answers at once again", delay_s=0)
    story.say("The daemon looks the operation up by itself.")
    tickets = story.expect_tickets(ANN, "reconcile.resolved", "advance.granted", "recovery.partial")
    story.check("1.00 was to be taken, 0.50 was left: the recovery steps down to it",
                tickets[-1].get("amount"), "0.50")
    story.expect(ANN, "0.00", "1.70")
    story.expect_message(ANN, "You have received 2.00 EUR")
    story.check("nothing is unknown any more", "no operation is unknown" in story.command("reconcile").stdout)
    story.say("The next recharge pays the rest.")
    story.feed(**record(id="demo-m2", type="recharge", msisdn=ANN, amount="2.00"))
    story.expect(ANN, "0.30", "0.00")
