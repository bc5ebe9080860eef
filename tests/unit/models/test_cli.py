from __future__ import annotations

import hashlib
import os
from errno import ENAMETOOLONG
from pathlib import Path

import ctranslate2
import msgspec
import numpy as np
import pytest

from moothall.core.kernel.errors import ConfigurationError
from moothall.testing.scripted import make_script, write_script
from moothall_models.cli import COMPUTE_TYPES, Computing, choose_device, known_errors, load_encoder, load_model, main
from moothall_models.engine.own_process import own_token
from moothall_models.ports import VAD_FRAME
from moothall_models.recognizers.scripted import ScriptedVoiceActivity, ScriptedVoiceEncoder
from moothall_models.recognizers.voices.campplus import WEIGHTS, CampPlusEncoder
from moothall_models.store import ModelMissing, open_store
from support.models.torch_files import random_campplus, write_tensors


def arguments(tmp_path: Path, *more: str, token: str | None = "secret") -> list[str]:  # noqa: S107 - no secret
    script = tmp_path / "script.json"
    script.write_bytes(write_script(make_script(1, 3)))
    given = ["--url", "ws://127.0.0.1:1/", "--model", f"scripted:{script}", "--log-level", "error"]
    if token is not None:
        path = tmp_path / "token"
        path.write_text(f"{token}\n")
        given += ["--token-file", str(path)]
    return [*given, *more]


@pytest.mark.parametrize("token", ["", "two\nlines", "schl\u00fcssel", None])
def test_without_a_token_it_says_where_to_put_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], token: str | None
) -> None:
    assert main(arguments(tmp_path, token=token), {}) == 2
    assert "set MOOTHALL_ENGINE_TOKEN, or name a file that holds it with --token-file" in capsys.readouterr().err


def test_the_token_may_come_from_the_environment() -> None:
    assert own_token(None, {"MOOTHALL_ENGINE_TOKEN": " secret\n"}) == "secret"


def test_a_token_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments(tmp_path, "--token-file", str(tmp_path / "none")), {}) == 2
    assert "none can't be read (FileNotFoundError)" in capsys.readouterr().err


def test_a_script_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments(tmp_path, "--model", f"scripted:{tmp_path}/none.json"), {}) == 2
    assert "none.json can't be read: No such file" in capsys.readouterr().err


def test_a_folder_without_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments(tmp_path, "--model", "whisper-base", "--model-dir", str(tmp_path)), {}) == 2
    assert "There is no model in" in capsys.readouterr().err


def test_a_model_that_the_system_does_not_let_it_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A name that no file system takes: what may be read is no matter of rights, which tests may have all of."""
    folder = tmp_path / ("x" * 300)
    assert main(arguments(tmp_path, "--model", "whisper-base", "--model-dir", str(folder)), {}) == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert said == (
        f"The model whisper-base can't be loaded, since {folder}/model.bin can't be read: {os.strerror(ENAMETOOLONG)}."
    )


def test_a_model_that_is_not_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "model.bin").write_bytes(b"x")
    assert main(arguments(tmp_path, "--model", "whisper-base", "--model-dir", str(tmp_path)), {}) == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("The model whisper-base can't be loaded: ")
    assert "model.bin" in said


def test_a_script_is_a_model(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    path.write_bytes(write_script(make_script(1, 3)))
    recognizer, voice = load_model(f"scripted:{path}", None, Computing())
    assert recognizer.model == "scripted"
    assert isinstance(voice(), ScriptedVoiceActivity)


def test_a_service_is_a_model() -> None:
    name = "openai:whisper-1@https://api.example.org/v1"
    recognizer, voice = load_model(name, None, Computing(), lambda: "sk-for-tests")
    assert recognizer.model == "whisper-1 at api.example.org"
    assert 0 <= voice().probabilities(np.zeros(VAD_FRAME, dtype=np.float32))[0] <= 1


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--model", "openai:whisper-1"), "'openai:whisper-1' names no service: it looks like openai:whisper-1@https"),
        (("--model", "openai:m@https://a.example/v1", "--key-file", "/none/key"), "key file /none/key can't be read"),
    ],
)
def test_what_is_wrong_with_a_service(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], said: str
) -> None:
    assert main(arguments(tmp_path, *more), {}) == 2
    assert said in capsys.readouterr().err


def test_the_key_of_a_service_may_come_from_the_environment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = arguments(tmp_path, "--model", "openai:m@https://a.example/v1")
    assert main(given, {"MOOTHALL_RECOGNISER_KEY": "of two words"}) == 2
    assert "key has spaces or signs that no key has" in capsys.readouterr().err


def test_a_graphics_card_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if ctranslate2.get_cuda_device_count():
        pytest.skip("There is one.")
    (tmp_path / "model.bin").write_bytes(b"")
    given = arguments(tmp_path, "--model", "whisper-base", "--model-dir", str(tmp_path), "--device", "cuda")
    assert main(given, {}) == 2
    assert "No graphics card can be used here" in capsys.readouterr().err


class OneMachine(msgspec.Struct, frozen=True):
    """With so many cards, which know so much."""

    cards: int
    types: frozenset[str] = frozenset({"float16", "int8", "int8_float16", "float32"})

    def get_cuda_device_count(self) -> int:
        return self.cards

    def get_supported_compute_types(self, device: str) -> set[str]:
        return set(self.types) if device == "cuda" else {"int8", "float32", "int8_float32"}


@pytest.mark.parametrize(
    ("cards", "asked", "chosen"),
    [
        (0, ("cpu", "auto"), ("cpu", "int8")),
        (0, ("auto", "auto"), ("cpu", "int8")),
        (0, ("cpu", "float32"), ("cpu", "float32")),
        (1, ("cpu", "auto"), ("cpu", "int8")),
        (1, ("auto", "auto"), ("cuda", "float16")),
        (2, ("cuda", "int8_float16"), ("cuda", "int8_float16")),
    ],
)
def test_what_is_asked_for_is_chosen(cards: int, asked: tuple[str, str], chosen: tuple[str, str]) -> None:
    assert choose_device(*asked, OneMachine(cards)) == chosen


def test_an_old_card_computes_with_what_it_knows() -> None:
    old = OneMachine(1, frozenset({"float32", "int8_float32"}))
    assert choose_device("cuda", "auto", old) == ("cuda", "float32")


def test_without_a_card_it_says_so() -> None:
    with pytest.raises(
        ConfigurationError, match=r"^No graphics card can be used here: .* set the engine's device to cpu"
    ):
        choose_device("cuda", "auto", OneMachine(0))


def test_numbers_that_the_device_does_not_know() -> None:
    said = r"can't compute with float16 on cpu; it knows float32, int8, int8_float32\. Set the engine's compute type"
    with pytest.raises(ConfigurationError, match=said):
        choose_device("auto", "float16", OneMachine(0))


def test_the_library_itself_is_such_a_machine() -> None:
    import ctranslate2

    device, compute_type = choose_device("auto", "auto", ctranslate2)
    assert device in ("cpu", "cuda")
    assert compute_type in COMPUTE_TYPES


def test_what_is_known_of_a_model_s_errors_is_that_of_the_manifest(tmp_path: Path) -> None:
    assert known_errors("whisper-base", None)["ar"] > known_errors("whisper-base", None)["en"] > 0
    for name, folder in (
        ("whisper-base", tmp_path),
        ("scripted:a.json", None),
        ("openai:a@https://b/v1", None),
        ("none", None),
    ):
        assert known_errors(name, folder) == {}


def test_voices_are_told_apart_by_what_the_store_has(tmp_path: Path) -> None:
    here = {"MOOTHALL_MODELS": str(tmp_path)}
    assert load_encoder(None, store=open_store(here)) is None, "nothing is fetched"
    with pytest.raises(ModelMissing, match="moothall models fetch campplus"):
        load_encoder("campplus", store=open_store(here))
    weights = write_tensors(tmp_path / "small-voices" / WEIGHTS, random_campplus()).read_bytes()
    digest = hashlib.sha256(weights).hexdigest()
    (tmp_path / "manifest.toml").write_text(
        f"""
        format = 1
        defaults.voices = "small-voices"
        [[model]]
        name = "small-voices"
        task = "voices"
        languages = ["en"]
        licence = "CC0-1.0"
        files = [{{ name = "{WEIGHTS}", size = {len(weights)}, sha256 = "{digest}" }}]
        sources = [{{ kind = "folder", path = "/nowhere" }}]
        """
    )
    for name in (None, "small-voices"):
        assert isinstance(load_encoder(name, store=open_store(here)), CampPlusEncoder)
    assert load_encoder("none") is None


def test_the_voices_of_a_script_are_its_own(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_bytes(write_script(make_script(1, 3)))
    assert isinstance(load_encoder(None, f"scripted:{script}"), ScriptedVoiceEncoder)
    assert load_encoder("none", f"scripted:{script}") is None
