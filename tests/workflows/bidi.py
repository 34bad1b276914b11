"""How a handset orders one line of text: the Unicode Bidirectional Algorithm (UAX #9), as far as our texts need it.

One line is one paragraph. No explicit embeddings or isolates occur in our texts (a test sees to that), so these rules
remain: W1 to W7, N1 and N2 (brackets as other neutrals), I1, I2, L1, L2, L4.
"""

import unicodedata

LTR, RTL = 0, 1
_MIRRORED = str.maketrans("()[]<>«»", ")(][><»«")


def first_strong(line: str) -> int:
    """The base direction of a handset that takes it from the text (P2, P3)."""
    kinds = map(unicodedata.bidirectional, line)
    return next((LTR if kind == "L" else RTL for kind in kinds if kind in ("L", "R", "AL")), LTR)


def seen(line: str, base: int) -> str:
    """The characters from the left edge to the right."""
    levels = _levels(line, base)
    order = list(range(len(line)))
    for level in range(max(levels, default=0), 0, -1):
        start = 0
        while start < len(order):
            if levels[order[start]] < level:
                start += 1
                continue
            end = start
            while end < len(order) and levels[order[end]] >= level:
                end += 1
            order[start:end] = reversed(order[start:end])
            start = end
    return "".join(line[i].translate(_MIRRORED) if levels[i] % 2 else line[i] for i in order)


def _levels(line: str, base: int) -> list[int]:
    edge = "R" if base else "L"
    kinds = _numbers([unicodedata.bidirectional(c) for c in line], edge)
    _neutrals(kinds, edge)
    levels = [base + (kind in ("AN", "EN") or kind == "R") if not base else base + (kind != "R") for kind in kinds]
    levels = [2 if kind in ("AN", "EN") else level for kind, level in zip(kinds, levels, strict=True)]
    for i in range(len(line) - 1, -1, -1):  # L1: blanks at the end
        if not line[i].isspace():
            break
        levels[i] = base
    return levels


def _numbers(kinds: list[str], edge: str) -> list[str]:
    strong = before = edge
    for i, kind in enumerate(kinds):  # W1, W2, W3
        if kind == "NSM":
            kinds[i] = kind = before
        before = kind
        if kind in ("L", "R", "AL"):
            strong = kind
        if kind == "EN" and strong == "AL":
            kinds[i] = "AN"
    kinds = ["R" if kind == "AL" else kind for kind in kinds]
    for i in range(1, len(kinds) - 1):  # W4
        around = kinds[i - 1], kinds[i + 1]
        if kinds[i] in ("ES", "CS") and around == ("EN", "EN") or kinds[i] == "CS" and around == ("AN", "AN"):
            kinds[i] = around[0]
    for i, kind in enumerate(kinds):  # W5: a sign beside a European number
        if kind == "ET" and "EN" in (kinds[i - 1] if i else "", kinds[i + 1] if i + 1 < len(kinds) else ""):
            kinds[i] = "EN"
    kinds = ["ON" if kind in ("ES", "CS", "ET", "WS", "S", "B", "BN") else kind for kind in kinds]  # W6
    strong = edge
    for i, kind in enumerate(kinds):  # W7
        strong = kind if kind in ("L", "R") else strong
        if kind == "EN" and strong == "L":
            kinds[i] = "L"
    return kinds


def _neutrals(kinds: list[str], edge: str) -> None:
    i = 0
    while i < len(kinds):  # N1, N2
        if kinds[i] != "ON":
            i += 1
            continue
        end = i
        while end < len(kinds) and kinds[end] == "ON":
            end += 1
        sides = {_side(kinds[i - 1]) if i else edge, _side(kinds[end]) if end < len(kinds) else edge}
        kinds[i:end] = [sides.pop() if len(sides) == 1 else edge] * (end - i)
        i = end


def _side(kind: str) -> str:
    return "R" if kind in ("EN", "AN") else kind
