"""The engine's side of one link, without the socket: its channels, outgoing messages, and the order of passes.

It takes messages and times and returns messages and passes; a driver (`live.py`, and one in `bench`) sends the messages
and runs the passes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass

import msgspec

from moothall.core.commands import CommitWords, EndSegment, NoteGap
from moothall.core.kernel.errors import ProtocolError
from moothall.core.signals import ChannelState, Partial
from moothall.wire import engine as wire
from moothall_models.engine.audio import FRAME_MS, MediaTime
from moothall_models.engine.heard_channel import STALLED_MS, HeardChannel
from moothall_models.engine.policies import ChannelPolicy
from moothall_models.ports import RATE, VAD_FRAME, Floats, Hypothesis, VoiceActivity
from moothall_models.speech.channel import Output, SpeechChannel
from moothall_models.speech.overload import Load, shared
from moothall_models.speech.passes import PassRequest
from moothall_models.speech.schedule import Stage
from moothall_models.speech.turns.finding import VoiceWindow
from moothall_models.speech.turns.known import HeardVoice

logger = logging.getLogger(__name__)

SLICE_FRAMES = 32
"""Frames that are processed at a time (1 s of audio, some 3 ms of computing), so that other work doesn't wait long."""
AHEAD_FRAMES = 94
"""Frames (3 s) that are processed at most before a wanted pass is done; a backlog is processed in such steps, until
windows are wider (`Stage`), which take in all that has come."""
BACKLOG_MS = 30_000
"""Most audio of a channel that was processed and that no pass has heard, ms: more than the longest window. Further
audio stays in its buffer as PCM16, which takes less memory, and beyond the server's `AHEAD_MS` in the server's spool.
So the memory of a slow engine is bounded."""
BATCH_MS = 8_000
"""Sound of a batch, ms, from which on it takes no further pass, whose words would have to wait for all the others'."""
Key = tuple[str, int, str]


class NextPass(msgspec.Struct, frozen=True, eq=False):
    """A pass to be run now, for one channel."""

    attachment: int
    request: PassRequest
    speech: ChannelPolicy
    """The channel that requested it; the result is discarded if the attachment has been replaced meanwhile."""
    company: int = 1
    """Number of passes in its batch, itself included."""


class NextVoice(msgspec.Struct, frozen=True, eq=False):
    """Speech of a channel whose voice is to be measured now."""

    attachment: int
    window: VoiceWindow
    speech: ChannelPolicy
    """The channel that wants it, as in `NextPass`."""


@dataclass(eq=False, repr=False)
class LinkSession:
    """All channels of one link, from the hello to the link's end.

    `now` is the time of the driver's clock, ms. Any method may add outgoing messages, which `next_message` returns in
    order.
    """

    hello: wire.EngineHello
    _: KW_ONLY
    voice: Callable[[], VoiceActivity]
    """Makes the voice detector of a new channel."""
    media: Callable[[wire.Attach], MediaTime]
    """Makes the media clock of a new channel."""
    cpu_ms: Callable[[], float]
    """Returns the CPU time of the process for `wire.Usage`, ms."""
    load: Load | None = None
    """The measured load, by which the session reports how many more channels fit; None: it never reports."""
    speech: Callable[[wire.Attach], ChannelPolicy] = SpeechChannel
    """Makes the speech policy of a new channel."""

    def __post_init__(self) -> None:
        self._fits = (self.hello.channels, self.hello.channels if self.hello.most is None else self.hello.most)
        """Total numbers of channels last reported to the server: without delay, and with delay."""
        self._channels: dict[int, HeardChannel] = {}
        # Bound: acts by what a channel keeps unanswered; signals by their keys, since a newer signal replaces an older;
        # voices by the lines that a channel remembers.
        self._out: dict[Key, wire.ToServer] = {("hello", 0, ""): self.hello}
        self._frames = 0
        self._idle = self._worked = False
        """Whether nothing waited to be heard when passes were last asked for, and whether a pass has ended since the
        last channel was attached: before that nobody knows what it takes."""

    @property
    def attached(self) -> int:
        """How many channels are attached."""
        return len(self._channels)

    @property
    def stages(self) -> Mapping[int, Stage]:
        """What each channel does without at the moment, by attachment."""
        return {number: channel.stage for number, channel in self._channels.items()}

    @property
    def frames(self) -> int:
        """How many frames of all channels have been processed."""
        return self._frames

    @property
    def waiting(self) -> bool:
        """Whether a whole frame waits to be processed, or a pass is wanted or running."""
        return any(each.busy for each in self._channels.values())

    @property
    def under_way(self) -> int:
        """How many acts wait for the server's answer."""
        return sum(channel.acts.under_way for channel in self._channels.values())

    @property
    def held_up(self) -> bool:
        """Whether the server can't store the acts of some channel at the moment."""
        return any(channel.acts.held_up for channel in self._channels.values())

    @property
    def retry_at(self) -> int | None:
        """When the driver has to call `retry`, ms of its clock; None when no act waits for that."""
        return min((at for each in self._channels.values() if (at := each.acts.retry_at) is not None), default=None)

    @property
    def stalls_at(self) -> float | None:
        """When the driver has to ask for passes although no message comes, ms of its clock; None when it hasn't to."""
        waiting = (each.stalls_at for each in self._channels.values() if each.may_stall)
        return min((at for at in waiting if at is not None), default=None)

    @property
    def lacks_audio(self) -> bool:
        """Whether some channel has no whole frame to process and may still get one."""
        return any(not each.ending and each.audio.next_end is None for each in self._channels.values())

    @property
    def next_frame_end(self) -> int | None:
        """Earliest media ms at which a waiting frame may be processed; None when none waits."""
        return min((end for each in self._channels.values() if (end := each.audio.next_end) is not None), default=None)

    def next_message(self) -> wire.ToServer | None:
        """Take the next message to be written; None when there is none at the moment."""
        if not self._out:
            return None
        return self._out.pop(next(iter(self._out)))

    def received(self, message: wire.ToEngine, now: float) -> None:
        """Handle a message of the server. Raises ProtocolError when it violates the protocol."""
        if isinstance(message, wire.Attach):
            self._attach(message)
            return
        channel = self._channels.get(message.attachment)
        if channel is None:
            return  # The message was sent before the server knew that the channel had ended here.
        match message:
            case wire.Audio():
                if channel.ending:
                    raise ProtocolError(f"Audio came for attachment {channel.number} after its end.")
                channel.audio.add(message.t, message.pcm)
                channel.media.arrived(channel.audio.end, now)
                channel.stalls_at = now + STALLED_MS
            case wire.EndOfAudio():
                channel.audio.finish()
                channel.ending = True
                channel.media.arrived(channel.audio.end, now)
                self._end_if_heard(channel, now)
            case wire.Glossary():
                channel.speech.prefer(message.terms, message.near)
            case wire.LearnVoice():
                _require_voice(message.voice)
                ms = channel.speech.voices.learn(message.voice, message.segment)
                learnt = wire.VoiceLearnt(attachment=channel.number, voice=message.voice, ms=ms)
                self._out["learnt", channel.number, str(message.voice)] = learnt
            case wire.ForgetVoice():
                channel.speech.voices.forget(message.voice)
                self._drop(channel, lambda told: getattr(told, "voice", None) == message.voice)
            case wire.Detach():
                self._forget(channel)
            case wire.Accepted():
                channel.acts.accepted(message.id)
                self._send(channel, now)
                self._drained(channel)
            case wire.Refused():
                had_worked = not channel.acts.held_up
                if channel.acts.refused(message.id, message.refusal.code, int(now)):
                    if had_worked and channel.acts.held_up:  # Logged once, and not for acts that follow or are dropped.
                        logger.warning(
                            "session %s channel %s: act %s was refused (%s) and is sent again",
                            channel.session,
                            channel.channel,
                            message.id,
                            message.refusal.code,
                        )
                    self._send(channel, now)
                    self._drained(channel)
                else:
                    logger.warning(
                        "session %s channel %s: act %s was refused (%s); the channel is lost",
                        channel.session,
                        channel.channel,
                        message.id,
                        message.refusal.code,
                    )
                    self._lose(channel)

    def retry(self, now: float) -> None:
        """Send again the acts whose back-off has ended."""
        for channel in list(self._channels.values()):
            self._send(channel, now)

    def hear(self, now: float) -> bool:
        """Process up to a second of each channel's received audio; False when there was none to process."""
        heard_any = False
        for channel in list(self._channels.values()):
            behind = 0 if channel.idle else channel.speech.waiting
            ahead = BACKLOG_MS // FRAME_MS if channel.wide else AHEAD_FRAMES
            room = min(ahead - channel.ahead, (BACKLOG_MS - behind) // FRAME_MS)
            heard = channel.audio.take(channel.media.at(now), min(SLICE_FRAMES, room))
            if heard is None:
                continue
            heard_any = True
            frames = len(heard.samples) // VAD_FRAME
            channel.ahead += frames
            self._frames += frames
            self._put(channel, channel.speech.hear(heard.t, heard.samples, channel.judge(heard.t, heard.samples)), now)
            self._end_if_heard(channel, now)
        if heard_any:
            self._say_room()
        return heard_any

    def next_pass(self, now: float) -> NextPass | None:
        """The wanted pass with the earliest deadline, to be run next; None when no pass is wanted.

        It counts as running until `passed` is called; meanwhile passes of other channels may run.
        """
        return next(iter(self.next_passes(now)), None)

    def next_passes(self, now: float, *, workers: int = 1, at_once: int = 1) -> list[NextPass]:
        """The batch of passes to be run next, each of another channel, by deadline; empty when no pass is wanted.

        `workers` is how many workers are free; each takes up to `at_once` passes, and the passes are shared out among
        them. A better pass over an ended line takes longer and isn't urgent: it runs alone, where no live pass is
        wanted, and leaves a worker free for the next one, unless it is the only worker.
        """
        spare = self.load is None or self.load.spare(self._shares)
        ready = sorted((each for each in self._channels.values() if each.wants(now, spare)), key=lambda each: each.due)
        live = [each for each in ready if each.wanted is not None and each.wanted.review is None]
        free = workers > 1 or not any(each.running for each in self._channels.values())
        chosen = live[: shared(len(live), workers, at_once)] or (ready[:1] if free else [])
        begun: list[tuple[HeardChannel, PassRequest]] = []
        sound = 0
        for channel in chosen:
            if channel.wanted is not None and sound < BATCH_MS:
                channel.wanted = channel.speech.begin(channel.wanted)
                channel.running, channel.began = True, now
                channel.waited = channel.media.at(now) - channel.wanted.asked
                sound += len(channel.wanted.window.audio) * 1_000 // RATE
                begun.append((channel, channel.wanted))
        self._note_idle()
        return [NextPass(channel.number, request, channel.speech, len(begun)) for channel, request in begun]

    def passed(self, turn: NextPass, hypothesis: Hypothesis, now: float) -> None:
        """Handle the hypothesis of a pass; it is discarded when its channel is gone."""
        channel = self._channels.get(turn.attachment)
        if channel is None or channel.speech is not turn.speech:
            return
        channel.wanted, channel.running, channel.ahead, channel.idle = None, False, 0, False
        self._worked = True
        if turn.request.review is None:
            if self.load is not None:
                took = (now - channel.began) / turn.company
                self.load.passed(took, channel.waited, channel.spoken, wide=channel.wide)
            channel.spoken = 0
        outputs = channel.speech.passed(turn.request, hypothesis, channel.media.at(now))
        self._put(channel, outputs, now)
        self._note_stage(channel)
        self._say_language(channel)
        self._drained(channel)

    def next_voice(self) -> NextVoice | None:
        """Speech whose voice is to be measured, when no pass is wanted; None when there is none."""
        for channel in self._channels.values():
            window = channel.speech.voices.next_window()
            if window is not None:
                return NextVoice(channel.number, window, channel.speech)
        return None

    def measured(self, voice: NextVoice, vector: Floats, now: float) -> None:
        """Handle the vector of a voice; it is discarded when its channel is gone."""
        channel = self._channels.get(voice.attachment)
        if channel is not None and channel.speech is voice.speech:
            self._put(channel, channel.speech.measured(voice.window, vector), now)

    def _attach(self, attach: wire.Attach) -> None:
        if attach.attachment in self._channels:
            raise ProtocolError(f"Attachment {attach.attachment} is there already.")
        turns, voices = attach.turns and self.hello.tells_turns, attach.voices and self.hello.knows_voices
        attach = msgspec.structs.replace(attach, turns=turns, voices=voices)
        channel = HeardChannel(attach, self.voice(), self.media(attach), self.speech(attach))
        self._channels[attach.attachment] = channel
        self._idle = self._worked = False
        logger.info(
            "session %s channel %s: attachment %d begins, generation %d, from %d ms",
            attach.session,
            attach.channel,
            attach.attachment,
            attach.generation,
            attach.audio_from,
        )

    def _end_if_heard(self, channel: HeardChannel, now: float) -> None:
        gone = self._channels.get(channel.number) is not channel
        if not gone and channel.ending and not channel.ended and channel.audio.next_end is None:
            channel.ended = True
            self._put(channel, channel.speech.end_of_audio(), now)
            self._drained(channel)

    def _put(self, channel: HeardChannel, outputs: Sequence[Output], now: float) -> None:
        """Send the policy's outputs: its commands as one act, and the others as signals.

        Each better text, and each split of a line, is a separate act after that, so that its refusal affects no other
        command.
        """
        commands = [output for output in outputs if isinstance(output, CommitWords | EndSegment | NoteGap)]
        late = [output for output in outputs if isinstance(output, wire.LATE_COMMANDS)]
        partial = next((output for output in reversed(outputs) if isinstance(output, Partial)), None)
        if commands:
            readings = tuple(output for output in outputs if isinstance(output, wire.OtherReadings))
            channel.acts.add(commands, partial, channel.resume_point(), readings)
            if channel.acts.overdue:
                logger.error(
                    "session %s channel %s: the server does not answer; the channel is lost",
                    channel.session,
                    channel.channel,
                )
                self._lose(channel)
                return
        elif partial is not None:
            self._tell(channel, partial)
        for command in late:
            channel.acts.add([command])
        if commands or late:
            self._send(channel, now)
        for output in outputs:
            if isinstance(output, HeardVoice):
                self._out["heard", channel.number, output.segment] = wire.VoiceHeard(
                    attachment=channel.number, segment=output.segment, voice=output.voice, ms=output.ms
                )
            if isinstance(output, ChannelState):
                channel.lag = output.lag
                self._tell(channel, output)

    def _tell(self, channel: HeardChannel, signal: Partial | ChannelState) -> None:
        key = ("tell", channel.number, signal.key)
        self._out.pop(key, None)
        self._out[key] = wire.Tell(attachment=channel.number, signal=signal)

    def _say_language(self, channel: HeardChannel) -> None:
        """Report the unexpected language that the speech sounds like, on changes and if the server accepts that."""
        instead = channel.speech.unexpected_language
        if channel.tells_language and instead != channel.instead:
            channel.instead = instead
            self._out["sounds", channel.number, ""] = wire.SoundsLike(attachment=channel.number, language=instead)

    def _note_stage(self, channel: HeardChannel) -> None:
        """Log what the channel does without from now on, where that has changed."""
        if channel.stage is not channel.speech.stage:
            channel.stage = channel.speech.stage
            said = channel.stage.name.lower().replace("_", " ")
            logger.info("session %s channel %s: stage %d, %s", channel.session, channel.channel, channel.stage, said)

    @property
    def _shares(self) -> list[float]:
        """How much of the time of each channel is speech."""
        return [channel.share.value for channel in self._channels.values()]

    def _note_idle(self) -> None:
        """Report that one more channel fits where nothing waits to be heard any more."""
        before, self._idle = self._idle, self._worked and not self.waiting
        if self._idle and not before:
            self._say_room()

    def _say_room(self) -> None:
        """Report how many channels fit, if that has changed."""
        if self.load is None:
            return
        attached = len(self._channels)
        late = max((channel.late for channel in self._channels.values()), default=0)
        room = self.load.room(self._shares, 0 if self._idle else late, idle=self._idle)
        fits = (attached + room.channels, attached + room.most)
        if fits != self._fits:
            self._fits = fits
            self._out["capacity", 0, ""] = wire.Capacity(channels=room.channels, most=room.most, attached=attached)

    def _send(self, channel: HeardChannel, now: float) -> None:
        for act in channel.acts.take(int(now)):
            self._out["act", channel.number, act.id] = act

    def _drained(self, channel: HeardChannel) -> None:
        if channel.drained and self._channels.get(channel.number) is channel:
            usage = wire.Usage(cpu_ms=self.cpu_ms(), audio_ms=self._frames * FRAME_MS)
            self._out["usage", channel.number, ""] = usage
            self._out["drained", channel.number, ""] = wire.Drained(attachment=channel.number)
            del self._channels[channel.number]
            logger.info(
                "session %s channel %s: attachment %d is drained", channel.session, channel.channel, channel.number
            )

    def _lose(self, channel: HeardChannel) -> None:
        self._forget(channel)
        self._out["lost", channel.number, ""] = wire.Lost(attachment=channel.number)

    def _forget(self, channel: HeardChannel) -> None:
        del self._channels[channel.number]
        self._drop(channel, lambda told: not isinstance(told, wire.Usage | wire.Drained | wire.Lost))

    def _drop(self, channel: HeardChannel, dropped: Callable[[wire.ToServer], bool]) -> None:
        """Remove waiting messages of a channel."""
        for key in [key for key, told in self._out.items() if key[1] == channel.number and dropped(told)]:
            del self._out[key]


def _require_voice(number: int) -> None:
    if not 1 <= number <= wire.MOST_VOICES:
        raise ProtocolError(f"Voice {number} isn't known: the numbers of voices are 1 to {wire.MOST_VOICES}.")
