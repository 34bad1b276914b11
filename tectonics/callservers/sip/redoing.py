"""A re-INVITE of ours, from its first sending until its 2xx is acknowledged."""

from tectonics.wire.sip.message import Request


class Redo:
    """A re-INVITE of ours; `ours`: only a refresh, of which the call hears nothing."""

    def __init__(self, body: bytes, ours: bool = False) -> None:
        self.body, self.ours = body, ours
        self.request: Request | None = None  # the newest
        self.tag = ""
        self.glares = self.challenges = 0
