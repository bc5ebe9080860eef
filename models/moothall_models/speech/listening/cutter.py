"""Cuts the sound of a channel into utterances, from a resume point on if there is one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from moothall.wire.engine import Attach, ResumePoint
from moothall_models.ports import VAD_FRAME, Samples
from moothall_models.speech import resume_points, schedule
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import FRAME_MS, FrameEffect, Gate, SpeechFrame, Utterance


class UtteranceCutter:
    """The part of a channel's policy that is the same for all recognisers: it knows who speaks, and not what is said.

    Utterances are added as they begin; the policy takes the oldest away when it needs no more passes.
    """

    def __init__(self, attach: Attach, settings: SpeechSettings) -> None:
        self._settings = settings
        self._gate = Gate(settings)
        self._resumed = resume_points.usable(attach)
        self._latest: deque[SpeechFrame] = deque(
            maxlen=settings.context // FRAME_MS + settings.pre_roll // FRAME_MS + 1
        )
        # Bound: the audio in them, since the caller bounds how far audio may be ahead of passes.
        self._utterances: deque[Utterance] = deque()
        self._count = 0
        self._paused = 0
        """Silence so far at the end of the audio before a resume point's window, ms."""
        self._heard = self._now = attach.audio_from
        self._ended = False

    @property
    def done(self) -> bool:
        """Whether the audio has ended, everything is committed, and the last segment has ended."""
        return self._ended and not self._utterances

    @property
    def waiting(self) -> int:
        """The backlog: ms from the oldest sound that no pass has heard to the newest sound. Used for back-pressure."""
        if not self._utterances:
            return 0
        oldest = self._utterances[0]
        return max(0, self._heard - max(oldest.covered, oldest.speech_start))

    @property
    def _recognised(self) -> int:
        """Media ms up to which all speech has been recognised."""
        if not self._utterances:
            return self._heard
        utterance = self._utterances[0]
        if schedule.complete(utterance) and len(self._utterances) == 1:
            return self._heard
        return min(self._heard, max(utterance.covered, utterance.speech_start))

    def _pauses_after(self, through: int) -> bool:
        """Whether nobody has continued what ended at media ms `through` for so long that its segment is over."""
        silent = not self._utterances and self._resumed is None
        return silent and self._heard - through >= self._settings.pause

    def _jumps_to(self, t: int, samples: Samples, speech: Sequence[float]) -> bool:
        """Take note that the next audio begins at media ms `t`; whether that is a jump, which ended the utterance.

        Raises ValueError when time goes back, when the number of samples isn't 512 for each probability in `speech`, or
        after the end of the audio.
        """
        if self._ended or t < self._heard or len(samples) != len(speech) * VAD_FRAME:
            msg = (
                f"Audio at {t} ms ({len(samples)} samples, {len(speech)} frames) doesn't follow what ends at "
                f"{self._heard} ms; send whole frames in order, and none after the end."
            )
            raise ValueError(msg)
        if t == self._heard:
            return False
        self._close()
        self._latest.clear()
        self._resumed = None
        self._heard = t
        return True

    def _frames(self, samples: Samples, speech: Sequence[float]) -> Iterator[SpeechFrame]:
        """The frames of audio that begins at `_heard`; each has to be cut before the next is taken."""
        for index, p in enumerate(speech):
            yield SpeechFrame(self._heard, samples[index * VAD_FRAME : (index + 1) * VAD_FRAME], p)

    def _cut_frame(self, frame: SpeechFrame) -> bool:
        """Take in the next frame; whether an utterance ended with it."""
        if self._resumed is not None:
            if frame.t < self._resumed.begin:
                self._warm_up(frame)
                return False
            self._resume(frame, self._resumed)
            if self._utterances:
                return False
        if self._utterances and frame.t < self._utterances[0].speech_start:  # A pre-roll that is heard again.
            self._heard += FRAME_MS
            self._latest.append(frame)
            self._utterances[0].add(frame)
            return False
        change = self._gate.hear(frame.p, FRAME_MS)
        self._heard += FRAME_MS
        self._latest.append(frame)
        if change is FrameEffect.BEGINS:
            self._begin(tuple(self._latest))
        elif change is FrameEffect.ENDS:
            self._utterances[-1].add(frame)
            self._utterances[-1].closed = True
            return True
        elif self._gate.open and self._divides(self._utterances[-1]):
            self._utterances[-1].closed = self._utterances[-1].divided = True
            self._begin((frame,))
            return True
        elif self._gate.open:
            self._utterances[-1].add(frame)
        return False

    def _divides(self, utterance: Utterance) -> bool:
        """Whether an utterance ends here although somebody speaks; another one begins with the next frame then."""
        return False

    def _begin(self, frames: Sequence[SpeechFrame]) -> None:
        self._count += 1
        own = self._settings.pre_roll // FRAME_MS + 1
        self._utterances.append(Utterance(self._count, frames[-own:], self._settings.silence_p, frames[:-own]))

    def _warm_up(self, frame: SpeechFrame) -> None:
        """Take in a frame before the resume point's window: it only restores the pre-roll and the pause so far."""
        self._heard += FRAME_MS
        self._latest.append(frame)
        self._paused = self._paused + FRAME_MS if frame.p < self._settings.silence_p else 0

    def _resume(self, frame: SpeechFrame, point: ResumePoint) -> None:
        """Restore the state of a resume point; `frame` is the first of its window."""
        self._resumed = None
        if point.speaking is None:
            return
        before = tuple(self._latest)[-(self._settings.context // FRAME_MS) :]
        self._heard += FRAME_MS
        self._latest.append(frame)
        self._count += 1
        self._utterances.append(Utterance.resumed(self._count, frame, point.speaking, self._settings.silence_p, before))
        spoken = frame.t >= point.speaking.speech_start
        self._gate.reopen(self._paused if spoken else 0)
        if spoken:
            self._utterances[0].closed = self._gate.hear(frame.p, FRAME_MS) is FrameEffect.ENDS

    def _close(self) -> None:
        """End the current utterance because the audio breaks off."""
        if self._gate.open:
            self._gate.shut()
            self._utterances[-1].closed = True

    def _end(self) -> None:
        """Take note that there is no more audio."""
        self._close()
        self._resumed = None
        self._ended = True
