"""How important a line must be to be written: by area, changed while the daemon runs.

An area is the path of a package or module, `billing` or `channels.ussd_http`; what is said of a path holds for all
below it, and the longest path that fits decides.  Twisted's own lines stand under `twisted`, its old ones and those of
libraries that use them under `log_legacy`; Python's `logging` under the logger's name.
What is changed lasts until the process ends or is reset; the configuration is what it begins with.

Bounds: CHANGED_MAX areas besides those of the configuration; SEEN_MAX namespaces remembered.
"""

from collections.abc import Mapping

from twisted.logger import LogLevel

from tectonics.config.areas import is_area
from tectonics.domain.errors import TheirFault
from tectonics.ports.areas import tell_in_detail

LEVELS = ("debug", "info", "warn", "error")
CHANGED_MAX = 100
SEEN_MAX = 1000
_RANK = {LogLevel.debug: 0, LogLevel.info: 1, LogLevel.warn: 2, LogLevel.error: 3, LogLevel.critical: 4}
_QUIET = {"log_legacy": "warn"}  # Twisted's word on each port
_PACKAGE = "tectonics."


class Levels:
    """`default` holds where no area says more; `areas` is what the configuration says of areas."""

    def __init__(self, default: str, areas: Mapping[str, str] | None = None) -> None:
        self.default, self._configured = default, _QUIET | dict(areas or {})
        self._changed: dict[str, str] = {}
        self._seen: dict[str, int] = {}
        self._apply()

    def shows(self, namespace: str, level: LogLevel) -> bool:
        """Whether a line of this namespace and importance is written."""
        least = self._seen.get(namespace)
        if least is None:
            least = self._least(namespace)
        return _RANK[level] >= least

    def _least(self, namespace: str) -> int:
        if len(self._seen) >= SEEN_MAX:
            self._seen.clear()
        found = self._seen[namespace] = LEVELS.index(self.level_of(namespace.removeprefix(_PACKAGE)))
        return found

    def level_of(self, area: str) -> str:
        """The least level that is written of `area`."""
        told, path = self._configured | self._changed, area
        while path:
            if path in told:
                return told[path]
            path = path.rpartition(".")[0]
        return self.default

    def change(self, area: str, level: str) -> None:
        """From now on `area` is written from `level` on; TheirFault where there is no such area."""
        if not is_area(area):
            raise TheirFault(f"there is no area {area}; an area is a part of the daemon such as engine or channels.ussd_http")
        if area not in self._changed and len(self._changed) >= CHANGED_MAX:
            raise TheirFault(f"{CHANGED_MAX} areas have been changed already; reset the levels first")
        self._changed[area] = level
        self._apply()

    def reset(self) -> None:
        """As configured again."""
        self._changed.clear()
        self._apply()

    def shown(self) -> list[dict]:
        """Every area of which something is said, with its level and who says so."""
        return [{"area": name, "level": level, "set": "now" if name in self._changed else "configuration"}
                for name, level in sorted((self._configured | self._changed).items())]

    def _apply(self) -> None:
        self._seen.clear()
        tell_in_detail(lambda area: self.level_of(area) == "debug")
