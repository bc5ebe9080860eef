"""Cancelling, hiding and deleting sessions that will not be held, and undoing each of these.

Whether a session is cancelled or listed is in its log, so that readers and hubs see it at once. A deleted session is
cancelled and unlisted for a minute, so that it can't begin, and is erased after that (`rehearsals.py`).
"""

from __future__ import annotations

import msgspec

from moothall.core import commands as do
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import NO_MEETING, Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import Deleted, Planned
from moothall.core.sessions.state import State, Status
from moothall.services.programme.meeting_plan import arrangement
from moothall.services.programme.programme import Programme

UNDO_MS = 60_000
"""How long a deletion can be undone."""


async def cancel(programme: Programme, session: SessionId, reason: str, *, by: str) -> Refusal | None:
    """Cancel a session, with a reason; None when it is done. Raises StorageUnavailable."""
    async with programme.changing:
        return await _say(programme, session, do.CancelSession(reason=reason), by)


async def reinstate(programme: Programme, session: SessionId, *, by: str) -> Refusal | None:
    """Undo the cancelling of a session; None when it is done. Raises StorageUnavailable."""
    async with programme.changing:
        return await _say(programme, session, do.ReinstateSession(), by)


async def list_or_hide(programme: Programme, session: SessionId, *, listed: bool, by: str) -> Refusal | None:
    """Show a session in public lists, or hide it from them; None when it is done. Raises StorageUnavailable."""
    async with programme.changing:
        found = await _found(programme, session)
        if isinstance(found, Refusal):
            return found
        return await _list(programme, found[1], listed, by)


async def delete(programme: Programme, session: SessionId, *, by: str) -> Refusal | None:
    """Have a session that never began erased in a minute; None when that is scheduled. Raises StorageUnavailable."""
    async with programme.changing:
        found = await _found(programme, session)
        if isinstance(found, Refusal):
            return found
        planned, state = found
        if state.status is not Status.CREATED:
            return refuse(RefusalCode.CONFLICT, "The meeting has begun: it has a record, which is not deleted here.")
        # The book is written first: if the server is killed after that, the deletion is dropped, and nothing is lost.
        deleted = Deleted(at=programme.now(), listed=state.listed, cancelled=state.cancelled)
        await programme.keep(planned=[msgspec.structs.replace(planned, deleted=deleted)])
        refused = None
        if state.cancelled is None:
            refused = await programme.send(session, do.CancelSession(), by=by)
        if refused is not None:
            await programme.keep(planned=[planned])
            return refused
        await programme.keep(planned=[msgspec.structs.replace(planned, deleted=deleted, cancelled=True)])
        return await _list(programme, state, False, by)


async def restore(programme: Programme, session: SessionId, *, by: str) -> Refusal | None:
    """Undo a deletion; None when it is done. Raises StorageUnavailable."""
    async with programme.changing:
        planned = programme.plan_of(session)
        deleted = None if planned is None else planned.deleted
        if planned is None or deleted is None or programme.now() - deleted.at > UNDO_MS:
            return refuse(RefusalCode.UNKNOWN, "The deletion of this meeting can't be undone any more.")
        return await put_back(programme, planned, deleted, by=by)


async def put_back(programme: Programme, planned: Planned, deleted: Deleted, *, by: str) -> Refusal | None:
    """Restore a session's state from before its deletion; None when it is done. Raises as `Sessions.find` does."""
    live = await programme.live(planned.session)
    refused = None
    if live is not None:
        if live.state.cancelled is not None and deleted.cancelled is None:
            refused = await programme.send(planned.session, do.ReinstateSession(), by=by)
        refused = refused or await _list(programme, live.state, deleted.listed, by)
    if refused is None:
        cancelled = live is not None and live.state.cancelled is not None
        await programme.keep(planned=[msgspec.structs.replace(planned, deleted=None, cancelled=cancelled)])
    return refused


async def _say(
    programme: Programme, session: SessionId, command: do.CancelSession | do.ReinstateSession, by: str
) -> Refusal | None:
    found = await _found(programme, session)
    if isinstance(found, Refusal):
        return found
    refused = await programme.send(session, command, by=by)
    if refused is None:
        cancelled = isinstance(command, do.CancelSession)
        await programme.keep(planned=[msgspec.structs.replace(found[0], cancelled=cancelled)])
    return refused


async def _list(programme: Programme, state: State, listed: bool, by: str) -> Refusal | None:
    live = await programme.live(state.id)
    if live is None or live.state.listed == listed:
        return None
    how = msgspec.structs.replace(arrangement(live.state), listed=listed)
    return await programme.send(state.id, made_of(do.ArrangeSession, how), by=by)


async def _found(programme: Programme, session: SessionId) -> tuple[Planned, State] | Refusal:
    planned, live = await programme.known(session), await programme.live(session)
    if planned is None or live is None or planned.deleted is not None:
        return NO_MEETING
    return planned, live.state
