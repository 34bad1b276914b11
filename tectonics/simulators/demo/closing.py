"""Chapters of record: the two ticket streams and the file agree, and everything agrees to the cent."""

import json
from collections import defaultdict

from tectonics.domain.money import parse_minor
from tectonics.simulators.blocking_clients import AcknowledgedTickets
from tectonics.simulators.demo.story import CURRENCY, PEOPLE, Story, money, numbered, short
from tectonics.wire.ticket_stream import Ok, encode

CONSUMER = "mediation"
OWED_BEFORE = {numbered(6): "2.20"}  # the debt that the demo subscribers bring along


def streams(story: Story) -> None:
    """A consumer that acknowledges, goes away and comes back."""
    story.told.title("Tickets, kept until they are acknowledged")
    address, total = story.daemon.address("tickets_acknowledged"), len(story.live.lines)
    consumer = AcknowledgedTickets(address, CONSUMER)
    story.told.operator(f"> HELLO 1 {CONSUMER}\n< {encode(consumer.greeting).decode().strip()}")
    story.check("every ticket is kept", consumer.greeting, Ok("n1", 1, total))
    tickets = consumer.read(total)
    story.check("numbers without a hole", [t["seq"] for t in tickets], list(range(1, total + 1)))
    story.check("the same as on the live stream", tickets, story.live.records())
    consumer.acknowledge("n1", total - 3)
    story.told.operator(f"> ACK n1:{total - 3}, and the line breaks")
    story.until(lambda: _acknowledged(story) == total - 3)
    consumer.close()
    again = AcknowledgedTickets(address, CONSUMER)
    repeated = again.read(3)
    story.check("after the reconnect the last three come again, marked as repetitions",
                [(t["seq"], t.get("dup")) for t in repeated], [(total - 2 + n, True) for n in range(3)])
    again.acknowledge("n1", total)
    story.check("and then none is due", story.until(lambda: _acknowledged(story) == total), True)
    again.close()


def _acknowledged(story: Story) -> int:
    rows = story.daemon.ask("status")["consumers"]
    return next((row["acknowledged"] or 0 for row in rows if row["name"] == CONSUMER), 0)


def to_the_cent(story: Story) -> None:
    """Ledger, advances and tickets, held against what the clients did."""
    story.told.title("To the cent: ledger, advances and tickets")
    lent, owed = _from_tickets(story.live.records())
    advances = _outstanding(story)
    for msisdn in PEOPLE:
        wanted = story.opening_minor[msisdn] + story.books.till_minor[msisdn] + lent[msisdn]
        debt = parse_minor(OWED_BEFORE.get(msisdn, "0.00"), CURRENCY) + owed[msisdn]
        story.check(f"{short(msisdn)}: ledger {money(wanted)}, debt {money(debt)}",
                    (story.balance_minor(msisdn), advances[msisdn]), (wanted, debt))
    total = sum(advances.values())
    # The status counts what is owed every few seconds only.
    story.until(lambda: _total(story) == money(total))
    story.check(f"all debts together are {money(total)}", _total(story), money(total))


def _total(story: Story) -> str:
    return story.daemon.ask("status")["debt"]["outstanding"]


def _from_tickets(tickets: list[dict]) -> tuple[dict[str, int], dict[str, int]]:
    """What the tickets say that lending moved on each account, and on each debt."""
    lent: dict[str, int] = defaultdict(int)
    owed: dict[str, int] = defaultdict(int)
    for ticket in tickets:
        kind, msisdn = ticket["type"], ticket.get("msisdn", "")
        amount_minor = parse_minor(ticket.get("amount", "0.00"), CURRENCY)
        if kind == "advance.granted":
            lent[msisdn] += amount_minor
            owed[msisdn] += amount_minor + parse_minor(ticket["fee"], CURRENCY)
        elif kind in ("recovery.full", "recovery.partial"):
            lent[msisdn] -= amount_minor
            owed[msisdn] -= amount_minor
        elif kind == "recovery.reversed":
            lent[msisdn] += amount_minor
            owed[msisdn] += amount_minor
    return lent, owed


def _outstanding(story: Story) -> dict[str, int]:
    """What the API says that each still owes."""
    status, body = story.api.get("/api/v1/advances?limit=1000")
    story.check("the API lists the advances", status, 200)
    debts: dict[str, int] = defaultdict(int)
    for advance in json.loads(body)["advances"]:
        debts[advance["msisdn"]] += parse_minor(advance["outstanding"], CURRENCY)
    return debts


def the_end(story: Story) -> None:
    """SIGTERM, and what remains on disk."""
    story.told.title("A graceful stop")
    code = story.daemon.stop()
    story.told.operator(f"SIGTERM; exit code {code}")
    story.check("exit code 0", code, 0)
    story.check("nothing in its log that should not be there", story.daemon.faults_logged(), [])
    files = sorted((story.daemon.state / "tickets").glob("n1_*"))
    lines = [line for file in files for line in file.read_bytes().splitlines() if b'"trailer"' not in line]
    story.told.operator("\n".join(f"tickets/{file.name}" for file in files))
    story.check("the ticket files hold the same lines as the stream", lines, story.live.lines)
