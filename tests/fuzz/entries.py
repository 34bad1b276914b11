"""The corpus: small files, a folder a parser, each an input that once was worth something.

Bounds: ENTRIES_MAX files a parser, ENTRY_BYTES_MAX each.
"""

from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).parent / "corpus"
ENTRIES_MAX = 60
ENTRY_BYTES_MAX = 4000


def entries(parser: str) -> dict[str, bytes]:
    """Name -> bytes of a parser's entries, in the order of their names."""
    return {path.name: path.read_bytes() for path in sorted((FOLDER / parser).glob("*"))}


def add(parser: str, data: bytes, prefix: str) -> str:
    """Keeps `data` under a name made of it, and says which; empty when it cannot be kept."""
    name = f"{prefix}-{sha256(data).hexdigest()[:10]}"
    if len(data) > ENTRY_BYTES_MAX or len(entries(parser)) >= ENTRIES_MAX:
        return ""
    (FOLDER / parser).mkdir(parents=True, exist_ok=True)
    (FOLDER / parser / name).write_bytes(data)
    return name
