"""Passes of a recogniser that are kept in a file, so that a policy that changed a little is measured in little time.

A pass with the same window gives the same words, so it isn't run again: the CPU time that it took is added to the
clock's. A change of the policy costs only the passes over windows that nobody had heard.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from moothall_models.ports import Hypothesis, Window
from simulate_speech import CpuClock


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """A line of the file."""

    key: str
    ms: float
    """CPU time that the pass took."""
    hypothesis: Hypothesis


class KeptPasses:
    """A recogniser's answers, kept in a file of JSON lines that only grows. Bound: the runs that a person starts."""

    def __init__(self, file: Path, recognise: Callable[[Window], Hypothesis], price: float = 1.0) -> None:
        """Read the passes in `file`, if it is there; `recognise` hears the windows that are not in it.

        `price`: what a CPU second of a pass counts on the clock, to get the figures of a slower or quicker machine.
        """
        self._recognise = recognise
        self._price = price
        self._file = file
        lines = file.read_bytes().splitlines() if file.is_file() else []
        self._kept = {kept.key: kept for kept in (msgspec.json.decode(line, type=_Kept) for line in lines)}

    def hear(self, window: Window, clock: CpuClock) -> Hypothesis:
        """Return the hypothesis for a window; the clock shows the CPU time of the pass, whenever it ran."""
        key = key_of(window)
        found = self._kept.get(key)
        if found is not None:
            clock.saved += found.ms * self._price
            return found.hypothesis
        began = time.process_time()
        hypothesis = self._recognise(window)
        ms = (time.process_time() - began) * 1000
        clock.saved += ms * (self._price - 1)
        kept = self._kept[key] = _Kept(key, round(ms, 2), hypothesis)
        with self._file.open("ab") as out:
            out.write(msgspec.json.encode(kept) + b"\n")
        return hypothesis


def key_of(window: Window) -> str:
    """Return a digest of all that a pass is given."""
    told = {name: value for name, value in msgspec.structs.asdict(window).items() if name != "audio"}
    return hashlib.sha256(msgspec.json.encode(told) + window.audio.tobytes()).hexdigest()[:32]
