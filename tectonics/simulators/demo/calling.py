"""Chapters of call-backs, through a switch full of telephones: two people talk, and one is busy."""

from tectonics.domain.money import parse_minor
from tectonics.simulators.demo.story import CURRENCY, Story, numbered, short

RICH, BOB = numbered(3), "33612345678"
CODE = "*144*0612345678#"
RATES = [{"name": "france", "prefixes": ["33"], "minute": "0.60", "first": "1s", "then": "1s"}]


def call_back(story: Story) -> None:
    """He dials a number, his telephone rings, and what the two talk is charged."""
    story.told.title("A call-back: he is rung, and connected with whom he asked for")
    story.dial(RICH, CODE)
    _wait_for(story, "talking")
    story.check("his telephone rings, then the other one", [one["number"] for one in story.phones.calls()], [RICH, BOB])
    held = story.daemon.ask("billing.balance", msisdn=RICH)
    story.check("two minutes are reserved meanwhile", held["held"], "1.20")
    story.command("callbacks", "show", RICH)
    story.phones.order(f"hang_up {BOB}")
    story.say(f"+{BOB} hangs up")
    ticket, = story.expect_tickets(RICH, "callback.completed")
    _charged(story, ticket)


def busy(story: Story) -> None:
    """B is busy: nobody pays, and he is told."""
    story.told.title("The other one is busy: it costs nothing")
    story.phones.order(f"script {BOB} status=486")
    story.dial(RICH, CODE)
    ticket, = story.expect_tickets(RICH, "callback.failed")
    story.check("the ticket says why", ticket["reason"], "b_busy")
    story.expect_message(RICH, BOB, "busy")
    _charged(story, ticket)


def _charged(story: Story, ticket: dict) -> None:
    """The ledger took what the ticket says, and holds nothing any more."""
    story.books.move(RICH, ticket["amount"], -1)
    wanted_minor = story.opening_minor[RICH] + story.books.till_minor[RICH]
    story.check(f"{short(RICH)} has paid {ticket['amount']} for {ticket['duration_s']} s",
                story.balance_minor(RICH), wanted_minor)
    story.check("a cent for each begun second", parse_minor(ticket["amount"], CURRENCY), ticket["duration_s"])
    story.check("nothing is held any more", story.daemon.ask("billing.balance", msisdn=RICH)["held"], "0.00")


def _wait_for(story: Story, state: str) -> None:
    def there() -> bool:
        return [one["state"] for one in story.daemon.ask("callbacks.list", limit=10)["callbacks"]] == [state]
    story.check(f"the call is {state}", bool(story.until(there)))

