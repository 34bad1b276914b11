"""One bound session as a channel sees it: whose it is, and a way to answer what was heard over it."""

from collections.abc import Callable

from tectonics.config.smpp import SmppAccount
from tectonics.wire.smpp.pdus import Answer, Request


class Peer:
    """A session; two are the same only if they are the same connection."""

    __slots__ = ("_say", "account", "name")

    def __init__(self, account: SmppAccount, name: str, say: Callable[[Request, Answer], None]) -> None:
        self.account = account
        self.name = name  # "smsc1/2", for logs and ids
        self._say = say

    def answer(self, request: Request, answer: Answer) -> None:
        """Answers a request that was heard over this session; ignored where it is gone. Unsendable."""
        self._say(request, answer)
