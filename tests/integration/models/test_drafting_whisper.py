"""Our own decoder on a real model, compared with CTranslate2's, on speech of the sample session.

Everything marked `slow` is also in the quick tests: `contract/test_recognizer.py` gives the same model drafts, two
channels at a time and 40 s of sound, and `unit/models/recognizers/whisper` decodes with a small one.
"""

from __future__ import annotations

import json
import logging
import statistics
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from difflib import SequenceMatcher
from pathlib import Path

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from moothall.core.kernel.letters import letters
from moothall_models.cli import Computing, load_model
from moothall_models.ports import RATE, Hypothesis, Samples, Window
from moothall_models.recognizers.whisper.ct2_model import read_weights
from moothall_models.recognizers.whisper.decoder import WhisperDecoder
from moothall_models.recognizers.whisper.drafting_whisper import MOST_APART, DraftingWhisper
from moothall_models.recognizers.whisper.readings import MOST, UNSURE
from moothall_models.recognizers.whisper.whisper import WhisperRecognizer
from moothall_models.store import open_store
from support.models.little_decoder import model_bytes, write_model
from support.sound.hearing import sample_sound

pytestmark = pytest.mark.model
MODEL = "whisper-tiny.en"
SPANS = (
    *((0, 6_400), (700, 3_000), (11_000, 16_700), (19_100, 28_700), (21_000, 24_000), (31_100, 40_400)),
    *((45_000, 47_000), (45_000, 53_000), (58_500, 63_900)),
)
"""Windows of the sample session, ms."""
FEW = ((0, 6_400), (19_100, 28_700), (45_000, 47_000))


@pytest.fixture(scope="module")
def drafting() -> DraftingWhisper:
    made = DraftingWhisper(open_store().path(MODEL), model=MODEL)
    made.warm_up()
    return made


@pytest.fixture(scope="module")
def plain() -> WhisperRecognizer:
    return WhisperRecognizer(open_store().path(MODEL), model=MODEL)


async def sound(first_ms: int, last_ms: int) -> Samples:
    pcm = np.frombuffer(await sample_sound(first_ms, last_ms), dtype="<i2")
    return (pcm / 32_768).astype(np.float32)


async def windows(spans: Sequence[tuple[int, int]] = SPANS) -> list[Window]:
    return [Window(audio=await sound(*span), languages=("en",)) for span in spans]


def text(hypothesis: Hypothesis) -> str:
    return "".join(word.text for word in hypothesis.words)


async def test_a_word_in_doubt_has_other_readings_where_they_are_wanted(drafting: DraftingWhisper) -> None:
    doubted = found = 0
    for window in await windows(((11_000, 16_700), (45_000, 53_000), (58_500, 63_900))):
        plainly = drafting.recognise(window)
        wanted = msgspec.structs.replace(window, whole=len(window.audio) * 1_000 // RATE, settled=True)
        heard = drafting.recognise(wanted)
        without = [msgspec.structs.replace(word, others=()) for word in heard.words]
        assert tuple(without) == plainly.words, "they change nothing else"
        for word in heard.words:
            assert not word.others or word.p < UNSURE
            assert len(word.others) <= MOST
            assert len({letters(text) for text in (word.text, *word.others)}) == len(word.others) + 1
            assert all(text == text.strip() and " " not in text for text in word.others)
            doubted, found = doubted + (word.p < UNSURE), found + bool(word.others)
    assert 0 < found <= doubted


@pytest.mark.parametrize(
    ("spans", "most"), [(FEW, 30), pytest.param(SPANS, 100, marks=pytest.mark.slow)], ids=["few", "all"]
)
async def test_it_hears_what_the_other_decoder_hears(
    drafting: DraftingWhisper, plain: WhisperRecognizer, spans: Sequence[tuple[int, int]], most: int
) -> None:
    same = words = 0
    begins: list[int] = []
    ends: list[int] = []
    for window in await windows(spans):
        ours, theirs = drafting.recognise(window), plain.recognise(window)
        words += len(theirs.words)
        assert (ours.language, ours.likeliest) == (theirs.language, theirs.likeliest)
        assert all(0 < word.p <= 1 for word in ours.words)
        times = [t for word in ours.words for t in (word.t0, word.t1)]
        assert times == sorted(times)
        assert max(times, default=0) <= len(window.audio) * 1000 // RATE
        matcher = SequenceMatcher(None, [word.text for word in ours.words], [word.text for word in theirs.words], False)
        for of_ours, of_theirs, count in matcher.get_matching_blocks():
            same += count
            begins += [abs(ours.words[of_ours + n].t0 - theirs.words[of_theirs + n].t0) for n in range(count)]
            ends += [abs(ours.words[of_ours + n].t1 - theirs.words[of_theirs + n].t1) for n in range(count)]
    assert words > most
    assert same >= 0.95 * words
    assert statistics.median(begins) <= 100
    assert statistics.median(ends) <= 100


@pytest.mark.slow
async def test_any_draft_gives_the_same_words(drafting: DraftingWhisper) -> None:
    for window in (await windows())[::3]:
        alone = drafting.recognise(window)
        said = text(alone)
        half = len(said) // 2
        for draft in (
            said,
            said[: half // 2] + " something else" + said[half:],
            said[half:] + said[:half],
            said.upper(),
            " and" * 60,
            "<|endoftext|><|0.00|> x<|startoftranscript|>",
            "人々は町の広場に集まった。Добрый день, \ufffd\U0001f600\u200f",
        ):
            heard = drafting.recognise(msgspec.structs.replace(window, draft=draft))
            assert text(heard) == said
            assert [word.t0 for word in heard.words] == pytest.approx([word.t0 for word in alone.words], abs=60)


@pytest.mark.slow
async def test_two_workers_at_once_hear_what_one_hears(drafting: DraftingWhisper) -> None:
    some = (await windows())[:4]
    with ThreadPoolExecutor(2) as threads:
        heard = list(threads.map(drafting.recognise, some * 3))
    assert heard == [drafting.recognise(window) for window in some] * 3


async def test_what_came_before_and_terms_may_be_given(drafting: DraftingWhisper) -> None:
    window = Window(
        audio=(await sound(0, 3_000)),
        languages=("en",),
        prompt="The chair speaks. " * 40,
        glossary=("Moothall",),
        draft=" Good afternoon",
    )
    assert "afternoon" in text(drafting.recognise(window))


def test_silence_says_little_and_never_fails(drafting: DraftingWhisper) -> None:
    for seconds in (0.0, 0.01, 1, 40):
        audio = np.zeros(int(seconds * RATE), dtype=np.float32)
        heard = drafting.recognise(Window(audio=audio, languages=("en",), draft=" Thank you."))
        assert len(heard.words) <= 3


@pytest.mark.slow
async def test_a_whole_half_minute_is_heard(drafting: DraftingWhisper) -> None:
    heard = drafting.recognise(Window(audio=await sound(0, 31_000), languages=("en",)))
    assert len(heard.words) > 40


def test_both_decoders_find_the_same_likely(drafting: DraftingWhisper) -> None:
    assert drafting._apart() < MOST_APART / 2


async def test_a_decoder_that_computes_wrongly_is_not_used(
    plain: WhisperRecognizer, caplog: pytest.LogCaptureFixture
) -> None:
    folder = open_store().path(MODEL)
    broken = DraftingWhisper(folder, model=MODEL)
    weights = dict(read_weights(folder / "model.bin"))
    name = "decoder/layer_0/attention/linear_2/weight"
    weights[name] = -weights[name].astype(np.float32)
    broken._decoder = WhisperDecoder(weights, [(2, 2)])
    window = Window(audio=await sound(0, 6_400), languages=("en",), draft=" Good evening")
    assert broken.recognise(window) != plain.recognise(window)
    broken.warm_up()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "The decoder of whisper-tiny.en computes wrongly here" in caplog.text
    assert broken.recognise(window) == plain.recognise(window)


def folder_like(tmp_path: Path, *, without: str) -> Path:
    """The model's files but for one."""
    for path in open_store().path(MODEL).iterdir():
        if path.name != without:
            (tmp_path / path.name).symlink_to(path)
    return tmp_path


def quantised(weights: dict[str, NDArray[np.generic]]) -> dict[str, NDArray[np.generic]]:
    """As CTranslate2's converter writes them with `quantization="int8"`, but for the vocabulary."""
    made: dict[str, NDArray[np.generic]] = {}
    for name, values in weights.items():
        made[name] = values
        if "/linear_" in name and name.endswith("/weight"):
            rows = values.astype(np.float32)
            scale = 127 / np.abs(rows).max(axis=1)
            made[name] = np.rint(rows * scale[:, np.newaxis]).astype(np.int8)
            made[f"{name}_scale"] = scale.astype(np.float32)
    return made


async def heard_through(folder: Path) -> tuple[type, str]:
    """The recogniser that the engine loads from a folder, and what it hears."""
    recognizer, _ = load_model(MODEL, folder, Computing())
    return type(recognizer), text(recognizer.recognise(Window(audio=await sound(0, 6_400), languages=("en",))))


async def test_the_engine_takes_it_where_it_can(caplog: pytest.LogCaptureFixture) -> None:
    kind, said = await heard_through(open_store().path(MODEL))
    assert kind is DraftingWhisper
    assert "welcome to this open session" in said
    assert not caplog.records


async def test_a_quantised_model_is_decoded_by_the_library_that_wrote_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    weights = quantised(read_weights(open_store().path(MODEL) / "model.bin"))
    write_model(folder_like(tmp_path, without="model.bin"), model_bytes(weights))
    kind, said = await heard_through(tmp_path)
    assert kind is WhisperRecognizer
    assert "welcome to this open session" in said
    (line,) = caplog.messages
    assert line.startswith("whisper-tiny.en is decoded one token at a time, which takes longer: ")
    assert "has int8 numbers" in line


@pytest.mark.slow
async def test_a_model_that_does_not_say_which_heads_follow_the_audio_has_times_all_the_same(
    tmp_path: Path, drafting: DraftingWhisper
) -> None:
    config = json.loads((open_store().path(MODEL) / "config.json").read_bytes())
    del config["alignment_heads"], config["suppress_ids"]
    (folder_like(tmp_path, without="config.json") / "config.json").write_text(json.dumps(config), encoding="utf-8")
    other = DraftingWhisper(tmp_path, model=MODEL)
    window = Window(audio=await sound(0, 6_400), languages=("en",))
    ours, theirs = other.recognise(window), drafting.recognise(window)
    assert text(ours) == text(theirs)
    assert statistics.median(abs(a.t0 - b.t0) for a, b in zip(ours.words, theirs.words, strict=True)) <= 200


@pytest.mark.slow
async def test_of_several_languages_it_takes_the_one_that_is_certain() -> None:
    several = DraftingWhisper(open_store().path("whisper-base"), model="whisper-base")
    window = Window(audio=await sound(0, 6_400), languages=("en", "de"))
    english = several.recognise(window)
    assert (english.language, english.likeliest) == ("en", "en")
    assert "welcome to this open session" in text(english)
    # Another language is taken where it is likelier than asked for, and the prompt is read again in it.
    other = several.recognise(msgspec.structs.replace(window, languages=("de", "en"), switch_p=0.9))
    assert other == english
    # Where that is beyond reach it stays with the first, and says what it found.
    stayed = several.recognise(msgspec.structs.replace(window, languages=("de", "en"), switch_p=1.1))
    assert (stayed.language, stayed.likeliest) == ("de", "en")
    regional = several.recognise(msgspec.structs.replace(window, languages=("de-AT", "en-GB")))
    assert (regional.language, regional.likeliest) == ("en-GB", "en-GB")
    drafted = several.recognise(msgspec.structs.replace(window, languages=("de", "en"), draft=text(english)))
    assert text(drafted) == text(english)
