from __future__ import annotations

from pathlib import Path

import pytest

from moothall.core.kernel.errors import ConfigurationError
from moothall_models.recognizers.transducers.kinds import ModelKind, kind_of, load_library, part_file, windowed_type
from support.models.tone_models import kaldi_model, streaming_model, windowed_model


def test_a_folder_is_known_by_its_files(tmp_path: Path) -> None:
    assert kind_of(tmp_path) is None
    assert kind_of(streaming_model(tmp_path / "streaming")) is ModelKind.STREAMING
    assert kind_of(windowed_model(tmp_path / "windowed")) is ModelKind.WINDOWED
    assert kind_of(kaldi_model(tmp_path / "kaldi")) is ModelKind.WINDOWED
    whisper = tmp_path / "whisper"
    whisper.mkdir()
    (whisper / "model.bin").write_bytes(b"")
    assert kind_of(whisper) is ModelKind.WHISPER


def test_a_transducer_for_whole_recordings_is_refused_before_it_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"doesn't stream: encoder\.onnx says nothing of chunks"):
        kind_of(streaming_model(tmp_path, streams=False))


def test_of_two_files_for_a_part_the_one_with_small_numbers_is_taken(tmp_path: Path) -> None:
    folder = streaming_model(tmp_path)
    (folder / "encoder.int8.onnx").write_bytes((folder / "encoder.onnx").read_bytes())
    assert part_file(folder, "encoder").name == "encoder.int8.onnx"
    (folder / "encoder-99.int8.onnx").write_bytes(b"")
    with pytest.raises(ConfigurationError, match=r"there is encoder-99\.int8\.onnx, encoder\.int8\.onnx"):
        part_file(folder, "encoder")
    (folder / "decoder.onnx").unlink()
    with pytest.raises(ConfigurationError, match="there is none"):
        part_file(folder, "decoder")


@pytest.mark.parametrize("said", ['{"model_type": "whisper"}', "{}", "[]", '{"model_type": 3}', "\x00"])
def test_a_kind_that_cant_be_run_is_said(tmp_path: Path, said: str) -> None:
    folder = windowed_model(tmp_path)
    (folder / "config.json").write_text(said)
    with pytest.raises(ConfigurationError, match="names no kind of model that can be run here"):
        windowed_type(folder)
    with pytest.raises(ConfigurationError, match="nemo-conformer-tdt"):
        kind_of(folder)


def test_without_its_library_a_model_says_what_to_install() -> None:
    def load(name: str) -> object:
        raise ImportError(f"No module named {name}")

    with pytest.raises(ConfigurationError, match=r"ours needs the package sherpa-onnx, .*/transducers\.txt"):
        load_library("sherpa_onnx", "ours", load)
    assert load_library("json", "ours").dumps({}) == "{}"
