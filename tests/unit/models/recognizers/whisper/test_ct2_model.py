from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from moothall_models.recognizers.whisper.ct2_model import read_weights
from support.models.little_decoder import model_bytes, random_weights, write_model

SMALL: dict[str, NDArray[np.generic]] = {
    "decoder/num_heads": np.array(4, dtype=np.int16),
    "decoder/pre_norm": np.array(1, dtype=np.int8),
    "decoder/ffn/weight": np.arange(6, dtype=np.float16).reshape(2, 3),
    "decoder/ffn/bias": np.array([0.5, -0.25], dtype=np.float32),
    "decoder/places": np.array([[7], [8]], dtype=np.int32),
}


def test_what_was_written_is_read(tmp_path: Path) -> None:
    read = read_weights(write_model(tmp_path, model_bytes(SMALL)))
    assert read.keys() == SMALL.keys()
    for name, values in SMALL.items():
        assert (read[name].shape, read[name].dtype) == (values.shape, values.dtype)
        assert (read[name] == values).all()
    assert int(read["decoder/num_heads"]) == 4


def test_an_alias_stands_for_the_same_numbers(tmp_path: Path) -> None:
    data = model_bytes(SMALL, {"decoder/projection/weight": "decoder/ffn/weight"})
    read = read_weights(write_model(tmp_path, data))
    assert np.shares_memory(read["decoder/projection/weight"], read["decoder/ffn/weight"])


def test_a_whole_decoder_is_read(tmp_path: Path) -> None:
    weights = random_weights()
    read = read_weights(write_model(tmp_path, model_bytes(weights)))
    assert all((read[name] == values).all() for name, values in weights.items())


QUANTISED: dict[str, NDArray[np.generic]] = {**SMALL, "decoder/ffn/weight": np.ones((2, 3), dtype=np.int8)}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (model_bytes(SMALL)[:3], r"ends at byte 3, within something"),
        (model_bytes(SMALL)[:-5], "within something"),
        (model_bytes(SMALL, version=5), "another version or kind"),
        (model_bytes(SMALL, kind="TransformerSpec"), "another version or kind"),
        (model_bytes(QUANTISED), "decoder/ffn/weight has int8 numbers"),
        (model_bytes(SMALL, {"decoder/projection/weight": "decoder/none"}), "decoder/none"),
        (model_bytes(SMALL).replace(b"WhisperSpec", b"Whisper\xff\xfe\xfd\xfc"), "decode"),
        # The last variable's type, two axes of 4 bytes behind its name; then how many bytes it has.
        (model_bytes(SMALL).replace(b"places\0\2\2\0\0\0\1\0\0\0\3", b"places\0\2\2\0\0\0\1\0\0\0\x09"), r"\(9\)"),
        (model_bytes(SMALL).replace(b"places\0\2\2\0\0\0\1", b"places\0\2\2\0\0\0\5"), "reshape"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path: Path, data: bytes, said: str) -> None:
    path = write_model(tmp_path, data)
    with pytest.raises(ValueError, match=said) as failed:
        read_weights(path)
    assert str(failed.value).startswith(f"{path} isn't a Whisper model whose weights can be read here (")
    assert str(failed.value).endswith("or convert it with CTranslate2 without quantisation.")
