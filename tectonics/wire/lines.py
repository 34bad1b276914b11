"""Lines out of a byte stream, bounded: what arrives in any pieces comes out the same.

A line longer than the bound is told at once (as None), then read off up to its end, so that the
connection survives and memory holds at most one bound's worth of an unfinished line.
"""


class Lines:
    """Splits a stream at line feeds; a carriage return before one is dropped."""

    def __init__(self, line_bytes_max: int) -> None:
        self._line_bytes_max = line_bytes_max
        self._begun = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> list[bytes | None]:
        """The lines that `data` completes, in order; None for each one that was too long."""
        lines: list[bytes | None] = []
        *ended, rest = data.split(b"\n")
        for piece in ended:
            self._grow(piece, lines)
            self._end(lines)
        self._grow(rest, lines)
        return lines

    @property
    def unfinished(self) -> bool:
        """Whether the stream has stopped in the middle of a line."""
        return self._skipping or bool(self._begun)

    def _grow(self, piece: bytes, lines: list[bytes | None]) -> None:
        if self._skipping:
            return
        self._begun += piece
        if len(self._begun) > self._line_bytes_max:
            self._begun.clear()
            self._skipping = True
            lines.append(None)

    def _end(self, lines: list[bytes | None]) -> None:
        if not self._skipping:
            lines.append(bytes(self._begun).removesuffix(b"\r"))
        self._begun.clear()
        self._skipping = False
