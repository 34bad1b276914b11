"""The columns of an import file: the header becomes a parser, a row becomes a Record or a reason.

Every column is one line of COLUMNS: its meaning (docs/import.md is held equal to it) and how its
cell is read.  An empty cell says nothing; `-` says "none" where that means something.  The header
is judged before the first row: an unknown, repeated or missing column is an error at once, because
thirty million rows read under a wrong heading are worse than none.

Repeated cells (dates, amounts) are parsed once: each parser keeps the last CACHE_MAX of them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from types import MappingProxyType

from tectonics.domain.errors import TheirFault
from tectonics.domain.money import parse_minor
from tectonics.domain.msisdn import parse_msisdn
from tectonics.domain.recharge import CLASSES
from tectonics.store.importing_lines import BadFile, BadRow

WINDOW_MS = 90 * 86_400_000  # which recharges before its date the file counts
CACHE_MAX = 8192
ADVANCES_MAX = 3  # in one row: advance_..., advance2_..., advance3_...
COUNT_MAX = 9999  # recharges of one class in one row
NODE_CHARS_MAX, BAR_CHARS_MAX, ID_CHARS_MAX = 64, 200, 64
CLEARED = "-"
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
IGNORED = ("line", "reason")  # so that a corrected reject file can be imported as it is
KINDS, STATES, LISTS = ("prepaid", "postpaid"), ("active", "suspended"), ("white", "black")

_PROFILE = {
    "msisdn": "the number: E.164 digits, with or without +; national ones where `country_code` is configured",
    "kind": "`prepaid` or `postpaid`; while nobody has told it the subscriber may not borrow",
    "activated": "when the number came to life: a date (midnight of the policy's time zone) or RFC 3339",
    "state": "`active`, or `suspended`: barred from borrowing until a later file says `active`",
    "segment": "a segment of the policy, assigned explicitly; `-`: by tenure and ARPU",
    "language": "one of the configured languages; `-`: the default",
    "node": "the prepaid node that serves him; `-`: the default",
    "listed": "`white` or `black`; `-`: on no list",
    "bar": "barred from borrowing, for this reason; `-`: not barred",
}
_HISTORY = {
    "count": "how many recharges of this class in the 90 days before the file's date",
    "sum": "what they were worth together, such as 35.00",
    "last": "when the newest was; empty: at the file's date",
}
_ADVANCE = {
    "id": "the replaced system's own id of an advance that is not paid back; unique in the file",
    "amount": "what was lent",
    "fee": "its fee; empty: none",
    "outstanding": "what is still owed of both; 0: nothing, the advance is left out",
    "granted": "when it was lent: a date or RFC 3339",
    "due": "when it must be paid back: a date or RFC 3339",
}
COLUMNS: Mapping[str, str] = MappingProxyType(
    _PROFILE
    | {f"recharges_{kind}_{part}": meaning for kind in CLASSES for part, meaning in _HISTORY.items()}
    | {f"advance{number}_{part}": meaning for number in ("", *map(str, range(2, ADVANCES_MAX + 1)))
       for part, meaning in _ADVANCE.items()})


@dataclass(frozen=True, slots=True)
class Terms:
    """What the cells are held against: the file's date, the operator's money, words and zone."""

    as_of: int  # ms; what the file tells was true then
    currency: str
    segments: frozenset[str]
    languages: frozenset[str]
    country_code: str = ""
    utc_offset_minutes: int = 0
    fee_first: bool = True  # what earlier payments went to first (policy.recovery.first)


@dataclass(frozen=True, slots=True)
class History:
    """The recharges of one class in the 90 days before the file's date."""

    kind: str
    count: int
    sum_minor: int
    last_at: int


@dataclass(frozen=True, slots=True)
class ForeignAdvance:
    """An open advance of the system that is replaced."""

    id: str
    amount_minor: int
    fee_minor: int
    outstanding_minor: int
    granted_at: int
    due_at: int


@dataclass(frozen=True, slots=True)
class Record:
    """One good row. `profile` holds what was given, by column; CLEARED where the cell said `-`."""

    msisdn: str
    profile: dict = field(default_factory=dict)
    history: tuple[History, ...] = ()
    advances: tuple[ForeignAdvance, ...] = ()


class Columns:
    """The parser that a header asks for; BadFile, with all that is wrong, when it can't be one.

    `mapping` renames columns of the file; one that is mapped to nothing is left out.
    """

    def __init__(self, names: Sequence[str], terms: Terms, mapping: Mapping[str, str] = MappingProxyType({})):
        ours = [mapping.get(name, name) for name in names]
        _check_header(names, ours, mapping)
        readers = _readers(terms)
        self._width = len(names)
        self._as_of = terms.as_of
        self._msisdn = ours.index("msisdn")
        self._country_code = terms.country_code
        self._cells = [(index, name, readers[name]) for index, name in enumerate(ours)
                       if name in readers]
        self._profile = [name for name in _PROFILE if name in ours and name != "msisdn"]
        self._classes = [(kind, *(f"recharges_{kind}_{part}" for part in _HISTORY)) for kind in CLASSES
                         if f"recharges_{kind}_count" in ours]
        self._advances = [{f"{prefix}_{part}": part for part in _ADVANCE} for prefix in _prefixes()
                          if f"{prefix}_id" in ours]

    def record(self, cells: Sequence[str]) -> Record:
        """The row's record; BadRow with one reason when it has none."""
        if len(cells) != self._width:
            raise BadRow(f"the row has {len(cells)} cells and the header {self._width}")
        try:
            msisdn = parse_msisdn(cells[self._msisdn], self._country_code)
        except TheirFault as fault:
            raise BadRow(f"msisdn: {fault}") from None
        given = self._given(cells)
        profile = {name: given[name] for name in self._profile if name in given}
        if given.get("activated", 0) > self._as_of:
            raise BadRow("activated: is after the file's date")
        return Record(msisdn, profile, self._history(given), self._open_advances(given))

    def _given(self, cells: Sequence[str]) -> dict:
        """Column -> value of the cells that say something."""
        given = {}
        for index, name, read in self._cells:
            if cell := cells[index].strip():
                try:
                    given[name] = read(cell)
                except TheirFault as fault:
                    raise BadRow(f"{name}: {fault}") from None
        return given

    def _history(self, given: dict) -> tuple[History, ...]:
        found = [_history_of(names, given, self._as_of) for names in self._classes
                 if names[1] in given or names[2] in given]
        return tuple([history for history in found if history is not None])

    def _open_advances(self, given: dict) -> tuple[ForeignAdvance, ...]:
        found = [advance for names in self._advances if not names.keys().isdisjoint(given)
                 and (advance := _advance_of(names, given, self._as_of)) is not None]
        if not found:
            return ()
        if len({advance.id for advance in found}) < len(found):
            raise BadRow("the same advance stands twice in the row")
        return tuple(found)


def _prefixes() -> list[str]:
    return ["advance", *(f"advance{number}" for number in range(2, ADVANCES_MAX + 1))]


def _check_header(names: Sequence[str], ours: Sequence[str], mapping: Mapping[str, str]) -> None:
    faults = [f"--mapping names {name!r}, which the file does not have" for name in mapping if name not in names]
    faults += [f"unknown column {name!r}" for name in ours if name and name not in COLUMNS and name not in IGNORED]
    faults += [f"column {name!r} stands twice" for name in COLUMNS if ours.count(name) > 1]
    needed = {"msisdn"}
    for kind in CLASSES:
        if any(name.startswith(f"recharges_{kind}_") for name in ours):
            needed |= {f"recharges_{kind}_count", f"recharges_{kind}_sum"}
    for prefix in _prefixes():
        if any(name.startswith(f"{prefix}_") for name in ours):
            needed |= {f"{prefix}_{part}" for part in _ADVANCE if part != "fee"}
    faults += [f"column {name!r} is missing" for name in COLUMNS if name in needed and name not in ours]
    if faults:
        more = f" and {len(faults) - 10} more errors" if len(faults) > 10 else ""
        raise BadFile(f"the header cannot be used: {'; '.join(faults[:10])}{more}."
                         " Known columns stand in docs/import.md")


def _readers(terms: Terms) -> dict[str, Callable[[str], object]]:
    """Column -> how its cell is read."""
    cached = lru_cache(CACHE_MAX)
    money = cached(partial(_money, currency=terms.currency))
    moment = cached(partial(moment_of, offset_minutes=terms.utc_offset_minutes))
    readers = {
        "kind": partial(_one_of, words=KINDS), "activated": moment, "state": partial(_one_of, words=STATES),
        "segment": partial(_or_none, words=tuple(sorted(terms.segments))),
        "language": partial(_or_none, words=tuple(sorted(terms.languages))),
        "node": partial(_text, chars_max=NODE_CHARS_MAX), "listed": partial(_or_none, words=LISTS),
        "bar": partial(_text, chars_max=BAR_CHARS_MAX)}
    for kind in CLASSES:
        readers |= {f"recharges_{kind}_count": _count, f"recharges_{kind}_sum": money,
                    f"recharges_{kind}_last": moment}
    for prefix in _prefixes():
        readers |= {f"{prefix}_{part}": money for part in ("amount", "fee", "outstanding")}
        readers |= {f"{prefix}_id": _id, f"{prefix}_granted": moment, f"{prefix}_due": moment}
    return readers


def _one_of(cell: str, words: tuple[str, ...]) -> str:
    if cell not in words:
        raise BadRow(f"must be {' or '.join(words)}")
    return cell


def _or_none(cell: str, words: tuple[str, ...]) -> str:
    if cell not in words and cell != CLEARED:
        raise BadRow(f"must be one of {', '.join(words)}, or -")
    return cell


def _text(cell: str, chars_max: int) -> str:
    if len(cell) > chars_max or not cell.isprintable():
        raise BadRow(f"must be at most {chars_max} printable characters")
    return cell


def _id(cell: str) -> str:
    if len(cell) > ID_CHARS_MAX or not cell.isprintable() or " " in cell:
        raise BadRow(f"must be at most {ID_CHARS_MAX} printable characters without spaces")
    return cell


def _count(cell: str) -> int:
    if len(cell) > 9 or not (cell.isascii() and cell.isdigit()) or int(cell) > COUNT_MAX:
        raise BadRow(f"must be a number from 0 to {COUNT_MAX}")
    return int(cell)


def _money(cell: str, currency: str) -> int:
    amount_minor = parse_minor(cell, currency)
    if amount_minor < 0:
        raise BadRow("must not be negative")
    return amount_minor


def moment_of(cell: str, offset_minutes: int) -> int:
    """Milliseconds of a date or RFC 3339 time."""
    try:
        moment = datetime.fromisoformat(cell)
        if moment.tzinfo is None:
            if not _DATE.fullmatch(cell):
                raise BadRow("a time needs its zone, such as 2026-11-22T08:00:00Z")
            moment = moment.replace(tzinfo=UTC) - timedelta(minutes=offset_minutes)
        at = round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise BadRow("must be a date such as 2026-11-22, or a time such as 2026-11-22T08:00:00Z") from None
    if at < 0:
        raise BadRow("is before 1970")
    return at


def _history_of(names: tuple[str, ...], given: dict, as_of: int) -> History | None:
    kind, in_count, in_sum, in_last = names
    count, sum_minor, last_at = given.get(in_count, 0), given.get(in_sum, 0), given.get(in_last, as_of)
    if not count:
        if sum_minor:
            raise BadRow(f"{in_sum}: is given without a count")
        return None
    if sum_minor < count:
        raise BadRow(f"{in_sum}: is too little for {count} recharges")
    if not as_of - WINDOW_MS < last_at <= as_of:
        raise BadRow(f"{in_last}: is not within the 90 days before the file's date")
    return History(kind, count, sum_minor, last_at)


def _advance_of(names: dict[str, str], given: dict, as_of: int) -> ForeignAdvance | None:
    parts = {part: given[name] for name, part in names.items() if name in given}
    if parts.get("outstanding") == 0:
        return None
    missing = [name for name, part in names.items() if part != "fee" and part not in parts]
    if missing:
        raise BadRow(f"{missing[0]}: is missing")
    prefix = next(iter(names)).removesuffix("_id")
    advance = ForeignAdvance(parts["id"], parts["amount"], parts.get("fee", 0), parts["outstanding"],
                             parts["granted"], parts["due"])
    if advance.amount_minor == 0:
        raise BadRow(f"{prefix}_amount: must be more than zero")
    if advance.outstanding_minor > advance.amount_minor + advance.fee_minor:
        raise BadRow(f"{prefix}_outstanding: is more than amount and fee")
    if advance.granted_at > as_of:
        raise BadRow(f"{prefix}_granted: is after the file's date")
    if advance.due_at < advance.granted_at:
        raise BadRow(f"{prefix}_due: is before it was granted")
    return advance
