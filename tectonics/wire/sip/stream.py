"""Messages out of a stream (RFC 3261, section 18.3): each tells the length of its body.

    messages    whole ones, in order
    Unreadable  in their place: one that is not well formed, of which the end could be told; what follows is read on
    raised      where the end cannot be told; the connection is of no use any more

Line ends between messages are kept-alive signs (RFC 5626, section 4.4.1) and are passed over.
Bounds: a head of HEAD_OCTETS_MAX, a body of BODY_OCTETS_MAX.
"""

from tectonics.wire.sip.message import Request, Response, Unreadable, content_length, parse_head

HEAD_OCTETS_MAX = 16_384
BODY_OCTETS_MAX = 65_535
_GAP = b"\r\n\r\n"


class Stream:
    """One direction of one connection."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._head: Request | Response | Unreadable | None = None  # its body is still to come
        self._wanted = 0
        self._searched = 0

    def feed(self, octets: bytes) -> list[Request | Response | Unreadable]:
        """What is whole now. Unreadable is raised where nothing more can be read."""
        self._buffer += octets
        found = []
        while (message := self._next()) is not None:
            found.append(message)
        return found

    def _next(self) -> Request | Response | Unreadable | None:
        if self._head is None and not self._read_head():
            return None
        if len(self._buffer) < self._wanted:
            return None
        message, self._head = self._head, None
        if not isinstance(message, Unreadable):
            message.body = bytes(self._buffer[:self._wanted])
        del self._buffer[:self._wanted]
        return message

    def _read_head(self) -> bool:
        if self._searched == 0:
            blank = len(self._buffer) - len(self._buffer.lstrip(b"\r\n"))
            del self._buffer[:blank]
        end = self._buffer.find(_GAP, max(0, self._searched - len(_GAP)))
        if (end if end >= 0 else len(self._buffer)) > HEAD_OCTETS_MAX:
            raise Unreadable(f"the headers are longer than {HEAD_OCTETS_MAX} octets")
        if end < 0:
            self._searched = len(self._buffer)
            return False
        self._head, self._wanted = _head(bytes(self._buffer[:end]))
        self._searched = 0
        del self._buffer[:end + len(_GAP)]
        return True


def _head(octets: bytes) -> tuple[Request | Response | Unreadable, int]:
    """The message, or what is wrong with it, and how many octets its body has."""
    try:
        message = found = parse_head(octets)
    except Unreadable as error:
        if error.request is None:
            raise
        message, found = error.request, error
    length = content_length(message)
    if length is None:
        raise Unreadable("Content-Length is missing", 400 if isinstance(message, Request) else 0,
                         message if isinstance(message, Request) else None)
    if length > BODY_OCTETS_MAX:
        raise Unreadable(f"a body is longer than {BODY_OCTETS_MAX} octets")
    return found, length
