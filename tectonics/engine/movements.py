"""What has happened on an account: the newest advances, payments and call-backs of its holder, newest first.

Advances and payments are read by the queue of reads for people, which delays no writer; call-backs stand in the account.
An advance that was not given, or of which nobody knows that yet, is no movement; a call-back is one when it took place.
Bound: NEWEST_MAX movements.
"""

from tectonics.domain import advance as adv
from tectonics.domain.recharge import Recovery
from tectonics.domain.self_care import Movement
from tectonics.domain.subscriber import Account
from tectonics.ports import Queries

NEWEST_MAX = 10
NEWEST = (10**15, "")  # a mark before which everything has happened
_NOT_GIVEN = adv.PENDING | {adv.FAILED}


class Movements:
    """Of all accounts."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    async def newest(self, account: Account) -> tuple[Movement, ...]:
        """His newest movements; of an account that is not stored none."""
        if not account.version:
            return ()
        lent, paid = await self._queries.past(account.msisdn, account.generation, NEWEST, NEWEST_MAX)
        found = [(one.requested_at, one.id, Movement(one.requested_at, "advance", one.offer.amount_minor, one.offer.fee_minor))
                 for one in lent if one.state not in _NOT_GIVEN]
        found += [(one.created_at, one.id, Movement(one.created_at, "payment", _taken(one))) for one in paid]
        found += [(one.at, "", Movement(one.at, "callback", one.charged_minor))
                  for one in account.standing.calls if one.charged_minor is not None]
        found.sort(key=lambda row: row[:2], reverse=True)
        return tuple(movement for *_, movement in found[:NEWEST_MAX])


def _taken(one: Recovery) -> int:
    return sum(share.principal_minor + share.fee_minor for share in one.shares)
