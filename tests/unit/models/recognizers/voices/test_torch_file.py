from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from moothall.core.kernel.errors import ConfigurationError
from moothall_models.recognizers.voices.torch_file import read_tensors
from support.models.torch_files import index_that_calls, write_pickle, write_tensors

TENSORS = {"a.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "a.bias": np.array([0.5], dtype=np.float32)}


def test_tensors_come_back_by_their_names(tmp_path: Path) -> None:
    path = write_tensors(tmp_path / "w.pt", {**TENSORS, "a.num_batches_tracked": np.array([7])})
    found = read_tensors(path)
    assert found.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        np.testing.assert_array_equal(found[name], tensor)


def test_a_file_that_wants_a_function_called_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_pickle(tmp_path / "w.pt", index_that_calls())
    with pytest.raises(ConfigurationError, match=r"in the form that is known here: it names builtins\.print"):
        read_tensors(path)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("index", [pickle.dumps({"a": 1}), pickle.dumps([1]), b"", b"\x80\x02}", b"nonsense"])
def test_what_is_no_dictionary_of_tensors_is_refused(tmp_path: Path, index: bytes) -> None:
    with pytest.raises(ConfigurationError, match="doesn't hold weights in the form that is known here"):
        read_tensors(write_pickle(tmp_path / "w.pt", index))


def test_what_is_no_such_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "w.pt").write_bytes(b"weights")
    with pytest.raises(ConfigurationError, match="doesn't hold weights"):
        read_tensors(tmp_path / "w.pt")
    with zipfile.ZipFile(tmp_path / "v.pt", "w") as members:
        members.writestr("archive/version", "3")
    with pytest.raises(ConfigurationError, match="doesn't hold weights"):
        read_tensors(tmp_path / "v.pt")
    with pytest.raises(FileNotFoundError):
        read_tensors(tmp_path / "none.pt")


def test_too_large_a_member_is_not_read(tmp_path: Path) -> None:
    path = write_tensors(tmp_path / "w.pt", TENSORS)
    with pytest.raises(ConfigurationError, match="has more than 10 bytes"):
        read_tensors(path, 10)
