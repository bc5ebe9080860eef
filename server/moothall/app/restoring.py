"""Restore a data folder from a restore point: log, book, recordings, keys and list of removals, all checked."""

from __future__ import annotations

from pathlib import Path

import msgspec

from moothall.adapters.backup.data_folder import RestoredRecordings
from moothall.adapters.backup.folder import BackupFolder, write_file
from moothall.adapters.backup.keys_file import Keys
from moothall.adapters.store import book_sqlite, signing, sqlite_file
from moothall.adapters.store.book_sqlite import SqliteBook
from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.adapters.store.removal_list import FILE_NAME as LIST_NAME
from moothall.adapters.store.removal_list import add_lines
from moothall.adapters.store.signing import Ed25519Signer
from moothall.adapters.system.clock import SystemClock, SystemRandomness
from moothall.app.backend import RECORDINGS_FOLDER
from moothall.core.backup.removed import RemovedContent
from moothall.core.backup.restore_point import RestorePoint, SoundPart
from moothall.core.kernel.errors import RecordBroken
from moothall.record.verify import verify
from moothall.services.backup.checking import fault_of
from moothall.services.backup.restoring import Restored, Restoring
from moothall.services.proof.tree_store import mark_restored
from moothall.services.sessions.role_links import LINKS, TOOL_LINKS
from moothall.services.tokens.program_tokens import TOKENS

BITRATE = 24_000
"""The bit rate, in bit/s, of recordings that are encoded again since something has to be taken out of them."""
SETTINGS_FOLDER = "settings"
"""The folder within the restored one for the files of the settings; the operator has to copy them to where they
belong."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What was restored, and what could not be."""

    sessions: tuple[Restored, ...]
    left_out: tuple[SoundPart, ...]
    """Recordings that were not restored, since the removed sound could not be taken out of them."""
    damaged: tuple[SoundPart, ...]
    """Recordings that were not restored, since the backup's copies are damaged."""


async def restore(
    store: BackupFolder, point: RestorePoint, removals: RemovedContent, keys: Keys, folder: Path, *, links: bool
) -> Result:
    """Fill an empty folder. `links` says whether role links are restored too.

    Raises ConfigurationError, StorageUnavailable and RecordBroken; then the folder must not be used.
    """
    restoring = Restoring(store, point, removals, clock=SystemClock(), randomness=SystemRandomness())
    damaged = restoring.check()
    # The list of removals is written first: whoever opens the folder from here on, for another backup too, must know
    # what has to be left out.
    add_lines(folder / LIST_NAME, removals.lines)
    signer = None
    for name, data in keys.files.items():
        path = folder / name if name == signing.FILE_NAME else folder / SETTINGS_FOLDER / "keys" / name
        write_file(path, data)
        if name == signing.FILE_NAME:
            signer = Ed25519Signer.load(path)
    log = await SqliteLog.open(folder / sqlite_file.FILE_NAME)
    try:
        sessions = await restoring.logs(log, signer)
    finally:
        await log.close()
    book = await SqliteBook.open(folder / book_sqlite.FILE_NAME)
    try:
        await restoring.book(book, keys.book(), without=() if links else (LINKS, TOOL_LINKS, TOKENS))
        await mark_restored(book)
    finally:
        await book.close()
    left_out = await restoring.sound(RestoredRecordings(folder / RECORDINGS_FOLDER, bitrate=BITRATE))
    for part in point.settings:
        write_file(folder / SETTINGS_FOLDER / part.name, store.get(part.stored))
    _check(folder)
    return Result(sessions=tuple(sessions), left_out=tuple(left_out), damaged=tuple(damaged))


def _check(folder: Path) -> None:
    reader = sqlite_file.LogReader(sqlite_file.open_for_reading(folder / sqlite_file.FILE_NAME))
    try:
        for session in reader.sessions():
            fault = fault_of(session, verify(reader.all(session)))
            if fault is not None:
                raise RecordBroken(fault)
    finally:
        reader.close()
