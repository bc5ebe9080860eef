"""Assigns channels to engines.

Each channel whose audio is to be recognised is an assignment. Every engine that connects gets assignments up to its
capacity; when its link ends another engine continues them, from the last committed word on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache

import msgspec

from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId
from moothall.core.ports import Clock
from moothall.core.sessions.parts import Channel
from moothall.core.sessions.state import ON, State
from moothall.core.sessions.who_speaks import VoicesMeasured
from moothall.core.signals import ChannelState, Sound
from moothall.services.engines.assignment import (
    Assignment,
    GlossaryOf,
    ReadingsHeard,
    VoiceMessage,
    VoicesHeard,
    VoicesMeasuredIn,
    no_glossary,
    no_voices,
)
from moothall.services.engines.attachment import Attachment, ConnectedEngine, EngineConnection, expected
from moothall.services.engines.capacity import freest, left_when_full, relief, unreserved
from moothall.services.log.session_writer import SessionWriter
from moothall.services.metrics.measures import Measures
from moothall.services.sound.consent import ConsentChanges
from moothall.services.sound.listening import Listening
from moothall.services.sound.live_audio import LiveAudio
from moothall.services.sound.loudness import Loudness
from moothall.services.supervision.pulses import Pulses
from moothall.services.supervision.supervising import note_failure
from moothall.wire import engine as wire

logger = logging.getLogger(__name__)

WATCH_MS = 1_000
QUIET_MS = 3_000
"""Time without news of an engine or a source, in ms, after which readers are notified."""

RELIEF_MS = 5_000
"""Least interval, in ms, between two channels that are moved from an engine with too many to one that has capacity in
time: afterwards both measure their load anew."""

AWAY_MS = 10_000
"""Absence of all engines, in ms, after which none is expected back soon: an engine that is restarted takes less."""

NEXT_MS = 10_000
"""How long a channel that is off its engine for a moment claims its place, in ms: until it is attached anew, for which
the end of a source has to be stored where its sound goes on in another one."""

AudioTap = Callable[[SessionWriter, LiveAudio], Coroutine[None, None, None]]
"""Another reader of a source's audio, such as the recorder; returns once it has read all of it."""


class EngineLoad(msgspec.Struct, frozen=True, kw_only=True):
    """The load and the spare capacity of an engine."""

    name: str
    """Name of the engine's token, which all engines with that token share."""
    channels: int
    room: int
    """Number of further channels that it can carry in time; below 0 when it has too many."""
    late_room: int
    """Number of further channels that it can take where their text may be late."""


@dataclass(eq=False, repr=False)
class Recognising:
    """Distributes assignments among the connected engines."""

    clock: Clock
    audio_tap: AudioTap | None = None
    """Reads the audio of each assignment too. The assignment isn't done before this has returned."""
    glossary: GlossaryOf = no_glossary
    pulses: Pulses | None = None
    measures: Measures | None = None
    """Measures that are updated; None for private ones."""
    loaded: Callable[[], Iterable[SessionWriter]] = tuple
    """The writers of all loaded sessions."""

    def __post_init__(self) -> None:
        self._pulses = self.pulses or Pulses(self.clock)
        self._measures = self.measures or Measures(self.clock)
        self._assignments: list[Assignment] = []
        self._waiting: list[Assignment] = []
        self._attachments: dict[Assignment, Attachment] = {}
        self._engines: list[ConnectedEngine] = []
        self._goes_on: dict[tuple[SessionWriter, ChannelId], int] = {}
        """Channels whose next source is about to be assigned, with the time at which the one before it was done, in ms
        of the monotonic clock. Bound: the channels that were heard; those of before `NEXT_MS` count no more."""
        self._readings: ReadingsHeard = lambda *_: None
        self._measured: VoicesMeasuredIn = no_voices
        self._voices: VoicesHeard = lambda *_: None
        self._refused = 0
        self._relieved = self.clock.monotonic()
        self._alone_since: int | None = self.clock.monotonic()
        """Since when no engine has been connected, in ms of the monotonic clock; None while one is."""
        self.usage: list[wire.Usage] = []
        """The last 100 reports of usage by engines, one for each drained attachment."""

    @property
    def engines(self) -> int:
        """Number of connected engines."""
        return len(self._engines)

    @property
    def errors(self) -> Mapping[str, Mapping[str, float]]:
        """Of 100 words how many come out wrong, by the models of the connected engines and by language (BCP-47), as
        measured (`EngineHello.errors`). Models of which nothing is known are left out.
        """
        return {each.hello.model: each.hello.errors for each in self._engines if each.hello.errors}

    @property
    def loads(self) -> tuple[EngineLoad, ...]:
        """Load of each engine, in the order in which they connected."""
        return tuple(
            EngineLoad(name=each.link.name, channels=each.taken, room=each.free, late_room=each.more)
            for each in self._engines
        )

    @property
    def waiting(self) -> int:
        """Number of channels that have sound to be heard and no engine."""
        return sum(each.span is not None for each in self._waiting)

    @property
    def refused(self) -> int:
        """Number of connected engines that can't work, since the service that they use refuses their key."""
        return self._refused

    def unheard(self, session: SessionId) -> tuple[ChannelId, ...]:
        """Channels of a session that wait for an engine and whose languages no connected engine knows; empty while none
        is connected.
        """
        return tuple(each.channel for each in self._wanting(session) if self._engines and not self._suited(each))

    def loudness(self, session: SessionId) -> dict[ChannelId, Loudness]:
        """Loudness of a session's own sound by channel, where it is still arriving."""
        return {each.channel: each.audio.loudness for each in self._coming(session)}

    def listening(self, session: SessionId) -> dict[ChannelId, Listening]:
        """Listeners to a session's own sound by channel, where it is still arriving."""
        return {each.channel: each.audio.listening for each in self._coming(session)}

    def _coming(self, session: SessionId) -> Iterator[Assignment]:
        """Assignments of a session whose own sound is still arriving, without respeakers' sound."""
        live = (each for each in self._assignments if each.writer.session == session and not each.audio.ended)
        return (each for each in live if not each.audio.respoken)

    def by_level(self, session: SessionId) -> dict[ChannelId, Sound]:
        """What a session's own sound is, judged by its level, for channels that no engine is to hear at the moment."""
        return {each.channel: each.by_level for each in self._coming(session) if each.span is None}

    def unlike(self, session: SessionId) -> tuple[tuple[str, ...], str] | None:
        """The expected languages of a channel of the session, and the language that its sound resembles instead; None
        where all sound as expected.
        """
        for each in self._assignments:
            if each.writer.session == session and each.sounds_like is not None:
                return expected(each.now), each.sounds_like
        return None

    @property
    def room_left(self) -> int | None:
        """Number of further channels that fit with late text, once no more fit in time; None as long as some do."""
        return left_when_full(self._left())

    def crowded_out(self, session: SessionId) -> tuple[ChannelId, ...]:
        """Channels of a session that have waited for at least `QUIET_MS` because no engine has capacity for them."""
        now = self.clock.monotonic()
        waiting = (each for each in self._wanting(session) if now - each.heard_at >= QUIET_MS)
        return tuple(each.channel for each in waiting if each.not_before <= now and self._suited(each))

    @property
    def alone(self) -> bool:
        """Whether no engine is connected at the moment."""
        return not self._engines

    def hopeless(self, session: SessionId, channel: ChannelId) -> bool:
        """Whether no engine will hear a channel soon: none has been connected for `AWAY_MS`, or none knows its
        languages.
        """
        alone = self._alone_since
        return channel in self.unheard(session) or (alone is not None and self.clock.monotonic() - alone >= AWAY_MS)

    def unheard_sound(self, session: SessionId) -> int:
        """How much sound of a session that is to be recorded, in ms, waits for an engine that is not expected soon."""
        crowded = self.crowded_out(session)
        waiting = [each for each in self._wanting(session) if each.span is not None and each.span.kept]
        late = (each for each in waiting if each.channel in crowded or self.hopeless(session, each.channel))
        return max((each.behind for each in late), default=0)

    def queue(self, session: SessionId) -> tuple[int, tuple[SessionId, ...], tuple[int, ...]]:
        """How many channels wait before the session's first one that waits for an engine that could hear that one too,
        the session of each channel that such engines carry, and until when (Unix ms) each other one keeps its place
        there at most (`PLACE_MS`); (0, (), ()) where none of its channels waits.
        """
        waiting = sorted((each for each in self._waiting if each.span is not None), key=_turn)
        first = next((n for n, each in enumerate(waiting) if each.writer.session == session), None)
        if first is None:
            return 0, (), ()
        able = [engine for engine in self._engines if engine.suits(waiting[first])]
        ahead = sum(any(engine.suits(each) for engine in able) for each in waiting[:first])
        carried = (each.writer.session for each, at in self._attachments.items() if at.engine in able)
        pausing = (each for each in self._waiting if any(engine.suits(each) for engine in able))
        kept = (until for each in pausing if (until := each.kept_until(self.clock.wall())) is not None)
        return ahead, tuple(carried), tuple(kept)

    def tell_readings(self, told: ReadingsHeard) -> None:
        """Set the callback for other readings of stored words."""
        self._readings = told

    def hear_voices(self, measured: VoicesMeasuredIn, told: VoicesHeard) -> None:
        """Set what is measured of the voices of a session, and the callback for what engines say of them."""
        self._measured, self._voices = measured, told

    def measured(self, state: State) -> VoicesMeasured:
        """What engines may measure of the voices of a session."""
        return self._measured(state)

    def voice_heard(self, session: SessionId, channel: ChannelId, message: VoiceMessage) -> None:
        """Report what an engine says of a voice."""
        self._voices(session, channel, message)

    async def learn_voice(self, session: SessionId, channel: ChannelId, segment: SegmentId, voice: int) -> None:
        """Have the engine of a channel know the voice of a line by this number, if it may."""
        for attachment in self._attached_in(session):
            if attachment.assignment.channel == channel:
                await attachment.learn(voice, segment)

    async def forget_voice(self, session: SessionId, voice: int) -> None:
        """Have all engines of a session erase what they know of a voice."""
        for attachment in self._attached_in(session):
            await attachment.forget(voice)

    def _attached_in(self, session: SessionId) -> tuple[Attachment, ...]:
        return tuple(each for of, each in self._attachments.items() if of.writer.session == session)

    def heard_otherwise(self, session: SessionId, channel: ChannelId, readings: Sequence[wire.OtherReadings]) -> None:
        """Report other readings of words that an engine committed and that are stored."""
        self._readings(session, channel, readings)

    async def recognise(
        self, writer: SessionWriter, channel: ChannelId, audio: LiveAudio, later: Callable[[], int] = lambda: 0
    ) -> None:
        """Have engines recognise a channel; return once its audio has ended and all of its words are in the log.

        `later` returns how much sound of the channel, in ms, waits behind `audio`.
        """
        assignment = Assignment(
            writer,
            channel,
            audio,
            self.glossary,
            self.heard_otherwise,
            self.measured,
            self.voice_heard,
            later,
        )
        assignment.heard_at = self.clock.monotonic()
        if self._goes_on.pop((writer, channel), None) is not None:
            assignment.claimed_at = assignment.heard_at
        self._assignments.append(assignment)
        self._waiting.append(assignment)
        self._assign()
        async with asyncio.TaskGroup() as group:
            if self.audio_tap is not None:
                group.create_task(_tapped(self.audio_tap, writer, audio))
            watch = group.create_task(self._watch(assignment))
            consent = group.create_task(self._follow_consent(assignment))
            try:
                await assignment.done.wait()
            finally:
                if assignment in self._waiting:
                    self._waiting.remove(assignment)
                if (attachment := self._attachments.get(assignment)) is not None:
                    await attachment.detach()
                self._assignments.remove(assignment)
                assignment.shown.wipe()
            watch.cancel()
            consent.cancel()

    @asynccontextmanager
    async def held(self, writer: SessionWriter, channel: ChannelId) -> AsyncIterator[Assignment | None]:
        """Keep engines off the channel inside the block, with all that one said in the log; afterwards attach it anew.

        Yields the channel's assignment; None where no audio of the channel is being recognised.
        """
        found = (each for each in self._assignments if each.writer is writer and each.channel == channel)
        assignment = next((each for each in found if not each.audio.respoken), None)
        if assignment is None:
            yield None
            return
        async with assignment.holding:
            assignment.held = True
            had_engine = assignment in self._attachments
            if assignment in self._waiting:
                self._waiting.remove(assignment)
            elif (attachment := self._attachments.get(assignment)) is not None:
                await attachment.leave()
                if attachment.task is not None:
                    await asyncio.wait({attachment.task})
            try:
                yield assignment
            finally:
                assignment.held = False
                assignment.not_before = 0  # What was done in the block may have removed the cause of the failures.
                if had_engine:
                    assignment.claimed_at = self.clock.monotonic()
                on = assignment in self._assignments and not assignment.done.is_set()
                if on and assignment not in self._attachments:
                    self._waiting.append(assignment)
                    self._assign()

    async def serve(self, link: EngineConnection) -> None:
        """Serve one engine until its link ends. Raises ProtocolError when it breaks the protocol, and GivenUp."""
        hello = await link.receive()
        if hello is None:
            return
        if not isinstance(hello, wire.EngineHello):
            raise ProtocolError(f"Engine {link.name} must begin with a hello.")
        wire.VERSIONS.require(hello.protocol)
        if hello.key_refused:
            await self._wait_with(link)
            return
        engine = ConnectedEngine(
            link,
            hello,
            clock=self.clock,
            when_ended=self._ended,
            changed=self._assign,
            note_usage=self._note_usage,
            fate=self._pulses.fate,
            measures=self._measures,
        )
        with self._pulses.linked(f"engine {link.name}", hello.life, link.abort):
            await self._serve(engine)

    async def _serve(self, engine: ConnectedEngine) -> None:
        link, hello, attached = engine.link, engine.hello, 0
        logger.info("engine %s: connected, model %s, %d channels", link.name, hello.model, hello.channels)
        self._engines.append(engine)
        self._alone_since = None
        try:
            async with asyncio.TaskGroup() as engine.group:
                self._assign()
                try:
                    await engine.receive()
                finally:
                    attached = engine.taken
                    engine.stop(self._pulses.attachments(hello.life))
        except* ProtocolError as broken:
            raise broken.exceptions[0] from None
        finally:
            self._engines.remove(engine)
            self._alone_since = None if self._engines else self.clock.monotonic()
            logger.info("engine %s: disconnected with %d attached channels", link.name, attached)
            for attachment in list(engine.attachments.values()):
                engine.ended(attachment)

    async def _wait_with(self, link: EngineConnection) -> None:
        """Wait for the link of an engine that can't work to end. It counts as absent, but the pages show the reason."""
        logger.warning("engine %s: its service refuses the key", link.name)
        self._refused += 1
        try:
            while await link.receive() is not None:
                pass
        finally:
            self._refused -= 1

    def _ended(self, attachment: Attachment) -> None:
        """Handle the end of an attachment: its assignment is done, or goes to an engine that can take it."""
        assignment = attachment.assignment
        if self._attachments.get(assignment) is attachment:
            del self._attachments[assignment]
            if not (assignment.done.is_set() or attachment.dropped or assignment.held):
                if attachment.in_vain:
                    self._give_time(attachment)
                elif attachment.engine.linked:  # Otherwise its place is gone with the engine.
                    assignment.claimed_at = self.clock.monotonic()
                self._waiting.append(assignment)
            elif assignment.done.is_set() and assignment.later():
                now = self.clock.monotonic()
                self._goes_on = {key: at for key, at in self._goes_on.items() if now - at < NEXT_MS}
                self._goes_on[assignment.writer, assignment.channel] = now
        self._assign()

    def _give_time(self, attachment: Attachment) -> None:
        """Delay the next attachment: an act that one attachment was refused would be refused for the next one too."""
        assignment = attachment.assignment
        if not assignment.failures:
            logger.warning(
                "session %s channel %s: nothing of engine %s (%s) was accepted (%s); the next attachment waits longer",
                assignment.writer.session,
                assignment.channel,
                attachment.engine.link.name,
                attachment.engine.hello.model,
                attachment.refused or "its engine gave it up",
            )
        assignment.failed(self.clock.monotonic())

    def _assign(self) -> None:
        """Attach waiting assignments to engines that can take them."""
        now = self.clock.monotonic()
        places = cache(lambda pausing: self._places(pausing=pausing))  # Attaching what waits changes nothing of them.
        for assignment in sorted((each for each in self._waiting if each.not_before <= now), key=_turn):
            # In a break no engine hears it; when its audio has ended too, nothing is left to hear.
            if assignment.span is None:
                if assignment.audio.ended:
                    assignment.done.set()
                lent = assignment.now.air.respoken and not assignment.audio.respoken
                assignment.claimed_at = now if lent or self._keeps_place(assignment) else None
                continue
            able = [each for each in self._engines if each.more > 0 and each.suits(assignment)]
            if able and not assignment.audio.respoken:
                claims = assignment.claimed_at is not None and now - assignment.claimed_at < NEXT_MS
                left = unreserved(self._engines, places(not claims))
                able = [each for each in able if left[each] > 0]
            engine = freest(able)
            if engine is not None:
                assignment.claimed_at = None
                self._waiting.remove(assignment)
                self._attachments[assignment] = engine.attach(assignment)

    def _left(self) -> dict[ConnectedEngine, int]:
        """How many further channels each engine can take, beside the places that are kept."""
        return unreserved(self._engines, self._places(pausing=True))

    def _places(self, *, pausing: bool) -> list[list[ConnectedEngine]]:
        """For each place that is kept (`_reserved`) the engines that know its languages."""
        return [[each for each in self._engines if each.knows(place)] for place in self._reserved(pausing=pausing)]

    def _reserved(self, *, pausing: bool) -> Iterator[Channel]:
        """Channels for which engine capacity is reserved: those off which engines are kept for a moment, those whose
        next source is about to be assigned, with `pausing` those that no engine is to hear for a while (`PLACE_MS`),
        and those of respeakers who are on air and whose sound is about to arrive, or to arrive again.

        Of the latter two only channels count that engines have heard before, be it in an earlier run of the server or
        at another node. A respeaker whose sound doesn't arrive is soon off air (`respeaking.py`).
        """
        for each in self._assignments:
            if each not in self._attachments and (each.held or (pausing and self._keeps_place(each))):
                yield each.now
        now = self.clock.monotonic()
        for (writer, name), at in self._goes_on.items():
            if now - at < NEXT_MS:
                yield writer.state.channels[name]
        come = {
            (each.writer, each.channel)
            for each in self._assignments
            if each in self._attachments or (each.audio.respoken and not each.audio.ended)
        }
        for writer in self.loaded():
            for channel in writer.state.channels.values() if writer.state.status in ON else ():
                if channel.air.respoken and channel.generation > 0 and (writer, channel.id) not in come:
                    yield channel

    def _keeps_place(self, assignment: Assignment) -> bool:
        return assignment.kept_until(self.clock.wall()) is not None

    def _wanting(self, session: SessionId) -> Iterator[Assignment]:
        """Waiting assignments of a session that have sound to be heard."""
        return (each for each in self._waiting if each.writer.session == session and each.span is not None)

    def _suited(self, assignment: Assignment) -> bool:
        return any(engine.suits(assignment) for engine in self._engines)

    async def _follow_consent(self, assignment: Assignment) -> None:
        """Reconsider attachments whenever the recording or a break begins or ends, so that engines hear recorded and
        off-record sound separately, and no sound of a break.
        """
        changes = ConsentChanges(assignment.writer)
        try:
            while True:
                await changes.next()
                state = assignment.writer.state
                if state.recorded or state.in_break:
                    assignment.shown.wipe()
                if (attachment := self._attachments.get(assignment)) is not None:
                    await attachment.reconsider()
                self._assign()  # A break may be over.
        finally:
            changes.close()

    async def _relieve(self, attachment: Attachment) -> None:
        """Take a channel off an engine that has too many, where another one has capacity in time."""
        now, engine, assignment = self.clock.monotonic(), attachment.engine, attachment.assignment
        if not attachment.attached or engine.free >= 0 or now - self._relieved < RELIEF_MS:
            return
        left = self._left()
        able = [each for each in self._engines if each is engine or (each.suits(assignment) and left[each] > 0)]
        if relief(engine, able) is not None:
            self._relieved = now
            logger.info(
                "session %s channel %s: leaves engine %s",
                assignment.writer.session,
                assignment.channel,
                engine.link.name,
            )
            await attachment.leave()

    def _tell_why(self, assignment: Assignment) -> bool:
        """Log why a channel waits though engines are connected; return whether there was a reason to log."""
        if not self._suited(assignment):
            logger.warning(
                "session %s channel %s: no engine knows its languages (%s), so none is attached",
                assignment.writer.session,
                assignment.channel,
                ", ".join(assignment.now.languages),
            )
        elif assignment.channel in self.crowded_out(assignment.writer.session):
            logger.warning(
                "session %s channel %s: no engine has room for it; its sound is kept, and its text comes when there is "
                "room: start another engine, or close a session that is over",
                assignment.writer.session,
                assignment.channel,
            )
        else:
            return False
        return True

    def _note_usage(self, usage: wire.Usage) -> None:
        self.usage = [*self.usage, usage][-100:]

    async def _watch(self, assignment: Assignment) -> None:
        """Report how late a channel's text is while no engine reports it, and retry what waits, once a second."""
        audio = assignment.audio
        end, grown = audio.end, self.clock.monotonic()
        told = False
        while True:
            await self.clock.sleep(WATCH_MS)
            now = self.clock.monotonic()
            if assignment in self._waiting:
                self._assign()  # Its back-off may have ended.
            if (attachment := self._attachments.get(assignment)) is not None:
                await self._relieve(attachment)
                await attachment.renew()
            if audio.end != end:
                end, grown = audio.end, now
            waits = assignment in self._waiting
            state = assignment.writer.state
            audio.by_level = not assignment.on_air
            if audio.by_level and state.keeps:
                audio.committed(audio.decided_through(state, assignment.channel))
            if waits and (assignment.span is None or (state.in_break and not audio.respoken)):
                self._tell_of_break(assignment, sound=now - grown < QUIET_MS)
                continue
            if waits and self._engines and not told:
                told = self._tell_why(assignment)
            if now - assignment.heard_at < QUIET_MS and now - grown < QUIET_MS and not assignment.failures:
                continue
            sound = Sound.NONE if now - grown >= QUIET_MS and not audio.ended else Sound.SPEECH
            heard = ChannelState(channel=assignment.channel, sound=sound, lag=assignment.behind, t=assignment.heard)
            assignment.tell(heard, self.clock.wall())

    def _tell_of_break(self, assignment: Assignment, *, sound: bool) -> None:
        """Report whether somebody seems to speak in a break, judged by the sound's level, since no engine hears it.
        Sound from before the break may wait still.
        """
        audio = assignment.audio
        heard = (Sound.SPEECH if audio.speaks else Sound.SILENCE) if sound else Sound.NONE
        assignment.by_level = heard
        assignment.heard_at = self.clock.monotonic()
        if assignment.now.air.respoken:
            return  # The signals about the text are about the respeaker's sound.
        state = ChannelState(channel=assignment.channel, sound=heard, lag=assignment.behind, t=audio.end_ms)
        assignment.tell(state, self.clock.wall())


def _turn(assignment: Assignment) -> tuple[bool, bool, int, bool]:
    """Sorts what waits: the lowest gets an engine first. A respeaker gets the capacity that the channel's own sound has
    freed, before all others; then whoever claims a place, the last one first, since that place is still free; then a
    channel that an engine has heard before, in another source or before a restart, since it has readers already.
    """
    claimed_at = assignment.claimed_at
    new = not assignment.now.generation
    return not assignment.audio.respoken, claimed_at is None, 0 if claimed_at is None else -claimed_at, new


async def _tapped(audio_tap: AudioTap, writer: SessionWriter, audio: LiveAudio) -> None:
    """Run another reader of the audio. Its failure doesn't stop the text: a recording is worth less."""
    try:
        await audio_tap(writer, audio)
    except Exception as error:  # whatever it was
        note_failure(error, f"source {audio.source}: another reader of the sound failed")
