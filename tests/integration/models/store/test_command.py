"""`moothall models`, as a person uses it at a terminal."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import msgspec
import pytest

from moothall_models.store import ModelStore, models_command
from support.models.argos_packages import packed, put_package
from support.models.weights import FILES, OFFLINE, folder_source, hub_source, manifest_of, model_from, put


class Terminal:
    def __init__(self, store: ModelStore) -> None:
        self.store = store
        self.out = ""
        self.err = ""

    def run(self, *argv: str) -> int:
        out, err = io.StringIO(), io.StringIO()
        code = models_command(argv, store=self.store, out=out, err=err)
        self.out, self.err = out.getvalue(), err.getvalue()
        return code


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    return tmp_path / "disk"


@pytest.fixture
def terminal(tmp_path: Path, disk: Path) -> Terminal:
    small = msgspec.structs.replace(model_from(folder_source(disk)), errors={"en": 7.3}, measured="Live.")
    models = (small, model_from(hub_source(), name="other"))
    return Terminal(ModelStore(tmp_path / "shelf", manifest_of(*models), fetchers=OFFLINE))


def test_list_says_what_there_is_and_what_is_here(terminal: Terminal) -> None:
    assert terminal.run("list") == 0
    head, first, second, *_ = terminal.out.splitlines()
    assert head.split() == ["MODEL", "TASK", "LANGUAGES", "SIZE", "LICENCE", "STATE"]
    assert first.split() == ["*", "small", "recognise", "en", "0.0", "MB", "MIT", "not", "fetched", "for", "tests"]
    assert second.split()[:2] == ["other", "recognise"]
    assert "\nsmall: Of 100 words about so many come out wrong: en 7. Live.\n" in terminal.out
    assert "other: Of" not in terminal.out
    assert terminal.out.endswith(f"* is the default. Models are kept in {terminal.store.folder}\n")
    terminal.run("fetch")
    (put(terminal.store.folder / "other") / "model.bin").write_bytes(b"x")
    terminal.run("list")
    assert ["here" in terminal.out.splitlines()[1], "damaged" in terminal.out.splitlines()[2]] == [True, True]


def test_fetch_gets_the_default_or_the_named(terminal: Terminal, disk: Path) -> None:
    assert terminal.run("fetch") == 0
    assert terminal.out == f"small is in {terminal.store.folder / 'small'}\n"
    assert "Checking small: 0.0 MB of 0.0 MB, 100 %\n" in terminal.err
    shutil.rmtree(disk)
    assert terminal.run("fetch", "small") == 0
    assert terminal.err == ""


def test_fetch_from_a_folder(terminal: Terminal, tmp_path: Path) -> None:
    put(tmp_path / "stick" / "other")
    assert terminal.run("fetch", "--from", str(tmp_path / "stick"), "other") == 0
    assert terminal.store.verify("other") == []


def test_fetch_says_why_it_could_not(terminal: Terminal) -> None:
    assert terminal.run("fetch", "other") == 1
    assert terminal.err.splitlines()[-1].startswith("The model other could not be fetched. From the Hugging Face")
    assert terminal.run("fetch", "small", "none") == 1
    assert terminal.err == "There is no model 'none'. There are: small, other.\n"
    assert not (terminal.store.folder / "small").exists()


def test_verify_hashes_what_is_here(terminal: Terminal) -> None:
    assert terminal.run("verify") == 0
    assert terminal.out.startswith("No models are in ")
    terminal.run("fetch")
    assert terminal.run("verify") == 0
    assert terminal.out == "small: all 2 files are right, 0.0 MB.\n"
    weights = terminal.store.folder / "small" / "model.bin"
    weights.write_bytes(bytes(len(FILES["model.bin"])))
    assert terminal.run("verify", "small", "other") == 1
    assert terminal.out == ""
    wrong, missing = terminal.err.splitlines()
    assert wrong.startswith(f"{weights} has the sha256 ")
    assert missing.startswith(
        f"The model other isn't in {terminal.store.folder}, the folder that MOOTHALL_MODELS chooses."
    )
    assert terminal.run("verify", "none") == 1


def test_a_wrong_command_is_explained_by_argparse(capsys: pytest.CaptureFixture[str]) -> None:
    for argv in ([], ["sing"]):
        with pytest.raises(SystemExit, match="2"):
            models_command(argv)
        assert "moothall models" in capsys.readouterr().err


def test_the_machines_own_store_is_used_unless_another_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    assert models_command(["list"]) == 0
    assert "whisper-base" in capsys.readouterr().out


def test_install_takes_packages_and_list_shows_them(terminal: Terminal, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.argosmodel", tmp_path / "bad.argosmodel"
    good.write_bytes(packed("en", "ru"))
    bad.write_bytes(b"no zip")
    assert terminal.run("install", str(good)) == 0
    folder = terminal.store.folder / "argos" / "en_ru"
    assert terminal.out == f"en to ru, version 1.9 (2.1 MB), is in {folder}.\n"
    assert "Unpacking en_ru: 2.1 MB of 2.1 MB, 100 %\n" in terminal.err
    assert terminal.run("install", str(bad), str(good)) == 1
    assert terminal.err.startswith(f"{bad} isn't installed. It isn't a whole zip file: get it again.\n")
    assert terminal.out == f"en to ru, version 1.9 (2.1 MB), is in {folder}. It replaced 1.9.\n"
    terminal.run("list")
    row = "en_ru translate en>ru 2.1 MB see it here package of Argos Translate, 1.9"
    assert row in [" ".join(line.split()) for line in terminal.out.splitlines()]


def test_install_takes_all_packages_of_a_folder(terminal: Terminal, tmp_path: Path) -> None:
    assert terminal.run("install", "--from", str(tmp_path)) == 1
    assert terminal.err == f"No package, a file *.argosmodel, is in {tmp_path}.\n"
    for languages in (("en", "ru"), ("ru", "en")):
        (tmp_path / f"{'_'.join(languages)}.argosmodel").write_bytes(packed(*languages))
    (tmp_path / "notes.txt").touch()
    assert terminal.run("install", "--from", str(tmp_path)) == 0
    assert [line.partition(",")[0] for line in terminal.out.splitlines()] == ["en to ru", "ru to en"]
    assert terminal.run("install") == 1
    assert "--from" in terminal.err


def test_list_says_which_packages_are_not_used(terminal: Terminal, caplog: pytest.LogCaptureFixture) -> None:
    (put_package(terminal.store.folder / "argos", "en", "ru") / "metadata.json").unlink()
    assert terminal.run("list") == 0
    assert "is not used: It has no metadata.json" in caplog.text
