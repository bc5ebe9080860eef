"""A transcription service like OpenAI's, for tests: it rejects unusual requests, and hears what the test says."""

from __future__ import annotations

import io
import re
import ssl
import wave
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from aiohttp import BodyPartReader, web

from moothall_models.ports import RATE, HeardWord, Hypothesis, Samples, Window
from moothall_models.recognizers.endpoint import Endpoint, read_address
from moothall_models.recognizers.endpoint_recognizer import MOST_UNHEARD, EndpointRecognizer
from support.links.site import Site

KEY = "sk-for-tests-0123456789"
MODEL = "whisper-1"
NAMES = {"en": "english", "de": "german", "fr": "french"}
FIELDS = frozenset(
    {"model", "language", "prompt", "response_format", "temperature", "timestamp_granularities[]", "file"}
)
MOST_BYTES = 25 * 1024 * 1024
SEGMENT_GAP_MS = 500

Hear = Callable[[Window], Hypothesis]


class Style(StrEnum):
    """The forms of answer in which services differ."""

    OPENAI = "openai"
    """Words without punctuation beside segments; the language by its English name."""
    WHOLE_WORDS = "whole words"
    """Words with spaces, punctuation and probability; the language by its code."""
    SEGMENTS = "segments"
    """No words: it doesn't know `timestamp_granularities`."""
    TEXT = "text"
    """Neither words nor segments."""


@dataclass(kw_only=True)
class Service:
    """The service: how it answers, and the requests that it got."""

    hear: Hear
    languages: tuple[str, ...] = ("en", "de", "fr")
    """The languages among which it detects."""
    style: Style = Style.OPENAI
    key: str = KEY
    chokes: Callable[[Samples], int] = lambda _: 0
    """Returns the status with which it fails at a sound; 0 for none."""
    first: list[web.Response] = field(default_factory=list)
    """Answers to the first requests, one each, before anything is heard."""
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    """The received forms, without the sound."""
    peers: set[object] = field(default_factory=set)
    """The clients' ports: one for each connection."""

    async def answer(self, request: web.Request) -> web.Response:
        """Answer `POST /v1/audio/transcriptions`."""
        if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
            return refusal(401, "invalid_api_key")
        peer = request.transport.get_extra_info("peername") if request.transport is not None else None
        self.peers.add(peer)
        fields, sound = await read_form(request)
        self.asked.append(fields)
        if self.first:
            return self.first.pop(0)
        wrong = mistake(fields)
        if wrong is not None:
            return wrong
        if sound is None or len(sound) < RATE / 10:
            return refusal(400, "audio_too_short")
        if status := self.chokes(sound):
            return refusal(status, "server_error")
        languages = tuple(fields.get("language", self.languages))
        return web.json_response(self.said(self.hear(Window(audio=sound, languages=languages)), len(sound)))

    def said(self, heard: Hypothesis, samples: int) -> dict[str, object]:
        """Return the hypothesis in the form of this style of service."""
        named = self.style is Style.OPENAI
        language = NAMES.get(heard.language, heard.language) if named else heard.language
        text = "".join(word.text for word in heard.words)
        body: dict[str, object] = {"task": "transcribe", "duration": samples / RATE, "text": text.strip()}
        body["language"] = language
        if self.style is not Style.TEXT:
            body["segments"] = [
                {
                    "id": number,
                    "text": "".join(word.text for word in words),
                    "start": words[0].t0 / 1000,
                    "end": words[-1].t1 / 1000,
                    "avg_logprob": -0.2,
                    "no_speech_prob": 0.01,
                }
                for number, words in enumerate(segments(heard.words))
            ]
        if self.style is Style.OPENAI:
            body["words"] = [
                {"word": re.sub(r"[^\w']", "", word.text), "start": word.t0 / 1000, "end": word.t1 / 1000}
                for word in heard.words
            ]
        if self.style is Style.WHOLE_WORDS:
            body["words"] = [
                {"word": word.text, "start": word.t0 / 1000, "end": word.t1 / 1000, "probability": word.p}
                for word in heard.words
            ]
        return body


@asynccontextmanager
async def serving(service: Service, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Run the service on this machine; yields the name of its model for an engine."""
    app = web.Application(client_max_size=MOST_BYTES)
    app.router.add_post("/v1/audio/transcriptions", service.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = Site(runner, tls=tls)
        await site.start()
        port = runner.addresses[0][1]
        yield f"openai:{MODEL}@{'http' if tls is None else 'https'}://127.0.0.1:{port}/v1"
    finally:
        await runner.cleanup()


def asker(name: str, key: str | Callable[[], str] = KEY, most_unheard: int = MOST_UNHEARD) -> EndpointRecognizer:
    """Return a recogniser that uses the service of that name, without waiting between attempts."""
    address = read_address(name)
    endpoint = Endpoint(address, key if callable(key) else lambda: key, seconds=lambda: 0.0, pause=lambda _: None)
    return EndpointRecognizer(address, endpoint, most_unheard=most_unheard)


def refusal(status: int, code: str, headers: dict[str, str] | None = None) -> web.Response:
    """Return an error in the service's form; its message repeats secrets that must not be logged."""
    error = {"message": "Wrong: sk-for-tests and what was said.", "type": "invalid_request_error", "code": code}
    return web.json_response({"error": error}, status=status, headers=headers)


def mistake(fields: dict[str, list[str]]) -> web.Response | None:
    """Return the refusal of the real service for these fields; None when it would accept them."""
    if set(fields) - FIELDS:
        return refusal(400, "unknown_parameter")
    if fields.get("model") != [MODEL]:
        return refusal(404, "model_not_found")
    if fields.get("response_format", ["json"]) != ["verbose_json"]:
        return refusal(400, "unsupported_value")
    if set(fields.get("timestamp_granularities[]", ["segment"])) - {"word", "segment"}:
        return refusal(400, "unsupported_value")
    if not all(re.fullmatch(r"[a-z]{2}", language) for language in fields.get("language", [])):
        return refusal(400, "invalid_language_format")
    if not all(0 <= float(value) <= 1 for value in fields.get("temperature", [])):
        return refusal(400, "decimal_above_max_value")
    return None


def segments(words: Sequence[HeardWord]) -> list[list[HeardWord]]:
    """Return the words, split at pauses of SEGMENT_GAP_MS."""
    parts: list[list[HeardWord]] = []
    for word in words:
        if parts and word.t0 - parts[-1][-1].t1 < SEGMENT_GAP_MS:
            parts[-1].append(word)
        else:
            parts.append([word])
    return parts


async def read_form(request: web.Request) -> tuple[dict[str, list[str]], Samples | None]:
    """Return the fields of a form, and its WAV file as samples."""
    fields: dict[str, list[str]] = {}
    sound: Samples | None = None
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        assert part.name is not None
        if part.name == "file":
            assert part.filename == "sound.wav"
            assert part.headers["Content-Type"] == "audio/wav"
            sound = samples_of(await part.read())
        else:
            fields.setdefault(part.name, []).append(await part.text())
    return fields, sound


def samples_of(data: bytes) -> Samples:
    """Return the samples of a WAV file of 16 bits, mono, 16 kHz."""
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        pcm = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    return (pcm / 32_768).astype(np.float32)
