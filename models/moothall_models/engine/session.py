"""The engine's side of one link, without the socket: streams, what goes out, and whose turn it is.

Values and times in, messages out; a driver (`engine_live`, `engine_bench`) moves them and runs the passes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import msgspec

from moothall.core.commands import CommitWords, EndSegment, NoteGap, ReviseSegment
from moothall.core.kernel.errors import ProtocolError
from moothall.core.signals import ChannelState, Partial
from moothall.wire import engine as wire
from moothall_models.engine.audio import FRAME_MS, MediaTime
from moothall_models.engine.stream import Stream
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


class Turn(msgspec.Struct, frozen=True, eq=False):
    """A pass to be run now, for one stream."""

    stream: int
    request: PassRequest
    speech: SpeechChannel
    """Whose it is: a stream that was lost meanwhile gets nothing of it."""
    company: int = 1
    """How many passes run together with it, itself counted."""


class LinkSession:
    """All streams of one link, from the hello to the link's end.

    `now` is the driver's clock, ms. Every method may put messages out, which `next_message` gives in order.
    """

    def __init__(
        self,
        hello: wire.Hello,
        *,
        voice: Callable[[], VoiceActivity],
        media: Callable[[wire.Attach], MediaTime],
        cpu_ms: Callable[[], float],
        stamped: bool,
        load: Load | None = None,
        speech: Callable[[wire.Attach], SpeechChannel] = SpeechChannel,
    ) -> None:
        """`voice`, `media` and `speech` make what a new stream needs; `stamped` puts `at` on what goes out.

        With `load` it says how many more channels fit, whenever that changes.
        """
        self._voice = voice
        self._media = media
        self._speech = speech
        self._cpu_ms = cpu_ms
        self._stamped = stamped
        self._load = load
        self._fits = (hello.channels, hello.channels if hello.most is None else hello.most)
        """How many channels the server was last told that fit, in time and late."""
        self._streams: dict[int, Stream] = {}
        # Acts are bounded by each stream's `Acts`; signals by their keys: a newer one takes the old one's place.
        self._out: dict[Key, wire.ToServer] = {("hello", 0, ""): hello}
        self._frames = 0

    @property
    def streams(self) -> int:
        """How many channels are attached."""
        return len(self._streams)

    @property
    def frames(self) -> int:
        """How many frames it has heard."""
        return self._frames

    @property
    def waiting(self) -> bool:
        """Whether there is sound that it has not heard, or a pass that is wanted."""
        return any(s.audio.next_end is not None or s.wanted is not None for s in self._streams.values())

    @property
    def under_way(self) -> int:
        """How many acts wait for the server's answer."""
        return sum(stream.acts.under_way for stream in self._streams.values())

    @property
    def held_up(self) -> bool:
        """Whether the server can't store what some stream said."""
        return any(stream.acts.held_up for stream in self._streams.values())

    @property
    def retry_at(self) -> int | None:
        """When `retry` is to be called; None when nothing waits for it."""
        return min((at for s in self._streams.values() if (at := s.acts.retry_at) is not None), default=None)

    @property
    def lacks_audio(self) -> bool:
        """Whether some stream has no frame to hear and may still get one."""
        return any(not s.ending and s.audio.next_end is None for s in self._streams.values())

    @property
    def next_frame_end(self) -> int | None:
        """Media ms at which the earliest waiting frame may be heard; None when none waits."""
        return min((end for s in self._streams.values() if (end := s.audio.next_end) is not None), default=None)

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
        stream = self._streams.get(message.stream)
        if stream is None:
            return  # It was under way when the stream was given up.
        match message:
            case wire.Audio():
                if stream.ending:
                    msg = f"Audio came for stream {stream.number} after its end."
                    raise ProtocolError(msg)
                stream.audio.add(message.t, message.pcm)
                stream.media.arrived(stream.audio.end, now)
            case wire.EndOfAudio():
                stream.audio.finish()
                stream.ending = True
                stream.media.arrived(stream.audio.end, now)
                self._end_if_heard(stream, now)
            case wire.Glossary():
                stream.speech.glossary.prefer(message.terms, message.near)
            case wire.Detach():
                self._forget(stream)
            case wire.Accepted():
                stream.acts.accepted(message.id)
                self._send(stream, now)
                self._drained(stream)
            case wire.Refused():
                had_worked = not stream.acts.held_up
                if stream.acts.refused(message.id, message.refusal.code, int(now)):
                    if had_worked and stream.acts.held_up:  # Once, not for all that follow, nor for what is dropped.
                        logger.warning("act %s was refused (%s), is sent again", message.id, message.refusal.code)
                    self._send(stream, now)
                else:
                    logger.warning("act %s was refused (%s); lost my place", message.id, message.refusal.code)
                    self._lose(stream)

    def retry(self, now: float) -> None:
        """Send again what is due."""
        for stream in list(self._streams.values()):
            self._send(stream, now)

    def hear(self, now: float) -> bool:
        """Hear up to a second of the audio that has arrived, of every stream; False when there was none."""
        heard_any = False
        for stream in list(self._streams.values()):
            behind = 0 if stream.idle else stream.speech.waiting
            room = min(AHEAD_FRAMES - stream.ahead, (BACKLOG_MS - behind) // FRAME_MS)
            heard = stream.audio.take(stream.media.at(now), min(SLICE_FRAMES, room))
            if heard is None:
                continue
            heard_any = True
            frames = len(heard.samples) // VAD_FRAME
            stream.ahead += frames
            self._frames += frames
            self._put(stream, stream.speech.hear(heard.t, heard.samples, stream.judge(heard.t, heard.samples)), now)
            self._end_if_heard(stream, now)
        if heard_any:
            self._say_room()
        return heard_any

    def next_pass(self, now: float) -> Turn | None:
        """The pass to be run next: of all that are wanted the one with the earliest deadline.

        It is under way until `passed`; meanwhile other streams may get their turn.
        """
        return next(iter(self.next_passes(now)), None)

    def next_passes(self, now: float, *, workers: int = 1, at_once: int = 1) -> list[Turn]:
        """The passes to be run together next, of as many streams, as `next_pass` has them; none when none is wanted.

        `workers` are free and take up to `at_once` each: the passes are shared out among them. A line that is heard
        once more runs alone, since it takes longer and nobody waits for it.
        """
        ready = sorted((each for each in self._streams.values() if each.wants(now)), key=lambda each: each.due)
        live = [each for each in ready if each.wanted is not None and each.wanted.line is None]
        chosen = live[: shared(len(live), workers, at_once)] if live[:1] == ready[:1] else ready[:1]
        turns: list[Turn] = []
        for stream in chosen:
            if stream.wanted is not None:
                stream.running, stream.began = True, now
                turns.append(Turn(stream.number, stream.wanted, stream.speech, len(chosen)))
        return turns

    def passed(self, turn: Turn, hypothesis: Hypothesis, now: float) -> None:
        """The pass is done; nothing happens when its stream is gone."""
        stream = self._streams.get(turn.stream)
        if stream is None or stream.speech is not turn.speech:
            return
        stream.wanted, stream.running, stream.ahead, stream.idle = None, False, 0, False
        if self._load is not None:
            self._load.passed((now - stream.began) / turn.company, stream.began - stream.asked, stream.spoken)
        stream.spoken = 0
        outputs = stream.speech.passed(turn.request, hypothesis, stream.media.at(now))
        self._put(stream, outputs, now)
        self._say_language(stream)
        line = turn.request.line
        if line is not None and not any(isinstance(output, ReviseSegment) for output in outputs):
            self._out["stands", stream.number, line.segment] = wire.Stands(stream=stream.number, segment=line.segment)
        self._drained(stream)

    def _attach(self, attach: wire.Attach) -> None:
        if attach.stream in self._streams:
            msg = f"Stream {attach.stream} is attached already."
            raise ProtocolError(msg)
        stream = Stream(attach, self._voice(), self._media(attach), self._speech(attach))
        self._streams[attach.stream] = stream
        logger.info("stream %d is %s, from %d ms", attach.stream, stream.name, attach.audio_from)

    def _end_if_heard(self, stream: Stream, now: float) -> None:
        gone = self._streams.get(stream.number) is not stream
        if not gone and stream.ending and not stream.ended and stream.audio.next_end is None:
            stream.ended = True
            self._put(stream, stream.speech.end_of_audio(), now)
            self._drained(stream)

    def _put(self, stream: Stream, outputs: Sequence[Output], now: float) -> None:
        """Send what the policy gave out: all that it made certain as one act, and the rest as signals.

        Each better text is an act of its own behind that, so that one which is refused takes nothing with it.
        """
        commands = [output for output in outputs if isinstance(output, CommitWords | EndSegment | NoteGap)]
        better = [output for output in outputs if isinstance(output, ReviseSegment)]
        partial = next((output for output in reversed(outputs) if isinstance(output, Partial)), None)
        at = now if self._stamped else None
        if commands:
            ended = [command.segment for command in commands if isinstance(command, EndSegment)]
            again = tuple(segment for segment in ended if stream.speech.reviewer.may_better(segment))
            stream.acts.add(commands, partial, at, stream.place(), again)
            if stream.acts.overdue:
                logger.error("%s: the server does not answer; lost my place", stream.name)
                self._lose(stream)
                return
        elif partial is not None:
            self._tell(stream, partial, at)
        for revised in better:
            stream.acts.add([revised], at=at)
        if commands or better:
            self._send(stream, now)
        for output in outputs:
            if isinstance(output, ChannelState):
                stream.lag = output.lag
                self._tell(stream, output, at)

    def _tell(self, stream: Stream, signal: Partial | ChannelState, at: float | None) -> None:
        key = ("tell", stream.number, signal.key)
        self._out.pop(key, None)
        self._out[key] = wire.Tell(stream=stream.number, signal=signal, at=at)

    def _say_language(self, stream: Stream) -> None:
        """Tell the server which language it sounds like instead, if it asked and that isn't what it was told."""
        instead = stream.speech.expected.instead
        if stream.tells_language and instead != stream.instead:
            stream.instead = instead
            self._out["sounds", stream.number, ""] = wire.SoundsLike(stream=stream.number, language=instead)

    def _say_room(self) -> None:
        """Tell the server what fits, if that isn't what it was told."""
        if self._load is None:
            return
        attached = len(self._streams)
        room = self._load.room(attached, max((stream.lag for stream in self._streams.values()), default=0))
        fits = (attached + room.channels, attached + room.most)
        if fits != self._fits:
            self._fits = fits
            self._out["capacity", 0, ""] = wire.Capacity(channels=room.channels, most=room.most, attached=attached)

    def _send(self, stream: Stream, now: float) -> None:
        for act in stream.acts.take(int(now)):
            self._out["act", stream.number, act.id] = act

    def _drained(self, stream: Stream) -> None:
        if stream.drained and self._streams.get(stream.number) is stream:
            usage = wire.Usage(cpu_ms=self._cpu_ms(), audio_ms=self._frames * FRAME_MS)
            self._out["usage", stream.number, ""] = usage
            self._out["drained", stream.number, ""] = wire.Drained(stream=stream.number)
            del self._streams[stream.number]
            logger.info("stream %d is drained", stream.number)

    def _lose(self, stream: Stream) -> None:
        self._forget(stream)
        self._out["lost", stream.number, ""] = wire.Lost(stream=stream.number)

    def _forget(self, stream: Stream) -> None:
        del self._streams[stream.number]
        for key in [key for key in self._out if key[1] == stream.number and key[0] in ("act", "tell", "sounds")]:
            del self._out[key]
