"""Measures how many rooms this machine carries with a model: it hears speech as live text does, for some seconds.

The policy, the passes and the rule by which an engine counts its room are those of a meeting. Only the sound comes as
fast as it is heard. Computing time is counted on the processor's clock, so that what else the machine does at the
moment changes little; how much of the cores was left is told beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import msgspec

from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.wire.engine import Attach
from moothall_models.engine.audio import FRAME_MS
from moothall_models.engine.heard_channel import SPOKEN_P
from moothall_models.engine.policies import policy_for
from moothall_models.ports import VAD_FRAME, Recognizer, Samples
from moothall_models.speech.overload import LEAST_SPEECH, Load

MEASURED_S = 20.0
"""How long a model hears, s; loading and warm-up are not counted."""
ENOUGH_MS = 3_000
"""Speech below which nothing is said of a model, ms."""
LEFT = 0.6
"""Least share of the cores' time that a measurement on a quiet machine gets: its threads wait for each other now and
then, and 0.8 was seen."""

Judge = Callable[[Samples], list[float]]
"""Returns the probability of speech in each of the next frames of 512 samples."""


class RoomsCarried(msgspec.Struct, frozen=True, kw_only=True):
    """What a machine carries with a model."""

    rooms: int
    """Live channels without delay of their text; 0: it can't keep up with a single one."""
    late: int
    """Live channels when text may be some seconds late."""
    speech_ms: int
    """Speech that was heard, all workers together, ms."""
    ran_ms: int
    """Computing time for that speech, ms of one core."""
    left: float = 1.0
    """Share of the workers' cores that was left for the measurement."""

    @property
    def share(self) -> float:
        """Computing time for 1 s of speech, s of one core."""
        return self.ran_ms / max(1, self.speech_ms)

    @property
    def busy(self) -> bool:
        """Whether something else used the machine meanwhile."""
        return self.left < LEFT


@dataclass(frozen=True)
class MeasuringClocks:
    """The clocks of a measurement, s: a monotonic one, and the computing time of this process, all threads."""

    seconds: Callable[[], float]
    computing: Callable[[], float]


@dataclass(frozen=True)
class Hearing:
    """What a measurement hears, and with what."""

    recognizer: Recognizer
    """The recogniser, loaded."""
    new_judge: Callable[[], Judge]
    """Makes the voice activity detector of a channel."""
    sound: Samples
    """Speech with its pauses; it is heard again from its beginning as often as there is time."""
    language: str


def measure(
    hearing: Hearing, clocks: MeasuringClocks, *, workers: int = 1, longest_s: float = MEASURED_S
) -> RoomsCarried | None:
    """Measure a recogniser; None when too little speech was heard to tell.

    As many channels as `workers` are heard at a time, each by a thread.
    """
    hearing.recognizer.warm_up()
    began, computed = clocks.seconds(), clocks.computing()
    until = began + longest_s

    def hear(number: int) -> int:
        return _hear_until(until, hearing, clocks.seconds, _attach(number, hearing.language))

    with ThreadPoolExecutor(workers) as threads:
        speech = sum(threads.map(hear, range(1, workers + 1)))
    ran = (clocks.computing() - computed) * 1000
    left = ran / (max(clocks.seconds() - began, 0.001) * 1000 * workers)
    if speech < ENOUGH_MS:
        return None
    if ran >= speech:  # Of each worker and its room: one room has one pass at a time.
        return RoomsCarried(rooms=0, late=0, speech_ms=speech, ran_ms=round(ran), left=left)
    load = Load(workers)
    times = -(-LEAST_SPEECH // speech)  # The rule waits for so much speech; a slow model has heard less.
    load.passed(ran * times, 0, speech * times)
    room = load.room((), 0)
    return RoomsCarried(rooms=room.channels, late=room.most, speech_ms=speech, ran_ms=round(ran), left=left)


def _hear_until(until: float, hearing: Hearing, seconds: Callable[[], float], attach: Attach) -> int:
    """Hear until a moment of the clock; returns the speech that was recognised, ms."""
    recognizer, judge = hearing.recognizer, hearing.new_judge()
    policy = policy_for(recognizer)(attach)
    frames = hearing.sound[: len(hearing.sound) // VAD_FRAME * VAD_FRAME].reshape(-1, VAD_FRAME)
    number = spoken = recognised = 0
    while seconds() < until:
        frame = frames[number % len(frames)]
        (p,) = judge(frame)
        spoken += FRAME_MS * (p >= SPOKEN_P)
        t = number * FRAME_MS
        number += 1
        policy.hear(t, frame, [p])
        while (request := policy.next_pass(t + FRAME_MS, spare=False)) is not None:
            policy.passed(request, recognizer.recognise(request.window), t + FRAME_MS)
            recognised, spoken = recognised + spoken, 0
    return recognised


def _attach(number: int, language: str) -> Attach:
    return Attach(
        attachment=number,
        session=SessionId(f"measured-{number}"),
        channel=ChannelId("floor"),
        generation=1,
        languages=(language,),
        committed_through=0,
        last_words=(),
        open_segment=None,
        audio_from=0,
    )
