"""What of a hunt goes into the corpus: inputs that take a way which no entry takes, made as small as they can be.

Both kinds of smallness are greedy: take away a half, a quarter, ... a byte, as long as the input still is
worth the same.  Bound: TRIES_MAX runs of the check for each input.
"""

from collections.abc import Callable

from tests.fuzz.entries import ENTRIES_MAX, ENTRY_BYTES_MAX, add, entries
from tests.fuzz.parsers import load
from tests.fuzz.tracing import Arc, trace

TRIES_MAX = 400


def keep(parser: str, found: list[bytes]) -> list[str]:
    """Adds what is new to the corpus; the names of the new entries."""
    check, names = load(parser).check, []
    known: set[Arc] = set().union(*(trace(check, data).arcs for data in entries(parser).values()))
    for data in sorted(set(found), key=lambda one: (len(one), one)):
        if len(entries(parser)) >= ENTRIES_MAX:
            break
        if len(data) > ENTRY_BYTES_MAX:
            continue
        fresh = trace(check, data).arcs - known
        if fresh:
            small = smaller(data, lambda one, fresh=fresh: fresh <= trace(check, one).arcs)
            known |= trace(check, small).arcs
            names.append(add(parser, small, "way"))
    return names


def keep_breaking(parser: str, data: bytes) -> tuple[str, bytes]:
    """Adds an input that breaks the contract, made smaller as long as it breaks it in the same place."""
    check = load(parser).check
    why = broken(check, data)
    small = smaller(data, lambda one: broken(check, one) == why) if why else data
    return add(parser, small, "broke"), small


def broken(check: Callable[[bytes], None], data: bytes) -> tuple | None:
    """Kind and place of the exception that the check raises, None when it raises none."""
    try:
        check(data)
    except Exception as error:  # noqa: BLE001 whatever it raises is the finding
        last = error.__traceback__
        while last.tb_next is not None:
            last = last.tb_next
        return type(error), last.tb_frame.f_code.co_filename, last.tb_lineno
    return None


def smaller(data: bytes, is_worth: Callable[[bytes], bool]) -> bytes:
    """The smallest of what is left when pieces are taken away and it is still worth the same."""
    tries, size = TRIES_MAX, max(1, len(data) // 2)
    while tries > 0:
        at, before = 0, len(data)
        while at < len(data) and tries > 0:
            shorter = data[:at] + data[at + size:]
            tries -= 1
            if _holds(is_worth, shorter):
                data = shorter
            else:
                at += size
        if size == 1 and len(data) == before:
            break
        size = max(1, size // 2)
    return data


def _holds(is_worth: Callable[[bytes], bool], data: bytes) -> bool:
    try:
        return is_worth(data)
    except Exception:  # noqa: BLE001 the smaller one breaks the contract: another finding, met by another hunt
        return False
