"""Where a menu session stands, and everything that was shown in it."""

from tectonics.domain.advance import Offer
from tectonics.domain.policy import Policy
from tectonics.domain.self_care import COLLECT_ALLOW, COLLECT_REFUSE, Movement
from tectonics.domain.subscriber import Account
from tectonics.domain.value import value
from tectonics.workflows.lending import Choice

OFFERS, AMOUNT, CONFIRM, LANGUAGES, SETTINGS, HISTORY = "offers", "amount", "confirm", "languages", "settings", "history"
# Each key does the same whenever it is typed, so that a request that comes again changes nothing back.
SETTINGS_KEYS = {"1": "advert_stop", "2": "advert_start", "3": COLLECT_REFUSE, "4": COLLECT_ALLOW}
HISTORY_KEY = "5"


@value
class Owed:
    """What he owed when he dialled, and by when the oldest debt is due."""

    total_minor: int = 0
    due_at: int = 0

    @classmethod
    def by(cls, account: Account) -> "Owed":
        """What this account owes, or is perhaps about to."""
        if not account.exposed_minor:
            return cls()
        return cls(account.exposed_minor, min(a.due_at for a in account.mine))


@value
class Snapshot:
    """A place in the menu; the offers with the policy that made them."""

    place: str
    language: str
    choices: tuple[Choice, ...]
    policy: Policy
    owed: Owed = Owed()
    page: int = 0
    typing: Choice | None = None
    offer: Offer | None = None  # what the confirmation shows
    wrong: int = 0
    resumed: bool = False  # it began where an earlier session ended
    settings: tuple[str, ...] = ()  # the keys of what he can change
    balance: str = ""  # shown with them; empty: nobody could tell
    movements: tuple[Movement, ...] = ()  # the newest first
