from __future__ import annotations

from pathlib import Path

import pytest

from moothall.core.kernel.errors import ConfigurationError
from moothall_models.choosing.own_folders import describe, read_entry
from moothall_models.store import ModelStatus, ModelStore
from moothall_models.store.progress import Silent
from support.models.tone_models import streaming_model, windowed_model


def test_an_entry_brings_the_model_into_the_store(tmp_path: Path) -> None:
    folder = streaming_model(tmp_path / 'a "folder"')
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("x")
    entry = describe(folder, "ours", ("en", "pt-BR"), "Apache-2.0")
    model = read_entry(entry).model("ours")
    assert [file.name for file in model.files] == ["decoder.onnx", "encoder.onnx", "joiner.onnx", "tokens.txt"]
    assert (model.languages, model.licence, model.about) == (
        ("en", "pt-BR"),
        "Apache-2.0",
        "your own: streaming transducer",
    )
    store = ModelStore(tmp_path / "shelf", read_entry(entry))
    store.fetch("ours", Silent())
    assert store.status_of(model) is ModelStatus.HERE


def test_the_kind_is_said(tmp_path: Path) -> None:
    entry = describe(windowed_model(tmp_path), "ours", ("en",), "CC-BY-4.0")
    assert 'about = "your own: windows by onnx-asr"' in entry


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="There is no folder"):
        describe(tmp_path / "none", "ours", ("en",), "MIT")
    with pytest.raises(ConfigurationError, match="is no model that can be run here"):
        describe(tmp_path, "ours", ("en",), "MIT")
    with pytest.raises(ConfigurationError, match="can't be a model's name"):
        describe(streaming_model(tmp_path), "Ours!", ("en",), "MIT")
