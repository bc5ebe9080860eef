from __future__ import annotations

import asyncio
import io
from pathlib import Path

import msgspec
import numpy as np
import pytest

from moothall.testing.scripted import Script, ScriptWord, make_script, render, write_script
from moothall.wire.transcribing import (
    FRAME_SAMPLES,
    Finished,
    HeardLine,
    HeardPiece,
    Reached,
    TranscriberMessage,
    TranscriptionFailed,
    TranscriptionRequest,
    frame,
)
from moothall_models.ports import RATE, VAD_FRAME, Hypothesis, Window
from moothall_models.recognizers.endpoint import Unusable
from moothall_models.recognizers.scripted import ScriptedVoiceActivity
from moothall_models.transcribing import GATHERED, load_batches, main
from support.models.tone_models import SAID, speech, store_of, streaming_model
from support.models.transcription_service import Service, refusal, serving

AT_ONCE = 16 * FRAME_SAMPLES


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Some fifty sentences with long pauses: a piece each, and more than are gathered."""
    made = make_script(5, 400, pause_ms=2_400)
    (tmp_path / "script.json").write_bytes(write_script(made))
    return made


def order(tmp_path: Path, **fields: object) -> TranscriptionRequest:
    fields = {"model": f"scripted:{tmp_path / 'script.json'}", "languages": ("en",), **fields}
    return msgspec.convert(fields, TranscriptionRequest)


def served(wanted: TranscriptionRequest, pcm: bytes, *, whole: bool = True) -> tuple[int, list[TranscriberMessage]]:
    sent = msgspec.json.encode(wanted) + b"\n"
    for at in range(0, len(pcm), 2 * AT_ONCE):
        sent += frame(pcm[at : at + 2 * AT_ONCE])
    out = io.BytesIO()
    code = main(io.BytesIO(sent + (frame(b"") if whole else b"")), out)
    return code, [msgspec.json.decode(line, type=TranscriberMessage) for line in out.getvalue().splitlines()]


def pieces(answers: list[TranscriberMessage]) -> list[HeardPiece]:
    return [each for each in answers if isinstance(each, HeardPiece)]


def said(answers: list[TranscriberMessage]) -> list[str]:
    return [word.text.strip() for line in answers if isinstance(line, HeardLine) for word in line.words]


def test_every_word_comes_in_lines_that_are_sentences(tmp_path: Path, script: Script) -> None:
    code, answers = served(order(tmp_path), render(script))
    assert code == 0
    assert said(answers) == [word.text.strip() for word in script.words]
    lines = [each for each in answers if isinstance(each, HeardLine)]
    assert all(line.text.endswith(".") for line in lines)
    assert len(pieces(answers)) > 2 * GATHERED
    assert isinstance(answers[-1], Finished)
    # Times are the script's, to the ms.
    spoken = [word for line in lines for word in line.words]
    assert [(word.t0, word.t1) for word in spoken] == [(word.t0, word.t1) for word in script.words]


def test_an_answer_says_how_far_it_is_also_in_silence(tmp_path: Path, script: Script) -> None:
    _, answers = served(order(tmp_path), bytes(2 * 16_000 * 10))
    reached = [each.sample for each in answers if isinstance(each, Reached)]
    assert reached == sorted(reached)
    assert reached[-1] == 160_000
    assert said(answers) == []


@pytest.mark.parametrize("done", [1, 7, 30])
def test_whoever_goes_on_gets_what_an_undisturbed_run_gives(tmp_path: Path, script: Script, done: int) -> None:
    pcm = render(script)
    _, undisturbed = served(order(tmp_path), pcm)
    known = pieces(undisturbed)[:done]
    first = max(0, known[-1].last // FRAME_SAMPLES - 100) * FRAME_SAMPLES
    code, answers = served(order(tmp_path, known=known, first=first), pcm[2 * first :])
    assert code == 0
    assert known + pieces(answers) == pieces(undisturbed)
    assert said(answers) == said(undisturbed)


def test_a_recording_that_was_all_heard_needs_no_recogniser(tmp_path: Path, script: Script) -> None:
    pcm = render(script)
    _, undisturbed = served(order(tmp_path), pcm)
    known = pieces(undisturbed)
    again = order(tmp_path, known=known, first=len(pcm) // 2 // FRAME_SAMPLES * FRAME_SAMPLES)
    (tmp_path / "script.json").unlink()
    code, answers = served(again, b"")
    assert (code, said(answers)) == (0, said(undisturbed))


def test_at_the_end_it_says_in_which_languages_the_model_is_rough(tmp_path: Path, script: Script) -> None:
    for model, rough in (("whisper-base", True), (f"scripted:{tmp_path / 'script.json'}", False)):
        *_, last = served(order(tmp_path, model=model, languages=("ar",)), bytes(32_000))[1]
        assert isinstance(last, Finished)
        assert ("ar" in last.rough) is rough
        assert "en" not in last.rough


def test_chinese_is_written_in_the_script_of_its_language(tmp_path: Path) -> None:
    made = make_script(1, 8, pause_ms=2_400)
    made = msgspec.structs.replace(
        made, words=tuple(msgspec.structs.replace(word, text="數据。") for word in made.words)
    )
    (tmp_path / "script.json").write_bytes(write_script(made))
    written = {
        tag: set(said(served(order(tmp_path, languages=(tag,)), render(made))[1])) for tag in ("zh", "zh-TW", "ja")
    }
    assert written == {"zh": {"数据。"}, "zh-TW": {"數據。"}, "ja": {"數据。"}}


def test_of_several_languages_each_utterance_is_alone(tmp_path: Path) -> None:
    made = make_script(2, 40, pause_ms=800)
    (tmp_path / "script.json").write_bytes(write_script(made))
    _, one = served(order(tmp_path), render(made))
    _, several = served(order(tmp_path, languages=("en", "fr")), render(made))
    assert len(pieces(several)) > len(pieces(one))
    assert said(one) == said(several) == [word.text.strip() for word in made.words]


def test_speech_without_a_pause_is_cut_and_loses_no_word(tmp_path: Path) -> None:
    made = make_script(2, 150, vocabulary=(), pause_ms=40)
    (tmp_path / "script.json").write_bytes(write_script(made))
    code, answers = served(order(tmp_path), render(made))
    assert code == 0
    assert any(each.cut for each in pieces(answers))
    assert set(said(answers)) == {word.text.strip() for word in made.words}


@pytest.mark.parametrize("end", [b"", b"\x02\0\0\0\1", b"\x03\0\0\0abc", b"\xff\xff\xff\xff", b"\x02\0"])
def test_sound_that_breaks_off_is_no_recording(tmp_path: Path, script: Script, end: bytes) -> None:
    out = io.BytesIO()
    assert main(io.BytesIO(msgspec.json.encode(order(tmp_path)) + b"\n" + end), out) == 1
    (trouble,) = [msgspec.json.decode(line, type=TranscriberMessage) for line in out.getvalue().splitlines()]
    assert isinstance(trouble, TranscriptionFailed)
    assert "broke off" in trouble.sentence


def test_what_can_not_be_done_is_said(tmp_path: Path, script: Script) -> None:
    code, answers = served(order(tmp_path, model=f"scripted:{tmp_path / 'none.json'}"), render(script)[:400_000])
    assert code == 1
    assert isinstance(answers[-1], TranscriptionFailed)
    assert "can't be read" in answers[-1].sentence
    assert main(io.BytesIO(b"?\n"), out := io.BytesIO()) == 1
    assert b'"is":"trouble"' in out.getvalue()


async def test_a_service_leaves_no_hole_in_a_recording() -> None:
    first = [refusal(400, "invalid_audio", {"Connection": "close"}) for _ in range(2)]
    service = Service(hear=lambda _: Hypothesis(language="en", words=()), key="", first=first)
    window = Window(audio=np.zeros(RATE, dtype=np.float32), languages=("en",))
    async with serving(service) as name:
        with pytest.raises(Unusable, match="refused to transcribe"):
            await asyncio.to_thread(load_batches(name, 1).recognise_all, [window])


SCRIPT = Script(words=(ScriptWord(" one", 0, 320), ScriptWord(" two", 640, 960)))
AUDIO = np.frombuffer(render(SCRIPT, 64), dtype="<i2").astype(np.float32) / np.float32(32_768)


def test_frames_are_judged_one_by_one() -> None:
    odds = ScriptedVoiceActivity().probabilities(AUDIO[: 20 * VAD_FRAME])
    assert odds == [1.0] * 10 + [0.0] * 10


def test_a_model_of_ones_own_transcribes_whole_windows(tmp_path: Path) -> None:
    store = store_of(streaming_model(tmp_path / "model"), tmp_path / "shelf", "ours")
    recognizer = load_batches("ours", 1, store)
    heard = recognizer.recognise_all([Window(audio=speech(), languages=("en",))] * 2)
    assert ["".join(word.text for word in each.words) for each in heard] == [SAID, SAID]
