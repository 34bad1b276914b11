"""What the prepaid ledger is asked for, and what it shows: plain values.

An `Entry` asks to move money once.  Its `op` is the identity of the operation; what an op that was
seen before means is said by the entry itself, because it depends on who asks: a till and a feed
repeat what they are not sure of, and must be answered as the first time; the billing system that we
play may have been told to be one that forgets (`FORGETTING`) and does it again.
"""

from dataclasses import dataclass

MAIN = "main"
OPENING, CREDIT, DEBIT, RECHARGE, REVERSAL, SPEND, EXPIRY, CALL = (
    "opening", "credit", "debit", "recharge", "reversal", "spend", "expiry", "call")
LENDING, CALLS, TILL, LEDGER = "lending", "calls", "till", "ledger"  # sources; a feed's is `feed:<name>`
TILL_FEED = "embedded"  # the name under which the till's own recharges are fed to the daemon

REMEMBERING = 0  # `known_since_at` of an entry that is never done twice
FORGETTING = 2**62  # of one that is done as often as it is asked


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement that is asked for; `amount_minor` is positive whatever its direction."""

    msisdn: str
    op: str  # empty: an operation without identity
    kind: str  # credit, debit, recharge, reversal, spend
    at: int
    source: str
    amount_minor: int = 0  # of a reversal: found in the ledger
    currency: str = ""  # empty: the account's
    balance_type: str = MAIN
    expires_at: int = 0  # of a bonus; 0: as it was
    recharge_class: str = ""
    ref: str = ""  # of a reversal: the op of the recharge
    known_since_at: int = REMEMBERING  # an answer given at or after this time is given again


@dataclass(frozen=True, slots=True)
class Opening:
    """An account that is asked for; where there is one already nothing changes."""

    msisdn: str
    currency: str
    at: int
    kind: str = "prepaid"
    balance_minor: int = 0
    activated_at: int = 0
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """Money of the main balance that is to be held for a session, the first of it or more."""

    msisdn: str
    op: str
    session: str
    at: int
    amount_minor: int
    currency: str
    expires_at: int  # until then at least all that the session holds
    known_since_at: int = REMEMBERING


@dataclass(frozen=True, slots=True)
class Settlement:
    """The end of a session: what is taken of that which it holds; the rest is let go."""

    msisdn: str
    op: str
    session: str
    at: int
    amount_minor: int  # 0: nothing is taken
    currency: str
    known_since_at: int = REMEMBERING


@dataclass(frozen=True, slots=True)
class LookUp:
    """What became of an operation; asked in the writers' queue, so behind all that was asked before."""

    msisdn: str
    op: str


@dataclass(frozen=True, slots=True)
class Blocking:
    """Blocks or unblocks an account."""

    msisdn: str
    blocked: bool


@dataclass(frozen=True, slots=True)
class TypedBalance:
    """One balance of an account; what has expired counts no more."""

    balance_type: str
    amount_minor: int
    expires_at: int  # 0: never


@dataclass(frozen=True, slots=True)
class LedgerAccount:
    """An account as the ledger shows it."""

    msisdn: str
    kind: str
    currency: str
    blocked: bool
    activated_at: int
    balances: tuple[TypedBalance, ...] = ()
    held_minor: int = 0  # of the main balance, by sessions

    @property
    def main_minor(self) -> int:
        """The main balance, also what is held of it."""
        return next((b.amount_minor for b in self.balances if b.balance_type == MAIN), 0)

    @property
    def available_minor(self) -> int:
        """What can be taken or held of the main balance."""
        return self.main_minor - self.held_minor


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of the ledger; `amount_minor` is signed, `balance_minor` what was there afterwards."""

    position: int
    msisdn: str
    op: str
    kind: str
    amount_minor: int
    balance_type: str
    balance_minor: int
    at: int
    source: str
    recharge_class: str
    ref: str
