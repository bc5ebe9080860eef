"""Before a server opens a door: carry out again each removal of the list whose words its log has once more.

That is so where a data folder, or its log, was replaced by an older copy other than by `moothall restore`.
"""

from __future__ import annotations

import logging

from moothall.adapters.sound.sound_folder import SoundFolder
from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.core.backup.removed import RemovedContent, SessionRemoved, SoundSilenced, TextRemoved
from moothall.core.kernel.errors import ConfigurationError, RecordBroken, StorageError
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import Clock, EventLog, Randomness, Signer
from moothall.services.backup.repeating import remove_again

logger = logging.getLogger(__name__)


async def remove_returned(
    own: SqliteLog,
    log: EventLog,
    removals: RemovedContent,
    sound: SoundFolder,
    *,
    clock: Clock,
    randomness: Randomness,
    signer: Signer,
) -> list[SessionId]:
    """Remove again what the list names and the log holds; return the sessions that have to be erased as a whole.

    `own` is the data folder's log; `log` the one that is written, which has a second copy in a house of several nodes.
    `sound` must not write to the list. Raises ConfigurationError where it can't be done.
    """
    texts: dict[SessionId, list[TextRemoved]] = {}
    whole: list[SessionId] = []
    for session, act in await own.held(removals.carried_out()):
        if isinstance(act, SessionRemoved):
            whole.append(session)
            logger.warning("session %s: the log is an older copy; the session is deleted again", session)
        else:
            texts.setdefault(session, []).append(act)
    for session, acts in texts.items():
        try:
            # Sound first: whether it has to be done is known by the text alone.
            await _silence(sound, session, removals)
            events = await remove_again(log, session, acts, clock=clock, randomness=randomness, signer=signer)
        except (StorageError, RecordBroken) as error:
            raise ConfigurationError(
                f"The log has words of session {session} again that were removed: it is an older copy. They can't be "
                f"removed once more. {error} Mend that, or restore a backup with `moothall restore`."
            ) from error
        logger.warning(
            "session %s: the log is an older copy; what was removed since is removed again, %d events", session, events
        )
    return whole


async def _silence(sound: SoundFolder, session: SessionId, removals: RemovedContent) -> None:
    for part in await sound.parts(session):
        for act in removals.sound(session, part.source, part.first):
            if isinstance(act, SoundSilenced) and part.holds(*act.span):
                await sound.silence(part, *act.span)
