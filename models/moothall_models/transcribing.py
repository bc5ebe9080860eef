"""Recognises a recording from standard input: `python -m moothall_models.transcribing`.

`moothall transcribe` and `moothall refine` start it; `moothall.wire.transcribing` defines the protocol.
"""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO, Protocol

import msgspec
import numpy as np

from moothall.core.events.lines import Word
from moothall.core.kernel.errors import MoothallError, ProtocolError
from moothall.core.sessions.roughness import rough_languages
from moothall.wire.transcribing import (
    FRAME_SAMPLES,
    MOST_FRAME,
    Finished,
    HeardPiece,
    Reached,
    TranscriberMessage,
    TranscriptionFailed,
    TranscriptionRequest,
)
from moothall_models.cli import KEY_VARIABLE, SCRIPTED, Computing, at_endpoint, known_errors, load_model
from moothall_models.ports import RATE, Hypothesis, Samples, Window
from moothall_models.recognizers.chinese import load_scripts
from moothall_models.recognizers.endpoint import SCHEME
from moothall_models.recognizers.transducers.kinds import ModelKind, kind_of
from moothall_models.speech.joining import lines_of, words_of
from moothall_models.speech.listening.scripts import AS_HEARD, WrittenScripts
from moothall_models.speech.pieces import Cutting, PieceCutter, SpeechPiece
from moothall_models.speech.settings import SpeechSettings
from moothall_models.store import ModelStore, open_store

BATCH = 4
"""Pieces in a batch of the decoder. Larger batches save little, and each piece is padded to the longest."""
GATHERED = 2 * BATCH
"""Pieces that are gathered before they are recognised, so that pieces of similar length share a batch. It also bounds
the audio that is held, some two minutes, and the work that is lost when the process is killed."""
WORKERS = 2
"""Batches that run at a time if there are cores for them: two with one core each are faster than one with two cores."""
MS = RATE // 1000
"""Samples in a millisecond."""


class BatchRecognizer(Protocol):
    """A recogniser of several windows of audio at once."""

    def recognise_all(self, windows: Sequence[Window]) -> list[Hypothesis]:
        """One hypothesis for each window, in order. Raises ValueError for a language that it doesn't know."""
        ...


class FrameJudge(Protocol):
    """A voice activity detector for one stream of audio that judges many frames at once."""

    def probabilities(self, samples: Samples) -> list[float]:
        """Probability of speech in each of the next frames; `samples` is a whole number of frames."""
        ...


@dataclass(eq=False, repr=False)
class Transcription:
    """The transcription of one recording: takes samples, and yields recognised pieces."""

    order: TranscriptionRequest
    load: Callable[[], BatchRecognizer]
    """Loads the recogniser; called once, when the first piece needs it."""
    voice: FrameJudge
    workers: Executor
    """Runs the batches."""
    settings: SpeechSettings
    scripts: WrittenScripts = AS_HEARD

    def __post_init__(self) -> None:
        self._recognizer: BatchRecognizer | None = None
        known = self.order.known[-1] if self.order.known else None
        begins = 0 if known is None else -(-known.last // FRAME_SAMPLES)
        # With several languages each utterance may be in another one, so utterances don't share pieces.
        cutting = Cutting() if len(self.order.languages) == 1 else Cutting(joined_pause=0)
        speaking = known is not None and known.cut
        self._cutter = PieceCutter(cutting, self.settings, first=begins, speaking=speaking)
        self._heard_before = begins
        self._next = self.order.first // FRAME_SAMPLES
        self._audio: Samples = np.zeros(0, dtype=np.float32)
        """The samples that are kept, from frame `_audio_from` on."""
        self._audio_from = self._next
        self._end = self.order.first
        """One past the last sample received."""
        self._waiting: list[tuple[SpeechPiece, Samples]] = []

    def hear(self, samples: Samples) -> Iterator[HeardPiece | Reached]:
        """Take in the next samples, and yield pieces that are recognised, or the progress."""
        self._end += len(samples)
        self._audio = np.concatenate([self._audio, samples])
        self._judge()
        if len(self._waiting) >= GATHERED:
            yield from self._recognise()
        elif not self._waiting:
            yield Reached(self._cutter.settled * FRAME_SAMPLES)

    def end(self) -> Iterator[HeardPiece | Reached]:
        """Recognise the rest, after the last samples."""
        rest = -len(self._audio) % FRAME_SAMPLES
        self._audio = np.concatenate([self._audio, np.zeros(rest, dtype=np.float32)])
        self._judge()
        self._take(self._cutter.end())
        yield from self._recognise()
        yield Reached(self._end)

    def _judge(self) -> None:
        """Run the detector on new whole frames, and release audio that no piece needs."""
        at = (self._next - self._audio_from) * FRAME_SAMPLES
        whole = len(self._audio) // FRAME_SAMPLES * FRAME_SAMPLES
        for p in self.voice.probabilities(self._audio[at:whole]):
            if self._next >= self._heard_before:  # Frames of known pieces only warm up the detector.
                self._take(self._cutter.hear(p))
            self._next += 1
        keep = min(self._next, self._cutter.settled)
        self._audio = self._audio[(keep - self._audio_from) * FRAME_SAMPLES :]
        self._audio_from = keep

    def _take(self, pieces: Iterable[SpeechPiece]) -> None:
        for piece in pieces:
            first, last = ((at - self._audio_from) * FRAME_SAMPLES for at in (piece.first, piece.last))
            self._waiting.append((piece, self._audio[first:last]))

    def _recognise(self) -> Iterator[HeardPiece | Reached]:
        """Recognise all gathered pieces in batches of similar length, and yield them in order."""
        waiting, self._waiting = self._waiting, []
        worth = [number for number, (piece, _) in enumerate(waiting) if self._worth(piece)]
        worth.sort(key=lambda number: len(waiting[number][1]))
        found: dict[int, Hypothesis] = {}
        batches = [worth[at : at + BATCH] for at in range(0, len(worth), BATCH)]
        windows = [[self._window(waiting[number][1]) for number in batch] for batch in batches]
        if batches:
            # The longest batch runs first, so that the workers finish at about the same time.
            heard = self.workers.map(self._model().recognise_all, reversed(windows))
            for batch, hypotheses in zip(reversed(batches), heard, strict=True):
                found.update(zip(batch, hypotheses, strict=True))
        for number, (piece, _) in enumerate(waiting):
            yield self._heard(piece, found.get(number))

    def _window(self, audio: Samples) -> Window:
        return Window(audio=audio, languages=self.order.languages, beam=self.order.beam)

    def _worth(self, piece: SpeechPiece) -> bool:
        return piece.spoken * FRAME_SAMPLES // MS >= self.settings.shortest_speech

    def _model(self) -> BatchRecognizer:
        if self._recognizer is None:
            self._recognizer = self.load()
        return self._recognizer

    def _heard(self, piece: SpeechPiece, hypothesis: Hypothesis | None) -> HeardPiece:
        first, last = piece.first * FRAME_SAMPLES, min(piece.last * FRAME_SAMPLES, self._end)
        spoken = piece.spoken * FRAME_SAMPLES // MS
        language = self.order.languages[0] if hypothesis is None else hypothesis.language
        words: list[Word] = []
        if hypothesis is not None:
            written = self.scripts.hypothesis(hypothesis)
            words = words_of(written, first // MS, (last - first) // MS, spoken, self.settings)
        return HeardPiece(first=first, last=last, cut=piece.cut, language=language, words=tuple(words))


def main(source: BinaryIO, answers: BinaryIO) -> int:
    """Serve one request; returns the exit code, 0 when `Finished` was sent."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # A core dump would hold speech.

    def tell(answer: TranscriberMessage) -> None:
        answers.write(msgspec.json.encode(answer) + b"\n")
        answers.flush()

    try:
        order = msgspec.json.decode(source.readline(), type=TranscriptionRequest)
        return _serve(order, source, tell)
    except BrokenPipeError:
        return 1  # The command has ended or closed the pipe.
    except (MoothallError, ValueError, RuntimeError, msgspec.MsgspecError) as error:
        with contextlib.suppress(BrokenPipeError):
            tell(TranscriptionFailed(sentence=str(error)))
        return 1


def _serve(order: TranscriptionRequest, source: BinaryIO, tell: Callable[[TranscriberMessage], None]) -> int:
    settings = SpeechSettings()
    began = time.process_time_ns()
    loading = 0

    def load() -> BatchRecognizer:
        nonlocal loading
        at = time.process_time_ns()
        recognizer = load_batches(order.model, order.threads)
        gc.freeze()
        loading += time.process_time_ns() - at
        return recognizer

    pieces = list(order.known)
    with ThreadPoolExecutor(workers_of(order.model, order.threads)) as workers:
        transcription = Transcription(order, load, load_judge(order.model), workers, settings, load_scripts())
        answers = (transcription.hear(samples) for samples in frames_of(source))
        for answer in chain(chain.from_iterable(answers), transcription.end()):
            pieces += [answer] if isinstance(answer, HeardPiece) else []
            tell(answer)
    for line in lines_of(pieces, settings):
        tell(line)
    cpu_ms = (time.process_time_ns() - began - loading) // 1_000_000
    tell(Finished(cpu_ms=cpu_ms, rough=rough_languages(known_errors(order.model, None))))
    return 0


def frames_of(source: BinaryIO) -> Iterator[Samples]:
    """Yield the samples of each frame, up to the empty frame. Raises ProtocolError when the stream ends before it."""
    while True:
        head = source.read(4)
        size = int.from_bytes(head, "little")
        if len(head) < 4 or size > MOST_FRAME or size % 2:
            raise ProtocolError("The sound broke off before its end.")
        if not size:
            return
        data = source.read(size)
        if len(data) < size:
            raise ProtocolError("The sound broke off within a frame.")
        samples: Samples = np.frombuffer(data, dtype="<i2").astype(np.float32)
        yield samples / np.float32(32_768)


def workers_of(name: str, threads: int) -> int:
    """How many batches a recogniser runs at a time when it may use `threads` CPU threads."""
    return 1 if name.startswith((SCRIPTED, SCHEME)) else min(WORKERS, threads)


def load_batches(name: str, threads: int, store: ModelStore | None = None) -> BatchRecognizer:
    """Load the recogniser of that name, by default of this machine's store; raises ConfigurationError."""
    if name.startswith(SCRIPTED):
        return load_model(name, None, Computing())[0]
    if name.startswith(SCHEME):
        return at_endpoint(name, lambda: os.environ.get(KEY_VARIABLE, "").strip(), whole=True)
    store = open_store() if store is None else store
    path = store.path(name)
    if kind_of(path) is not ModelKind.WHISPER:
        return load_model(name, path, Computing(threads=threads))[0]
    from moothall_models.recognizers.whisper.batch import WhisperBatches

    workers = workers_of(name, threads)
    trained = store.manifest.model(name).languages
    return WhisperBatches(path, model=name, threads=threads // workers, workers=workers, trained=trained)


def load_judge(name: str) -> FrameJudge:
    """Load the voice activity detector for the recogniser of that name."""
    if name.startswith(SCRIPTED):
        from moothall_models.recognizers.scripted import ScriptedVoiceActivity

        return ScriptedVoiceActivity()
    from moothall_models.recognizers.silero import SileroVoiceActivity

    return SileroVoiceActivity()


if __name__ == "__main__":
    sys.exit(main(sys.stdin.buffer, sys.stdout.buffer))
