"""Who the SNMP engine is, and how often it has begun: engineID and snmpEngineBoots (RFC 3411 section 5, 3414 section 2.2).

The engineID is made once and kept, because managers localise their keys with it.  The boots are raised and on the
disk before the engine answers anything, so that no message of an earlier life is ever in time.  Both stand in one
small file in the state directory.  A file that cannot be read is not guessed at: with boots that begin anew old
messages could be replayed.
"""

import os
import re
import secrets
from pathlib import Path

from tectonics.domain.errors import TheirFault

FILE = "snmp-engine"
BOOTS_MAX = 2**31 - 1
_ENTERPRISE = 8072  # net-snmp's, under whose playpen our objects stand
_FORM = re.compile(r"([0-9a-f]{10,64}) (\d{1,10})\n", re.ASCII)


def new_engine_id() -> bytes:
    """Enterprise, format 5 (octets), eight octets of chance (RFC 3411, SnmpEngineID)."""
    return (_ENTERPRISE | 1 << 31).to_bytes(4) + b"\x05" + secrets.token_bytes(8)


def begin(folder: Path, wanted: bytes = b"") -> tuple[bytes, int]:
    """(engineID, boots) of the life that begins. `wanted` is the engineID of the configuration, if it has one.

    TheirFault when the file cannot be read or written, or the boots are used up.
    """
    path = folder / FILE
    engine_id, boots = _read(path)
    if wanted and wanted != engine_id:
        engine_id, boots = wanted, 0
    engine_id = engine_id or new_engine_id()
    if boots >= BOOTS_MAX - 1:
        raise TheirFault(f"the SNMP engine has begun too often; give it another oam.snmp.engine_id or delete {path}")
    _write(path, engine_id, boots + 1)
    return engine_id, boots + 1


def _read(path: Path) -> tuple[bytes, int]:
    try:
        found = _FORM.fullmatch(path.read_text(encoding="ascii"))
    except FileNotFoundError:
        return b"", 0
    except (OSError, UnicodeDecodeError) as error:
        raise TheirFault(f"the SNMP engine's file cannot be read: {path}: {error}") from error
    if found is None:
        raise TheirFault(f"the SNMP engine's file is damaged: {path}; restore it, or delete it and have the managers "
                         "learn the engineID anew")
    return bytes.fromhex(found[1]), int(found[2])


def _write(path: Path, engine_id: bytes, boots: int) -> None:
    beside = path.with_suffix(".new")
    try:
        with open(os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(f"{engine_id.hex()} {boots}\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise TheirFault(f"the SNMP engine's file cannot be written: {path}: {error}") from error


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
