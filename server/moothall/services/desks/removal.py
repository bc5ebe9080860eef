"""Removes words that must not stay from the text and the sound: a span, lines, all that a person said, or questions.

The words of a line that was moved are in several logs. They are removed from the other logs first and from the log of
the request last: after a crash in between, that log still shows what has to be removed, and the same command continues
from there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from moothall.core.kernel.actors import Actor
from moothall.core.kernel.errors import Refusal, RefusalCode, StorageUnavailable, refuse
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.removal.moves import digest, short
from moothall.core.removal.selection import Interventions, Lines, Selection, SpokenSpan, WithCopies, selected, times
from moothall.services.desks.copies import FoundCopies, InLog, OtherLogs
from moothall.services.log.act_queue import Receipt, unavailable
from moothall.services.log.erasing import requested
from moothall.services.log.session_writer import SessionWriter
from moothall.services.outcomes.redacting import RemovedPart

Spoken = tuple[ChannelId, int, int]
"""A channel, with the beginning and the end of a span in media ms."""
SilenceSound = Callable[[SessionId, Sequence[Spoken]], Awaitable[None]]
"""Silences these spans of a session's sound wherever it is stored; may be called repeatedly.

Raises StorageUnavailable."""

ForgetLines = Callable[[SessionWriter, Sequence[SegmentId]], Awaitable[None]]
"""Erases what is stored outside the log of these lines of a session; may be called repeatedly.

Raises StorageUnavailable."""

RedactWith = Callable[[Sequence[RemovedPart], Actor, CommandId], Awaitable[Refusal | None]]
"""Removes what reports and documents repeat of these words, or returns why it can't; may be called repeatedly.

Raises StorageUnavailable."""


def spoken(writer: SessionWriter, selection: Selection) -> tuple[Spoken, ...]:
    """The spans in which the words of `selection` were said: in all channels for a span, else in those of the lines."""
    if isinstance(selection, SpokenSpan):
        return tuple((channel, selection.t0, selection.t1) for channel in writer.state.channels)
    return times(selected(writer.state, selection))


async def remove(
    writer: SessionWriter,
    actor: Actor,
    command_id: CommandId,
    selection: Selection,
    *,
    copies: OtherLogs,
    silence: SilenceSound | None = None,
    forget: ForgetLines | None = None,
    redact: RedactWith | None = None,
) -> Receipt | Refusal:
    """Erase the selected words from every log that holds them and, with `silence`, from the sound; with `forget`, what
    is stored of their lines elsewhere; with `redact`, what reports and documents repeat of them.

    In the other logs whole lines are removed without a check of rights there, since they are the same words. Sound, and
    what is stored elsewhere, is erased first, for the same reason as those logs. Refused as `forbidden` to all but the
    technician and the secretariat, and where there is nothing to remove. After `unavailable` the command may be sent
    again. Refused as `conflict` where a damaged log may hold the words; they are removed from all others then. The
    caller must prevent moves of lines meanwhile (`LineMoves.busy`).
    """
    if (known := writer.receipt(command_id)) is not None:
        return known
    erasure = requested(writer.state, writer.text_offsets, selection, actor, command_id)
    if isinstance(erasure, Refusal):
        return erasure
    try:
        found = await copies.of(writer, selection)
        if redact is not None:
            there = [RemovedPart(each.writer, Lines(each.segments)) for each in found.elsewhere]
            here = RemovedPart(writer, WithCopies(selection, found.here.segments))
            if (refused := await redact([here, *there], actor, command_id)) is not None:
                return refused
        if forget is not None:
            cut = tuple(cut.line.id for cut in selected(writer.state, selection))
            await forget(writer, (*cut, *found.here.segments))
            for each in found.elsewhere:
                await forget(each.writer, each.segments)
        if silence is not None and not isinstance(selection, Interventions):
            await _silence(writer, selection, found, silence)
    except StorageUnavailable:
        return unavailable()
    for each in found.elsewhere:
        answer = await _remove_there(each, actor, command_id)
        if isinstance(answer, Refusal) and answer.code is not RefusalCode.UNKNOWN:
            return answer
    answer = await writer.remove(actor, command_id, WithCopies(selection, found.here.segments))
    if found.unread and isinstance(answer, Receipt):
        message = (
            f"The words are removed here. The record of {', '.join(found.unread)} is damaged and may hold them too: "
            "restore it from a backup, and remove them there."
        )
        return refuse(RefusalCode.CONFLICT, message)
    return answer


async def _remove_there(copy: InLog, actor: Actor, command_id: CommandId) -> Receipt | Refusal:
    # More lines may have been moved there since the command was first sent, and their removal is another act.
    what = digest(*copy.segments)[:12]
    selection = WithCopies(Lines(copy.segments), names=copy.names)
    return await copy.writer.remove(actor, CommandId(f"{short(command_id)}:copies:{what}"), selection)


async def _silence(writer: SessionWriter, selection: Selection, found: FoundCopies, silence: SilenceSound) -> None:
    for each in found.elsewhere:
        if each.said:
            await silence(each.writer.session, spoken(each.writer, Lines(each.said)))
    extra = spoken(writer, Lines(found.here.said))
    await silence(writer.session, tuple(dict.fromkeys((*spoken(writer, selection), *extra))))
