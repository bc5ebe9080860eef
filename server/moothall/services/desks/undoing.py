"""Undoes an act of a desk: carries out the act that undoes it, and corrects lines that opened meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from moothall.core.commands import AnyCommand, ForceLanguage, RestoreSegments, SetSpeaker
from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent, decode_event
from moothall.core.kernel.actors import Actor
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId
from moothall.core.kernel.lanes import SESSION, channel_lane
from moothall.core.ports import EventLog
from moothall.core.questions.undoing import moved_on, takes_turn_away
from moothall.core.rules.acts import LATE, DeskAct, undo_id
from moothall.core.rules.undo import lines_meanwhile, other_on_air, still_fits
from moothall.core.sessions.state import State
from moothall.services.capture.closing import Closing
from moothall.services.log.act_queue import Receipt
from moothall.services.log.session_writer import SessionWriter

PAGE = 500
"""Most events that are read in one batch."""


HoldChannel = Callable[[SessionWriter, ChannelId], AbstractAsyncContextManager[object]]
"""Context in which no engine hears a channel and all that one said is in the log (`Recognising.held`)."""


async def undo_act(
    writer: SessionWriter, actor: Actor, act: DeskAct, *, log: EventLog, closing: Closing, held: HoldChannel
) -> Receipt | Refusal:
    """Carry out the commands that undo `act`, and give lines that opened under a wrong name back to the previous
    speaker.

    The speaker is reset first: then no more lines open under the wrong name, and all that did can be found. May be
    repeated; after a crash in between it continues. Raises StorageUnavailable.
    """
    name = undo_id(act.id)
    answer = writer.receipt(name) or await _carry_out(writer, actor, act, closing=closing, held=held)
    if isinstance(answer, Refusal) or not any(isinstance(command, SetSpeaker) for command in act.commands):
        return answer
    since = await _since(log, writer.session, act.last, act.commands)
    late = lines_meanwhile(writer.state, act.commands, act.undo, since)
    named = await writer.send(actor, CommandId(f"{name}{LATE}"), late) if late else answer
    return named if isinstance(named, Refusal) else answer


async def _carry_out(
    writer: SessionWriter, actor: Actor, act: DeskAct, *, closing: Closing, held: HoldChannel
) -> Receipt | Refusal:
    """Carry out the part of an act's undoing that still fits; return the act's own receipt where none does."""
    async with AsyncExitStack() as stack:
        for command in act.undo:
            if isinstance(command, RestoreSegments):
                await stack.enter_async_context(held(writer, command.channel))
        if _other_language(writer.state, act):
            message = "Somebody has said since that they speak another language; undo that first."
            return refuse(RefusalCode.STALE, message)
        if other_on_air(writer.state, act.commands):
            return refuse(RefusalCode.STALE, "Somebody else has come on air since; undo that first.")
        if moved_on(writer.state.questions, act.commands):
            message = "The question has been moved since; undo that first, or move it where you want it."
            return refuse(RefusalCode.STALE, message)
        if takes_turn_away(writer.state.questions, act.commands, act.undo):
            return refuse(RefusalCode.STALE, "Another question or comment has its turn now; end that first.")
        due = still_fits(writer.state, act.commands, act.undo)
        done = writer.receipt(act.id) or Receipt(act.last, act.last)
        return await closing.send(writer, actor, undo_id(act.id), due) if due else done


def _other_language(now: State, act: DeskAct) -> bool:
    """Whether lines would be restored although others have been written since in yet another language."""
    said = {command.channel: command.language for command in act.commands if isinstance(command, ForceLanguage)}
    restored = [command.channel for command in act.undo if isinstance(command, RestoreSegments)]
    return any(channel in said and now.channels[channel].forced != said[channel] for channel in restored)


async def _since(log: EventLog, session: SessionId, offset: int, act: Sequence[AnyCommand]) -> list[ev.AnyEvent]:
    """The events after an offset in the lanes of the act's channels, without lines that a removal has written again."""
    channels = {command.channel for command in act if isinstance(command, SetSpeaker)}
    lanes = frozenset({SESSION, *map(channel_lane, channels)})
    found: list[tuple[CommandId, ev.AnyEvent]] = []
    removals: set[CommandId] = set()
    while page := await log.read(session, offset, PAGE, lanes):
        for record in page:
            offset = record.header.offset
            event = None if record.body is None else decode_event(record.body)
            if isinstance(event, ev.BodyRemoved):
                removals.add(record.header.cause)
            if event is not None and not isinstance(event, UnknownEvent):
                found.append((record.header.cause, event))
    return [event for cause, event in found if cause not in removals]
