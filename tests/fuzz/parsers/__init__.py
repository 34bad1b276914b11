"""One file a parser, each with `check(data: bytes)`: what must hold of that parser whatever the bytes are.

A parser raises nothing but its own named error, and that error is one sentence; it tells the same of the
whole as of any pieces; what it accepts and is written again means the same; it holds no more than its
bound.  A check that fails is a bug of the parser or of the check, never of the bytes.

TOKENS, where a file has them, are words of the parser's language that chance would hardly find.
"""

import pkgutil
from importlib import import_module
from types import ModuleType


def names() -> list[str]:
    """Every parser, by the name of its file and of its folder in the corpus."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> ModuleType:
    """The file of one parser."""
    return import_module(f"{__name__}.{name}")
