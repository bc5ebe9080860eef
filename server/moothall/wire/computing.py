"""What an engine computes with, in the words of the server's settings and of the engine's arguments."""

from __future__ import annotations

from typing import Literal

Device = Literal["cpu", "cuda", "auto"]
"""The processor, one of NVIDIA's graphics cards, or the card where there is one."""
ComputeType = Literal[
    "auto",
    "int8",
    "int8_float16",
    "int8_bfloat16",
    "int8_float32",
    "int16",
    "float16",
    "bfloat16",
    "float32",
]
"""CTranslate2's; `auto` is what suits the device."""
MOST_WORKERS = 4
"""Of an engine, unless more are asked for: beyond that memory is the bound, not cores."""


def workers_for(cores: int, threads: int, engines: int = 1) -> int:
    """Passes of so many threads that each of so many engines can run at a time on so many cores: 1 to 4."""
    return max(1, min(MOST_WORKERS, cores // (max(1, engines) * max(1, threads))))
