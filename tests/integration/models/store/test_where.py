"""Where models are stored, and which manifests count."""

from __future__ import annotations

from pathlib import Path

import pytest

import moothall_models
from moothall.core.kernel.errors import ConfigurationError
from moothall_models.store import open_store, store_folder
from moothall_models.store.where import read_manifest

ROOT = Path(moothall_models.__file__).parents[2]


def installed(folder: Path, manifest: str = "format = 1\n") -> Path:
    """A package as an installed wheel lays it out."""
    package = folder / "site-packages" / "moothall_models"
    package.mkdir(parents=True)
    (package / "manifest.toml").write_text(manifest, "utf-8")
    return package


def test_the_environment_names_the_folder(tmp_path: Path) -> None:
    assert store_folder({"MOOTHALL_MODELS": str(tmp_path)}) == tmp_path
    assert store_folder({"MOOTHALL_MODELS": "~/weights"}) == Path.home() / "weights"
    assert store_folder({"MOOTHALL_MODELS": "weights"}) == Path.cwd() / "weights"


def test_a_checkout_keeps_its_own() -> None:
    assert store_folder({}) == ROOT / ".cache" / "models"
    assert store_folder({"MOOTHALL_MODELS": ""}) == ROOT / ".cache" / "models"


def test_an_installed_package_uses_the_users_data_folder(tmp_path: Path) -> None:
    package = installed(tmp_path)
    named = store_folder({"XDG_DATA_HOME": str(tmp_path / "data")}, package)
    assert named.parts[-2:] == ("moothall", "models")
    assert store_folder({}, package).is_relative_to(Path.home())


def test_the_machines_store_has_the_shipped_models(tmp_path: Path) -> None:
    store = open_store({"MOOTHALL_MODELS": str(tmp_path)})
    assert store.folder == tmp_path
    assert "whisper-base" in [model.name for model in store.manifest.models]
    assert open_store().manifest.defaults


def test_a_manifest_in_the_stores_folder_adds_models(tmp_path: Path) -> None:
    own = f"""
format = 1
[[model]]
name = "ours"
task = "recognise"
languages = ["en"]
licence = "MIT"
files = [{{ name = "model.bin", size = 7, sha256 = "{"ab" * 32}" }}]
sources = [{{ kind = "folder", path = "/mnt/ours" }}]
"""
    (tmp_path / "manifest.toml").write_text(own, "utf-8")
    names = [model.name for model in read_manifest(tmp_path).models]
    assert names[-1] == "ours"
    assert "whisper-base" in names


def test_a_manifest_that_is_wrong_names_its_file(tmp_path: Path) -> None:
    own = tmp_path / "manifest.toml"
    own.write_text("format = 9", "utf-8")
    with pytest.raises(ConfigurationError, match=f"{own} is not a right list of models"):
        read_manifest(tmp_path)
    own.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="can't be read: it isn't UTF-8"):
        read_manifest(tmp_path)


def test_an_installation_without_its_manifest_says_so(tmp_path: Path) -> None:
    package = installed(tmp_path)
    assert read_manifest(tmp_path, package).models == ()
    (package / "manifest.toml").unlink()
    with pytest.raises(ConfigurationError, match="can't be read: No such file"):
        read_manifest(tmp_path, package)
