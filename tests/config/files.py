"""A configuration folder in a temporary directory, with the shipped messages."""

import shutil
from pathlib import Path

from tectonics.config import check

ETC = Path(__file__).parents[2] / "etc"


def write(folder: Path, text: str) -> Path:
    """tectonics.yaml with `text`, beside the shipped messages."""
    if not (folder / "messages").exists():
        shutil.copytree(ETC / "messages", folder / "messages")
    path = folder / "tectonics.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def errors_of(folder: Path, text: str) -> list[tuple[int, str, str]]:
    """(line, key, text) of everything that is wrong with `text`."""
    return [(error.line, error.key, error.text) for error in check(write(folder, text))]
