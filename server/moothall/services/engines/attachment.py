"""A connected engine and the attachments of channels to it: audio is sent, acts are received, and each act is answered
in order.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Collection
from dataclasses import KW_ONLY, dataclass
from typing import Protocol

import msgspec

from moothall.core.captioning.control_tokens import to_join
from moothall.core.commands import AttachEngine, CommitWords
from moothall.core.glossary.merging import NOTHING, Preferred
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import ProtocolError, Refusal, RefusalCode
from moothall.core.kernel.ids import CommandId, SegmentId
from moothall.core.ports import Clock
from moothall.core.sessions.parts import Channel
from moothall.core.sessions.roughness import rough_languages
from moothall.core.sessions.state import State, Status
from moothall.core.sessions.who_speaks import NO_VOICES, VoicesMeasured
from moothall.core.signals import ChannelState, Sound
from moothall.services.engines.assignment import CATCH_UP_MS, Assignment, AudioSpan, FateOf, cut_short
from moothall.services.engines.capacity import EngineCapacity
from moothall.services.engines.joining import Joining
from moothall.services.engines.words import AttachmentWords, StoredWords
from moothall.services.log.act_queue import Receipt
from moothall.services.metrics.measures import Measures
from moothall.services.sound.live_audio import BYTES, CONTEXT_MS, LiveAudio, to_ms, to_samples
from moothall.wire import engine as wire

logger = logging.getLogger(__name__)

OVERRUN_MS = 1_000
"""Longest sound, in ms, that an engine may have been sent beyond the end of its span: after more it is detached at
once. After less it may finish the words before the end."""
PORTION = 8_000
"""Most samples in one message (0.5 s)."""
AHEAD_MS = 120_000
"""Most audio, in ms, that is sent beyond what the engine reports as heard: bounds the engine's memory."""
INBOX = 1_024
"""Most messages of one attachment that may wait. When the queue is full, the link is not read further, and the engine
has to wait."""


class EngineConnection(Protocol):
    """One engine's link, over any transport."""

    @property
    def name(self) -> str:
        """Name of the engine in logs."""
        ...

    async def receive(self) -> wire.ToServer | None:
        """The next message; None at the end of the link. Raises ProtocolError."""
        ...

    async def send(self, message: wire.ToEngine) -> None:
        """Send a message. Raises nothing when the link is gone: `receive` reports that."""
        ...

    def abort(self) -> None:
        """End the link at once, without waiting for the other side; `receive` then returns None."""
        ...


@dataclass(eq=False, repr=False)
class ConnectedEngine:
    """An engine on its link, and the channels that are attached to it."""

    link: EngineConnection
    hello: wire.EngineHello
    _: KW_ONLY
    clock: Clock
    when_ended: Callable[[Attachment], None]
    """Called with each attachment that ended."""
    changed: Callable[[], None]
    """Called when the engine has reported another capacity."""
    note_usage: Callable[[wire.Usage], None]
    fate: FateOf
    measures: Measures

    def __post_init__(self) -> None:
        self.group: asyncio.TaskGroup
        """Owns the tasks of the attachments while the link is served."""
        self.attachments: dict[int, Attachment] = {}
        self._capacity = EngineCapacity(self.hello)
        self._linked = True
        self._numbers = itertools.count(1)

    @property
    def free(self) -> int:
        """Number of further channels that the engine can carry in time; below 0 when it has too many."""
        return self._capacity.channels - self.taken

    @property
    def linked(self) -> bool:
        """Whether its link lasts."""
        return self._linked

    @property
    def more(self) -> int:
        """Number of further channels that the engine can take, late text included; 0 once its link is gone."""
        return self._capacity.most - self.taken if self._linked else 0

    @property
    def taken(self) -> int:
        """Number of channels that are attached to the engine."""
        return len(self.attachments)

    def suits(self, assignment: Assignment) -> bool:
        """Whether the engine knows one of the languages that are spoken in the assignment's channel."""
        return self.knows(assignment.now)

    def knows(self, channel: Channel) -> bool:
        """Whether the engine knows one of the languages that are spoken in a channel."""
        return self._capacity.knows(expected(channel))

    def attach(self, assignment: Assignment) -> Attachment:
        """Attach a channel to the engine and return the attachment."""
        made = Attachment(self, next(self._numbers), assignment)
        self.attachments[made.number] = made
        made.task = self.group.create_task(made.run())
        return made

    async def receive(self) -> None:
        """Pass every message to its attachment, until the link ends. Raises ProtocolError."""
        while (message := await self.link.receive()) is not None:
            match message:
                case wire.PassAct() | wire.Tell() | wire.Drained() | wire.Lost():
                    attachment = self.attachments.get(message.attachment)
                    if attachment is not None:  # Otherwise it was detached while the message was in transit.
                        await attachment.inbox.put(message)
                case wire.SoundsLike():
                    if message.attachment in self.attachments:
                        self.attachments[message.attachment].assignment.sounds_like = message.language
                case wire.VoiceLearnt() | wire.VoiceHeard():
                    attachment = self.attachments.get(message.attachment)
                    if attachment is not None and attachment.learns:
                        assignment = attachment.assignment
                        assignment.voices(assignment.writer.session, assignment.channel, message)
                case wire.Capacity():
                    self._capacity.changed(message, self.taken)
                    self.changed()
                case wire.Usage():
                    self.note_usage(message)
                case wire.EngineHello():
                    raise ProtocolError(f"Engine {self.link.name} said hello twice.")

    def stop(self, under_way: Collection[int] = ()) -> None:
        """Cancel all attachments, since the link is gone.

        `under_way`: numbers of attachments that were in a pass; their sound may have made the engine end.
        """
        self._linked = False
        for attachment in self.attachments.values():
            if attachment.number in under_way:
                attachment.assignment.engine_ended(self.hello.life)
            if attachment.task is not None:
                attachment.task.cancel()

    def ended(self, attachment: Attachment) -> None:
        """Remove an attachment that ended by itself or with the link. May be called repeatedly."""
        self.attachments.pop(attachment.number, None)
        self.when_ended(attachment)


class Attachment:
    """One attachment of a channel to an engine, which hears one span of its audio."""

    def __init__(self, engine: ConnectedEngine, number: int, assignment: Assignment) -> None:
        self.engine = engine
        self.number = number
        self.assignment = assignment
        self.task: asyncio.Task[None] | None = None
        self.dropped = False
        """Whether its words are no longer wanted, so that its channel is not attached anew."""
        self.inbox: asyncio.Queue[wire.PassAct | wire.Tell | wire.Drained | wire.Lost] = asyncio.Queue(INBOX)
        self.refused: RefusalCode | None = None
        """The code of the last refusal of an act; None where none was refused."""
        self._refusing = False
        """Whether its last act was refused."""
        self._generation = 0
        self._span: AudioSpan | None = None
        """The span that the engine hears; None until the engine was notified."""
        self._stop: int | None = None
        """Sample position at which the span ends; None while no end is known."""
        self._sent = 0
        self._accepted = False
        self._lost = False
        """Whether the engine gave the attachment up by itself."""
        self._left = False
        """Whether the engine was asked to end the attachment; messages that still arrive are dropped."""
        self._heard_more = asyncio.Event()
        self._measured = NO_VOICES
        """What its engine measures of voices."""
        self._preferred = NOTHING
        """The names and terms that were last sent to the engine."""

    @property
    def attached(self) -> bool:
        """Whether the engine was notified of the attachment and was not asked to end it."""
        return self._span is not None and not self._left

    @property
    def in_vain(self) -> bool:
        """Whether the engine gave the attachment up before an act of it was accepted."""
        return self._lost and not self._accepted

    @property
    def learns(self) -> bool:
        """Whether its engine may learn voices now."""
        return self.attached and self._measured.learnt

    async def learn(self, voice: int, segment: SegmentId) -> None:
        """Have the engine know the voice of a line by this number, if it may."""
        if self.learns:
            await self.engine.link.send(wire.LearnVoice(attachment=self.number, voice=voice, segment=segment))

    async def forget(self, voice: int) -> None:
        """Have the engine erase what it knows of a voice."""
        if self.learns:
            await self.engine.link.send(wire.ForgetVoice(attachment=self.number, voice=voice))

    async def detach(self) -> None:
        """Stop at once and for good. Messages that the engine still sends are dropped."""
        self.dropped = True
        if self.task is not None:
            self.task.cancel()
        await self.engine.link.send(wire.Detach(attachment=self.number))

    async def leave(self) -> None:
        """Stop at once. The channel is then attached anew, from the end of its words in the log."""
        self._left = True
        await self.engine.link.send(wire.Detach(attachment=self.number))
        await self.inbox.put(wire.Lost(attachment=self.number))

    async def renew(self) -> None:
        """Send changed preferred terms to the engine. End the attachment where the expected languages have changed, or
        what may be measured of voices.
        """
        if not self.attached:
            return
        preferred = self.assignment.preferred
        if self.engine.hello.takes_glossary and preferred != self._preferred:
            self._preferred = preferred
            terms = wire.Glossary(attachment=self.number, terms=preferred.terms, near=preferred.near)
            await self.engine.link.send(terms)
        other = expected(self.assignment.now) != self.assignment.languages or self._measures() != self._measured
        if self.attached and other:
            await self.leave()

    async def reconsider(self) -> None:
        """End the attachment, now or at a later sample, where a change of what is recorded requires that."""
        if self._span is None or self._left:
            return  # It is still being attached, and calls this method when it is.
        assignment = self.assignment
        if not assignment.on_air or self._generation <= assignment.now.air.behind:
            await self.leave()  # No further act of it would be accepted.
            return
        stop = cut_short(assignment.writer.state, self._span, assignment.away)
        if stop is None:
            return
        audio = self.assignment.audio
        position = max(0, to_samples(stop - audio.t))
        if not self._span.kept:
            self.assignment.through = stop
            await self.leave()
        elif self._sent - position > to_samples(OVERRUN_MS):
            await self.leave()
        else:
            self._stop = position
            await audio.nudge()

    async def run(self) -> None:
        """Attach, send audio and store words until the engine has drained the span."""
        words: AttachmentWords | None = None
        try:
            words = await self._attach()
            if words is not None:
                async with asyncio.TaskGroup() as group:
                    pump = group.create_task(self._pump())
                    await self._receive(words)
                    pump.cancel()
        finally:
            if words is not None:
                words.close()
            self.engine.ended(self)

    def _note(self, refused: Refusal) -> None:
        """Log why the channel wasn't attached. After a restart a session whose words are all in the log may be closed
        before an engine connects.
        """
        session, channel = self.assignment.writer.session, self.assignment.channel
        if self.assignment.writer.state.status is Status.CLOSED:
            logger.info("session %s channel %s: it was closed before an engine was attached", session, channel)
        else:
            logger.error("session %s channel %s: no engine can be attached (%s)", session, channel, refused.code)

    async def _attach(self) -> AttachmentWords | None:
        assignment, model = self.assignment, self.engine.hello.model
        writer, audio = assignment.writer, assignment.audio
        cause = CommandId(f"attach:{assignment.channel}:{assignment.now.generation + 1}")
        rough = rough_languages(self.engine.hello.errors)
        told = self._may_measure()
        attach = AttachEngine(channel=assignment.channel, model=model, rough=rough, voices=told.told)
        answer = await writer.insist(SYSTEM, cause, attach)
        if isinstance(answer, Refusal):
            self._note(answer)
            self.dropped = True
            assignment.done.set()
            return None
        span = await assignment.begin_span(self.engine.fate, model)
        if span is None or self._left:
            return None  # A break began meanwhile, or engines are to be kept off: the engine hasn't heard of it.
        channel = assignment.now
        resume_point = known_resume_point(audio.note, channel, writer.state) if span.kept else None
        if resume_point is not None and resume_point.audio_from < span.barrier:
            resume_point = None
        self._sent = first_sample(span, audio, resume_point, assignment.heard if assignment.shown.began else None)
        self._stop = None if span.stop is None else max(0, to_samples(span.stop - audio.t))
        assignment.heard = assignment.recognised = audio.t + to_ms(self._sent)
        if not assignment.failures:  # After failures, readers continue to see that no text comes.
            assignment.heard_at = self.engine.clock.monotonic()
        assignment.languages, assignment.sounds_like = expected(channel), None
        self._generation = channel.generation
        self._span, self._preferred = span, assignment.preferred
        now = self._measures()  # Nothing is measured of which the log doesn't say so: `renew` sees to more.
        self._measured = VoicesMeasured(changes=now.changes and told.changes, learnt=now.learnt and told.learnt)
        logger.info(
            "session %s channel %s: generation %d on engine %s from %d ms, %s",
            writer.session,
            channel.id,
            channel.generation,
            self.engine.link.name,
            span.start,
            "recorded" if span.kept else "not recorded",
        )
        await self.engine.link.send(
            attach_message(
                self.number,
                writer.state,
                channel,
                span,
                audio_from=assignment.heard,
                resume_point=resume_point,
                preferred=self._preferred,
                measured=self._measured,
            )
        )
        await self.reconsider()  # What is recorded may have changed while the previous segment was being ended.
        if not span.kept:
            assignment.shown.began = True
            return assignment.shown
        join = None if audio.respoken else to_join(writer.state, channel, span.start)
        return StoredWords(
            writer,
            channel.id,
            audio,
            model=model,
            generation=channel.generation,
            resume_point=resume_point,
            joining=None if join is None else Joining(join),
            readings=self.assignment.heard_otherwise,
        )

    def _measures(self) -> VoicesMeasured:
        """What its engine measures of voices as the session stands: nothing of a span that isn't recorded."""
        return NO_VOICES if self._span is None or not self._span.kept else self._may_measure()

    def _may_measure(self) -> VoicesMeasured:
        """What its engine can and may measure of voices in what is recorded."""
        hello, may = self.engine.hello, self.assignment.measured(self.assignment.writer.state)
        if self.assignment.audio.respoken:
            return NO_VOICES  # A respeaker's voice is that of nobody whom a desk names.
        return VoicesMeasured(changes=may.changes and hello.tells_turns, learnt=may.learnt and hello.knows_voices)

    async def _pump(self) -> None:
        audio, link = self.assignment.audio, self.engine.link
        while pcm := self._before_the_stop(await audio.read(self._sent, PORTION, unless=self._at_the_stop)):
            await link.send(wire.Audio(attachment=self.number, t=audio.t + to_ms(self._sent), pcm=pcm))
            self._sent += len(pcm) // BYTES
            while audio.t + to_ms(self._sent) - self.assignment.heard > AHEAD_MS:
                self._heard_more.clear()
                await self._heard_more.wait()
        if not self._left:
            await link.send(wire.EndOfAudio(attachment=self.number))

    def _at_the_stop(self) -> bool:
        return self._left or (self._stop is not None and self._sent >= self._stop)

    def _before_the_stop(self, pcm: bytes) -> bytes:
        if self._left:
            return b""
        return pcm if self._stop is None else pcm[: max(0, self._stop - self._sent) * BYTES]

    async def _receive(self, words: AttachmentWords) -> None:
        while True:
            match message := await self.inbox.get():
                case wire.Lost():
                    self._lost = not self._left
                    return
                case _ if self._left:
                    pass  # The message was in transit.
                case wire.PassAct():
                    await self._act(words, message)
                case wire.Tell():
                    await self._tell(words, message)
                case wire.Drained():
                    await words.drained()
                    if self._stop is None:
                        self.assignment.audio.drained(self.assignment.audio.end_ms, self.assignment.writer.state)
                        self.assignment.done.set()
                    else:
                        end = self.assignment.audio.t + to_ms(self._stop)
                        self.assignment.through = max(self.assignment.through, end)
                        self.assignment.audio.drained(end, self.assignment.writer.state)
                    return

    async def _tell(self, words: AttachmentWords, message: wire.Tell) -> None:
        assignment, signal = self.assignment, message.signal
        if signal.channel != assignment.channel:
            return
        if isinstance(signal, ChannelState):
            # Its lag counts from the newest sound that it has.
            self._heard(signal.t, min(signal.t, assignment.audio.t + to_ms(self._sent) - signal.lag))
            if signal.sound is Sound.SILENCE and not signal.lag:  # Otherwise earlier words may still be in transit.
                await words.through(signal.t)
            if words.saved and not self._refusing:  # Otherwise earlier words are not stored yet.
                assignment.audio.heard(signal, assignment.writer.state)
            # After failures what the engine hears doesn't become text; `Recognising` reports the channel's condition
            # then.
            if not assignment.failures:
                # The engine can't count sound that it hasn't got: it gets no more than `AHEAD_MS` in advance.
                late = msgspec.structs.replace(signal, lag=signal.lag + self._unsent)
                assignment.tell(late, self.engine.clock.wall())
        else:
            words.tell(signal)

    def _note_heard(self, act: wire.PassAct) -> int | None:
        """Measure the delay of an act's newest words. Returns its arrival in ms of the monotonic clock; None for an act
        without words.
        """
        ends = [each.words[-1].t1 for each in act.commands if isinstance(each, CommitWords) and each.words]
        if not ends:
            return None
        clock = self.engine.clock
        self.engine.measures.heard.note(self.assignment.writer.state.media_now(clock.wall()) - max(ends))
        return clock.monotonic()

    @property
    def _unsent(self) -> int:
        """Sound to be recognised, ms, that has come and wasn't sent to the engine yet, later spans included."""
        assignment = self.assignment
        kept = self._span is not None and self._span.kept
        return assignment.after(assignment.audio.t + to_ms(self._sent), kept=kept)

    def _heard(self, t: int, recognised: int) -> None:
        assignment = self.assignment
        assignment.heard = max(assignment.heard, t)
        assignment.recognised = max(assignment.recognised, recognised)
        assignment.heard_at = self.engine.clock.monotonic()
        self._heard_more.set()

    async def _act(self, words: AttachmentWords, act: wire.PassAct) -> None:
        began = self._note_heard(act) if isinstance(words, StoredWords) else None
        answer = await words.carry_out(act)
        if isinstance(answer, Receipt):
            if began is not None:
                self.engine.measures.stored.note(self.engine.clock.monotonic() - began)
            self._accepted, self._refusing = True, False
            self.assignment.failures = 0
            through = self.assignment.now.committed_through
            self._heard(through, through)
            reply: wire.ToEngine = wire.Accepted(attachment=self.number, id=act.id, offset=answer.last)
        else:
            self.refused = answer.code
            # After a refused better text or split no words are missing: the engine drops it.
            self._refusing |= any(not isinstance(command, wire.LATE_COMMANDS) for command in act.commands)
            logger.info("channel %s: an act of %s was refused (%s)", self.assignment.channel, self.number, answer.code)
            reply = wire.Refused(attachment=self.number, id=act.id, refusal=answer)
        await self.engine.link.send(reply)


def expected(channel: Channel) -> tuple[str, ...]:
    """The languages in which a channel is recognised, the most likely first."""
    return channel.languages if channel.forced is None else (channel.forced,)


def first_sample(span: AudioSpan, audio: LiveAudio, resume_point: wire.ResumePoint | None, heard: int | None) -> int:
    """The position of the first sample of `span` that an engine gets.

    `heard`: for a span that isn't recorded, media ms up to which another engine has heard it; None for the first
    engine.
    """
    if not span.kept:
        return audio.position(max(span.start, audio.end_ms - CATCH_UP_MS if heard is None else heard))
    back_to = span.start - CONTEXT_MS if resume_point is None else resume_point.audio_from
    return audio.position(max(back_to, span.barrier))


def attach_message(
    number: int,
    state: State,
    channel: Channel,
    span: AudioSpan,
    *,
    audio_from: int,
    resume_point: wire.ResumePoint | None,
    preferred: Preferred = NOTHING,
    measured: VoicesMeasured = NO_VOICES,
) -> wire.Attach:
    """The message that attaches a span of `channel`. For a span that isn't recorded it holds nothing of the
    log's text.
    """
    segment = state.segments.get(channel.open_segment) if channel.open_segment is not None else None
    opened = None
    if segment is not None and span.kept:
        opened = wire.OpenSegment(segment=segment.id, language=segment.language, t0=segment.t0, words=segment.words)
    return wire.Attach(
        attachment=number,
        session=state.id,
        channel=channel.id,
        generation=channel.generation,
        languages=expected(channel),
        committed_through=max(channel.committed_through, span.barrier) if span.kept else audio_from,
        last_words=channel.last_words if span.kept else (),
        open_segment=opened,
        audio_from=audio_from,
        glossary=preferred.terms,
        near=preferred.near,
        resume_point=resume_point,
        tell_language=True,
        turns=measured.changes,
        voices=measured.learnt,
        cut=span.barrier if span.kept else 0,
    )


def known_resume_point(note: bytes, channel: Channel, state: State) -> wire.ResumePoint | None:
    """The resume point in `note` that matches the end of the channel's words in the log; None where none does."""
    segment = state.segments.get(channel.open_segment) if channel.open_segment is not None else None
    logged = (channel.committed_through, channel.open_segment, 0 if segment is None else len(segment.words))
    points = wire.decode_resume_points(note)
    return next((each for each in points if (each.committed_through, each.segment, each.words) == logged), None)
