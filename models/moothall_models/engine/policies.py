"""What an engine asks of a channel's speech policy, and which policy belongs to which recogniser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from moothall.wire.engine import Attach, ResumePoint
from moothall_models.ports import Floats, Hypothesis, Recognizer, Samples, StreamingRecognizer
from moothall_models.speech.channel import Output, SpeechChannel
from moothall_models.speech.listening.scripts import AS_HEARD, WrittenScripts
from moothall_models.speech.listening.streamed import StreamedChannel
from moothall_models.speech.passes import PassRequest
from moothall_models.speech.schedule import Stage
from moothall_models.speech.turns.finding import VoiceWindow
from moothall_models.speech.turns.listener import VoiceListener


class ChannelPolicy(Protocol):
    """The speech policy of one channel: takes audio and hypotheses, and returns commands and signals to be sent.

    Times are media ms of the channel.
    """

    @property
    def done(self) -> bool:
        """Whether the audio has ended, everything is committed, and the last segment has ended."""
        ...

    @property
    def waiting(self) -> int:
        """The backlog: ms from the oldest sound that no pass has heard to the newest sound. Used for back-pressure."""
        ...

    @property
    def stage(self) -> Stage:
        """What it does without since its engine can't keep up."""
        ...

    @property
    def resume_point(self) -> ResumePoint:
        """The state from which another engine can continue and hear the same as this one."""
        ...

    @property
    def voices(self) -> VoiceListener:
        """The voices of the channel."""
        ...

    @property
    def unexpected_language(self) -> str | None:
        """The language, of none that were announced, that the speech sounds like; None when it sounds like none."""
        ...

    def prefer(self, terms: tuple[str, ...], near: int) -> None:
        """Prefer these terms from now on, if the recogniser can; `near` as in `Attach`."""
        ...

    def hear(self, t: int, samples: Samples, speech: Sequence[float]) -> list[Output]:
        """Take in audio that begins at `t`: 512 samples for each probability in `speech`. Raises ValueError."""
        ...

    def end_of_audio(self) -> list[Output]:
        """Take note that there is no more audio. Passes may still be requested until `done`."""
        ...

    def next_pass(self, now: int, *, spare: bool = True, stalled: bool = False) -> PassRequest | None:
        """Request the next pass, if one is due; `now`: the time up to which audio has been captured.

        `spare`: whether the engine has time for passes that aren't live. `stalled`: whether no sound has come for a
        while after all that was heard; it counts until more is heard.
        """
        ...

    def begin(self, request: PassRequest) -> PassRequest:
        """Take note that the outstanding pass begins, and return it: it may hear more than when it was requested."""
        ...

    def passed(self, request: PassRequest, hypothesis: Hypothesis, now: int) -> list[Output]:
        """Take in the hypothesis of the outstanding pass. Raises ValueError for any other pass."""
        ...

    def measured(self, window: VoiceWindow, vector: Floats) -> list[Output]:
        """Take in the vector of a window of `voices`."""
        ...


def policy_for(recognizer: Recognizer, scripts: WrittenScripts = AS_HEARD) -> Callable[[Attach], ChannelPolicy]:
    """Return what makes the policy of a channel for this recogniser. `scripts`: how its Chinese is written."""
    if not isinstance(recognizer, StreamingRecognizer):
        return lambda attach: SpeechChannel(attach, scripts=scripts)
    streaming: StreamingRecognizer = recognizer
    return lambda attach: StreamedChannel(attach, streaming.open(), scripts=scripts)
