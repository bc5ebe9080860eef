"""Sound that the recogniser had no answer to: heard again with what follows, or said to be missing."""

from __future__ import annotations


class Unheard:
    """What of an utterance no pass has heard, as one span of media ms."""

    def __init__(self) -> None:
        self._span: tuple[int, int] | None = None

    def missed(self, t0: int, t1: int) -> None:
        """A pass had no answer to the sound from `t0` to `t1`."""
        before = self._span
        self._span = (t0, t1) if before is None else (min(before[0], t0), max(before[1], t1))

    def heard(self, start: int, edge: int) -> None:
        """A pass over the sound from `start` to `edge` had one. Where it began no later pass looks back."""
        if self._span is None:
            return
        t0, t1 = self._span
        left = (t0, min(t1, start)) if t0 < start else (max(t0, edge), t1)
        self._span = left if left[0] < left[1] else None

    def given_up(self, before: int) -> tuple[int, int] | None:
        """Take out what lies before media ms `before`: it won't be heard any more."""
        if self._span is None or self._span[0] >= before:
            return None
        t0, t1 = self._span
        self._span = (before, t1) if before < t1 else None
        return t0, min(t1, before)
