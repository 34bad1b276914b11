"""Requests to be called back, whichever way they come: the facts are gathered, then it is decided like everything else.

The facts: what the number is (numbering), his balance where he pays in advance, how often that number was called
lately.  Who may not call, and why, is the workflow's affair; here it is only said that there is no call server, that the
billing system was not connected yet, or that there is too much to do: call-backs are shed after new advances and before recoveries, which are never turned
away here.

Bound: `calls_max` commands of calls that wait for people, and `dispatch_max` events being decided; then `busy`.
"""

from tectonics.domain.events import CallAsked, Trigger
from tectonics.domain.keywords import FAVOURITE, LAST
from tectonics.domain.outcome import Balance, Unavailable
from tectonics.domain.screens import Dialled, Screen
from tectonics.domain.subscriber import Account
from tectonics.engine.called import Called
from tectonics.engine.calls import CallRunner
from tectonics.engine.dispatch import Engine, Result
from tectonics.engine.enquiry import Enquiry
from tectonics.engine.pace import Limits
from tectonics.ports import Billing, Numbering
from tectonics.workflows.call_checks import favourite_number, last_number
from tectonics.workflows.replies import wording

NOT_OFFERED, AWAY, BUSY = "not_offered", "billing_unavailable", "busy"


class CallRequests:
    """Takes them; what `billing` promises may be known only when it is connected."""

    def __init__(self, engine: Engine, enquiry: Enquiry, calls: CallRunner, numbering: Numbering,
                 limits: Limits, billing: Billing) -> None:
        self._engine, self._enquiry, self._calls = engine, enquiry, calls
        self._numbering, self._limits, self._billing = numbering, limits, billing
        self.called = Called()
        engine.on_decided.append(self.called.heard)

    async def ask(self, msisdn: str, trigger: Trigger, number: str, within_s: float) -> Result:
        """What became of it; `within_s` is how long the billing system may take to tell the balance."""
        now = self._engine.now()
        account = (await self._engine.store.load(msisdn)).account or Account(msisdn)
        number, refused = _named(account, number), self._refused(account)
        b = self._numbering.read(number, msisdn)
        if refused:
            return await self._engine.dispatch(CallAsked(msisdn, trigger, now, number, b, refused=refused))
        balance = await self._balance(account, within_s)
        b_recent, range_recent = self.called.recent(b, now)
        self._engine.metrics.count("tectonics_requests_total", "call_back")
        return await self._engine.dispatch(CallAsked(msisdn, trigger, now, number, b, balance, b_recent, range_recent))

    async def dialled(self, dialled: Dialled, trigger: Trigger, within_s: float) -> Screen | None:
        """The screen that answers a code with a number, or asks for one; None where it is served elsewhere just now.

        A number is all that it takes, so a session that was forgotten meanwhile goes on.
        """
        if not dialled.text:
            account = (await self._engine.store.load(dialled.msisdn)).account or Account(dialled.msisdn)
            return Screen(wording(account, self._engine.context(), "callback.ask"), more=True)
        result = await self.ask(dialled.msisdn, trigger, dialled.text, within_s)
        if result.decision is not None:
            return result.decision.answer
        return None if result.answer is None else Screen.decode(result.answer)

    def _refused(self, account: Account) -> str:
        if not self._calls.offered:
            return NOT_OFFERED
        if account.profile.kind == "prepaid" and not self._billing.capabilities.sessions:
            return NOT_OFFERED if self._billing.capabilities.told else AWAY
        if len(self._calls) >= self._limits.calls_max or self._engine.dispatching >= self._limits.dispatch_max:
            self._engine.metrics.count("tectonics_shed_total", "call_back")
            return BUSY
        return ""

    async def _balance(self, account: Account, within_s: float) -> Balance | Unavailable | None:
        if account.profile.kind != "prepaid" or not self._billing.capabilities.tells_balance:
            return None
        return await self._enquiry.available(account.msisdn, account.profile.node, within_s)


def _named(account: Account, number: str) -> str:
    """The number that is meant; empty where he has called nobody yet."""
    if number == LAST:
        return _international(last_number(account))
    if number == FAVOURITE:
        return _international(favourite_number(account))
    return number


def _international(digits: str) -> str:
    return f"+{digits}" if digits else ""
