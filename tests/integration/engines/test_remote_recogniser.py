"""A hall whose engine asks a service: real processes, real sound, and a real model behind the service.

Without a model, `contract/test_recognizer.py` and `unit/models/recognizers/test_endpoint*.py` have services that fail,
refuse and answer in four styles, and `test_refused_key.py` has a hall whose engine's service refuses it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from moothall_models.ports import Hypothesis
from moothall_models.recognizers.whisper.whisper import WhisperRecognizer
from moothall_models.store import open_store
from support.halls.process import HallProcess, free_port, logged, watched, write_wave
from support.models.transcription_service import KEY, Service, refusal, serving
from support.sound.hearing import sample_sound

OPENING = "welcome to this open session on remote participation"


@pytest.fixture
async def sound(tmp_path: Path) -> Path:
    write_wave(tmp_path / "talk.wav", await sample_sound(0, 12_000))
    return tmp_path / "talk.wav"


@pytest.mark.model
@pytest.mark.slow
async def test_what_is_said_is_in_the_record_though_the_service_fails_now_and_then(tmp_path: Path, sound: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    config = tmp_path / "hall.toml"
    config.write_text(f'[engine]\nkey_file = "{tmp_path / "key"}"\n')
    model = WhisperRecognizer(open_store().path("whisper-tiny.en"), model="whisper-tiny.en")
    service = Service(hear=model.recognise)
    async with serving(service) as name:
        hall = HallProcess(tmp_path / "data", sound, name, free_port(31), "--config", str(config))
        async with watched(hall) as witness:
            await witness.until(lambda: witness.words)
            # Four tries in vain are one window given up: the engine gives its text back, and gets it again.
            service.first += [refusal(503, "busy") for _ in range(4)]
            await witness.more_words(len(witness.words))
            assert "the next one starts" not in hall.log.read_text()
            # One that it will not transcribe is left without words, and the engine goes on.
            await witness.until(lambda: len(witness.words) >= len(OPENING.split()))
            service.first += [refusal(400, "invalid_audio") for _ in range(2)]
            await witness.more_words(len(witness.words))
            await witness.until(lambda: witness.closed)
    log = logged(hall.data)
    assert OPENING in " ".join(log.texts).lower()
    assert not service.first
    assert len(log.seams) == 1
    said = hall.log.read_text()
    assert "127.0.0.1 gave no transcription: it answered with status 503. The sound is kept and asked again." in said
    assert said.count("ms of sound.") == 1
    assert "the next one starts" not in said
    assert KEY not in said
    assert "Traceback" not in said
    assert "participation" not in said


async def test_a_wrong_key_is_said_and_tried_again_later(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-of-somebody-else\n")
    service = Service(hear=lambda _: Hypothesis(language="en", words=()))
    async with serving(service) as name:
        arguments = ["--url", "ws://127.0.0.1:1/", "--model", name, "--key-file", str(tmp_path / "key")]
        engine = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "moothall_models", *arguments),
            env={**os.environ, "MOOTHALL_ENGINE_TOKEN": "secret"},
            stderr=asyncio.subprocess.PIPE,
        )
        assert engine.stderr is not None
        said = (await engine.stderr.readline()).decode()
        engine.terminate()
        await engine.communicate()
    assert engine.returncode == 0
    assert said.endswith(
        "127.0.0.1 refused the key (status 401, invalid_api_key). Give the engine the right one. "
        "The key is read again in 60 s.\n"
    )
    assert "somebody-else" not in said
