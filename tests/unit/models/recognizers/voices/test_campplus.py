from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from moothall.core.kernel.errors import ConfigurationError
from moothall_models.recognizers.voices.campplus import BANDS, WEIGHTS, CampPlusEncoder, banks, bell, features
from support.models.torch_files import write_tensors


def tone(hz: float, seconds: float = 0.5) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return (0.1 * np.sin(2 * np.pi * hz * np.arange(round(seconds * 16_000)) / 16_000)).astype(np.float32)


@pytest.mark.parametrize(("hz", "band"), [(300.0, 12), (1_000.0, 28), (4_000.0, 60)])
def test_a_tone_is_loudest_in_its_band(hz: float, band: int) -> None:
    """The bands are equally wide on the mel scale, of which 20 Hz to 8 kHz has 31.7 to 2,840."""
    known = features(tone(hz), banks(), bell())
    assert known.shape == (1 + (8_000 - 400) // 160, BANDS)
    mel = 1_127 * np.log1p(hz / 700)
    assert abs(int(known.mean(axis=0).argmax()) + 1 - (mel - 31.7) / (2_840 - 31.7) * (BANDS + 1)) < 1
    assert abs(int(known.mean(axis=0).argmax()) - band) < 4


def test_features_dont_depend_on_an_offset() -> None:
    np.testing.assert_allclose(
        features(tone(500.0) + np.float32(0.2), banks(), bell()), features(tone(500.0), banks(), bell()), atol=0.1
    )


def test_silence_has_the_least_power() -> None:
    known = features(np.zeros(8_000, dtype=np.float32), banks(), bell())
    assert known.min() == known.max() == pytest.approx(np.log(np.finfo(np.float32).eps))


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    write_tensors(tmp_path / WEIGHTS, {"lstm.weight": np.zeros(3, dtype=np.float32)})
    with pytest.raises(ConfigurationError, match="holds another network: it has no"):
        CampPlusEncoder(tmp_path)
