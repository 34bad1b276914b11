"""What a relay of ours says that it has checked: Authentication-Results (RFC 8601).

Only the topmost field with the relay's authserv-id counts.  Whoever configures a relay here promises that it takes off
fields with its own id that come from outside (section 5), so what stands there is its own.  It speaks for the sender
where DKIM passed for his domain, or DMARC did.
"""

import re
from collections.abc import Iterable

from tectonics.domain.mailbox import domain_of

FIELD_MAX = 4000  # characters
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_RESULT = re.compile(r"\s*([a-z][a-z0-9-]*)(?:\s*/\s*\d+)?\s*=\s*([a-z]+)(?=\s|$)", re.IGNORECASE | re.ASCII)
_PROPERTY = re.compile(r"(?<=\s)([a-z]+)\s*\.\s*([a-z0-9-]+)\s*=\s*([^\s;]+)", re.IGNORECASE | re.ASCII)


def vouched(fields: Iterable[str], authserv_id: str, sender: str) -> bool:
    """Whether the relay with that id vouches for the sender's domain; `fields` the topmost first."""
    for field in fields:
        name, results = _split(field)
        if name == authserv_id.lower():
            return any(_speaks_for(result, domain_of(sender)) for result in results)
    return False


def is_aligned(signer: str, domain: str) -> bool:
    """Whether who signs for `signer` may speak for `domain`: it is his, or lies below it."""
    return bool(signer) and (domain == signer or domain.endswith(f".{signer}")) and "." in signer


def _split(field: str) -> tuple[str, list[str]]:
    """The authserv-id and the results; nothing where it cannot be read."""
    plain = _uncommented(field[:FIELD_MAX]) if len(field) <= FIELD_MAX else None
    if plain is None:
        return "", []
    first, *results = plain.split(";")
    names = first.split()
    if not names or len(names) > 2 or (len(names) == 2 and names[1] != "1"):
        return "", []
    return names[0].lower(), results


def _uncommented(text: str) -> str | None:
    """Without comments, and quoted text without its quotes where it is one plain word; None where neither ends.

    >>> _uncommented('mx (a (b) "c") ; dkim=pass')
    'mx  ; dkim=pass'
    """
    kept, depth, at = [], 0, 0
    while at < len(text):
        c = text[at]
        quoted = _QUOTED.match(text, at) if c == '"' and not depth else None
        if quoted:
            kept.append(quoted[1] if re.fullmatch(r"[!#-:<-\[\]-~]*", quoted[1]) else "?")
            at = quoted.end()
            continue
        if c == '"' and not depth:
            return None
        if c == "\\":
            at += 1
        elif c == "(":
            depth += 1
        elif c == ")":
            depth -= 1
        elif not depth:
            kept.append(c)
        if depth < 0:
            return None
        at += 1
    return "".join(kept) if depth == 0 else None


def _speaks_for(result: str, domain: str) -> bool:
    found = _RESULT.match(result)
    if found is None or found[2].lower() != "pass":
        return False
    properties = {(kind.lower(), name.lower()): value.lower()
                  for kind, name, value in _PROPERTY.findall(result[found.end():])}
    if found[1].lower() == "dkim":
        return is_aligned(properties.get(("header", "d"), ""), domain)
    return found[1].lower() == "dmarc" and properties.get(("header", "from")) == domain
