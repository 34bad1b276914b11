"""The e-mail addresses that speak for a subscriber: who registers one vouches for it.

The change and its audit ticket, which names the address, are one transaction of the store.  A PIN is hashed before it is
kept; neither the ticket nor the log has it, and the log masks the address.
"""

import secrets
from functools import partial

from tectonics.domain.errors import TheirFault
from tectonics.domain.mailbox import (
    ADDRESS_MAX,
    PIN_DIGITS_MAX,
    SALT_OCTETS,
    check_pin,
    fold_address,
    hash_pin,
    mask_address,
)
from tectonics.domain.ticket import Ticket
from tectonics.oam.admin import parameters as take
from tectonics.oam.admin import shown
from tectonics.oam.admin.method import Method, Offices
from tectonics.ports import Addresses

_REFUSED = {
    "nobody": "no subscriber has that number",
    "taken": "that address speaks for another number; remove it there first",
    "too_many": "that number has as many addresses as it may have; remove one first",
}


def methods(offices: Offices) -> dict[str, Method]:
    """The methods of this topic."""
    number = take.msisdn(offices.country_code)
    address = take.text("an e-mail address such as ann@example.com", length_max=ADDRESS_MAX)
    pin = take.text("digits that prove it in a subject; empty: none", "", PIN_DIGITS_MAX)
    return {
        "subscribers.mail": Method(partial(_register, offices), {"msisdn": number, "address": address, "pin": pin},
                                   "registers an e-mail address, or changes its PIN", changes=True),
        "subscribers.unmail": Method(partial(_remove, offices), {"msisdn": number, "address": address},
                                     "removes an e-mail address", changes=True),
    }


async def shown_of(offices: Offices, msisdn: str) -> list[dict]:
    """The addresses of one number."""
    if offices.addresses is None:
        return []
    return [{"address": one.address, "pin": bool(one.pin), "registered_at": shown.time(one.verified_at)}
            for one in await offices.addresses.of(msisdn)]


async def _register(offices: Offices, who: str, msisdn: str, address: str, pin: str) -> dict:
    folded = fold_address(address)
    kept = hash_pin(check_pin(pin), secrets.token_bytes(SALT_OCTETS)) if pin else ""
    text = f"the address {folded} speaks for the number now, {'with a' if pin else 'without'} PIN"
    now = offices.now()
    refused = await _addresses(offices).put(folded, msisdn, kept, now, _audit(offices, who, msisdn, text))
    if refused:
        raise TheirFault(_REFUSED[refused])
    return {"text": text.replace(folded, mask_address(folded))}


async def _remove(offices: Offices, who: str, msisdn: str, address: str) -> dict:
    folded = fold_address(address)
    text = f"the address {folded} speaks for the number no more"
    if not await _addresses(offices).remove(folded, msisdn, _audit(offices, who, msisdn, text)):
        raise take.NotThere("that number has no such address")
    return {"text": text.replace(folded, mask_address(folded))}


def _addresses(offices: Offices) -> Addresses:
    if offices.addresses is None:
        raise TheirFault("there are no e-mail addresses here")
    return offices.addresses


def _audit(offices: Offices, who: str, msisdn: str, text: str) -> Ticket:
    now = offices.now()
    id = offices.ids.new(now)
    return Ticket(id, "admin.change", now, msisdn, {"channel": "admin", "trigger": id, "text": f"{who}: {text}"})
