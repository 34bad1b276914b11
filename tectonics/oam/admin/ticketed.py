"""The audit ticket of a change that is kept in memory alone, such as an acknowledgement or a level of the log.

Such a change is made first, because what it is about may be the database itself; where its ticket cannot be written, the
answer says so.
"""

from tectonics.domain.errors import OurFault, TheirFault
from tectonics.domain.ticket import Ticket
from tectonics.oam.admin.method import Offices


async def ticketed(offices: Offices, who: str, text: str) -> str:
    """Writes that `who` did it; the sentence that answers him."""
    now = offices.now()
    id = offices.ids.new(now)
    ticket = Ticket(id, "admin.change", now, "", {"channel": "admin", "trigger": id, "text": f"{who}: {text}"})
    try:
        await offices.policy_log.audit(ticket)
    except (TheirFault, OurFault) as fault:
        return f"{text}; the ticket that says so could not be written: {fault}"
    return text
