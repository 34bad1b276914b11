"""The story's stage: the daemon, the clients that talk to it, and the demo's own books.

`Books` is kept from what the clients did at the till (recharged, spent, took back) and from nothing
that the daemon says, so that at the end the ledger can be held against it and the tickets.
Bound: WAIT_S for anything that the daemon does by itself.
"""

import json
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.client import HTTPConnection
from subprocess import CompletedProcess

from tectonics.domain.money import format_minor, parse_minor
from tectonics.simulators.blocking_clients import ApiClient, FeedSender, LiveTickets
from tectonics.simulators.daemon_process import DaemonProcess
from tectonics.simulators.demo.transcript import Transcript
from tectonics.simulators.mailbox.process import MailboxProcess
from tectonics.simulators.phones.process import PhonesProcess
from tectonics.simulators.smsc.process import CentreProcess
from tectonics.simulators.ussd_gateway import BlockingGateway, Steps

CURRENCY = "EUR"
WAIT_S = 15.0
POLL_S = 0.05
OUTPUT_LINES_MAX = 14
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Books:
    """What the clients moved on each prepaid account, in minor units."""

    def __init__(self) -> None:
        self.till_minor: dict[str, int] = defaultdict(int)
        self.recharges: dict[str, tuple[str, int]] = {}  # feed id -> (msisdn, amount)

    def move(self, msisdn: str, amount: str, sign: int = 1) -> None:
        """Credit bought (1) or used up (-1)."""
        self.till_minor[msisdn] += sign * parse_minor(amount, CURRENCY)

    def fed(self, record: dict) -> None:
        """A record that the feed took for the first time."""
        if record["type"] == "recharge":
            self.recharges[record["id"]] = (record["msisdn"], parse_minor(record["amount"], CURRENCY))
            self.till_minor[record["msisdn"]] += self.recharges[record["id"]][1]
        elif record["type"] == "reversal":
            msisdn, amount_minor = self.recharges[record["ref"]]
            self.till_minor[msisdn] -= amount_minor


class Story:
    """One daemon, one client of each kind, one transcript."""

    def __init__(self, daemon: DaemonProcess, centre: CentreProcess, phones: PhonesProcess, mailbox: MailboxProcess,
                 transcript: Transcript) -> None:
        self.daemon, self.centre, self.phones, self.mailbox, self.told = daemon, centre, phones, mailbox, transcript
        self.check, self.say = transcript.check, transcript.say
        self.books = Books()
        self.gateway_address = daemon.address("ussd_http")
        token = (daemon.state / "demo-token").read_text().strip()
        self.gateway = BlockingGateway(*self.gateway_address)
        self.feed_sender = FeedSender(daemon.address("feed"))
        self.api = ApiClient(daemon.address("web"), token)
        self.stranger = ApiClient(daemon.address("web"))
        self.live = LiveTickets(daemon.address("tickets"))
        self.opening_minor = {one: self.balance_minor(one) for one in PEOPLE}

    def close(self) -> None:
        """All clients hang up."""
        for client in (self.gateway, self.feed_sender, self.live):
            client.close()

    # --- a subscriber

    def dial(self, msisdn: str, code: str, *inputs: str) -> str:
        """Dials and types, then hangs up; the last screen's text."""
        self.say(f"{short(msisdn)} dials {code}")
        more, text = self.gateway.dial(msisdn, code)
        self.told.screen(short(msisdn), text, more)
        for typed in inputs:
            more, text = self.gateway.send(typed)
            self.say(f"types {typed}")
            self.told.screen(short(msisdn), text, more)
        if more:
            self.gateway.end()
        return text

    def dial_quietly(self, msisdn: str, code: str = "*133#") -> str:
        """The first screen, not shown; the subscriber hangs up if it asks for more."""
        more, text = self.gateway.dial(msisdn, code)
        if more:
            self.gateway.end()
        return text

    def together(self, steps: Steps, typed: str, times: int) -> list[tuple[int, bytes]]:
        """The same POST at the same time over that many connections; (status, body) of each."""
        return self.repeat(steps.body(typed), times)

    def repeat(self, body: bytes, times: int = 1) -> list[tuple[int, bytes]]:
        """A POST, exactly these bytes, that many times in parallel."""
        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(self.post, [body] * times))

    def post(self, body: bytes) -> tuple[int, bytes]:
        """One POST over a connection of its own."""
        connection = HTTPConnection(*self.gateway_address, timeout=WAIT_S)
        try:
            connection.request("POST", "/ussd", body, FORM)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def messages(self, msisdn: str) -> list[str]:
        """The SMS that he got, oldest first."""
        return self.centre.messages(msisdn)

    def expect_message(self, msisdn: str, *words: str) -> None:
        """Waits for an SMS with these words, and shows it."""
        def arrived() -> str:
            return next((text for text in reversed(self.messages(msisdn)) if all(w in text for w in words)), "")
        text = self.until(arrived)
        if text:
            self.told.message(short(msisdn), text)
        self.check(f"{short(msisdn)} is told by SMS", bool(text))

    # --- money

    def balance(self, msisdn: str) -> str:
        """The balance on the prepaid ledger."""
        return self.daemon.ask("billing.balance", msisdn=msisdn)["balance"]

    def balance_minor(self, msisdn: str) -> int:
        """The same, in minor units."""
        return parse_minor(self.balance(msisdn), CURRENCY)

    def owed(self, msisdn: str) -> str:
        """What he owes, fees included."""
        return self.daemon.ask("subscribers.show", msisdn=msisdn)["outstanding"]

    def expect(self, msisdn: str, balance: str, owed: str) -> None:
        """Asserts balance and debt, once they have settled."""
        self.until(lambda: (self.balance(msisdn), self.owed(msisdn)) == (balance, owed))
        self.check(f"{short(msisdn)}: balance {balance}, owes {owed}",
                   (self.balance(msisdn), self.owed(msisdn)), (balance, owed))

    def feed(self, wanted: str = "OK", **fields: str) -> None:
        """Sends a record over the feed, shows it, asserts the first word of the answer."""
        answer = self.feed_sender.send(record(**fields))
        self.told.operator(f"feed > {json.dumps(fields)}\nfeed < {answer}")
        if answer == f"OK {fields['id']}":
            self.books.fed(fields)
        self.check(f"the feed answers {wanted}", answer.split(" ")[0], wanted)

    def spend(self, msisdn: str, amount: str) -> None:
        """Calls and messages use credit up."""
        if self.command("spend", msisdn, amount).returncode == 0:
            self.books.move(msisdn, amount, -1)

    # --- an operator

    def command(self, *arguments: str) -> CompletedProcess:
        """Runs a command of the command line, shows it and what it answers."""
        done = self.daemon.command(*arguments)
        answer = (done.stdout + done.stderr).rstrip().splitlines()
        lines = [f"$ tectonics {' '.join(quoted(one) for one in arguments)}"]
        lines += [line.rstrip() for line in answer[:OUTPUT_LINES_MAX]]
        lines += [f"... {len(answer) - OUTPUT_LINES_MAX} lines more"] if len(answer) > OUTPUT_LINES_MAX else []
        self.told.operator("\n".join(lines))
        return done

    def fault(self, sentence: str, **faults: int) -> None:
        """Orders faults of the billing: at once, because what is shown next depends on it."""
        self.daemon.ask("billing.faults", **faults)
        self.told.operator(f"billing: {sentence}")

    def expect_tickets(self, msisdn: str, *types: str) -> list[dict]:
        """Waits until his newest tickets are of these types, in this order; shows and returns them."""
        def newest() -> list[dict]:
            return [t for t in self.live.records() if t.get("msisdn") == msisdn][-len(types):]
        self.until(lambda: [t["type"] for t in newest()] == list(types))
        found = newest()
        for ticket in found:
            self.told.operator(ticket_line(ticket))
        self.check(f"tickets: {', '.join(types)}", [t["type"] for t in found], list(types))
        return found

    def until(self, question: Callable[[], object], within_s: float = WAIT_S) -> object:
        """Asks again until the answer is true; its last answer."""
        end = time.monotonic() + within_s
        while not (answer := question()) and time.monotonic() < end:
            time.sleep(POLL_S)
        return answer


def numbered(number: int) -> str:
    """The demo subscriber of that number, 1 to 10."""
    return str(33_600_000_000 + number)


PEOPLE = tuple(numbered(number) for number in range(1, 11))


def short(msisdn: str) -> str:
    """The demo's subscribers differ in the last two digits."""
    return f"336…{msisdn[-2:]}"


def record(**fields: str) -> dict:
    """A record of the feed, of now."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return fields | ({"currency": CURRENCY} if "amount" in fields else {}) | {"time": now}


def ticket_line(ticket: dict) -> str:
    """What a person wants to see of a ticket."""
    names = ("amount", "fee", "outstanding", "reason", "text")
    rest = "  ".join(f"{name} {ticket[name]}" for name in names if ticket.get(name) not in (None, ""))
    return f"ticket {ticket['origin']}:{ticket['seq']}  {ticket['type']}  {rest}"


def quoted(argument: str) -> str:
    """As one would type it in a shell."""
    return argument if argument.replace("-", "").replace(".", "").replace("_", "").replace("/", "").isalnum() \
        else f"'{argument}'"


def money(minor: int) -> str:
    """An amount as text."""
    return format_minor(minor, CURRENCY)
