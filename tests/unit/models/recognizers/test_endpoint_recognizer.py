"""Requests to a transcription service, and the language that it is assumed to have heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest
from aiohttp import web

from moothall.core.kernel.errors import ConfigurationError, KeyRefused, RecognitionFailed
from moothall_models.ports import RATE, HeardWord, Hypothesis, Samples, Window
from moothall_models.recognizers.endpoint import Faulty, Unusable
from moothall_models.recognizers.endpoint_answer import EndpointAnswer
from moothall_models.recognizers.endpoint_recognizer import (
    CONTEXT_SIGNS,
    MOST_UNHEARD,
    EndpointRecognizer,
    context_of,
    form,
    language_of,
    wav,
)
from support.models.transcription_service import KEY, Service, Style, asker, refusal, samples_of, serving

LOUD = np.full(2 * RATE, 0.25, dtype=np.float32)


def sounding(number: int) -> Samples:
    """Two seconds that differ with the number."""
    return np.full(2 * RATE, number / 30, dtype=np.float32)


class Ear:
    """Hears one word, in a language of its own if it may."""

    def __init__(self, language: str = "en") -> None:
        self.language = language
        self.sounds: list[Samples] = []

    def __call__(self, window: Window) -> Hypothesis:
        self.sounds.append(window.audio)
        language = self.language if self.language in window.languages else window.languages[0]
        return Hypothesis(language=language, words=(HeardWord(f" {language}", 100, 900, 0.9),))


@asynccontextmanager
async def asking(
    service: Service, key: str = KEY, most_unheard: int = MOST_UNHEARD
) -> AsyncIterator[EndpointRecognizer]:
    async with serving(service) as name:
        made = asker(name, key, most_unheard)
        yield made
        made.close()


def refusals(windows: int) -> list[web.Response]:
    """As many as so many windows get, each asked twice."""
    return [refusal(400, "invalid_audio") for _ in range(2 * windows)]


async def hear(recognizer: EndpointRecognizer, *languages: str, audio: Samples = LOUD, prompt: str = "") -> Hypothesis:
    window = Window(audio=audio, languages=languages, prompt=prompt, glossary=("Moothall", "IGF"))
    return await asyncio.to_thread(recognizer.recognise, window)


async def test_the_form_is_the_one_that_the_real_service_takes() -> None:
    service = Service(hear=Ear())
    async with asking(service) as recognizer:
        heard = await hear(recognizer, "en-GB", prompt="Before.")
    assert service.asked == [
        {
            "model": ["whisper-1"],
            "response_format": ["verbose_json"],
            "timestamp_granularities[]": ["word", "segment"],
            "temperature": ["0"],
            "language": ["en"],
            "prompt": ["Moothall, IGF. Before."],
        }
    ]
    assert heard == Hypothesis(language="en-GB", words=(HeardWord(" en", 100, 900, 0.65),), vague=True)


async def test_passes_share_a_connection_and_those_at_a_time_have_their_own() -> None:
    service = Service(hear=Ear())
    async with asking(service) as recognizer:
        for _ in range(3):
            await hear(recognizer, "en")
        assert len(service.peers) == 1


async def test_the_record_says_where_the_sound_went() -> None:
    async with asking(Service(hear=Ear())) as recognizer:
        assert recognizer.model == "whisper-1 at 127.0.0.1"
        assert recognizer.languages == ()


@pytest.mark.parametrize("style", [Style.OPENAI, Style.WHOLE_WORDS])
async def test_of_several_languages_the_service_detects_one(style: Style) -> None:
    service = Service(hear=Ear("de"), style=style)
    async with asking(service) as recognizer:
        heard = await hear(recognizer, "en", "de-CH")
    assert (heard.language, heard.likeliest) == ("de-CH", "de-CH")
    assert [asked.get("language") for asked in service.asked] == [None]


async def test_what_is_heard_in_a_language_that_nobody_speaks_is_heard_once_more() -> None:
    service = Service(hear=Ear("fr"))
    async with asking(service) as recognizer:
        heard = await hear(recognizer, "de", "en")
    assert (heard.language, heard.likeliest) == ("de", None)
    assert [word.text for word in heard.words] == [" de"]
    assert [asked.get("language") for asked in service.asked] == [None, ["de"]]


async def test_silence_is_not_heard_twice() -> None:
    def nothing(_: Window) -> Hypothesis:
        return Hypothesis(language="fr", words=())

    service = Service(hear=nothing)
    async with asking(service) as recognizer:
        assert await hear(recognizer, "de", "en") == Hypothesis(language="de", words=())
    assert len(service.asked) == 1


async def test_no_sound_is_no_request_and_more_than_30_s_is_cut() -> None:
    ear = Ear()
    service = Service(hear=ear)
    async with asking(service) as recognizer:
        assert (await hear(recognizer, "en", audio=LOUD[:0])).words == ()
        assert service.asked == []
        await hear(recognizer, "en", audio=np.zeros(31 * RATE, dtype=np.float32))
    assert [len(sound) for sound in ear.sounds] == [30 * RATE]


async def test_the_first_request_shows_what_is_wrong() -> None:
    async with asking(Service(hear=Ear()), key="another") as recognizer:
        with pytest.raises(ConfigurationError, match=r"refused the key \(status 401, invalid_api_key\)"):
            await asyncio.to_thread(recognizer.warm_up)
    service = Service(hear=Ear(), first=[web.Response(text="Welcome!")])
    async with asking(service) as recognizer:
        with pytest.raises(RecognitionFailed, match="is no transcription in the form of verbose_json"):
            await asyncio.to_thread(recognizer.warm_up)
        await asyncio.to_thread(recognizer.warm_up)
        service.first.append(refusal(400, "unsupported_value"))
        with pytest.raises(RecognitionFailed, match="It must know verbose_json"):
            await asyncio.to_thread(recognizer.warm_up)


@pytest.mark.parametrize("languages", [("en",), ("de", "en")])
async def test_a_window_that_the_service_does_not_transcribe_is_passed_over(
    caplog: pytest.LogCaptureFixture, languages: tuple[str, ...]
) -> None:
    first = [refusal(400, "invalid_audio"), web.Response(text="What was said")]
    service = Service(hear=Ear(), first=first)
    async with asking(service) as recognizer:
        assert await hear(recognizer, *languages) == Hypothesis(language=languages[0], words=(), passed_over=True)
        assert len(service.asked) == 2
        assert [word.text for word in (await hear(recognizer, "en")).words] == [" en"]
    (warning,) = caplog.messages
    assert warning.endswith(
        "in the form of verbose_json. The second request failed too; the engine skips 2000 ms of sound."
    )
    assert "said" not in warning


POISON = np.full(2 * RATE, -0.5, dtype=np.float32)
"""What the service fails at."""


def poisoned(sound: Samples) -> int:
    return 500 if sound.min() < -0.4 else 0


async def test_a_service_that_fails_at_one_window_only_is_not_asked_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    service = Service(hear=Ear(), chokes=poisoned)
    async with asking(service) as recognizer:
        for _ in range(3):
            # Four tries, one question of silence that it answers, four tries more.
            assert (await hear(recognizer, "en", audio=POISON)).passed_over
            assert len(service.asked) == 9
            # The same place once more, with what follows: one try is enough to see that it still fails.
            longer = np.concatenate([POISON, LOUD])
            assert (await hear(recognizer, "en", audio=longer)).passed_over
            assert len(service.asked) == 10
            # What follows alone is heard, and all is as before.
            assert [word.text for word in (await hear(recognizer, "en")).words] == [" en"]
            service.asked.clear()
    assert len(caplog.messages) == 6
    assert all(message.endswith("ms of sound.") for message in caplog.messages)
    assert "it answered with status 500." in caplog.messages[0]


async def test_a_service_that_fails_at_everything_is_away_and_no_sound_is_passed_over() -> None:
    service = Service(hear=Ear(), chokes=lambda _: 500)
    async with asking(service) as recognizer:
        for _ in range(2):
            with pytest.raises(RecognitionFailed, match=r"status 500. The sound is kept and asked again") as caught:
                await hear(recognizer, "en")
            assert not isinstance(caught.value, Faulty)
        service.chokes = lambda _: 0
        assert (await hear(recognizer, "en")).words


async def test_a_service_that_answers_silence_alone_is_away_after_some_places() -> None:
    service = Service(hear=Ear(), chokes=lambda sound: 502 if sound.any() else 0)
    async with asking(service) as recognizer:
        for number in range(1, MOST_UNHEARD + 1):
            assert (await hear(recognizer, "en", audio=sounding(number))).passed_over
        for _ in range(2):
            with pytest.raises(RecognitionFailed, match="The sound is kept and asked again"):
                await hear(recognizer, "en", audio=LOUD)
        service.chokes = lambda _: 0
        assert (await hear(recognizer, "en")).words
        service.chokes = poisoned
        assert (await hear(recognizer, "en", audio=POISON)).passed_over


async def test_a_recording_is_never_passed_over() -> None:
    service = Service(hear=Ear(), chokes=poisoned)
    async with asking(service, most_unheard=0) as recognizer:
        with pytest.raises(RecognitionFailed, match="status 500"):
            await hear(recognizer, "en", audio=POISON)
    assert len(service.asked) == 4


async def test_the_key_is_read_anew_with_each_warming_up() -> None:
    keys = iter(["another", KEY])
    async with serving(Service(hear=Ear())) as name:
        recognizer = asker(name, keys.__next__)
        with pytest.raises(KeyRefused):
            await hear(recognizer, "en")
        await asyncio.to_thread(recognizer.warm_up)
        assert (await hear(recognizer, "en")).words
        recognizer.close()


@pytest.mark.parametrize("most_unheard", [0, MOST_UNHEARD])
async def test_a_refusal_that_does_not_last_loses_no_word(most_unheard: int) -> None:
    service = Service(hear=Ear(), first=[refusal(400, "invalid_audio")])
    async with asking(service, most_unheard=most_unheard) as recognizer:
        assert [word.text for word in (await hear(recognizer, "en")).words] == [" en"]


async def test_where_no_window_may_be_left_without_words_it_says_so() -> None:
    service = Service(hear=Ear(), first=refusals(1))
    async with asking(service, most_unheard=0) as recognizer:
        with pytest.raises(Unusable, match=r"refused to transcribe \(status 400, invalid_audio\)"):
            await hear(recognizer, "en")


async def test_a_service_that_transcribes_nothing_is_not_asked_for_ever() -> None:
    service = Service(hear=Ear())
    places = [sounding(number) for number in range(1, MOST_UNHEARD + 2)]
    async with asking(service) as recognizer:
        for _ in range(2):  # One that it hears between them ends the row.
            service.first = refusals(MOST_UNHEARD)
            for audio in places[:MOST_UNHEARD]:
                assert (await hear(recognizer, "en", audio=audio)).passed_over
            assert (await hear(recognizer, "en")).words
        service.first = refusals(MOST_UNHEARD + 1)
        for audio in places[:MOST_UNHEARD]:
            await hear(recognizer, "en", audio=audio)
        with pytest.raises(
            ConfigurationError, match=r"\(status 400, invalid_audio\).* with 6 windows in a row, and the engine ends"
        ):
            await hear(recognizer, "en", audio=places[-1])


@pytest.mark.parametrize(
    ("said", "among", "found"),
    [
        ("english", ("de", "en"), "en"),
        ("English", ("en-GB",), "en-GB"),
        ("pt", ("en", "pt-BR"), "pt-BR"),
        ("norwegian", ("nb",), "nb"),
        ("no", ("nb",), "nb"),
        ("jw", ("jv",), "jv"),
        ("nynorsk", ("nn",), "nn"),
        ("haitian creole", ("ht",), "ht"),
        ("myanmar", ("my",), "my"),
        ("chinese", ("zh",), "zh"),
        ("french", ("de", "en"), None),
        ("", ("de", "en"), None),
        (None, ("de",), None),
        ("english", ("x-none", "en"), "en"),
    ],
)
def test_languages_by_code_and_name(said: str | None, among: tuple[str, ...], found: str | None) -> None:
    assert language_of(EndpointAnswer(language=said), among) == found


def test_the_newest_of_the_context_is_sent_from_a_whole_word_on() -> None:
    prompt = " ".join(f"w{number}" for number in range(200))
    context = context_of(Window(audio=LOUD, languages=("en",), prompt=prompt))
    assert len(context) <= CONTEXT_SIGNS
    assert prompt.endswith(" " + context)
    assert context_of(Window(audio=LOUD, languages=("en",), prompt="a\n b")) == "a b"
    assert context_of(Window(audio=LOUD, languages=("en",), glossary=("a", "b"))) == "a, b"
    assert context_of(Window(audio=LOUD, languages=("en",))) == ""


def test_sound_is_sent_to_the_bit_and_a_second_at_least() -> None:
    sound = (np.array([0, 4096, -4097, 32767, -32768]) / 32_768).astype(np.float32)
    read = samples_of(wav(sound))
    assert (read[:5] == sound).all()
    assert len(read) == RATE
    assert not read[5:].any()
    assert (samples_of(wav(np.array([2, -2], dtype=np.float32)))[:2] == np.array([32_767 / 32_768, -1])).all()


def test_nothing_in_a_form_ends_a_part_of_it() -> None:
    body, content_type = form([("prompt", "\r\n--x--\r\n")], b"\r\n--sound")
    boundary = content_type.partition("boundary=")[2].encode()
    assert body.count(b"--" + boundary) == 3
    assert body.endswith(b"--" + boundary + b"--\r\n")
