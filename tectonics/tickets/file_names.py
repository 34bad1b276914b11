"""Periods and names of ticket files.

    <origin>_<YYYYMMDD>_<HH>_<file number>.jsonl      rotate: hour
    <origin>_<YYYYMMDD>_<file number>.jsonl           rotate: day

Periods are whole hours or days of UTC, so that no clock change makes one of 23 or 25 hours or two
with one name.  File numbers count from 1 without a hole over all files of an origin, six digits at
least, so that a missing file shows and names sort in order.  `.part` is appended while a file is
being written; `.csv` files are made from the closed `.jsonl` of the same name.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tectonics.domain.errors import OurFault

LENGTH_S = {"hour": 3600, "day": 86400}
_NAME = re.compile(r"(?P<origin>[A-Za-z0-9_.-]{1,64})_(?P<date>\d{8})(?:_(?P<hour>\d{2}))?_(?P<number>\d{6,})\.jsonl",
                   re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """One hour or day; seconds since the epoch, the end excluded."""

    start_s: int
    length_s: int

    @property
    def end_s(self) -> int:
        """The first second that is not in it."""
        return self.start_s + self.length_s

    @classmethod
    def at(cls, moment_s: float, rotate: str) -> "Period":
        """The period of kind `rotate` (hour or day) that `moment_s` is in."""
        length_s = LENGTH_S[rotate]
        return cls(int(moment_s // length_s) * length_s, length_s)


@dataclass(frozen=True, slots=True)
class FileName:
    """Which file: of whom, for when, the how many-th."""

    origin: str
    period: Period
    number: int

    def __str__(self) -> str:
        start = _EPOCH + timedelta(seconds=self.period.start_s)
        when = f"{start:%Y%m%d_%H}" if self.period.length_s == LENGTH_S["hour"] else f"{start:%Y%m%d}"
        return f"{self.origin}_{when}_{self.number:06d}.jsonl"

    @classmethod
    def parse(cls, name: str) -> "FileName | None":
        """The parts of a closed file's name; None when it is not one."""
        match = _NAME.fullmatch(name)
        if match is None:
            return None
        try:
            start = datetime.strptime(match["date"] + (match["hour"] or "00"), "%Y%m%d%H").replace(tzinfo=UTC)
        except ValueError:
            return None
        rotate = "hour" if match["hour"] else "day"
        file = cls(match["origin"], Period(int(start.timestamp()), LENGTH_S[rotate]), int(match["number"]))
        return file if str(file) == name else None  # one that we would write otherwise is nobody's


def newest(names: list[str], origin: str) -> FileName | None:
    """The closed file of `origin` with the highest number; OurFault when two have that number."""
    files = [file for file in map(FileName.parse, names) if file is not None and file.origin == origin]
    highest = max((file.number for file in files), default=0)
    last = [file for file in files if file.number == highest]
    if len(last) > 1:
        raise OurFault(f"two ticket files have number {highest}: {', '.join(map(str, last))}")
    return last[0] if last else None
