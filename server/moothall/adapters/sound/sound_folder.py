"""The recordings of sessions: a folder per session and source, with Ogg Opus files named after their first samples."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import shutil
import signal
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from pathlib import Path

from moothall.adapters.engines.child_owner import signal_child, to_the_end
from moothall.adapters.sound.audio_file import AudioFile, start_coder
from moothall.adapters.sound.child_messages import EncodeRequest
from moothall.adapters.sound.spool_folder import leave_room
from moothall.adapters.store.files import explained, make_folder, opened, overwrite, write_zeros
from moothall.adapters.store.removal_list import LineIdentity, RemovalList
from moothall.core.backup.removed import (
    Abandoned,
    RemovalDone,
    RemovedContent,
    SoundAct,
    SoundRemoved,
    SoundSilenced,
)
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import AudioError, ConfigurationError, StorageUnavailable
from moothall.core.kernel.ids import SessionId, SourceId, is_name
from moothall.services.sound.recording import RecordingPart

logger = logging.getLogger(__name__)

TAIL = 1 << 17
"""Bytes at the end of a file that are searched for its last page: more than one page has."""
PER_SAMPLE = 3
"""Opus counts samples at 48 kHz, Moothall at 16 kHz."""
_HEADER = struct.Struct("<4sBBqIIIB")
_ENDS = 4
"""The flag of the page that ends a stream (RFC 3533)."""
_UNKNOWN = -1
"""The granule position of a page on which no packet ends."""
_FILE = re.compile(r"([0-9]{15})\.opus\Z")
PATIENCE_S = 10.0
"""How many seconds the encoder may take to end a file correctly before it is killed."""
AGAIN_S = 600.0
"""How many seconds it may take to make a part anew: thirty times what the hour of sound that a part may have takes on
two busy cores. It waits for ever where the disk does."""


class SoundFolder:
    """The `SoundStore` in one folder."""

    def __init__(self, root: Path, *, bitrate: int, removals: RemovalList | None = None) -> None:
        """`bitrate`: bit/s of new recordings. `removals`: the list on which erased sound is recorded; None for
        no list.
        """
        self._root = root
        self._bitrate = bitrate
        self._removals = removals
        self._erasing = asyncio.Lock()
        """Held from an act's line on the list of removals to its mark: an act without a mark is none of those under
        way."""
        # Bound: the acts that failed again.
        self._told: set[str] = set()
        """Ids of the acts that were logged to fail again."""

    async def sessions(self) -> tuple[SessionId, ...]:
        """The sessions that have a recording (`SoundStore`)."""
        return await asyncio.to_thread(self._sessions)

    async def parts(self, session: SessionId) -> tuple[RecordingPart, ...]:
        """A session's parts, by source and position (`SoundStore`)."""
        return await asyncio.to_thread(self._parts, session)

    def path(self, session: SessionId, source: SourceId, first: int) -> Path:
        """The path of a part's file. Raises ValueError for an id that is not a valid name."""
        if not (is_name(session) and is_name(source)):
            raise ValueError(f"The source {source!r} of session {session!r} has no recording: its name is invalid.")
        return self._root / session / source / f"{first:015d}.opus"

    async def begin(self, session: SessionId, source: SourceId, first: int) -> OpusPart:
        """Begin a new part at the sample `first` (`SoundStore`)."""
        path = self.path(session, source, first)
        with _explained():
            make_folder(path.parent)
            leave_room(path.parent)
            with opened(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as file:
                process = await _encoder(EncodeRequest(bitrate=self._bitrate), asyncio.subprocess.PIPE, file)
        return OpusPart(process, path)

    async def read(self, part: RecordingPart, first: int, count: int) -> bytes:
        """Up to `count` samples of a part from position `first` on (`SoundStore`)."""
        try:
            async with AudioFile(
                self.path(part.session, part.source, part.first), first_sample=first - part.first
            ) as sound:
                return await sound.read(count)
        except AudioError:
            return b""

    async def silence(self, part: RecordingPart, first: int, last: int) -> None:
        """Encode a part again with silence from `first` up to `last` (`SoundStore`). The old file is overwritten with
        zeros after the new one has replaced it.
        """
        path = self.path(part.session, part.source, part.first)
        async with self._listed(_silencing(part, first, last), path):
            await self._silence(part, first, last)

    async def delete(self, part: RecordingPart, first: int, last: int) -> None:
        """Delete a part instead of silencing it from `first` up to `last` (`FormerStore`)."""
        async with self._listed(_silencing(part, first, last)):
            with _explained(), suppress(FileNotFoundError):
                await asyncio.to_thread(overwrite, self.path(part.session, part.source, part.first))

    async def silenced(self, session: SessionId) -> frozenset[tuple[SourceId, int, tuple[int, int]]]:
        """What was silenced in a session's parts, by the list of removals (`FormerStore`)."""
        if self._removals is None:
            return frozenset()
        try:
            known = RemovedContent(await asyncio.to_thread(self._removals.lines))
        except ConfigurationError as error:
            raise StorageUnavailable(str(error)) from error
        return frozenset(
            (act.source, act.first, act.span)
            for act in known.lines
            if isinstance(act, SoundSilenced) and act.session == session and act.id in known.done
        )

    async def _silence(self, part: RecordingPart, first: int, last: int) -> None:
        path = self.path(part.session, part.source, part.first)
        new = path.with_suffix(".new")
        order = EncodeRequest(
            bitrate=self._bitrate, again=True, silent=((max(0, first - part.first), last - part.first),)
        )
        with _explained(), opened(path, os.O_RDWR) as old:
            with opened(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as file:
                process = await _encoder(order, old, file)
            status = None
            try:
                with suppress(TimeoutError):
                    async with asyncio.timeout(AGAIN_S):
                        status = await process.wait()
            finally:  # After a cancellation the child would otherwise run on without an owner.
                signal_child(process, signal.SIGKILL)
                await to_the_end(process.wait())
            if status != 0:
                new.unlink(missing_ok=True)
                raise StorageUnavailable("A recording could not be made again without the span; it is unchanged.")
            await asyncio.to_thread(_replace, old, new, path)

    async def forget(self, session: SessionId) -> None:
        """Erase all of a session's recording (`SoundStore`)."""
        if not is_name(session) or not (self._root / session).exists():
            return
        async with self._listed(lambda new: SoundRemoved(id=new.id, at=new.at, session=session)):
            with _explained():
                await asyncio.to_thread(_erase, self._root / session)

    async def settle(self) -> None:
        """Carry out again each act on the list of removals that was begun and has no mark: the process was killed in
        between, or the disk refused the mark. Until then backups leave the recording out.

        An act that fails again is logged, and stays for the next call. Nothing raises.
        """
        if self._removals is None:
            return
        try:
            async with self._erasing:
                begun = RemovedContent(await asyncio.to_thread(self._removals.lines)).begun_sound()
        except ConfigurationError as error:
            logger.warning("recordings: whether all that was to be erased is erased can't be read: %s", error)
            return
        for act in begun:
            try:
                async with self._erasing:
                    await self._again(act)
                    await self._say(RemovalDone, act.id)
            except StorageUnavailable as error:
                if act.id not in self._told:
                    self._told.add(act.id)
                    logger.error(
                        "session %s: what was begun to be erased from its recording can't be erased. %s "
                        "Backups leave the recording out",
                        act.session,
                        error,
                    )

    async def _again(self, act: SoundAct) -> None:
        if isinstance(act, SoundRemoved):
            if is_name(act.session):
                with _explained():
                    await asyncio.to_thread(_remove_older, self._root / act.session, act.at)
            return
        for part in await self.parts(act.session):
            if (part.source, part.first) == (act.source, act.first):
                await self._silence(part, *act.span)

    @asynccontextmanager
    async def _listed(self, make: Callable[[LineIdentity], SoundAct], path: Path | None = None) -> AsyncIterator[None]:
        """Record an act on the list of removals before the body runs, and that it is done after it.

        `path`: the file that the act replaces; where the body fails and left the file, the act is marked as abandoned.
        Raises StorageUnavailable.
        """
        if self._removals is None:
            yield
            return
        async with self._erasing:
            before = _inode(path)
            line = await asyncio.to_thread(self._removals.append, make)
            try:
                yield
            except StorageUnavailable:
                if path is not None and _inode(path) == before:
                    await self._say(Abandoned, line.id)
                raise
            await self._say(RemovalDone, line.id)

    async def _say(self, what: type[RemovalDone | Abandoned], act: str) -> None:
        removals = self._removals
        if removals is not None:
            with suppress(StorageUnavailable):  # `settle` enters it.
                await asyncio.to_thread(removals.append, lambda new: what(id=act, at=new.at))

    def _sessions(self) -> tuple[SessionId, ...]:
        if not self._root.is_dir():
            return ()
        return tuple(SessionId(entry.name) for entry in sorted(self._root.iterdir()) if is_name(entry.name))

    def _parts(self, session: SessionId) -> tuple[RecordingPart, ...]:
        folder = self._root / session
        if not is_name(session) or not folder.is_dir():
            return ()
        found: list[RecordingPart] = []
        for path in sorted(folder.glob("*/*.opus")):
            name = _FILE.match(path.name)
            if name is None or not is_name(path.parent.name):
                continue
            try:
                (samples, ended), written = opus_samples(path), path.stat().st_mtime_ns // 1_000_000
            except FileNotFoundError:
                continue  # The file was removed while the folder was read.
            found.append(
                RecordingPart(
                    session=session,
                    source=SourceId(path.parent.name),
                    first=int(name[1]),
                    samples=samples,
                    written=written,
                    ended=ended,
                )
            )
        return tuple(found)


class OpusPart:
    """A file that is being recorded."""

    def __init__(self, process: asyncio.subprocess.Process, path: Path) -> None:
        self._process = process
        self._path = path

    async def write(self, pcm: bytes) -> None:
        """Add samples, PCM16 (`PartWriter`)."""
        assert self._process.stdin is not None  # noqa: S101 - it was asked for
        with _explained():
            leave_room(self._path.parent)
            self._process.stdin.write(pcm)
            await self._process.stdin.drain()

    async def close(self) -> None:
        """End the file; what was written can be played (`PartWriter`)."""
        await to_the_end(self._close())

    async def _close(self) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it was asked for
        self._process.stdin.close()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._process.wait()
        except TimeoutError:
            signal_child(self._process, signal.SIGKILL)
            await self._process.wait()


def _silencing(part: RecordingPart, first: int, last: int) -> Callable[[LineIdentity], SoundSilenced]:
    return lambda new: made_of(SoundSilenced, part, id=new.id, at=new.at, span=(first, last))


async def _encoder(order: EncodeRequest, source: int, file: int) -> asyncio.subprocess.Process:
    return await start_coder("encode_child", order, stdin=source, stdout=file, stderr=asyncio.subprocess.DEVNULL)


def _replace(old: int, new: Path, path: Path) -> None:
    """Replace `path`, which is open as `old`, by `new`, and overwrite the old content with zeros. The file's time is
    kept, since the retention period counts from it.
    """
    before = os.fstat(old)
    os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
    with new.open("rb") as file:
        os.fsync(file.fileno())
    new.replace(path)
    write_zeros(old, 0, before.st_size)


def _inode(path: Path | None) -> int | None:
    """The number of a file; None where there is none. A file that is written anew has another one."""
    try:
        return None if path is None else path.stat().st_ino
    except OSError:
        return None


def _erase(folder: Path) -> None:
    """Delete the files that a folder has, and the folder. Raises OSError where one of them is left."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    shutil.rmtree(folder, ignore_errors=True)  # It stays where a new recording has begun.
    for path in files:
        path.unlink(missing_ok=True)


def _remove_older(folder: Path, at: int) -> None:
    """Delete the files in `folder` that were last written up to `at`, Unix ms, and the folders without a file. Raises
    OSError.
    """
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file() and path.stat().st_mtime_ns // 1_000_000 <= at:
            path.unlink()
    for each in sorted((*folder.rglob("*"), folder), reverse=True):
        if each.is_dir() and not any(each.iterdir()):
            each.rmdir()


def _explained() -> AbstractContextManager[None]:
    return explained("The recording can't be written", kind=StorageUnavailable)


def opus_samples(path: Path) -> tuple[int, bool]:
    """The samples at 16 kHz that an Ogg Opus file holds, 0 when it has none yet; and whether it was ended. Raises
    OSError.

    It works while the file grows and after it was cut, since the last whole page states the position (RFC 7845).
    """
    with path.open("rb") as file:
        head = file.read(256)
        size = file.seek(0, 2)
        file.seek(max(0, size - TAIL))
        tail = file.read()
    at = head.find(b"OpusHead")
    if at < 0 or len(head) < at + 12:
        return 0, False
    skipped = int.from_bytes(head[at + 10 : at + 12], "little")
    position, ended = _last_page(tail)
    return max(0, position - skipped) // PER_SAMPLE, ended


def _last_page(tail: bytes) -> tuple[int, bool]:
    """The granule position of the last whole page, and whether it ends the stream; 0 and False when there is none."""
    end = len(tail)
    while (begin := tail.rfind(b"OggS", 0, end)) >= 0:
        end = begin
        if len(tail) < begin + _HEADER.size:
            continue
        _, _, kind, position, _serial, _number, _check, count = _HEADER.unpack_from(tail, begin)
        table = tail[begin + _HEADER.size : begin + _HEADER.size + count]
        if len(table) == count and len(tail) >= begin + _HEADER.size + count + sum(table) and position > _UNKNOWN:
            return position, bool(kind & _ENDS)
    return 0, False
