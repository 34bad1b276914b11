"""The areas of the log that there are: parts of the daemon by their path, and what others write."""

from importlib.util import find_spec

_OTHERS = ("twisted", "log_legacy", "asyncio", "python")
_PACKAGE = "tectonics."


def is_area(name: str) -> bool:
    """Whether anything could ever be written under that name."""
    if name.partition(".")[0] in _OTHERS:
        return True
    try:
        return find_spec(_PACKAGE + name) is not None
    except (ImportError, ValueError):  # what stands before a dot is no package
        return False


def known_area(name: str) -> str:
    """The same name; ValueError where there is no such area."""
    if not is_area(name):
        raise ValueError("expected a part of the daemon such as engine, billing or channels.ussd_http")
    return name
