"""The speech policy of a channel whose recogniser streams by itself (`ports.StreamingRecognizer`).

Such a recogniser hears each sample once and says which words stay, so nothing is heard again and nothing is agreed on.
What remains is to hear silence for nothing, to divide words into segments, and to say what another engine needs to go
on. Each utterance is heard from its own beginning: an engine that goes on for another hears the current one again.

Pure, as `speech.channel`: steps go out as passes, and the recogniser's answers come in.
"""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core.events.lines import EndReason, Word
from moothall.core.signals import Sound
from moothall.wire.engine import Attach, ResumePoint
from moothall_models.ports import (
    Floats,
    HeardWord,
    Hypothesis,
    RecognitionStream,
    Samples,
    StreamHypothesis,
    StreamStep,
)
from moothall_models.speech import overlap, resume_points
from moothall_models.speech.channel import DEFAULT_SETTINGS, Output, Reporter
from moothall_models.speech.listening.cutter import UtteranceCutter
from moothall_models.speech.listening.scripts import AS_HEARD, WrittenScripts
from moothall_models.speech.passes import PATIENCE, PassRequest
from moothall_models.speech.schedule import Stage
from moothall_models.speech.segmentation import Segmenter
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.turns.finding import VoiceWindow
from moothall_models.speech.turns.listener import VoiceListener
from moothall_models.speech.utterance import SpeechFrame, Utterance, unstretched


class StreamedChannel(UtteranceCutter):
    """Cuts the audio of a channel into utterances, gives a stream their sound, and commits the words that it gives."""

    def __init__(
        self,
        attach: Attach,
        stream: RecognitionStream,
        settings: SpeechSettings = DEFAULT_SETTINGS,
        scripts: WrittenScripts = AS_HEARD,
    ) -> None:
        super().__init__(attach, settings)
        self._scripts = scripts
        self._stream = stream
        self._languages = attach.languages
        self.voices = VoiceListener(attach, settings.voices)
        self._segmenter = Segmenter(attach, settings, self.voices.lines)
        self._reporter = Reporter(attach.channel, settings)
        self._first, self._cut = attach.audio_from, attach.cut
        self._through = attach.committed_through
        """Media ms where the last word of an earlier engine ends."""
        point = self._resumed
        self._language = None if point is None else point.language
        self._terms = () if point is None else point.terms
        """What an earlier engine heard of the glossary: kept for the next, since a stream prefers no terms."""
        self._outstanding: PassRequest | None = None
        self._shown = ""
        """The partial text that readers have."""

    stage = Stage.USUAL
    """A stream hears each sample once, however busy its engine is, so it does without nothing."""

    @property
    def resume_point(self) -> ResumePoint:
        """The state from which another engine can continue and hear the same utterances as this one."""
        return resume_points.of(
            self._segmenter,
            self._utterances[0] if self._utterances else None,
            language=self._language,
            terms=self._terms,
            first=self._first,
            heard=self._heard,
        )

    @property
    def unexpected_language(self) -> None:
        """None: a stream doesn't tell which language it hears."""
        return

    def prefer(self, terms: tuple[str, ...], near: int) -> None:
        """Do nothing: a stream prefers no terms."""

    def hear(self, t: int, samples: Samples, speech: Sequence[float]) -> list[Output]:
        """Take in audio that begins at media ms `t`: 512 samples for each probability in `speech`.

        A jump forward is a gap, which ends the utterance. Raises ValueError when time goes back, when the number of
        samples isn't 512 for each probability, or after the end of the audio.
        """
        if self._jumps_to(t, samples, speech):
            self.voices.break_off()
        for frame in self._frames(samples, speech):
            self.voices.hear(frame)
            self._cut_frame(frame)
        self._drop_clicks()
        self._now = max(self._now, self._heard)
        out: list[Output] = []
        if self._pauses_after(self._segmenter.through):
            out += self._segmenter.end(EndReason.PAUSE)
        return out + self._report() + self.voices.told()

    def end_of_audio(self) -> list[Output]:
        """Take note that there is no more audio. Passes may still be requested until `done`; voices are forgotten."""
        self.voices.erase()
        self._end()
        self._drop_clicks()
        return list(self._segmenter.end(EndReason.CLOSE)) if self.done else []

    def next_pass(self, now: int, *, spare: bool = True, stalled: bool = False) -> PassRequest | None:
        """Request the next step, if there is sound for one; at most one is outstanding.

        `now` is the media ms up to which audio has been captured. All steps are live, so `spare` changes nothing. They
        are short, so what is left where the sound has `stalled` is no word.
        """
        self._now = max(self._now, now)
        if self._outstanding is not None or not self._utterances:
            return None
        utterance, settings = self._utterances[0], self._settings
        edge = min(utterance.heard, utterance.covered + settings.longest_step_of_stream)
        ends = utterance.closed and edge == utterance.heard
        if _is_click(utterance, settings) or not (ends or edge - utterance.covered >= settings.stream_step):
            return None
        step = StreamStep(
            audio=utterance.audio_between(utterance.covered, edge),
            languages=self._languages,
            stream=self._stream,
            begins=utterance.covered == utterance.start,
            ends=ends,
        )
        self._outstanding = PassRequest(
            window=step,
            deadline=max(utterance.covered, utterance.speech_start) + PATIENCE,
            start=utterance.covered,
            edge=edge,
            last=ends,
            asked=self._now,
        )
        return self._outstanding

    def begin(self, request: PassRequest) -> PassRequest:
        """Return the outstanding step, which begins: it hears what it was requested for."""
        return request

    def passed(self, request: PassRequest, hypothesis: Hypothesis, now: int) -> list[Output]:
        """Take in the answer to the outstanding step. Raises ValueError for any other step or answer.

        `now`: current media ms.
        """
        if request is not self._outstanding or not isinstance(hypothesis, StreamHypothesis):
            msg = f"The step from {request.start} to {request.edge} ms wasn't asked for last, or isn't answered so."
            raise ValueError(msg)
        self._outstanding = None
        self._now = max(self._now, now)
        utterance = self._utterances[0]
        utterance.covered = request.edge
        out = self._take(utterance, self._scripts.hypothesis(hypothesis), request.edge)
        if request.last:
            self._utterances.popleft()
            self._drop_clicks()
            if self.done:
                out += self._segmenter.end(EndReason.CLOSE)
            elif not utterance.divided:
                out += self._segmenter.end(EndReason.PAUSE)
        return out + self._report()

    def measured(self, window: VoiceWindow, vector: Floats) -> list[Output]:
        """Take in the vector of a window of `voices`."""
        split, heard = self.voices.measured(window, vector)
        return [*heard, *([] if split is None else [self._segmenter.split(split)])]

    def _take(self, utterance: Utterance, hypothesis: StreamHypothesis, edge: int) -> list[Output]:
        """Commit the final words of an answer, and show the others."""
        words = [_in_media_time(word, utterance, edge) for word in hypothesis.words]
        final, open_words = self._fresh(words[: hypothesis.final]), self._fresh(words[hypothesis.final :])
        rest, language = "".join(word.text for word in open_words), hypothesis.language
        out: list[Output] = []
        if words and utterance.speech_start - self._segmenter.through >= self._settings.pause:
            out += self._segmenter.end(EndReason.PAUSE)  # When passes are late, the pause is over before it is seen.
        if final:
            self._language = utterance.language = language
            out += self._segmenter.commit(final, language, rest)
        elif rest != self._shown:
            out.append(self._segmenter.partial(rest, language))
        self._shown = rest
        if hypothesis.endpoint:
            out += self._segmenter.end(EndReason.PAUSE)
        return out

    def _fresh(self, words: Sequence[Word]) -> list[Word]:
        """The words without those that an earlier engine committed, and without half a word after a cut."""
        new = [word for word in words if word.t0 + word.t1 >= 2 * self._through]
        return new[overlap.cut_off(new, self._cut) :]

    def _cut_frame(self, frame: SpeechFrame) -> bool:
        resumes = self._resumed is not None
        ended = super()._cut_frame(frame)
        if resumes and self._resumed is None and self._utterances:
            utterance = self._utterances[0]
            utterance.covered = utterance.start  # A new stream knows nothing of the utterance.
            utterance.redo, utterance.unconfirmed = None, ()  # What a recogniser of windows still wanted of it.
        return ended

    def _divides(self, utterance: Utterance) -> bool:
        length, silence = utterance.heard - utterance.start, utterance.heard - utterance.speech_end
        hesitates = length >= self._settings.stream_divided_at and silence >= self._settings.hesitation
        return hesitates or length >= self._settings.longest_window

    def _drop_clicks(self) -> None:
        """Drop the oldest utterances that ended with too little speech to be recognised."""
        while self._utterances and self._utterances[0].closed and _is_click(self._utterances[0], self._settings):
            self._utterances.popleft()

    def _report(self) -> list[Output]:
        sound = Sound.SPEECH if self._gate.open else Sound.SILENCE
        return list(self._reporter.report(sound, self._now - self._recognised, self._heard))


def _is_click(utterance: Utterance, settings: SpeechSettings) -> bool:
    """Whether an utterance has too little speech, so far, to be recognised."""
    return utterance.speech_ms < settings.shortest_speech


def _in_media_time(heard: HeardWord, utterance: Utterance, edge: int) -> Word:
    """A word of an utterance that was heard up to media ms `edge`."""
    t0, t1 = min(edge, utterance.start + heard.t0), min(edge, utterance.start + heard.t1)
    return unstretched(Word(text=heard.text, t0=t0, t1=max(t0, t1), p=heard.p), utterance)
