from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from moothall.core.kernel.errors import ConfigurationError
from moothall_models.choosing.sample import LONGEST_S, decode, find_sample


def test_the_sample_is_decoded_up_to_some_minutes() -> None:
    sound = decode(find_sample())
    assert sound.dtype == np.float32
    assert LONGEST_S * 16_000 <= len(sound) < (LONGEST_S + 1) * 16_000
    assert 0.05 < float(np.abs(sound).max()) <= 1.5


def test_what_is_no_recording_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(b"RIFF")
    with pytest.raises(ConfigurationError, match="can't be decoded"):
        decode(path)
    with pytest.raises(ConfigurationError, match="can't be decoded"):
        decode(tmp_path / "none.wav")
