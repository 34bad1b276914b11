"""Runs the check of one parser under atheris in a process of its own, which libFuzzer ends in its own ways.

    guided.py PARSER FOLDER SECONDS SEED

New inputs come into FOLDER/new, one that breaks the contract into FOLDER/crash-* (or timeout-*).
"""

import sys
from pathlib import Path

import atheris

from tests.fuzz.entries import ENTRY_BYTES_MAX, FOLDER
from tests.fuzz.parsers import load

INPUT_S_MAX = 20  # an input that takes longer is a finding


def main(parser: str, folder: Path, seconds: str, seed: str) -> None:
    """Never returns."""
    with atheris.instrument_imports(include=["tectonics", "yaml"]):
        check = load(parser)
    words = folder / "words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in getattr(check, "TOKENS", ())))
    new = folder / "new"
    new.mkdir()
    atheris.Setup([sys.argv[0], str(new), str(FOLDER / parser), f"-max_total_time={seconds}", f"-seed={seed}",
                   f"-max_len={ENTRY_BYTES_MAX}", f"-dict={words}", f"-artifact_prefix={folder}/",
                   f"-timeout={INPUT_S_MAX}"], check.check)
    atheris.Fuzz()


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
