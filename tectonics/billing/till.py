"""The till: what a shop, or a call that is made, asks of the ledger.

A sale and its reversal have the identity that the till gave them, and are answered once whatever is repeated.
"""

from tectonics.billing.entries import RECHARGE, REVERSAL, SPEND, TILL, TILL_FEED, Entry


def sale(msisdn: str, amount_minor: int, kind: str, id: str, at: int) -> Entry:
    """Sells credit of a class (voucher, etopup...)."""
    return Entry(msisdn, f"{TILL_FEED}:{id}", RECHARGE, at, TILL, amount_minor, recharge_class=kind)


def taken_back(msisdn: str, recharge_id: str, id: str, at: int) -> Entry:
    """Takes a recharge of this till back, whatever has been spent of it."""
    return Entry(msisdn, f"{TILL_FEED}:{id}", REVERSAL, at, TILL, ref=f"{TILL_FEED}:{recharge_id}")


def spending(msisdn: str, amount_minor: int, at: int) -> Entry:
    """What a call or a message costs, never below zero; without identity, so an Unknown one cannot be repeated."""
    return Entry(msisdn, "", SPEND, at, TILL, amount_minor)
