"""Why a call ended or was refused: the Reason header (RFC 3326)."""

from collections.abc import Iterable

from tectonics.wire.sip.text import BadText, parameters, quoted, split

CAUSE_MAX = 127  # ITU-T Q.850, table 1


def q850_of(headers: Iterable[str]) -> int:
    """The Q.850 cause that Reason headers tell; 0: none."""
    for header in headers:
        try:
            for value in split(header, ","):
                protocol, *rest = split(value, ";")
                cause = parameters(rest).get("cause", "")
                if protocol.strip().lower() == "q.850" and cause.isascii() and cause.isdigit() and 0 < int(cause[:4]) <= CAUSE_MAX:
                    return int(cause)
        except BadText:
            continue
    return 0


def reason(q850: int, text: str = "") -> tuple[tuple[str, str], ...]:
    """The header that tells a cause; none for 0."""
    if not q850:
        return ()
    return (("Reason", f"Q.850;cause={q850}" + (f";text={quoted(text)}" if text else "")),)
