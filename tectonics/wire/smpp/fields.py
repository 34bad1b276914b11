"""Of what a PDU's body is made (SMPP 3.4 section 3.1): integers, C-octet strings, octets with their length.

A C-octet string is read and written as Latin-1, so that what a peer sent in an address or a name goes back
to it unchanged.  A field knows the status that a peer is told when the field is malformed.
"""

from tectonics.domain.errors import BadMessage, OurFault
from tectonics.wire.smpp.status import Status


class Malformed(BadMessage):
    """A PDU that cannot be read; `status` is the peer's answer."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


class Unsendable(OurFault):
    """A value that its field cannot hold."""


class Integer:
    """An unsigned number of `size` octets, most significant first."""

    def __init__(self, size: int = 1) -> None:
        self.size = size

    def read(self, name: str, data: bytes, at: int) -> tuple[int, int]:
        """The value, and where the next field begins."""
        end = at + self.size
        if end > len(data):
            raise Malformed(f"ends before {name}", Status.RINVCMDLEN)
        return data[at] if self.size == 1 else int.from_bytes(data[at:end]), end

    def write(self, name: str, value: int) -> bytes:
        """The octets of the value."""
        try:
            return value.to_bytes(self.size)
        except OverflowError:
            raise Unsendable(f"{name}: {value} does not fit into {self.size} octets") from None


class CString:
    """Text ended by a zero octet; `size` octets at most, the zero among them."""

    def __init__(self, size: int, status: int = Status.RINVPARLEN) -> None:
        self.size, self.status = size, status

    def read(self, name: str, data: bytes, at: int) -> tuple[str, int]:
        """The value, and where the next field begins."""
        if at >= len(data):
            raise Malformed(f"ends before {name}", Status.RINVCMDLEN)
        end = data.find(0, at, at + self.size)
        if end < 0:
            raise Malformed(f"{name} is not ended within {self.size} octets", self.status)
        return data[at:end].decode("latin-1"), end + 1

    def write(self, name: str, value: str) -> bytes:
        """The octets of the value."""
        if len(value) >= self.size or "\0" in value:
            raise Unsendable(f"{name}: at most {self.size - 1} characters, none of them zero")
        try:
            return value.encode("latin-1") + b"\0"
        except UnicodeEncodeError:
            raise Unsendable(f"{name}: only Latin-1") from None


class Octets:
    """A length octet and as many octets; at most `size` of them."""

    def __init__(self, size: int, status: int = Status.RINVMSGLEN) -> None:
        self.size, self.status = size, status

    def read(self, name: str, data: bytes, at: int) -> tuple[bytes, int]:
        """The value, and where the next field begins."""
        if at >= len(data):
            raise Malformed(f"ends before {name}", Status.RINVCMDLEN)
        end = at + 1 + data[at]
        if data[at] > self.size or end > len(data):
            raise Malformed(f"{name} says it has {data[at]} octets", self.status)
        return data[at + 1:end], end

    def write(self, name: str, value: bytes) -> bytes:
        """The octets of the value."""
        if len(value) > self.size:
            raise Unsendable(f"{name}: {len(value)} octets, at most {self.size}")
        return bytes([len(value)]) + value
