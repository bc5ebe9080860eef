from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.kernel.errors import ConfigurationError
from moothall_models.recognizers.transducers.onnx_metadata import read_metadata
from support.models.tone_models import streaming_model


def test_what_a_model_says_of_itself_is_read(tmp_path: Path) -> None:
    folder = streaming_model(tmp_path)
    assert read_metadata(folder / "decoder.onnx") == {"vocab_size": "8", "context_size": "2"}
    assert read_metadata(folder / "encoder.onnx")["model_type"] == "lstm"


def test_values_of_all_kinds_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    pair = b"\x72\x06\x0a\x01a\x12\x01b"
    path.write_bytes(b"\x08\x96\x01" + b"\x11" + bytes(8) + b"\x1d" + bytes(4) + pair + b"\x72\x00")
    assert read_metadata(path) == {"a": "b", "": ""}


@pytest.mark.parametrize(
    "data",
    [
        b"\x0b",  # a group, which no ONNX file has
        b"\x72\x05\x0a",  # cut off
        b"\x80" * 12,  # no end of a number
        b"\x72\x02\x08\x01",  # a pair with a number in it
        b"\x72\x03\x0a\x01\xff",  # not UTF-8
        b"\x72\x02\x0a\x80",  # a length that is cut off
        b"\x72",
    ],
)
def test_what_is_no_model_is_said(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(data)
    with pytest.raises(ConfigurationError, match="is no ONNX file"):
        read_metadata(path)


@given(data=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.onnx"
    path.write_bytes(data)
    try:
        read_metadata(path)
    except ConfigurationError:
        return
