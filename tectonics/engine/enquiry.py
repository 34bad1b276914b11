"""Asking the billing system before a decision, under a deadline; the answer is a fact of the event.

A billing system that tells no balance is asked whether it covers one minor unit more than the rule
allows: "no" means that the balance is at most the limit (RFC 8506 CHECK_BALANCE answers only so).
"""

from twisted.internet.defer import CancelledError

from tectonics.domain.outcome import Balance, Unavailable
from tectonics.domain.policy import Policy
from tectonics.domain.subscriber import Account
from tectonics.ports import Alarms, Billing, Clock
from tectonics.workflows.decision import Context
from tectonics.workflows.lending import Choice, Refusal, examine, too_rich

SILENT_MAX = 5  # enquiries in a row without an answer before the billing system is called down


class Enquiry:
    """Balance enquiries that never fail and never take longer than asked.

    `deadline_s` is the connector's own for an enquiry, as it was configured.
    """

    def __init__(self, billing: Billing, clock: Clock, alarms: Alarms, deadline_s: float) -> None:
        self._billing, self._clock, self._alarms = billing, clock, alarms
        self._deadline_s = deadline_s
        self._silent = 0

    async def may_borrow(self, account: Account, context: Context, within_s: float,
                         ) -> tuple[tuple[Choice, ...], Balance | Unavailable | None]:
        """What he may choose from, nothing where a rule refuses; and the balance, None where it need not be asked."""
        examined = examine(account, context)
        if isinstance(examined, Refusal):
            return (), None
        balance = await self.balance(account, context.policy, within_s)
        return (examined if too_rich(balance, context) is None else ()), balance

    async def balance(self, account: Account, policy: Policy, within_s: float) -> Balance | Unavailable:
        """The balance as far as the rules need it, or Unavailable."""
        deadline_s = max(0.05, min(self._deadline_s, within_s))
        if not self._billing.capabilities.tells_balance:
            return await self._covers(account, policy, deadline_s)
        return await self._ask(self._billing.balance(account.msisdn, account.profile.node), deadline_s)

    async def available(self, msisdn: str, node: str, within_s: float = float("inf")) -> Balance | Unavailable:
        """What is there to be taken now."""
        if not self._billing.capabilities.tells_balance:
            return Unavailable("this billing system tells no balance")
        return await self._ask(self._billing.balance(msisdn, node), max(0.05, min(self._deadline_s, within_s)))

    async def _covers(self, account: Account, policy: Policy, deadline_s: float) -> Balance | Unavailable:
        now = int(self._clock.seconds() * 1000)
        most = policy.lending.balance_minor_max
        if most is None:
            return Balance(0, now)
        asked = self._billing.covers(account.msisdn, most + 1, account.profile.node)
        answer = await self._ask(asked, deadline_s)
        if isinstance(answer, Unavailable):
            return answer
        return Balance(most + 1 if answer else 0, now)

    async def _ask(self, asked, deadline_s: float):
        """The connector keeps its own deadline; only one that is shorter is watched here."""
        if deadline_s < self._deadline_s:
            asked.addTimeout(deadline_s, self._clock, lambda *_: Unavailable("no answer in time"))
        try:
            answer = await asked
        except CancelledError:
            answer = Unavailable("no answer in time")
        self._watch(answer)
        return answer

    def _watch(self, answer) -> None:
        if not isinstance(answer, Unavailable):
            if self._silent >= SILENT_MAX:
                self._alarms.clear("billing_down")
            self._silent = 0
            return
        self._silent += 1
        if self._silent >= SILENT_MAX:
            self._alarms.raise_alarm("billing_down", f"{self._silent} enquiries in a row got no answer: "
                                     f"{answer.text}")
