"""What the checks share: how a stream is cut, what an error may look like, and files for parsers that read them."""

import random
import tempfile
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from twisted.logger import globalLogPublisher

SENTENCE_CHARS_MAX = 2000


def cuts(data: bytes) -> Iterator[list[bytes]]:
    """The same bytes whole, byte by byte, and in pieces that are drawn from the bytes themselves."""
    yield [data]
    yield [data[at:at + 1] for at in range(len(data))]
    drawn = random.Random(zlib.crc32(data))
    places = sorted(drawn.randint(0, len(data)) for _ in range(drawn.randint(1, 6)))
    yield [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]


def alike(heard: Callable[[list[bytes]], object], data: bytes) -> object:
    """What `heard` makes of the pieces, which must be the same for all of them."""
    whole, *others = map(heard, cuts(data))
    for other in others:
        assert other == whole, (other, whole)
    return whole


def sentence(error: object, chars_max: int = SENTENCE_CHARS_MAX) -> str:
    """The error's text: one line of printable characters, not without end."""
    text = str(error)
    assert text and text.isprintable() and len(text) <= chars_max, repr(text)
    return text


@cache
def folder(name: str) -> Path:
    """A directory of this process, of its own for each parser; it goes with the process."""
    made = tempfile.TemporaryDirectory(prefix=f"fuzz-{name}-")
    _KEPT.append(made)
    return Path(made.name)


_KEPT: list[tempfile.TemporaryDirectory] = []


class NoFaults:
    """Nothing may be logged as a fault of ours meanwhile."""

    def __enter__(self) -> None:
        self._faults: list[dict] = []
        globalLogPublisher.addObserver(self._observe)

    def __exit__(self, kind, *_) -> None:
        globalLogPublisher.removeObserver(self._observe)
        if kind is None and self._faults:
            failure = self._faults[0].get("log_failure")
            raise AssertionError(failure.getTraceback() if failure else self._faults[0])

    def _observe(self, event: dict) -> None:
        if "log_failure" in event or event["log_level"].name in ("error", "critical"):
            self._faults.append(event)
