"""Undoing an act of a desk: the act that undoes it, and what it did to lines that opened meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core import events as ev
from moothall.core.actors import Actor
from moothall.core.commands import AnyCommand, TakeFloor
from moothall.core.errors import Refusal
from moothall.core.event_codec import UnknownEvent, decode_event
from moothall.core.ids import CommandId, SessionId
from moothall.core.lanes import SESSION, channel_lane
from moothall.core.moves import short
from moothall.core.ports import EventLog
from moothall.core.undo import lines_meanwhile, standing
from moothall.services.closing import Closing
from moothall.services.desk_acts import Act
from moothall.services.orders import Receipt
from moothall.services.session_writer import SessionWriter

PAGE = 500
"""Events that are read at a time."""


def undo_id(command_id: CommandId) -> CommandId:
    """The id of the act that undoes another one: the same whoever undoes it, so that it is done once."""
    return CommandId(f"undo:{short(command_id)}")


async def undo_act(
    writer: SessionWriter, actor: Actor, act: Act, receipt: Receipt, *, log: EventLog, closing: Closing
) -> Receipt | Refusal:
    """Carry out what undoes `act`, and give lines that opened under a wrong name back to whoever spoke before.

    The floor goes back first: then no more lines open under the wrong name, and all that did can be found. May be
    repeated; after a crash in between the same goes on. Raises StorageUnavailable.
    """
    name = undo_id(act.id)
    answer: Receipt | Refusal | None = writer.receipt(name)
    if answer is None:
        due = standing(writer.state, act.commands, act.undo)
        answer = await closing.send(writer, actor, name, due) if due else receipt
    if isinstance(answer, Refusal) or not any(isinstance(command, TakeFloor) for command in act.commands):
        return answer
    since = await _since(log, writer.session, receipt.last, act.commands)
    late = lines_meanwhile(writer.state, act.commands, act.undo, since)
    named = await writer.send(actor, CommandId(f"{name}:lines"), late) if late else answer
    return named if isinstance(named, Refusal) else answer


async def _since(log: EventLog, session: SessionId, offset: int, act: Sequence[AnyCommand]) -> list[ev.AnyEvent]:
    """What happened after an offset in the lines of the act's channels; lines that a removal said again are not new."""
    channels = {command.channel for command in act if isinstance(command, TakeFloor)}
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
