"""The speech that a measurement hears: the sample session, or a recording of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

import moothall
from moothall.core.kernel.errors import ConfigurationError
from moothall_models.ports import RATE, Samples

SAMPLE = "config/sample/session.opus"
LONGEST_S = 180
"""Most of a recording that is decoded, s: more than a machine hears in a measurement's time."""


def find_sample() -> Path:
    """The sample session's sound, in a checkout or in the installed package. Raises ConfigurationError."""
    package = Path(moothall.__file__).resolve().parent
    for root in (package.parents[1], package):
        if (root / SAMPLE).is_file():
            return root / SAMPLE
    raise ConfigurationError(f"The sample {SAMPLE} is missing from this installation. Name a recording with --file.")


def decode(path: Path) -> Samples:
    """The first minutes of a recording. Raises ConfigurationError."""
    try:
        import av
    except ImportError as error:
        msg = (
            "Recordings can't be decoded here: the package av is missing. Install requirements/demo.txt of the release."
        )
        raise ConfigurationError(msg) from error

    def frames() -> Iterator[Samples]:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        with av.open(str(path)) as container:
            for frame in container.decode(audio=0):
                for part in resampler.resample(frame):
                    yield part.to_ndarray().reshape(-1).astype(np.float32)

    parts: list[Samples] = []
    many = 0
    try:
        for part in frames():
            parts.append(part)
            many += len(part)
            if many >= LONGEST_S * RATE:
                break
    except (OSError, ValueError, IndexError) as error:
        raise ConfigurationError(f"The recording {path} can't be decoded: {error}.") from error
    if many < RATE:
        raise ConfigurationError(
            f"The recording {path} is shorter than a second. Name one with some minutes of speech."
        )
    return np.concatenate(parts)
