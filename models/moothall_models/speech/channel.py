"""The speech policy of one channel: takes audio and hypotheses, and returns commands and signals.

Pure: the caller passes frames, the probability of speech in each, the time and the recogniser's results. The returned
output can be sent at once, in order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import msgspec

from moothall.core.commands import CommitWords, EndSegment, NoteGap, ReviseSegment, SplitSegment
from moothall.core.events.lines import EndReason, Word
from moothall.core.kernel.ids import ChannelId
from moothall.core.sessions.state import LAST_WORDS
from moothall.core.signals import ChannelState, Partial, Sound
from moothall.wire.engine import Attach, OtherReadings, ResumePoint
from moothall_models.ports import Floats, Hypothesis, Samples
from moothall_models.speech import agreement, confidence, overlap, passes, resume_points, schedule
from moothall_models.speech.glossary import ChannelGlossary
from moothall_models.speech.languages import Expected, LanguageChoice
from moothall_models.speech.listening.cutter import UtteranceCutter
from moothall_models.speech.listening.scripts import AS_HEARD, WrittenScripts
from moothall_models.speech.passes import PassRequest
from moothall_models.speech.review import Reviewer
from moothall_models.speech.revision import EndedLine
from moothall_models.speech.segmentation import Segmenter
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.turns.finding import VoiceWindow
from moothall_models.speech.turns.known import HeardVoice
from moothall_models.speech.turns.listener import VoiceListener
from moothall_models.speech.utterance import Utterance, heard_words

Output = (
    CommitWords
    | EndSegment
    | ReviseSegment
    | SplitSegment
    | NoteGap
    | Partial
    | ChannelState
    | OtherReadings
    | HeardVoice
)

DEFAULT_SETTINGS = SpeechSettings()


class SpeechChannel(UtteranceCutter):
    """Cuts the audio of a channel into utterances, asks for passes, and decides which words stay."""

    def __init__(
        self, attach: Attach, settings: SpeechSettings = DEFAULT_SETTINGS, scripts: WrittenScripts = AS_HEARD
    ) -> None:
        super().__init__(attach, settings)
        self._scripts = scripts
        self.voices = VoiceListener(attach, settings.voices)
        self._segmenter = Segmenter(attach, settings, self.voices.lines)
        self._reporter = Reporter(attach.channel, settings)
        resumed = self._resumed
        self._continues = resumed is not None
        """Whether it goes on for another engine, and so hears the same windows as that one would have heard."""
        terms = () if resumed is None else resumed.terms
        self.glossary = ChannelGlossary(attach.glossary, attach.near, terms, attach.languages, scripts)
        self.reviewer = Reviewer(settings, attach.committed_through, self.glossary)
        spoken = attach.open_segment.language if attach.open_segment is not None else None
        self._languages = LanguageChoice(attach.languages, spoken if resumed is None else resumed.language, settings)
        self._several = len(attach.languages) > 1
        """Whether several languages may be spoken."""
        self.expected = Expected(attach.languages, settings)
        self._first, self._cut = attach.audio_from, attach.cut
        self._committed: deque[Word] = deque(attach.last_words, maxlen=LAST_WORDS)
        self._others: dict[tuple[int, str], tuple[str, ...]] = {}
        """Alternatives to words of the last pass, by the word's beginning (media ms) and text."""
        self._took: deque[int] = deque(maxlen=schedule.REMEMBERED)
        self._pace = schedule.usual(settings)
        self._outstanding: PassRequest | None = None
        self._reviewing = False
        """Whether a better pass runs; one that is only requested may never begin."""
        self._compared: tuple[PassRequest, Hypothesis, str] | None = None
        """The last pass, its hypothesis, and the language in which its window is decoded too before either counts."""
        self._shown = False
        self._stalled_at: int | None = None
        """Media ms of the end of the audio at which, as the caller last said, no further sound came."""

    @property
    def resume_point(self) -> ResumePoint:
        """The state from which another engine can continue and hear the same windows as this one."""
        utterance = self._utterances[0] if self._utterances else None
        return resume_points.of(
            self._segmenter,
            utterance,
            language=self._languages.last,
            terms=self.glossary.memory,
            first=self._first,
            heard=self._heard,
        )

    @property
    def unexpected_language(self) -> str | None:
        """The language, of none that were announced, that the speech sounds like; None when it sounds like none."""
        return self.expected.instead

    def prefer(self, terms: tuple[str, ...], near: int) -> None:
        """Prefer these terms from now on; `near` as in `Attach`."""
        self.glossary.prefer(terms, near)

    def hear(self, t: int, samples: Samples, speech: Sequence[float]) -> list[Output]:
        """Take in audio that begins at media ms `t`: 512 samples for each probability in `speech`.

        A jump forward is a gap, which ends the utterance. Raises ValueError when time goes back, when the number of
        samples isn't 512 for each probability, or after the end of the audio.
        """
        out: list[Output] = []
        if self._jumps_to(t, samples, speech):
            self.voices.break_off()
            out += self._finish_closed()
        for frame in self._frames(samples, speech):
            self.reviewer.hear(frame)
            self.voices.hear(frame)
            if self._cut_frame(frame):
                out += self._finish_closed()
        self._now = max(self._now, self._heard)
        better = [] if self._reviewing else self._corrected(self.reviewer.overdue(self._now))
        return self._noted(out + self._end_after_silence() + self._report()) + better + self.voices.told()

    def end_of_audio(self) -> list[Output]:
        """Take note that there is no more audio. Passes may still be requested until `done`; voices are forgotten."""
        self.voices.erase()
        self._end()
        return self._noted(self._finish_closed() + self._end_if_done())

    def next_pass(self, now: int, *, spare: bool = True, stalled: bool = False) -> PassRequest | None:
        """Request the next pass, if one is due; at most one is outstanding.

        `now` is the media ms up to which audio has been captured. A live pass may replace an outstanding better pass
        over a line that has ended; so the caller must not ask once such a pass has begun. `spare`: whether the engine
        has time for better passes. `stalled`: whether no sound has come for a while after all that was heard; it counts
        until more is heard.
        """
        self._now = max(self._now, now)
        if self._outstanding is not None and self._outstanding.review is None:
            return None
        utterance = self._utterances[0] if self._utterances else None
        newest = 0 if self._continues else self._now
        if stalled and not self._stalled:
            self._stalled_at = self._heard
            if utterance is not None and utterance.unconfirmed and schedule.complete(utterance):
                utterance.redo = utterance.covered  # Its words waited for sound that doesn't come.
        edge = None
        if utterance is not None:
            edge = schedule.window_end(utterance, self._settings, self._pace, newest, stalled=self._stalled)
        if self._compared is not None:
            before, _, language = self._compared
            self._outstanding = passes.in_language(before, language, self._now)
        elif utterance is not None and edge is not None:
            late = not self._continues and self._now - edge > passes.PATIENCE
            self._outstanding = self._live_pass((utterance,), edge, edge if late else self._now)
        elif spare and self._outstanding is None and not (self._utterances or self._ended):
            self._outstanding = passes.review(self.reviewer, self.glossary, self._now, self._settings.review_within)
        else:
            return None
        return self._outstanding

    def begin(self, request: PassRequest) -> PassRequest:
        """Take note that the outstanding pass begins, and return it. In wider windows it hears all that came meanwhile.

        Utterances are heard together only where one language is spoken: each has its own.
        """
        self._reviewing = request.review is not None
        as_asked = self._reviewing or self._compared is not None
        if not as_asked and self.stage >= schedule.Stage.WIDER_WINDOWS:
            found = schedule.widest(
                self._utterances, request.edge, self._settings, self._pace, together=not self._several
            )
            self._outstanding = request = self._live_pass(*found, request.asked)
        return request

    def _live_pass(self, utterances: Sequence[Utterance], edge: int, asked: int) -> PassRequest:
        """The pass over the oldest utterances up to media ms `edge`."""
        oldest, newest = utterances[0], utterances[-1]
        offered = self._languages.offer(oldest)
        last = self._breaks_off(newest) and edge == newest.heard
        new = edge - max(oldest.covered, oldest.speech_start)
        wide = self.stage >= schedule.Stage.WIDER_WINDOWS
        return passes.live(
            utterances,
            edge,
            offered,
            self.glossary.choose(oldest, edge, offered[0][0]),
            passes.expected(tuple(self._committed), oldest),
            last=last,
            settled=last or self._settled(newest, edge),
            margin=self._settings.doubted_margin,
            search=self.stage < schedule.Stage.NO_SEARCH,
            once=wide and (new >= schedule.ONCE or len(utterances) > 1),
            asked=asked,
        )

    @property
    def stage(self) -> schedule.Stage:
        """What the channel does without at the moment."""
        return schedule.stage(self._settings, self._pace)

    def passed(self, request: PassRequest, hypothesis: Hypothesis, now: int) -> list[Output]:
        """Take in the hypothesis of the outstanding pass. Raises ValueError for any other pass.

        `now`: current media ms.
        """
        if request is not self._outstanding:
            msg = f"The pass over {request.start} to {request.edge} ms isn't the one that was asked for last."
            raise ValueError(msg)
        self._outstanding, self._reviewing = None, False
        self._now = max(self._now, now)
        hypothesis = self._scripts.hypothesis(hypothesis)
        if request.review is not None:
            return self._corrected(self.reviewer.heard(request.review, hypothesis))
        self._took.append(self._now - request.asked)
        self._pace = schedule.next_pace(self._settings, tuple(self._took))
        return self._noted(self._heard_parts(request, hypothesis))

    def _corrected(self, texts: Sequence[tuple[EndedLine, str]]) -> list[Output]:
        """The corrections of lines to their better texts."""
        for line, _ in texts:
            self.voices.lines.corrected(line.segment)
        return [self._segmenter.revised(line.segment, line.words, text) for line, text in texts]

    def measured(self, window: VoiceWindow, vector: Floats) -> list[Output]:
        """Take in the vector of a window of `voices`."""
        split, heard = self.voices.measured(window, vector)
        return [*heard, *([] if split is None else self._noted([self._segmenter.split(split)]))]

    def _heard_parts(self, request: PassRequest, hypothesis: Hypothesis) -> list[Output]:
        """Take in a live pass, utterance by utterance."""
        together = self._together(request.utterances)
        if self._compared is not None:
            hypothesis, self._compared = self._languages.surer(self._compared[1], hypothesis), None
        elif hypothesis.passed_over:  # Those after the oldest are heard by themselves then.
            edge = min(request.edge, together[0].heard)
            return self._passed_over(together[0], msgspec.structs.replace(request, edge=edge))
        elif (rival := self._languages.rival(together[0], hypothesis)) is not None:
            self._compared = request, hypothesis, rival
            return self._report()
        parts = passes.divided(request, hypothesis, together, self._settings.missed_speech)
        out: list[Output] = []
        for utterance, (part, heard) in zip(together, parts, strict=False):
            utterance.again &= part is parts[-1][0]  # The decoder went on after the others.
            out += self._heard_live(utterance, part, heard)
        return out

    def _together(self, count: int) -> list[Utterance]:
        """The oldest utterances, so many of them, without clicks."""
        oldest, *later = self._utterances
        return [oldest, *(each for each in later if each.speech_ms >= self._settings.shortest_speech)][:count]

    def _heard_live(self, utterance: Utterance, request: PassRequest, hypothesis: Hypothesis) -> list[Output]:
        utterance.unheard.heard(request.start, request.edge)
        self.expected.hear(request.start, request.edge, hypothesis)
        hypothesis = self.glossary.heard(utterance, request.window.glossary, hypothesis)
        settled = self._settled(utterance, request.edge)
        fresh = self._fresh(utterance, hypothesis, request.edge)
        if utterance.in_context and confidence.surer(utterance.unconfirmed, fresh):
            fresh, hypothesis = utterance.unconfirmed, utterance.spoken
        before, utterance.covered, utterance.spoken = utterance.unconfirmed, request.edge, hypothesis
        utterance.redo = None
        again = not (request.once or utterance.in_context)
        if (settled or request.last) and again and self._lacks_context(utterance, fresh):
            utterance.unconfirmed, utterance.redo, utterance.in_context = fresh, request.edge, True
            return self._report()
        utterance.in_context = False
        count = agreement.stable(
            fresh, before, request.edge, settled=settled, once=request.once, settings=self._settings
        )
        if request.edge - request.start >= self._settings.longest_window:
            # A window at its greatest length is cut, so its words have to be committed now.
            count = max(count, sum(word.t1 <= request.edge - self._settings.settled for word in fresh))
        elif self._languages.doubtful(utterance) or (settled and self._languages.changes(utterance)):
            # Not sure enough of the language yet: the words wait for another pass, or for the utterance's end.
            count = 0
        spoken_to = fresh[-1].t1 if fresh else max(utterance.start, self._segmenter.through)
        missed = utterance.speech_between(spoken_to, request.edge) >= self._settings.missed_speech
        out: list[Output] = []
        over = settled or request.last
        if over and missed and utterance.again and spoken_to - overlap.SLACK > utterance.start:
            # The decoder stopped too early, so the rest is recognised again from where it stopped.
            out += self._take(utterance, fresh, len(fresh), len(fresh))
            utterance.trim(spoken_to - overlap.SLACK)
            utterance.covered, utterance.again, utterance.redo = utterance.start, False, request.edge
        elif not request.last:
            out += self._take(utterance, fresh, count, agreement.agreed(fresh, before))
            self._trim(utterance, request.edge, missed=missed)
        else:
            utterance.unconfirmed = fresh
        silence = utterance.heard - utterance.speech_end
        if self._stalled and utterance is self._utterances[-1] and silence >= self._settings.settled:
            self._close()  # Its last word is whole, and its pause would end with sound that doesn't come.
        out += self._finish_closed()
        return out + self._end_if_done() + self._report()

    def _noted(self, out: list[Output]) -> list[Output]:
        """Pass the output to the reviewer, and return it."""
        self.reviewer.note(out, self._now)
        return out

    def _passed_over(self, utterance: Utterance, request: PassRequest) -> list[Output]:
        """Handle a pass without an answer: the last hypothesis remains, and the next pass covers this sound again."""
        utterance.unheard.missed(max(utterance.covered, utterance.speech_start), request.edge)
        utterance.covered, utterance.redo, utterance.in_context = request.edge, None, False
        out: list[Output] = []
        if request.edge - request.start >= confidence.longest_window(utterance, self._settings):
            out += self._take(utterance, utterance.unconfirmed, len(utterance.unconfirmed), 0)
            utterance.trim(request.edge - self._settings.settled)
            out += self._missing(utterance, utterance.start)
        out += self._finish_closed()
        return out + self._end_if_done() + self._report()

    def _missing(self, utterance: Utterance, before: int) -> list[Output]:
        """Note a gap for sound of an utterance before media ms `before` that no pass could answer."""
        span = utterance.unheard.given_up(before)
        return [] if span is None else list(self._segmenter.skip(*span))

    def _lacks_context(self, utterance: Utterance, words: Sequence[Word]) -> bool:
        """Whether `words`, the last before a pause, are likely to be heard better with what was said before.

        They are when they are all that was said since the pause before, and there are none, or one of them is too
        improbable to be shown. What was said before must be in their language, since it would be taken for theirs.
        """
        if utterance.language is not None or not (self._committed and utterance.context):
            return False
        if self._languages.changes(utterance) or self._languages.doubtful(utterance):
            return False
        doubtful = not words or any(word.p < self._settings.shown_p for word in words)
        return doubtful and self._committed[-1].t1 > utterance.context[0].t

    def _fresh(self, utterance: Utterance, hypothesis: Hypothesis, edge: int) -> tuple[Word, ...]:
        """The words of a hypothesis that aren't committed yet, in media time; none if they are not believed."""
        words = heard_words(utterance, hypothesis, edge)
        pairs = zip(words, hypothesis.words, strict=False)  # `heard_words` drops invented words at the end.
        self._others = {(word.t0, word.text): heard.others for word, heard in pairs if heard.others}
        committed, through = tuple(self._committed), self._segmenter.through
        known = overlap.already_committed(words, committed, utterance.window_start, through)
        fresh = overlap.unsaid(words, max(known, overlap.cut_off(words, self._cut)), committed, through)
        if utterance.in_context:
            fresh = tuple(word for word in fresh if word.t1 > utterance.start)
        return fresh if confidence.believed(utterance, fresh, edge, self._settings, vague=hypothesis.vague) else ()

    def _take(self, utterance: Utterance, fresh: tuple[Word, ...], count: int, same: int) -> list[Output]:
        """Commit the first `count` fresh words and show the others; the previous pass has the first `same` too."""
        hypothesis, utterance.unconfirmed = utterance.spoken, fresh[count:]
        visible = agreement.worth_showing(fresh[count:], max(0, same - count), utterance.covered, self._settings)
        rest = "".join(word.text for word in fresh[count : count + visible])
        out: list[Output] = []
        if count:
            utterance.language = hypothesis.language
            self._languages.settle(hypothesis)
            out += self._commit(fresh[:count], hypothesis.language, rest)
        elif rest or self._shown:
            out.append(self._segmenter.partial(rest, hypothesis.language))
        self._shown = bool(rest)
        return out

    def _commit(self, words: Sequence[Word], language: str, rest: str) -> list[Output]:
        out: list[Output] = list(self._segmenter.commit(words, language, rest))
        said = iter(words)
        readings: list[Output] = []
        for output in out:
            if isinstance(output, CommitWords):
                self._committed.extend(output.words)  # The words as in the log, which the next engine would get.
                for index, word in zip(range(output.first, output.first + len(output.words)), said, strict=False):
                    if texts := self._others.get((word.t0, word.text)):
                        readings.append(OtherReadings(segment=output.segment, word=index, texts=texts))
        return out + readings

    def _trim(self, utterance: Utterance, edge: int, *, missed: bool) -> None:
        at = overlap.cut(utterance, tuple(self._committed), edge, missed=missed, settings=self._settings)
        if at is not None:
            utterance.trim(at)
        elif edge - utterance.start >= confidence.longest_window(utterance, self._settings):
            utterance.trim(overlap.forced(utterance, edge - confidence.kept(utterance, self._settings)))

    def _finish_closed(self) -> list[Output]:
        """Commit the unconfirmed words of ended utterances that need no more passes."""
        out: list[Output] = []
        live = self._compared or (self._outstanding is not None and self._outstanding.review is None)
        while self._utterances and self._utterances[0].closed and not live:
            utterance = self._utterances[0]
            if schedule.window_end(utterance, self._settings, self._pace) is not None:
                break
            self._utterances.popleft()
            words, language = utterance.unconfirmed, utterance.spoken.language
            if words and not confidence.doubtful(utterance, self._settings):
                self._languages.settle(utterance.spoken)
                out += self._commit(words, language, "")
            elif self._shown:
                out.append(self._segmenter.partial("", language))
            self._shown = False
            if self.done:
                out += self._segmenter.end(EndReason.CLOSE)
            elif utterance.covered > utterance.speech_start:  # A click, which gets no pass, doesn't end a segment.
                out += self._segmenter.end(EndReason.PAUSE)
            out += self._missing(utterance, utterance.speech_end)
        return out

    @property
    def _stalled(self) -> bool:
        """Whether no sound comes after what was heard."""
        return self._stalled_at == self._heard

    def _settled(self, utterance: Utterance, edge: int) -> bool:
        """Whether nobody speaks at media ms `edge`, or no sound comes after it that could be waited for."""
        silence = edge - utterance.known_at(edge).speech_end
        return silence >= schedule.SETTLED_ENOUGH or (self._stalled and edge == utterance.heard)

    def _breaks_off(self, utterance: Utterance) -> bool:
        """Whether the audio of an utterance ended without a pause, so that its last word may be incomplete."""
        return utterance.closed and utterance.heard - utterance.speech_end < self._settings.settled

    def _end_after_silence(self) -> list[Output]:
        """End a segment that an earlier engine left open, after a pause in which no speech continued it."""
        if not self._pauses_after(self._segmenter.through):
            return []
        return list(self._segmenter.end(EndReason.PAUSE))

    def _end_if_done(self) -> list[Output]:
        return list(self._segmenter.end(EndReason.CLOSE)) if self.done else []

    def _report(self) -> list[Output]:
        sound = Sound.SPEECH if self._gate.open else Sound.SILENCE
        return list(self._reporter.report(sound, self._now - self._recognised, self._heard))


class Reporter:
    """Makes the reports of a channel's state: sound or silence, and the delay of the text.

    It reports each change of the sound, and otherwise at most once per `state_every` ms.
    """

    def __init__(self, channel: ChannelId, settings: SpeechSettings) -> None:
        self._channel = channel
        self._settings = settings
        self._sound: Sound | None = None
        self._t = 0

    def report(self, sound: Sound, lag: int, t: int) -> list[ChannelState]:
        """The state to send now, if any. `lag` in ms, `t` media ms up to which the channel has been heard."""
        if sound is self._sound and t - self._t < self._settings.state_every:
            return []
        self._sound, self._t = sound, t
        return [ChannelState(channel=self._channel, sound=sound, lag=max(0, lag), t=t)]
