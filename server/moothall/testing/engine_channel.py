"""The server's side of an engine link: one channel of one session, kept in memory by the real rules
(`core.rules.decide`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import PASSING, Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.rules.decide import decide
from moothall.core.sessions.state import State, evolve
from moothall.wire import engine as wire

SESSION = SessionId("plenary")
CHANNEL = ChannelId("floor")
CONTEXT_MS = 2_000
PORTION_MS = 100
BYTES_A_MS = 32


class ServerSide(Protocol):
    """The server's end of an engine link."""

    async def receive(self) -> wire.ToServer | None:
        """The next message; None at the end."""
        ...

    async def send(self, message: wire.ToEngine) -> None:
        """Send a message."""
        ...


class EngineChannel:
    """A channel that an engine recognises, over as many links as it takes."""

    def __init__(self, pcm: bytes) -> None:
        """`pcm`: the whole audio, PCM16 at 16 kHz, from media time 0."""
        self._pcm = pcm
        self._attachments = 0
        self._answered: dict[CommandId, int] = {}
        self._held: CommandId | None = None
        self.events: list[ev.AnyEvent] = []
        self.refuses: RefusalCode | None = None
        """The code with which every act is refused from now on; None: acts are carried out."""
        self.acts: list[wire.PassAct] = []
        """All acts that were received, refused ones included."""
        self.tells: list[wire.Tell] = []
        self.usage: wire.Usage | None = None
        self.drained = False
        self.finished = asyncio.Event()
        """Set when the channel is drained."""
        self.state = State(id=SESSION)
        for command in (
            do.CreateSession(title="Plenary", languages=("en",)),
            do.AddChannel(channel=CHANNEL, kind=ev.ChannelKind.FLOOR, languages=("en",)),
            do.OpenSession(),
        ):
            self._do(command, SYSTEM)

    @property
    def words(self) -> list[str]:
        """All committed words, without their spaces."""
        commits = (event for event in self.events if isinstance(event, le.WordsCommitted))
        return [word.text.strip() for event in commits for word in event.words]

    @property
    def through(self) -> int:
        """The end of the last committed word, in media ms."""
        return self.state.channels[CHANNEL].committed_through

    @property
    def open_segment(self) -> SegmentId | None:
        """The segment that has not ended; None when there is none."""
        return self.state.channels[CHANNEL].open_segment

    def attach(self) -> wire.Attach:
        """Attach the channel to an engine: a new generation that begins after the last committed word."""
        generation = self.state.channels[CHANNEL].generation + 1
        self._do(do.AttachEngine(channel=CHANNEL, model="scripted"), SYSTEM)
        channel = self.state.channels[CHANNEL]
        segment = self.state.segments.get(channel.open_segment) if channel.open_segment is not None else None
        opened = None
        if segment is not None:
            opened = wire.OpenSegment(segment=segment.id, language=segment.language, t0=segment.t0, words=segment.words)
        self._attachments += 1
        self._held = None
        return wire.Attach(
            attachment=self._attachments,
            session=SESSION,
            channel=CHANNEL,
            generation=generation,
            languages=channel.languages,
            committed_through=channel.committed_through,
            last_words=channel.last_words,
            open_segment=opened,
            audio_from=max(0, channel.committed_through - CONTEXT_MS),
        )

    def answer(self, act: wire.PassAct) -> wire.Accepted | wire.Refused:
        """Carry out an act, or refuse it. After a failure to store one, others are refused until it is repeated."""
        self.acts.append(act)
        if act.id in self._answered:
            return wire.Accepted(attachment=act.attachment, id=act.id, offset=self._answered[act.id])
        refusal: Refusal | None = None
        if self._held is not None and act.id != self._held:
            refusal = refuse(RefusalCode.UNAVAILABLE, "An earlier act of this engine could not be stored.")
        elif self.refuses is not None:
            refusal = refuse(self.refuses, "The test wants it so.")
        else:
            refusal = self._carry_out(act)
        if refusal is None:
            self._held = None
            self._answered[act.id] = len(self.events)
            return wire.Accepted(attachment=act.attachment, id=act.id, offset=len(self.events))
        if refusal.code in PASSING:
            self._held = self._held or act.id
        return wire.Refused(attachment=act.attachment, id=act.id, refusal=refusal)

    async def serve(
        self,
        link: ServerSide,
        reached: Callable[[int], Awaitable[None]],
        answered: Callable[[wire.PassAct], None] = lambda _: None,
    ) -> None:
        """Have the channel recognised over `link` until it is drained or the link ends.

        `reached(t)` is awaited before the audio up to media ms `t` is sent; it sets the pace, and may cut the link.
        `answered` is called with every act, after the act was carried out and before its answer is sent.
        """
        hello = await link.receive()
        if not isinstance(hello, wire.EngineHello):
            return
        while not self.drained:
            attach = self.attach()
            await link.send(attach)
            async with asyncio.TaskGroup() as group:
                pump = group.create_task(self._pump(link, attach, reached))
                went_on = await self._take(link, attach.attachment, answered)
                pump.cancel()
            if not went_on:
                return

    async def _pump(self, link: ServerSide, attach: wire.Attach, reached: Callable[[int], Awaitable[None]]) -> None:
        end = len(self._pcm) // BYTES_A_MS
        for t in range(attach.audio_from, end, PORTION_MS):
            await reached(min(t + PORTION_MS, end))
            pcm = self._pcm[t * BYTES_A_MS : (t + PORTION_MS) * BYTES_A_MS]
            await link.send(wire.Audio(attachment=attach.attachment, t=t, pcm=pcm))
        await link.send(wire.EndOfAudio(attachment=attach.attachment))

    async def _take(self, link: ServerSide, attachment: int, answered: Callable[[wire.PassAct], None]) -> bool:
        """Take the engine's messages for one attachment. Return False when the link has ended."""
        while (message := await link.receive()) is not None:
            match message:
                case wire.PassAct() if message.attachment == attachment:
                    answer = self.answer(message)
                    answered(message)
                    await link.send(answer)
                case wire.Tell() if message.attachment == attachment:
                    self.tells.append(message)
                case wire.Usage():
                    self.usage = message
                case wire.Drained():
                    self.drained = True
                    self.finished.set()
                    return True
                case wire.Lost():
                    return True
                case _:
                    pass
        return False

    def _carry_out(self, act: wire.PassAct) -> Refusal | None:
        state, events = self.state, list[ev.AnyEvent]()
        for command in act.commands:
            decision = decide(state, command, Actor(Role.ENGINE, "scripted"), 0)
            if isinstance(decision, Refusal):
                return decision
            for event in decision:
                state = evolve(state, event)
            events += decision
        self.state = state
        self.events += events
        return None

    def _do(self, command: do.AnyCommand, actor: Actor) -> None:
        decision = decide(self.state, command, actor, 0)
        if isinstance(decision, Refusal):
            raise AssertionError(decision.message)
        for event in decision:
            self.state = evolve(self.state, event)
        self.events += decision
