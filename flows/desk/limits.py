"""How often something may be tried: guessing passwords, and asking for anything at all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

_MOST_KEPT = 10_000


@dataclass
class Bucket:
    """`size` tries at once, then one every `every_s` seconds, for each key apart."""

    size: int
    every_s: float
    clock: Callable[[], float] = time.monotonic
    _level: dict[str, tuple[float, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait_s(self, key: str) -> float:
        """How many seconds `key` has to wait for its next try; 0: none."""
        with self._lock:
            return max(0.0, (1.0 - self._now(key)) * self.every_s)

    def take(self, key: str) -> bool:
        """Use up one try; False where there is none left."""
        with self._lock:
            level = self._now(key)
            if level < 1.0:
                return False
            if len(self._level) >= _MOST_KEPT:
                self._forget_full()
            self._level[key] = (level - 1.0, self.clock())
            return True

    def give_back(self, key: str) -> None:
        """All tries again, as after the right password."""
        with self._lock:
            self._level.pop(key, None)

    def _now(self, key: str) -> float:
        level, at = self._level.get(key, (float(self.size), 0.0))
        return min(float(self.size), level + (self.clock() - at) / self.every_s) if at else level

    def _forget_full(self) -> None:
        for key in [k for k in self._level if self._now(k) >= self.size]:
            del self._level[key]
        while len(self._level) >= _MOST_KEPT:
            self._level.pop(next(iter(self._level)))
