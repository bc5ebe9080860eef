from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from moothall_models.translators.argos_package import (
    BPE,
    MODEL,
    PIECES,
    PackageUnusable,
    check_files,
    installed_packages,
    read_about,
)
from support.models.argos_packages import put_package

GOOD: dict[str, object] = {"from_code": "en", "to_code": "ru", "package_version": "1.9"}
FILES = {"metadata.json", MODEL, PIECES}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"type": "sbd"}, "no package for translating"),
        ({"from_code": ""}, "doesn't say from which language"),
        ({"from_code": "../x"}, "doesn't say from which language"),
        ({"to_code": "en"}, "doesn't say from which language"),
        ({"to_code": 7}, "isn't that of an Argos package"),
        ({"package_version": "1, >2"}, "no package_version"),
        ({"package_version": ""}, "no package_version"),
        ({"target_prefix": "x" * 33}, "is no token"),
        ({"target_prefix": "a\n"}, "is no token"),
    ],
)
def test_metadata_that_can_not_be_used_is_said(wrong: dict[str, object], said: str) -> None:
    read_about(json.dumps(GOOD).encode())
    with pytest.raises(PackageUnusable, match=said):
        read_about(json.dumps(GOOD | wrong).encode())


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"{" * 100_000, b'{"x": "' + b" " * 70_000 + b'"}'])
def test_what_is_no_metadata_is_said(data: bytes) -> None:
    with pytest.raises(PackageUnusable, match="get the package again"):
        read_about(data)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (FILES - {"metadata.json"}, "no metadata.json"),
        (FILES - {PIECES}, "no sentencepiece.model"),
        (FILES - {MODEL}, "no model/model.bin"),
        (FILES - {PIECES} | {BPE}, "form that Moothall can't run"),
    ],
)
def test_files_that_are_missing_are_said(files: set[str], said: str) -> None:
    check_files(FILES | {BPE})
    with pytest.raises(PackageUnusable, match=said):
        check_files(files)


def test_installed_ones_are_found_by_their_languages(tmp_path: Path) -> None:
    put_package(tmp_path, "en", "ru")
    put_package(tmp_path, "ar", "en")
    assert [(each.source, each.target) for each in installed_packages(tmp_path)] == [("ar", "en"), ("en", "ru")]
    assert installed_packages(tmp_path / "none") == ()


def test_codes_of_argos_become_tags(tmp_path: Path) -> None:
    put_package(tmp_path, "en", "zh", to_code="zt", from_code="pb")
    [package] = installed_packages(tmp_path)
    assert (package.source, package.target) == ("pt-BR", "zh-Hant")


def test_of_two_for_the_same_languages_the_newer_is_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    put_package(tmp_path, "en", "ru", package_version="1.10").rename(tmp_path / "a")
    put_package(tmp_path, "en", "ru", package_version="1.9").rename(tmp_path / "b")
    [package] = installed_packages(tmp_path)
    assert package.folder == tmp_path / "a"
    assert "have the same languages" in caplog.text


def test_a_broken_one_is_left_out_and_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (put_package(tmp_path, "en", "ru") / MODEL).unlink()
    put_package(tmp_path, "en", "ar")
    (tmp_path / ".new").mkdir()
    (tmp_path / "a file").touch()
    with caplog.at_level(logging.WARNING):
        assert [each.target for each in installed_packages(tmp_path)] == ["ar"]
    assert [record.getMessage() for record in caplog.records] == [
        f"package {tmp_path / 'translate-en_ru-1_9'} is not used: It has no model/model.bin: get the package again."
    ]


def test_the_fingerprint_is_that_of_the_models(tmp_path: Path) -> None:
    folder = put_package(tmp_path, "en", "ru")
    [package] = installed_packages(tmp_path)
    before = package.fingerprint()
    assert before.startswith("1.9-")
    assert len(before) == len("1.9-") + 8
    with (folder / MODEL).open("ab") as file:
        file.write(b"x")
    assert package.fingerprint() != before
    assert package.size == sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
