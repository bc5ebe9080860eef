"""The engine's side of one link, without the socket: channels, what goes out, and whose turn it is.

Values and times in, messages out; a driver (`live.py`, and the bench's) moves them and runs the passes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass

import msgspec

from moothall.core.commands import CommitWords, EndSegment, NoteGap, ReviseSegment
from moothall.core.kernel.errors import ProtocolError
from moothall.core.signals import ChannelState, Partial
from moothall.wire import engine as wire
from moothall_models.engine.audio import FRAME_MS, MediaTime
from moothall_models.engine.heard_channel import HeardChannel
from moothall_models.ports import VAD_FRAME, Hypothesis, VoiceActivity
from moothall_models.speech.channel import Output, SpeechChannel
from moothall_models.speech.overload import Load, shared
from moothall_models.speech.passes import PassRequest

logger = logging.getLogger(__name__)

SLICE_FRAMES = 32
"""Frames judged at a time (1 s of audio, some 3 ms of computing), so that nothing else waits long."""
AHEAD_FRAMES = 94
"""Frames heard while a pass is wanted and has not come (3 s); more waits. A backlog is worked off in such steps."""
BACKLOG_MS = 30_000
"""Audio that a channel has heard and no pass has, at most: more than the longest window. The rest waits as it came, in
less room, and behind `AHEAD_MS` of the server in its spool: a late engine needs no more memory."""
Key = tuple[str, int, str]


class NextPass(msgspec.Struct, frozen=True, eq=False):
    """A pass to be run now, for one channel."""

    attachment: int
    request: PassRequest
    speech: SpeechChannel
    """Whose it is: a channel that was lost meanwhile gets nothing of it."""
    company: int = 1
    """How many passes run together with it, itself counted."""


@dataclass(eq=False, repr=False)
class LinkSession:
    """All channels of one link, from the hello to the link's end.

    `now` is the driver's clock, ms. Every method may put messages out, which `next_message` gives in order.
    """

    hello: wire.Hello
    _: KW_ONLY
    voice: Callable[[], VoiceActivity]
    """Makes what a new channel needs, as `media` and `speech` do."""
    media: Callable[[wire.Attach], MediaTime]
    cpu_ms: Callable[[], float]
    load: Load | None = None
    """With it, it is said how many more channels fit, whenever that changes."""
    speech: Callable[[wire.Attach], SpeechChannel] = SpeechChannel

    def __post_init__(self) -> None:
        self._fits = (self.hello.channels, self.hello.channels if self.hello.most is None else self.hello.most)
        """How many channels the server was last told that fit, in time and late."""
        self._channels: dict[int, HeardChannel] = {}
        # Acts are bounded by what a channel keeps unanswered; signals by their keys: a newer one replaces the old one.
        self._out: dict[Key, wire.ToServer] = {("hello", 0, ""): self.hello}
        self._frames = 0

    @property
    def attached(self) -> int:
        """How many channels are attached."""
        return len(self._channels)

    @property
    def frames(self) -> int:
        """How many frames it has heard."""
        return self._frames

    @property
    def waiting(self) -> bool:
        """Whether there is sound that it has not heard, or a pass that is wanted."""
        return any(each.audio.next_end is not None or each.wanted is not None for each in self._channels.values())

    @property
    def under_way(self) -> int:
        """How many acts wait for the server's answer."""
        return sum(channel.acts.under_way for channel in self._channels.values())

    @property
    def held_up(self) -> bool:
        """Whether the server can't store what some channel said."""
        return any(channel.acts.held_up for channel in self._channels.values())

    @property
    def retry_at(self) -> int | None:
        """When `retry` is to be called; None when nothing waits for it."""
        return min((at for each in self._channels.values() if (at := each.acts.retry_at) is not None), default=None)

    @property
    def lacks_audio(self) -> bool:
        """Whether some channel has no frame to hear and may still get one."""
        return any(not each.ending and each.audio.next_end is None for each in self._channels.values())

    @property
    def next_frame_end(self) -> int | None:
        """Media ms at which the earliest waiting frame may be heard; None when none waits."""
        return min((end for each in self._channels.values() if (end := each.audio.next_end) is not None), default=None)

    def next_message(self) -> wire.ToServer | None:
        """Take the next message to be written; None when there is none at the moment."""
        if not self._out:
            return None
        return self._out.pop(next(iter(self._out)))

    def received(self, message: wire.ToEngine, now: float) -> None:
        """Take in a message. Raises ProtocolError when the server broke the rules."""
        if isinstance(message, wire.Attach):
            self._attach(message)
            return
        channel = self._channels.get(message.attachment)
        if channel is None:
            return  # It was under way when the channel was given up.
        match message:
            case wire.Audio():
                if channel.ending:
                    raise ProtocolError(f"Audio came for attachment {channel.number} after its end.")
                channel.audio.add(message.t, message.pcm)
                channel.media.arrived(channel.audio.end, now)
            case wire.EndOfAudio():
                channel.audio.finish()
                channel.ending = True
                channel.media.arrived(channel.audio.end, now)
                self._end_if_heard(channel, now)
            case wire.Glossary():
                channel.speech.glossary.prefer(message.terms, message.near)
            case wire.Detach():
                self._forget(channel)
            case wire.Accepted():
                channel.acts.accepted(message.id)
                self._send(channel, now)
                self._drained(channel)
            case wire.Refused():
                had_worked = not channel.acts.held_up
                if channel.acts.refused(message.id, message.refusal.code, int(now)):
                    if had_worked and channel.acts.held_up:  # Once, not for all that follow, nor for what is dropped.
                        logger.warning("act %s was refused (%s) and is sent again", message.id, message.refusal.code)
                    self._send(channel, now)
                else:
                    logger.warning("act %s was refused (%s); the channel is lost", message.id, message.refusal.code)
                    self._lose(channel)

    def retry(self, now: float) -> None:
        """Send again what is due."""
        for channel in list(self._channels.values()):
            self._send(channel, now)

    def hear(self, now: float) -> bool:
        """Hear up to a second of the audio that has arrived, of every channel; False when there was none."""
        heard_any = False
        for channel in list(self._channels.values()):
            behind = 0 if channel.idle else channel.speech.waiting
            room = min(AHEAD_FRAMES - channel.ahead, (BACKLOG_MS - behind) // FRAME_MS)
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
        """The pass to be run next: of all that are wanted the one with the earliest deadline.

        It is under way until `passed`; meanwhile other channels may get their turn.
        """
        return next(iter(self.next_passes(now)), None)

    def next_passes(self, now: float, *, workers: int = 1, at_once: int = 1) -> list[NextPass]:
        """The passes to be run together next, of as many channels, as `next_pass` has them; none when none is wanted.

        `workers` are free and take up to `at_once` each: the passes are shared out among them. A line that is heard
        once more runs alone, since it takes longer and nobody waits for it.
        """
        ready = sorted((each for each in self._channels.values() if each.wants(now)), key=lambda each: each.due)
        live = [each for each in ready if each.wanted is not None and each.wanted.line is None]
        chosen = live[: shared(len(live), workers, at_once)] if live[:1] == ready[:1] else ready[:1]
        turns: list[NextPass] = []
        for channel in chosen:
            if channel.wanted is not None:
                channel.running, channel.began = True, now
                turns.append(NextPass(channel.number, channel.wanted, channel.speech, len(chosen)))
        return turns

    def passed(self, turn: NextPass, hypothesis: Hypothesis, now: float) -> None:
        """The pass is done; nothing happens when its channel is gone."""
        channel = self._channels.get(turn.attachment)
        if channel is None or channel.speech is not turn.speech:
            return
        channel.wanted, channel.running, channel.ahead, channel.idle = None, False, 0, False
        if self.load is not None:
            self.load.passed((now - channel.began) / turn.company, channel.began - channel.asked, channel.spoken)
        channel.spoken = 0
        outputs = channel.speech.passed(turn.request, hypothesis, channel.media.at(now))
        self._put(channel, outputs, now)
        self._say_language(channel)
        line = turn.request.line
        if line is not None and not any(isinstance(output, ReviseSegment) for output in outputs):
            self._out["stands", channel.number, line.segment] = wire.Stands(
                attachment=channel.number, segment=line.segment
            )
        self._drained(channel)

    def _attach(self, attach: wire.Attach) -> None:
        if attach.attachment in self._channels:
            raise ProtocolError(f"Attachment {attach.attachment} is there already.")
        channel = HeardChannel(attach, self.voice(), self.media(attach), self.speech(attach))
        self._channels[attach.attachment] = channel
        logger.info("attachment %d is %s, from %d ms", attach.attachment, channel.name, attach.audio_from)

    def _end_if_heard(self, channel: HeardChannel, now: float) -> None:
        gone = self._channels.get(channel.number) is not channel
        if not gone and channel.ending and not channel.ended and channel.audio.next_end is None:
            channel.ended = True
            self._put(channel, channel.speech.end_of_audio(), now)
            self._drained(channel)

    def _put(self, channel: HeardChannel, outputs: Sequence[Output], now: float) -> None:
        """Send what the policy gave out: all that it made certain as one act, and the rest as signals.

        Each better text is an act of its own behind that, so that one which is refused takes nothing with it.
        """
        commands = [output for output in outputs if isinstance(output, CommitWords | EndSegment | NoteGap)]
        better = [output for output in outputs if isinstance(output, ReviseSegment)]
        partial = next((output for output in reversed(outputs) if isinstance(output, Partial)), None)
        if commands:
            ended = [command.segment for command in commands if isinstance(command, EndSegment)]
            again = tuple(segment for segment in ended if channel.speech.reviewer.may_better(segment))
            readings = tuple(output for output in outputs if isinstance(output, wire.OtherReadings))
            channel.acts.add(commands, partial, channel.resume_point(), again, readings)
            if channel.acts.overdue:
                logger.error("%s: the server does not answer; the channel is lost", channel.name)
                self._lose(channel)
                return
        elif partial is not None:
            self._tell(channel, partial)
        for revised in better:
            channel.acts.add([revised])
        if commands or better:
            self._send(channel, now)
        for output in outputs:
            if isinstance(output, ChannelState):
                channel.lag = output.lag
                self._tell(channel, output)

    def _tell(self, channel: HeardChannel, signal: Partial | ChannelState) -> None:
        key = ("tell", channel.number, signal.key)
        self._out.pop(key, None)
        self._out[key] = wire.Tell(attachment=channel.number, signal=signal)

    def _say_language(self, channel: HeardChannel) -> None:
        """Tell the server which language it sounds like instead, if it asked and that isn't what it was told."""
        instead = channel.speech.expected.instead
        if channel.tells_language and instead != channel.instead:
            channel.instead = instead
            self._out["sounds", channel.number, ""] = wire.SoundsLike(attachment=channel.number, language=instead)

    def _say_room(self) -> None:
        """Tell the server what fits, if that isn't what it was told."""
        if self.load is None:
            return
        attached = len(self._channels)
        room = self.load.room(attached, max((channel.lag for channel in self._channels.values()), default=0))
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
            logger.info("attachment %d is drained", channel.number)

    def _lose(self, channel: HeardChannel) -> None:
        self._forget(channel)
        self._out["lost", channel.number, ""] = wire.Lost(attachment=channel.number)

    def _forget(self, channel: HeardChannel) -> None:
        del self._channels[channel.number]
        for key in [key for key in self._out if key[1] == channel.number and key[0] in ("act", "tell", "sounds")]:
            del self._out[key]
