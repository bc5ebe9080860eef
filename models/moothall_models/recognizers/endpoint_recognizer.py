"""A recogniser that sends each window to a remote transcription service over HTTP."""

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
"""Successive stretches of sound that may be skipped; when one more fails, the cause isn't the sound."""
SHORTEST_SECONDS = 1
"""Shorter sound is padded with silence, s: OpenAI's own service refuses less than 0.1 s."""
CONTEXT_SIGNS = 400
"""Characters of preceding text that are sent: some 100 tokens of the 224 that Whisper reads."""
OTHER_NAMES = {"mi": "maori", "my": "myanmar", "nb": "norwegian", "nn": "nynorsk", "fil": "tagalog"}
"""Whisper's English names of languages that differ from CLDR's, by BCP-47 code."""


class EndpointRecognizer(Recognizer):
    """A client of a service with OpenAI's transcription API; each window is a request."""

    def __init__(self, address: EndpointAddress, endpoint: Endpoint, *, most_unheard: int = MOST_UNHEARD) -> None:
        """`endpoint` is the client of `address`.

        `most_unheard`: how many stretches of sound in a row may be skipped because the service twice returned no
        transcription of them while it answers other requests. Without skipping, a live engine would be stuck at such a
        stretch, in all its channels. 0: none may be skipped.
        """
        self._address = address
        self._endpoint = endpoint
        self._most_unheard = most_unheard
        self._unheard = 0
        """Stretches of sound in a row that were skipped."""
        self._at = b""
        """Digest of the first second of the newest of them: windows with the same beginning count as one stretch."""

    @property
    def model(self) -> str:
        """The service's model and host, so that a record says where the sound was sent."""
        return f"{self._address.model} at {self._address.host}"

    @property
    def languages(self) -> tuple[str, ...]:
        """Empty ("any"), since a service doesn't list its languages."""
        return ()

    @property
    def limit_ms(self) -> int:
        """Time limit of a pass, ms: that of three requests for the window and one with silence."""
        return round(4 * PASS_SECONDS * 1000)

    def warm_up(self) -> None:
        """Send one second of silence, so that a wrong address, key, model or format is noticed now.

        It reads the key again. Raises as `recognise`, and ConfigurationError when the key can't be read.
        """
        self._endpoint.read_key()
        self._ask_silence()

    def recognise(self, window: Window) -> Hypothesis:
        """Recognise at most the first 30 s of a window by one request; the service chooses the beam width itself.

        With several languages the service detects the language, without giving probabilities, so `switch_p` has no
        effect. If it detects a language outside the window's, the request is repeated for the first of these.

        Raises:
            KeyRefused: the service refuses the key.
            ConfigurationError: it doesn't know the model or path, or too many stretches in a row had no transcription.
            RecognitionFailed: it gave no answer in time, fails at all requests, or has no transcription and none may be
                skipped.
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
        """Close the idle connections to the service."""
        self._endpoint.close()

    def _answer(self, audio: Samples, language: str | None, context: str) -> EndpointAnswer:
        """The service's transcription. Raises _PassedOver when it has none and the sound may be skipped."""
        begins = hashlib.sha256(audio[:RATE].tobytes()).digest()
        # The service has already failed at a window with this beginning, while it answered others: one try is enough.
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
        """Count a window without an answer. Raises when too many stretches in a row would be skipped."""
        self._unheard += begins != self._at
        self._at = begins
        if self._unheard > self._most_unheard:
            if isinstance(failed, Faulty):
                # The sound isn't the cause. This error makes the caller repeat the request, so no more sound is lost.
                raise RecognitionFailed(f"{failed} {KEPT}") from None
            msg = f"{failed} So it was with {self._unheard} windows in a row, and the engine ends."
            raise ConfigurationError(msg) from None
        logger.warning("%s The second request failed too; the engine skips %d ms of sound.", failed, ms)

    def _transcribed(self, audio: Samples, language: str | None, context: str, *, tries: int) -> EndpointAnswer:
        """Request a transcription, and with `tries` of 2 request it again if the first answer had none.

        After a server error the service first gets a different request: if it fails at that too, it is out of order,
        and RecognitionFailed is raised.
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
        """Whether the service answers a request with silence."""
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
    """The service has no answer to this window, but answers others."""


def language_of(answer: EndpointAnswer, among: tuple[str, ...]) -> str | None:
    """The tag in `among` of the language that the answer names by code or English name; None for any other or none."""
    said = (answer.language or "").lower()
    names = Locale("en").languages
    for tag in among:
        code = primary(tag)
        if said in (code, own_code(tag), OTHER_NAMES.get(code), names.get(code, code).lower()):
            return tag
    return None


def context_of(window: Window) -> str:
    """The last `CONTEXT_SIGNS` characters of glossary and preceding text, from the beginning of a word on."""
    text = " ".join(window.context.split())
    return text if len(text) <= CONTEXT_SIGNS else text[-CONTEXT_SIGNS:].partition(" ")[2]


def wav(audio: Samples) -> bytes:
    """The sound as a WAV file, 16-bit PCM mono, padded to `SHORTEST_SECONDS`."""
    pcm = np.clip(np.rint(audio * 32_768), -32_768, 32_767).astype("<i2").tobytes()
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", "not compressed"))
        file.writeframes(pcm.ljust(2 * SHORTEST_SECONDS * RATE, b"\0"))
    return out.getvalue()


def form(fields: list[tuple[str, str]], sound: bytes) -> tuple[bytes, str]:
    """Encode the fields and the sound, as file `file`, as multipart/form-data (RFC 7578): body and content type."""
    # A digest of the content doesn't occur in the content, so it can serve as the boundary.
    boundary = hashlib.sha256(sound + repr(fields).encode()).hexdigest()
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="sound.wav"\r\n'
    parts += [f"{head}Content-Type: audio/wav\r\n\r\n".encode(), sound, f"\r\n--{boundary}--\r\n".encode()]
    return b"".join(parts), f"multipart/form-data; boundary={boundary}"
