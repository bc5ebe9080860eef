"""Words that must not stay: a span, lines, or all that somebody said, in the text and in the sound."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from moothall.core.actors import Actor
from moothall.core.errors import Refusal, StorageUnavailable
from moothall.core.ids import ChannelId, CommandId
from moothall.core.removing import Selection, Span, selected, times
from moothall.services.erasing import requested
from moothall.services.orders import Receipt, unavailable
from moothall.services.session_writer import SessionWriter

Spoken = tuple[ChannelId, int, int]
"""A channel, and from when to when (media ms)."""
Silence = Callable[[Sequence[Spoken]], Awaitable[None]]
"""Makes the sound of these times silent wherever it is kept; may be told the same again. Raises StorageUnavailable."""


def spoken(writer: SessionWriter, selection: Selection) -> tuple[Spoken, ...]:
    """When it was said what `selection` names: all channels for a span, else those of the lines."""
    if isinstance(selection, Span):
        return tuple((channel, selection.t0, selection.t1) for channel in writer.state.channels)
    return times(selected(writer.state, selection))


async def remove(
    writer: SessionWriter,
    actor: Actor,
    command_id: CommandId,
    selection: Selection,
    silence: Silence | None = None,
) -> Receipt | Refusal:
    """Erase the selected words from the log and, with `silence`, from the sound.

    The sound goes first: after a crash in between the text still says what has to go, and the same command goes on.
    Refused (`forbidden`) to all but the technician and the secretariat, and when there is nothing to remove; as
    `unavailable` it may be sent again.
    """
    if (known := writer.receipt(command_id)) is not None:
        return known
    erasure = requested(writer.state, writer.places, selection, actor, command_id)
    if isinstance(erasure, Refusal):
        return erasure
    if silence is not None:
        try:
            await silence(spoken(writer, selection))
        except StorageUnavailable:
            return unavailable()
    return await writer.remove(actor, command_id, selection)
