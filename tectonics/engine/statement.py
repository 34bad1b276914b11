"""What a subscriber owes, as a sentence in his language: for who asks by a way that is answered there, and changes nothing."""

from twisted.internet.defer import Deferred

from tectonics.domain.screens import Style
from tectonics.domain.subscriber import Account
from tectonics.engine.dispatch import Engine
from tectonics.workflows.dialogue import Menus


def owed(engine: Engine, style: Style, msisdn: str) -> Deferred[str]:
    """The sentence; fails with Busy or OurFault, as the store does."""
    return Deferred.fromCoroutine(_owed(engine, style, msisdn))


async def _owed(engine: Engine, style: Style, msisdn: str) -> str:
    loaded = await engine.store.load(msisdn)
    return Menus(engine.context(engine.now()), style).owed(loaded.account or Account(msisdn)).text
