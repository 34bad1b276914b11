"""How often something may happen for each of many keys: so many times in a window, which begins with the first.

Bound: KEYS_MAX keys; the one that was used longest ago is forgotten first, and then may begin anew.
"""

from collections import OrderedDict

KEYS_MAX = 20_000  # about 0.3 kB each


class Rates:
    """`most` times in `window_s` for each key; moments in seconds."""

    def __init__(self, most: int, window_s: float, keys_max: int = KEYS_MAX) -> None:
        self.most, self.window_s, self.keys_max = most, window_s, keys_max
        self._windows: OrderedDict[str, tuple[float, int]] = OrderedDict()  # when it began, how often

    def __len__(self) -> int:
        return len(self._windows)

    def allows(self, key: str, now_s: float) -> bool:
        """Whether once more is not too often."""
        return self._window(key, now_s)[1] < self.most

    def note(self, key: str, now_s: float) -> None:
        """It has happened."""
        since_s, count = self._window(key, now_s)
        self._windows[key] = since_s, count + 1
        self._windows.move_to_end(key)
        if len(self._windows) > self.keys_max:
            self._windows.popitem(last=False)

    def take(self, key: str, now_s: float) -> bool:
        """Notes it unless that were too often."""
        allowed = self.allows(key, now_s)
        if allowed:
            self.note(key, now_s)
        return allowed

    def _window(self, key: str, now_s: float) -> tuple[float, int]:
        since_s, count = self._windows.get(key, (now_s, 0))
        return (now_s, 0) if now_s >= since_s + self.window_s else (since_s, count)
