"""One account's way of speaking: what its dialect makes of PDUs, screens and styles.

A session belongs to a peer, not to a bind: accounts with one address and one system_id (a receiver and its transmitter)
are one home, named after the first of them.
"""

from collections.abc import Sequence

from tectonics.channels.ussd_smpp.heard import Reader
from tectonics.channels.ussd_smpp.said import Writer
from tectonics.config.smpp import SmppAccount
from tectonics.domain.dialects import CUMULATIVE, Dialect

CHANNEL = "ussd_smpp"


class Line:
    """An account with its dialect."""

    def __init__(self, account: SmppAccount, home: str, dialect: Dialect, country_code: str, budget_s: float,
                 session_s: float) -> None:
        self.account, self.home, self.dialect = account, home, dialect
        self.reader, self.writer = Reader(dialect, country_code), Writer(dialect)
        self.cumulative = dialect.input == CUMULATIVE
        self._styles = {counted: dialect.style(CHANNEL, budget_s, round(session_s), counted) for counted in (True, False)}

    def style(self, counted: bool):
        """How a dialogue answers; `counted`: this session's PDUs carry unit numbers."""
        return self._styles[counted]


def home(account: SmppAccount, accounts: Sequence[SmppAccount]) -> str:
    """The first account at the same peer."""
    return next(one.name for one in accounts
                if (one.address, one.system_id) == (account.address, account.system_id))
