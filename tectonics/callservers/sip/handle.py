"""What has to be known of an answered leg to find it again: JSON that the daemon stores with the call.

Bound: CHARS_MAX; a leg whose peer wants more to be remembered is not kept.
"""

import msgspec
from msgspec import Struct

from tectonics.domain.errors import BadMessage
from tectonics.wire.sip.dialog import Dialog
from tectonics.wire.sip.values import parse_address

CHARS_MAX = 4000


class Handle(Struct, frozen=True, omit_defaults=True):
    """A dialog, and by which trunk and next hop it goes."""

    trunk: str
    host: str
    port: int
    call_id: str
    local: str
    remote: str
    target: str
    routes: tuple[str, ...] = ()
    number: int = 1

    def encode(self) -> str:
        """BadMessage where it is too long."""
        try:
            text = msgspec.json.encode(self).decode("utf-8")
        except UnicodeEncodeError as error:
            raise BadMessage("a peer's dialog is not text") from error
        if len(text) > CHARS_MAX:
            raise BadMessage("a peer's dialog is too long to be remembered")
        return text

    def dialog(self, number: int) -> Dialog:
        """The dialog, in which our next request is above `number`."""
        return Dialog(self.call_id, parse_address(self.local), parse_address(self.remote), self.target, self.routes,
                      max(self.number, number), None, False)


def decode(text: str) -> Handle | None:
    """None where it is none of ours."""
    try:
        handle = msgspec.json.decode(text, type=Handle)
        parse_address(handle.local), parse_address(handle.remote)
    except (msgspec.DecodeError, msgspec.ValidationError, BadMessage, UnicodeDecodeError):
        return None
    return handle
