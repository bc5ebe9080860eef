"""One channel that is attached to an engine: its audio, its requested passes, and its acts."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import msgspec

from moothall.wire import engine as wire
from moothall_models.engine.audio import FRAME_MS, FrameBuffer, MediaTime
from moothall_models.engine.policies import ChannelPolicy
from moothall_models.engine.unanswered import UnansweredActs, act_prefix
from moothall_models.ports import VAD_FRAME, Samples, VoiceActivity
from moothall_models.speech.overload import SpeechShare, due
from moothall_models.speech.passes import PassRequest
from moothall_models.speech.schedule import Stage

REMEMBERED = 1_000
"""Frames before which the voice detector's state is known: enough for the longest window and the sound after it."""

STALLED_MS = 1_000
"""Time without sound, ms, after which a channel's sound counts as stalled: two pieces of a page's microphone."""

SPOKEN_P = 0.5
"""Least probability of a frame that counts as speech when the load is measured."""


class Judged(NamedTuple):
    """Frames that the voice detector judged in one call."""

    t: int
    """Media ms of the first frame."""
    state: bytes
    """The detector's state before it."""
    samples: Samples


class HeardChannel:
    """The engine's state of one channel, from its attachment to its end."""

    def __init__(self, attach: wire.Attach, voice: VoiceActivity, media: MediaTime, speech: ChannelPolicy) -> None:
        self.number = attach.attachment
        self.session, self.channel = attach.session, attach.channel
        self.voice = voice
        self.media = media
        self.speech = speech
        self.acts = UnansweredActs(act_prefix(attach.session, attach.channel, attach.generation), attach.attachment)
        self.audio = FrameBuffer(attach.audio_from)
        # Bound: `REMEMBERED` frames, 2 MB. Overflow: the oldest are forgotten, and the channel may have no resume point
        # for a while.
        self._judged: deque[Judged] = deque()
        self._remembered = 0
        if attach.resume_point is not None and attach.resume_point.audio_from == attach.audio_from:
            voice.resume(attach.resume_point.voice)
        self.wanted: PassRequest | None = None
        self.began = self.due = 0.0
        """When the wanted pass began, and when it should be done: ms of the driver's clock."""
        self.waited = 0
        """How long it had waited then since it was requested, or was due where its sound is late: ms."""
        self.running = False
        self.stalls_at: float | None = None
        """When its sound counts as stalled if no more comes, ms of the driver's clock; None once that is told."""
        self.share = SpeechShare()
        """How much of its time is speech."""
        self.spoken = 0
        """Speech heard since the last live pass, ms."""
        self.lag = 0
        """Delay of the text as last reported, ms."""
        self.stage = speech.stage
        """What it does without, as last noted."""
        self.ahead = 0
        """Frames heard since the last pass, or since no live one was wanted."""
        self.idle = True
        """Whether the policy wanted no live pass when it was last asked; then it needs more sound before it wants one.
        A better pass may wait for long, and nothing waits for that."""
        self.tells_language = attach.tell_language
        self.instead: str | None = None
        """The unexpected language that was last reported to the server; None when none was."""
        self.ending = False
        """Whether the server has sent all audio."""
        self.ended = False
        """Whether the policy has taken in all audio."""

    def wants(self, now: float, spare: bool) -> bool:
        """Ask the policy for its next pass: returns whether `wanted` is a pass that can be run now.

        `now`: ms of the driver's clock; `spare` as in `ChannelPolicy.next_pass`.
        """
        if self.running:
            return False
        media = self.media.at(now)
        if self.wanted is None or self.wanted.review is not None:
            stalled = self.may_stall and self.stalls_at is not None and now >= self.stalls_at
            if stalled:
                self.stalls_at = None
            wanted = self.speech.next_pass(media, spare=spare, stalled=stalled)
            if wanted is not None:
                self.wanted = wanted
                self.due = due(now, wanted.deadline, media, wide=self.wide)
        self.idle = self.wanted is None or self.wanted.review is not None
        if self.idle:
            self.ahead = 0
        if self.wanted is not None and self.wanted.review is not None and media > self.wanted.deadline:
            self.wanted = None  # Its line keeps its text, which readers have had for a while.
        return self.wanted is not None

    @property
    def wide(self) -> bool:
        """Whether its windows are wider than usual, as last noted."""
        return self.stage >= Stage.WIDER_WINDOWS

    @property
    def may_stall(self) -> bool:
        """Whether the policy can be told that no sound comes: it has taken in all that came, and wants no live pass."""
        waits = self.wanted is None or self.wanted.review is not None
        return waits and not self.running and not self.ending and self.audio.next_end is None

    @property
    def late(self) -> int:
        """Delay of the text as last reported, ms; 0 where no sound comes and all that came was heard: it is reported
        with sound alone.
        """
        return self.lag if self.busy or self.stalls_at is not None else 0

    @property
    def busy(self) -> bool:
        """Whether a pass is wanted or running, or received sound waits to be processed."""
        return self.wanted is not None or self.audio.next_end is not None

    @property
    def drained(self) -> bool:
        """Whether all audio has been recognised, and the server has accepted all acts."""
        return self.ended and self.speech.done and not self.acts.waiting

    def judge(self, t: int, samples: Samples) -> list[float]:
        """Probability of speech in each frame of audio that begins at media ms `t`."""
        # One call for all frames: that halves what a room costs in which nobody speaks (bench/silent_rooms.py).
        self._judged.append(Judged(t, self.voice.state(), samples))
        odds = self.voice.probabilities(samples)
        self._remembered += len(odds)
        while self._remembered > REMEMBERED:
            self._remembered -= len(self._judged.popleft().samples) // VAD_FRAME
        spoken = FRAME_MS * sum(p >= SPOKEN_P for p in odds)
        self.spoken += spoken
        self.share.add(FRAME_MS * len(odds), spoken)
        return odds

    def resume_point(self) -> wire.ResumePoint | None:
        """The channel's resume point; None when the voice detector's state at that point is no longer kept."""
        point = self.speech.resume_point
        voice = self._voice_at(point.audio_from)
        return None if voice is None else msgspec.structs.replace(point, voice=voice)

    def _voice_at(self, t: int) -> bytes | None:
        """The voice detector's state before the frame that begins at media ms `t`; None when it isn't known any more.

        Between two calls it is computed once more from the frames, which is exact.
        """
        found = next((each for each in reversed(self._judged) if each.t <= t), None)
        if found is None or t == found.t:
            return None if found is None else found.state
        frames, apart = divmod(t - found.t, FRAME_MS)
        if apart or frames * VAD_FRAME >= len(found.samples):
            return None
        now = self.voice.state()
        self.voice.resume(found.state)
        self.voice.probabilities(found.samples[: frames * VAD_FRAME])
        before = self.voice.state()
        self.voice.resume(now)
        return before
