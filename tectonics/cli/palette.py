"""How states and severities are coloured; on terminals only, and never the only sign."""

from rich.text import Text

SEVERITIES = {"critical": "bold white on red", "major": "bold red", "minor": "yellow", "warning": "cyan"}
STATES = {"up": "green", "serving": "green", "connected": "green", "heard": "green", "bound": "green",
          "partial": "yellow", "silent": "yellow", "binding": "yellow", "down": "bold red", "away": "bold red", "unbound": "bold red"}


def severity(word: str) -> Text:
    """A severity."""
    return Text(word, SEVERITIES.get(word, ""))


def state(word: str) -> Text:
    """The state of something."""
    return Text(word, STATES.get(word, ""))
