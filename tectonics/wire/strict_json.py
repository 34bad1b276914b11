"""JSON that others wrote, as plain data that can be stored, compared and written again.

Strict (RFC 8259): UTF-8 without a byte order mark, no halves of characters, no numbers beyond all others.
Bound: DEPTH_MAX levels, because whoever walks through the data does so on a stack.
"""

import msgspec

from tectonics.domain.errors import BadMessage

DEPTH_MAX = 32  # the deepest document, a policy, has 8


def decode(data: bytes) -> object:
    """The value in `data`; BadMessage when there is none."""
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadMessage(f"not JSON in UTF-8: {str(error)[:80]}") from None
    if _is_deep(value):
        raise BadMessage(f"not JSON of at most {DEPTH_MAX} levels")
    return value


def _is_deep(value: object) -> bool:
    level = [value]
    for _ in range(DEPTH_MAX):
        level = [inner for one in level if isinstance(one, dict | list)
                 for inner in (one.values() if isinstance(one, dict) else one)]
    return any(isinstance(one, dict | list) for one in level)
