"""Packages of Argos Translate: from the file to a text in another language, and everything refused on the way.

The packages test the format only: their models transliterate (`argos_packages`).
"""

from __future__ import annotations

import io
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from moothall_models.store import ModelUnavailable
from moothall_models.store.packages import Installed, describe, install_package
from moothall_models.translators.argos import ArgosTranslator
from moothall_models.translators.argos_package import MOST_METADATA, ArgosPackage, PackageUnusable, installed_packages
from support.models.argos_packages import members, packed, put_package, written, zipped

TOP = "translate-en_ru-1_9"


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    return tmp_path / "shelf" / "argos"


def put(folder: Path, data: bytes, name: str = "a.argosmodel") -> Path:
    (folder / name).write_bytes(data)
    return folder / name


def install(file: Path, shelf: Path) -> Installed:
    """Without loading it."""
    return install_package(file, shelf, tried=lambda _: True)


def refusal(file: Path, shelf: Path) -> str:
    with pytest.raises(PackageUnusable) as caught:
        install_package(file, shelf)
    said = str(caught.value)
    assert said.startswith(f"{file} isn't installed. ")
    return said.removeprefix(f"{file} isn't installed. ")


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("en", "ar", "The meeting is open. Item 12 is next."),
        ("ar", "en", "مرحبا بالعالم. هذا كل شيء اليوم."),
        ("en", "zh", "The meeting is open."),
        ("en", "ru", "The meeting is open. Item 12 is next."),
    ],
)
def test_format_from_the_file_to_a_text(tmp_path: Path, shelf: Path, source: str, target: str, said: str) -> None:
    done = install_package(put(tmp_path, packed(source, target)), shelf)
    assert done.tried
    assert done.replaced is None
    assert done.package.folder == shelf / f"{source}_{target}"
    translator = ArgosTranslator(installed_packages(shelf))
    [direction] = translator.directions
    assert (direction.source, direction.target) == (source, target)
    assert translator.translate([said], direction) == [written(said, source, target)]


def test_only_what_is_run_or_tells_of_it_is_unpacked(tmp_path: Path, shelf: Path) -> None:
    other = {"stanza/en/tokenize/x.pt": b"runs code", "model/deep/er.bin": b"x", "bpe.model": b"x", "run.py": b"x"}
    told = {"LICENSE": b"CC0", "readme.txt": b"x"}
    files = members("en", "ru")
    before = {name.partition("/")[2] for name in files}
    files |= {f"{TOP}/{name}": data for name, data in {**other, **told}.items()}
    install(put(tmp_path, zipped(files)), shelf)
    assert names(shelf / "en_ru") == before | told.keys()
    assert stat.S_IMODE((shelf / "en_ru" / "model" / "model.bin").stat().st_mode) & 0o111 == 0


def test_one_for_the_same_languages_is_replaced(tmp_path: Path, shelf: Path) -> None:
    install(put(tmp_path, packed("en", "ru", package_version="1.0")), shelf)
    (shelf / "en_ru" / "model" / "old").touch()
    done = install(put(tmp_path, packed("en", "ru", package_version="1.9")), shelf)
    assert done.replaced == "1.0"
    assert names(shelf) >= {".lock", "en_ru/metadata.json"}
    assert "en_ru/model/old" not in names(shelf)
    assert {path.name for path in shelf.iterdir()} == {".lock", "en_ru"}
    (shelf / "en_ru" / "metadata.json").unlink()
    assert install(put(tmp_path, packed("en", "ru")), shelf).replaced == "a damaged one"


def test_the_folder_is_named_by_its_languages_and_not_by_the_zip(tmp_path: Path, shelf: Path) -> None:
    files = {name.replace(TOP, "en_ar"): data for name, data in members("en", "ru").items()}
    install(put(tmp_path, zipped(files)), shelf)
    assert {path.name for path in shelf.iterdir()} == {".lock", "en_ru"}


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("metadata.json", "It has no metadata.json, so it is no Argos package."),
        ("sentencepiece.model", "It has no sentencepiece.model: get the package again."),
        ("model/model.bin", "It has no model/model.bin: get the package again."),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, shelf: Path, missing: str, said: str) -> None:
    files = members("en", "ru")
    del files[f"{TOP}/{missing}"]
    assert refusal(put(tmp_path, zipped(files)), shelf) == said
    assert not shelf.exists()


def test_older_packages_that_cut_words_another_way_are_said(tmp_path: Path, shelf: Path) -> None:
    files = members("en", "ru")
    files[f"{TOP}/bpe.model"] = files.pop(f"{TOP}/sentencepiece.model")
    assert "a form that Moothall can't run" in refusal(put(tmp_path, zipped(files)), shelf)


@pytest.mark.parametrize(
    "metadata", [{"from_code": "../../x"}, {"to_code": "/etc"}, {"type": "sbd"}, {"package_version": "../1"}]
)
def test_metadata_that_lies(tmp_path: Path, shelf: Path, metadata: dict[str, str]) -> None:
    refusal(put(tmp_path, packed("en", "ru", **metadata)), shelf)
    assert not shelf.exists()


def test_metadata_that_is_too_long_is_not_read(tmp_path: Path, shelf: Path) -> None:
    files = members("en", "ru") | {f"{TOP}/metadata.json": os.urandom(MOST_METADATA + 1)}
    assert "more than 65536 aren't read" in refusal(put(tmp_path, zipped(files)), shelf)


@pytest.mark.parametrize("name", ["../../out", "/etc/out", f"{TOP}/../../../out", "..\\out"])
def test_nothing_is_written_elsewhere(tmp_path: Path, shelf: Path, name: str) -> None:
    assert "leads out of its folder" in refusal(put(tmp_path, zipped(members("en", "ru") | {name: b"x"})), shelf)
    assert names(tmp_path) == {"a.argosmodel"}


def test_a_link_is_no_way_out(tmp_path: Path, shelf: Path) -> None:
    link = zipfile.ZipInfo(f"{TOP}/model/vocabulary.json")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    out = io.BytesIO(packed("en", "ru"))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "It holds a link" in refusal(put(tmp_path, out.getvalue()), shelf)


def test_a_bomb_is_not_unpacked(tmp_path: Path, shelf: Path) -> None:
    files = members("en", "ru") | {f"{TOP}/model/zeros": bytes(50_000_000)}
    assert "It would unpack to" in refusal(put(tmp_path, zipped(files)), shelf)
    assert not shelf.exists()


def test_what_breaks_off_leaves_what_was_there(tmp_path: Path, shelf: Path) -> None:
    install(put(tmp_path, packed("en", "ru", package_version="1.0")), shelf)
    data = bytearray(packed("en", "ru"))
    data[data.index(b"model/model.bin") + 5_000] ^= 0xFF
    assert refusal(put(tmp_path, bytes(data)), shelf) == "model/model.bin in it is damaged or cut off."
    [package] = installed_packages(shelf)
    assert package.about.package_version == "1.0"
    assert {path.name for path in shelf.iterdir()} == {".lock", "en_ru"}


@pytest.mark.parametrize("file", ["model/model.bin", "sentencepiece.model", "model/shared_vocabulary.json"])
def test_models_that_can_not_be_loaded_are_not_installed(tmp_path: Path, shelf: Path, file: str) -> None:
    files = members("en", "ru") | {f"{TOP}/{file}": b"\0\1\2nothing"}
    assert "Its models can't be loaded" in refusal(put(tmp_path, zipped(files)), shelf)
    assert {path.name for path in shelf.iterdir()} == {".lock"}


def test_what_a_killed_one_left_is_cleared(tmp_path: Path, shelf: Path) -> None:
    put_package(shelf / ".fetch-abc", "en", "ar")
    assert installed_packages(shelf) == ()
    install(put(tmp_path, packed("en", "ru")), shelf)
    assert {path.name for path in shelf.iterdir()} == {".lock", "en_ru"}


def test_a_folder_that_can_not_be_used_is_said(tmp_path: Path, shelf: Path) -> None:
    shelf.parent.mkdir()
    shelf.write_bytes(b"")
    with pytest.raises(ModelUnavailable, match="can't be used: File exists"):
        install(put(tmp_path, packed("en", "ru")), shelf)


def test_a_full_disk_leaves_nothing_half(tmp_path: Path, shelf: Path) -> None:
    file = put(tmp_path, packed("en", "ru"))
    code = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from moothall_models.store.packages import install_package\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "install_package(Path(sys.argv[1]), Path(sys.argv[2]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, file, shelf], capture_output=True, text=True, check=False)
    assert "ModelUnavailable: There is no room left in" in done.stderr
    assert {path.name for path in shelf.iterdir()} == {".lock"}
    shutil.rmtree(shelf)


def test_what_could_not_be_tried_is_said(tmp_path: Path, shelf: Path) -> None:
    def untried(_: ArgosPackage) -> bool:
        return False

    done = install_package(put(tmp_path, packed("en", "ru")), shelf, tried=untried)
    assert describe(done) == (
        f"en to ru, version 1.9 (2.1 MB), is in {shelf / 'en_ru'}. It could not be tried: pip install "
        "'moothall[translate]' brings what it needs."
    )
