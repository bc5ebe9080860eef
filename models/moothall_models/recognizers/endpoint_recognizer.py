"""A recogniser that stands elsewhere and is asked over HTTP, window by window."""

from __future__ import annotations

import hashlib
import io
import logging
import wave

import numpy as np
from babel import Locale

from moothall.core.kernel.errors import ConfigurationError, RecognitionFailed
from moothall.core.kernel.languages import primary
from moothall_models.ports import RATE, Hypothesis, Recognizer, Samples, Window
from moothall_models.recognizers.endpoint import KEPT, PASS_SECONDS, Endpoint, EndpointAddress, Faulty, Unusable
from moothall_models.recognizers.endpoint_answer import EndpointAnswer, heard_words, read_answer, says_each
from moothall_models.recognizers.whisper.whisper import FULL_SECONDS, own_code

logger = logging.getLogger(__name__)

MOST_UNHEARD = 5
"""Places in a row that may be passed over; with the next one it isn't the sound that is at fault."""
SHORTEST_SECONDS = 1
"""Shorter sound gets silence behind it: OpenAI's own service refuses less than 0.1 s."""
CONTEXT_SIGNS = 400
"""Of the text before: some 100 tokens of the 224 that Whisper reads."""
OTHER_NAMES = {"mi": "maori", "my": "myanmar", "nb": "norwegian", "nn": "nynorsk", "fil": "tagalog"}
"""Whisper's English names of languages, where they aren't those of CLDR."""


class EndpointRecognizer(Recognizer):
    """Asks a service in the form of OpenAI's transcriptions, one window a request."""

    def __init__(self, address: EndpointAddress, endpoint: Endpoint, *, most_unheard: int = MOST_UNHEARD) -> None:
        """`endpoint` is at the address.

        `most_unheard`: places in a row that may be passed over because the service, while it answers other questions,
        twice had no transcription of them. Live, nothing behind such a place would be heard else, in any channel. 0:
        none may.
        """
        self._address = address
        self._endpoint = endpoint
        self._most_unheard = most_unheard
        self._unheard = 0
        """Places in a row that were passed over."""
        self._at = b""
        """How the newest of them begins: longer windows at the same place are the same place."""

    @property
    def model(self) -> str:
        """The service's model and its host: a record says where the sound went."""
        return f"{self._address.model} at {self._address.host}"

    @property
    def languages(self) -> tuple[str, ...]:
        """Any: a service doesn't say."""
        return ()

    @property
    def limit_ms(self) -> int:
        """A window is asked for up to three times, and once more with silence."""
        return round(4 * PASS_SECONDS * 1000)

    def warm_up(self) -> None:
        """Ask once, with a second of silence: address, key, model and form are wrong now or not at all.

        Done again, it asks with the key as it is then. Raises as `recognise`, and ConfigurationError when the key can't
        be read.
        """
        self._endpoint.read_key()
        self._ask_silence()

    def recognise(self, window: Window) -> Hypothesis:
        """One request over at most 30 s of sound; what lies behind is left out. `beam` is the service's affair.

        With several languages the service detects, and says no probability, so that `switch_p` can't be asked of it.
        Where it finds one that isn't among them it is asked once more, for the first of them.

        Raises:
            KeyRefused: the service refuses the key.
            ConfigurationError: it knows no such model or address, or transcribes nothing.
            RecognitionFailed: it gave no answer in time, fails at everything, or has no transcription where none may be
                missing.
        """
        audio = window.audio[: int(FULL_SECONDS * RATE)]
        end = len(audio) * 1000 // RATE
        first = window.languages[0]
        if not end:
            return Hypothesis(language=first, words=())
        context = context_of(window)
        try:
            if len(window.languages) == 1:
                answer = self._answer(audio, first, context)
                return _hypothesis(answer, first, end)
            answer = self._answer(audio, None, context)
            found = language_of(answer, window.languages)
            if found is not None:
                return _hypothesis(answer, found, end, likeliest=found)
            if heard_words(answer, first, end):
                answer = self._answer(audio, first, context)
        except _PassedOver:
            return Hypothesis(language=first, words=(), passed_over=True)
        return _hypothesis(answer, first, end)

    def close(self) -> None:
        """Close the connection."""
        self._endpoint.close()

    def _answer(self, audio: Samples, language: str | None, context: str) -> EndpointAnswer:
        """What the service hears. Raises _PassedOver where it has no answer to this, as long as that may be."""
        begins = hashlib.sha256(audio[:RATE].tobytes()).digest()
        # It failed at what begins like this already, and then at this alone.
        again = self._most_unheard > 0 and begins == self._at
        try:
            answer = self._transcribed(audio, language, context, tries=1 if again else 2)
        except (Unusable, Faulty) as failed:
            if not self._most_unheard:
                raise
            self._pass_over(failed, begins, len(audio) * 1000 // RATE)
            raise _PassedOver from None
        self._unheard, self._at = 0, b""
        return answer

    def _pass_over(self, failed: Unusable | Faulty, begins: bytes, ms: int) -> None:
        """Count a window that there is no answer to. Raises where too many places in a row have been passed over."""
        self._unheard += begins != self._at
        self._at = begins
        if self._unheard > self._most_unheard:
            if isinstance(failed, Faulty):
                # It isn't the sound: nothing more is lost, and it is asked until it works.
                raise RecognitionFailed(f"{failed} {KEPT}") from None
            msg = f"{failed} So it was with {self._unheard} windows in a row, and the engine ends."
            raise ConfigurationError(msg) from None
        logger.warning("%s The second request failed too; the engine skips %d ms of sound.", failed, ms)

    def _transcribed(self, audio: Samples, language: str | None, context: str, *, tries: int) -> EndpointAnswer:
        """The service's answer, at the second try where the first gave no transcription.

        Where the service failed itself it is asked something else before: a service that fails at everything is away.
        """
        if tries == 1:
            return read_answer(self._ask(audio, language, context, once=True))
        try:
            return read_answer(self._ask(audio, language, context))
        except Unusable:
            pass
        except Faulty as failed:
            if not self._most_unheard:
                raise
            if not self._answers():
                raise RecognitionFailed(f"{failed} {KEPT}") from None
        return read_answer(self._ask(audio, language, context))

    def _answers(self) -> bool:
        """Whether the service answers at all."""
        try:
            self._ask_silence()
        except RecognitionFailed:
            return False
        return True

    def _ask_silence(self) -> None:
        read_answer(self._ask(np.zeros(RATE, dtype=np.float32), None, ""))

    def _ask(self, audio: Samples, language: str | None, context: str, *, once: bool = False) -> bytes:
        fields = [
            ("model", self._address.model),
            ("response_format", "verbose_json"),
            ("timestamp_granularities[]", "word"),
            ("timestamp_granularities[]", "segment"),
            ("temperature", "0"),
        ]
        if language is not None:
            fields.append(("language", own_code(language)))
        if context:
            fields.append(("prompt", context))
        return self._endpoint.ask(*form(fields, wav(audio)), once=once)


def _hypothesis(answer: EndpointAnswer, language: str, end: int, likeliest: str | None = None) -> Hypothesis:
    words = heard_words(answer, language, end)
    return Hypothesis(language=language, words=words, likeliest=likeliest, vague=bool(words) and not says_each(answer))


class _PassedOver(Exception):
    """The service has no answer to this window, and answers others."""


def language_of(answer: EndpointAnswer, among: tuple[str, ...]) -> str | None:
    """Which of the languages the answer names, by code or English name; None for another one, or none."""
    said = (answer.language or "").lower()
    names = Locale("en").languages
    for tag in among:
        code = primary(tag)
        if said in (code, own_code(tag), OTHER_NAMES.get(code), names.get(code, code).lower()):
            return tag
    return None


def context_of(window: Window) -> str:
    """Glossary and earlier text, the newest CONTEXT_SIGNS of it from a whole word on."""
    text = " ".join(window.context.split())
    return text if len(text) <= CONTEXT_SIGNS else text[-CONTEXT_SIGNS:].partition(" ")[2]


def wav(audio: Samples) -> bytes:
    """The sound as a WAV file, 16 bits, at least SHORTEST_SECONDS long."""
    pcm = np.clip(np.rint(audio * 32_768), -32_768, 32_767).astype("<i2").tobytes()
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", "not compressed"))
        file.writeframes(pcm.ljust(2 * SHORTEST_SECONDS * RATE, b"\0"))
    return out.getvalue()


def form(fields: list[tuple[str, str]], sound: bytes) -> tuple[bytes, str]:
    """The fields and the file `file` as multipart/form-data (RFC 7578): the body and its content type."""
    # The hash of what it parts doesn't stand in it.
    boundary = hashlib.sha256(sound + repr(fields).encode()).hexdigest()
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="sound.wav"\r\n'
    parts += [f"{head}Content-Type: audio/wav\r\n\r\n".encode(), sound, f"\r\n--{boundary}--\r\n".encode()]
    return b"".join(parts), f"multipart/form-data; boundary={boundary}"
