"""Makes bundles (`moothall.record.bundle`) and proceedings, one at a time, each in a process of its own, and keeps the
newest for a while.

The files have no names on the disk, so that nothing of them is left when the server ends, and no backup takes them.
What is withdrawn is withdrawn from them in the same act: a bundle that has it is dropped, its downloads are cut off,
and one that is being made is begun again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import tempfile
import zlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import KW_ONLY, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

import msgspec

from moothall import __version__
from moothall.adapters.engines.child_owner import signal_child, to_the_end
from moothall.adapters.record.bundle_messages import (
    NO_FONTS,
    NO_ROOM,
    PROCEEDINGS,
    RESERVE,
    BundleForm,
    BundleOrder,
    RecordingFile,
    SessionBegins,
    SessionEnds,
    SessionEvents,
    framed,
)
from moothall.adapters.record.typesetting import typst_version
from moothall.adapters.sound.audio_file import start_coder
from moothall.core.events.types import Access, BodyRemoved
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, Epoch, SessionId, reader_epoch
from moothall.core.kernel.lanes import Feed, channel_lane, is_public
from moothall.core.ports import LogReading
from moothall.core.proof.tlog_proofs import SUFFIX
from moothall.core.rules.authority import may_read
from moothall.record.bundle import MANIFEST
from moothall.record.proceedings.report import SessionReport
from moothall.services.log.publication import Publication
from moothall.services.sessions.catalogue import Entry, SessionCatalogue
from moothall.services.sessions.reader_access import ReadSession

logger = logging.getLogger(__name__)

SLICE = 250
"""Events that are sent at a time, some 100 KB."""
MOST_KEPT = 3
"""Bundles that are kept. Overflow: the least recently used is dropped."""
MOST_LEFT = 3
"""Bundles that are still downloaded though they aren't kept any more. Overflow: the downloads of the oldest are cut
off. They can go on where they were once it is made again.
"""
MOST_WAITING = 8
"""Bundles that wait to be made. Overflow: the next is refused for now."""
MOST_LOOKING = 2
"""Requests for which the logs and files of a bundle's sessions are looked at together: that takes seconds where there
are thousands. Overflow: the next ones wait, for `PATIENCE_S` at most.
"""
MOST_BYTES = 8 << 30
"""The largest size of a bundle. A larger one can't be made; its days can."""
PATIENCE_S = 20.0
"""How long a request waits for its bundle before it is told to come again: less than proxies wait."""
LOOK_S = 60.0
"""How often bundles that are kept are compared with the logs."""
TRIES = 3
"""How often a bundle is begun again because its sessions changed meanwhile."""
_CHANNEL = channel_lane(ChannelId(""))
_DIGITS = 64
"""Characters of a SHA-256."""


class ReportsOfSessions(Protocol):
    """The published reports of sessions. Each method raises StorageUnavailable."""

    async def logs(self, session: SessionId) -> Sequence[SessionId]:
        """The logs, besides the session's own, on which its report depends; none where nothing is published."""
        ...

    async def of(self, session: SessionId, language: str) -> SessionReport | None:
        """The report, with texts around it in a language of the interface; None where nothing is published."""
        ...


class BundleWish(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to take away."""

    name: str
    """Name of its folder and file, without an ending."""
    title: str
    language: str
    """Language of its page."""
    sessions: tuple[SessionId, ...]
    query: str = ""
    """The query with which the list of what was withdrawn names a session that public lists don't have."""
    form: BundleForm = BundleForm.ZIP
    text: str = ""
    """In proceedings, the BCP-47 tag of the texts; empty for what was spoken."""
    address: str = ""
    """In proceedings, the address of the file."""
    proceedings: tuple[str, ...] = ()
    """In a bundle, the addresses of the proceedings of the same sessions."""


class _SessionState(msgspec.Struct, frozen=True):
    """What decides on a session's files."""

    session: SessionId
    epoch: Epoch
    offset: int
    access: Access
    sound: tuple[tuple[RecordingFile, int, int], ...]
    """The files, each with its size and the time of its last change (ns)."""
    report: tuple[tuple[SessionId, Epoch, int, Access | None], ...] = ()
    """The logs on which its report depends, each with its end and who may read it."""


@dataclass(eq=False)
class KeptBundle:
    """A bundle that can be downloaded."""

    tag: str
    """Its entity tag, with quotation marks: equal tags mean equal bytes."""
    size: int
    file: BinaryIO
    sessions: frozenset[SessionId]
    listed: BundleList | None = None
    """Its list of files; None in other forms than a ZIP file, and where it has no session."""
    _: KW_ONLY
    _readers: list[Callable[[], object]] = field(default_factory=list)
    """How each download is cut off."""
    _dropped: bool = False

    @contextmanager
    def reading(self, cut_off: Callable[[], object]) -> Iterator[None]:
        """Keep the file open while inside, unless `cut_off` is called, after which nothing more may be sent."""
        self._readers.append(cut_off)
        try:
            yield
        finally:
            self._readers.remove(cut_off)
            self._settle()

    def drop(self) -> None:
        """Close the file as soon as nobody reads it."""
        self._dropped = True
        self._settle()

    def cut_off(self) -> None:
        """Drop the file, and end all downloads of it, in the middle of what is on its way."""
        for cut_off in tuple(self._readers):
            cut_off()
        self.drop()

    def _settle(self) -> None:
        if self._dropped and not self._readers:
            self.file.close()


class BundleList(NamedTuple):
    """The list of a bundle's files, as it is logged."""

    session: SessionId
    """The first session in it."""
    epoch: Epoch
    offset: int
    """Where that session stands."""
    sha256: bytes


class BundleBusy(Exception):
    """The bundle is being made, or waits for its turn: ask again soon."""


class BundleFailed(Exception):
    """The bundle can't be made: it is too large, the disk is full, a log is damaged, or its sessions change all the
    time. Its text says which.
    """


class BundleNotSet(BundleFailed):
    """The PDF can't be set. It would not be set a moment later either."""


class BundleFontsMissing(BundleNotSet):
    """This machine has no font for many letters of the PDF."""


@dataclass(eq=False, repr=False)
class Bundles:
    """Makes and keeps bundles while `run` is running. Call `observe` with each publication.

    `sound_of` returns the files of a session's published sound.
    """

    log: LogReading
    _: KW_ONLY
    folder: Path
    """Any folder on the disk on which they are kept."""
    web: Path
    public: str
    zone: Callable[[], str]
    catalogue: SessionCatalogue
    sound_of: Callable[[SessionId], Awaitable[Sequence[RecordingFile]]]
    reports: ReportsOfSessions
    pdf: bool = False
    """Whether PDFs can be set for the bundles."""
    log_list: Callable[[BundleList], None] = lambda _: None
    """Has the list of a bundle's files logged, if it isn't."""
    patience: float = PATIENCE_S
    most_bytes: int = MOST_BYTES
    reserve: int = RESERVE
    _kept: OrderedDict[BundleWish, KeptBundle] = field(default_factory=OrderedDict)
    _left: list[KeptBundle] = field(default_factory=list)
    """Those that were dropped while somebody downloads them. Bound: `MOST_LEFT`."""
    _jobs: OrderedDict[BundleWish, asyncio.Future[KeptBundle]] = field(default_factory=OrderedDict)
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _not_set: OrderedDict[str, BundleNotSet] = field(default_factory=OrderedDict)
    """Why PDF files can't be set, by their tags, until nothing was wanted for `LOOK_S`: whoever asks again, as browsers
    do by themselves, has nothing set in vain. Bound: `MOST_WAITING`. Overflow: the oldest are tried again.
    """
    _looking: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_LOOKING))
    _making: tuple[frozenset[SessionId], asyncio.subprocess.Process] | None = None
    _withdrawn: set[SessionId] = field(default_factory=set)
    """The sessions of which something was withdrawn since the bundle that is being made was begun. Bound: all
    sessions."""

    async def tag(self, wish: BundleWish) -> str:
        """The entity tag of a bundle as it would be now, without making it. Raises BundleBusy, StorageUnavailable."""
        try:
            async with asyncio.timeout(self.patience), self._looking:
                return await self._tag_now(wish)
        except TimeoutError:
            raise BundleBusy from None

    async def _tag_now(self, wish: BundleWish) -> str:
        return self._tag(wish, await self._states(wish))

    def _tag(self, wish: BundleWish, states: Sequence[_SessionState]) -> str:
        made_by = typst_version() if wish.form is BundleForm.PDF else zlib.ZLIB_RUNTIME_VERSION
        if self.pdf and wish.form is BundleForm.ZIP:
            made_by += f" {typst_version()}"
        parts = (__version__, made_by, wish, self.zone(), self.public, states)
        return f'"{sha256(msgspec.json.encode(parts)).hexdigest()[:32]}"'

    async def get(self, wish: BundleWish, tag: str = "") -> KeptBundle:
        """The bundle, made now where none is kept. `tag`: its entity tag, where `tag` has just returned it. Raises
        BundleBusy, BundleFailed, StorageUnavailable.
        """
        if tag in self._not_set:
            raise self._not_set[tag]
        kept = self._kept.get(wish)
        if kept is not None and kept.tag == (tag or await self.tag(wish)):
            self._kept.move_to_end(wish)
            self._have_logged(kept)
            return kept
        job = self._jobs.get(wish)
        if job is None:
            if len(self._jobs) >= MOST_WAITING:
                raise BundleBusy
            job = self._jobs[wish] = asyncio.get_running_loop().create_future()
            # Nobody may be waiting any more when it fails.
            job.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._wanted.set()
        await asyncio.wait((job,), timeout=self.patience)
        if not job.done() or job.cancelled() or job.result().file.closed:  # It may have been withdrawn in between.
            raise BundleBusy
        return job.result()

    def observe(self, live: ReadSession, publication: Publication) -> None:
        """Withdraw the bundles that hold something that may not be read any more. For `Sessions.observe`."""
        removed = any(isinstance(event, BodyRemoved) for event in publication.events)
        if removed or not may_read(Role.READER, live.state.access):
            self.withdraw(live.id)

    def withdraw(self, session: SessionId) -> None:
        """Drop all bundles that have a session, cut their downloads off, and begin those again that are being made."""
        self._withdrawn.add(session)
        for wish in [wish for wish, kept in self._kept.items() if session in kept.sessions]:
            self._kept.pop(wish).cut_off()
        for kept in self._left:
            if session in kept.sessions:
                kept.cut_off()
        if self._making is not None and session in self._making[0]:
            signal_child(self._making[1], signal.SIGKILL)

    async def run(self) -> None:
        """Make what is wanted, one after the other, until cancelled."""
        try:
            while True:
                try:
                    async with asyncio.timeout(LOOK_S):
                        await self._wanted.wait()
                except TimeoutError:
                    self._not_set.clear()
                    await self._look()
                    continue
                self._wanted.clear()
                while self._jobs:
                    wish, job = next(iter(self._jobs.items()))
                    try:
                        kept = await self._make(wish)
                        self._keep(wish, kept)
                        self._have_logged(kept)
                        job.set_result(kept)
                    except StorageUnavailable as error:
                        job.set_exception(error)
                    except (BundleFailed, OSError, RecordBroken) as error:
                        why = error if isinstance(error, BundleFailed) else type(error).__name__
                        logger.warning("a bundle of %d sessions can't be made: %s", len(wish.sessions), why)
                        job.set_exception(error if isinstance(error, BundleFailed) else BundleFailed())
                    finally:
                        self._jobs.pop(wish).cancel()
        finally:
            for kept in self._kept.values():
                kept.drop()
            self._kept.clear()

    def _have_logged(self, kept: KeptBundle) -> None:
        if kept.listed is not None:
            self.log_list(kept.listed)

    async def _look(self) -> None:
        """Drop the bundles that are not what would be made now: their sound may be over."""
        for wish, kept in list(self._kept.items()):
            try:
                same = kept.tag == await self._tag_now(wish)
            except (StorageUnavailable, RecordBroken):
                return
            if not same and self._kept.get(wish) is kept:
                self._drop(self._kept.pop(wish))

    def _keep(self, wish: BundleWish, kept: KeptBundle) -> None:
        old = self._kept.pop(wish, None)
        if old is not None:
            self._drop(old)
        self._kept[wish] = kept
        while len(self._kept) > MOST_KEPT:
            self._drop(self._kept.popitem(last=False)[1])

    def _drop(self, kept: KeptBundle) -> None:
        kept.drop()
        self._left = [each for each in (*self._left, kept) if not each.file.closed]
        while len(self._left) > MOST_LEFT:
            self._left.pop(0).cut_off()

    async def _make(self, wish: BundleWish) -> KeptBundle:
        for _ in range(TRIES):
            self._withdrawn.clear()
            states = await self._states(wish)
            tag, held = self._tag(wish, states), _held(wish, states)
            # Its log proves the list of files: the first one that was wished may have been erased meanwhile.
            first = next(iter(states), None)
            # What is too large by its sound alone need not be written to be found so.
            if sum(size for state in states for _, size, _ in state.sound) > self.most_bytes:
                raise BundleFailed("it is too large")
            file = await self._opened()
            try:
                try:
                    whole = await self._write(wish, file, held, None if first is None else first.session)
                except BundleNotSet as error:
                    self._not_set[tag] = error
                    while len(self._not_set) > MOST_WAITING:
                        self._not_set.popitem(last=False)
                    raise
                same = whole and tag == await self._tag_now(wish)
                if same and self._withdrawn.isdisjoint(held):  # Perhaps while the logs were looked at.
                    size = os.fstat(file.fileno()).st_size
                    listed = _list_of(file, size, first) if first and wish.form is BundleForm.ZIP else None
                    return KeptBundle(tag, size, file, held, listed)
            except BaseException:
                file.close()
                raise
            file.close()
        raise BundleFailed("its sessions change all the time, or its process ends")

    async def _opened(self) -> BinaryIO:
        """A new file, which is closed where the server ends while it is made."""
        making = asyncio.ensure_future(asyncio.to_thread(self._file))
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            with suppress(OSError):
                (await making).close()
            raise

    def _file(self) -> BinaryIO:
        return tempfile.TemporaryFile(dir=self.folder)  # it is kept

    async def _write(
        self, wish: BundleWish, file: BinaryIO, held: frozenset[SessionId], proved_by: SessionId | None
    ) -> bool:
        """Have the bundle written, of which `held` are the logs, and `proved_by` the session whose log proves the list
        of its files. Return whether it is whole. Raises BundleFailed where there is no room for it.
        """
        order = BundleOrder(
            form=wish.form,
            web=str(self.web),
            language=wish.language,
            zone=self.zone(),
            folder=wish.name,
            title=wish.title,
            public=self.public,
            withdrawals=f"{self.public}/withdrawals.json{wish.query}",
            text=wish.text,
            address=wish.address,
            proceedings=wish.proceedings,
            proof=f"{self.public}/s/{proved_by}/{MANIFEST}{SUFFIX}?sha256=" if proved_by else "",
            pdf=self.pdf,
            most_bytes=self.most_bytes,
            reserve=self.reserve,
        )
        process = await start_coder(
            "bundle_child",
            order,
            package="moothall.adapters.record",
            stdin=asyncio.subprocess.PIPE,
            stdout=file,
            stderr=asyncio.subprocess.DEVNULL,
        )
        self._making = held, process
        try:
            if process.stdin is None:
                return False
            with suppress(ConnectionError):  # It ended: its exit status says why.
                for session in wish.sessions:
                    await self._feed(session, wish, process.stdin)
                process.stdin.close()
            status = await process.wait()
            if status == NO_ROOM:
                raise BundleFailed("it is too large, or the disk is full")
            if status == NO_FONTS:
                raise BundleFontsMissing("this machine has no font for its letters")
            if wish.form is BundleForm.PDF and status not in (0, -signal.SIGKILL):  # such as at the end of its time
                raise BundleNotSet(f"Typst can't set it, or it is too long: the process ended with {status}")
            return status == 0
        finally:
            self._making = None
            signal_child(process, signal.SIGKILL)
            await to_the_end(_ended(process))

    async def _feed(self, session: SessionId, wish: BundleWish, out: asyncio.StreamWriter) -> None:
        """Send a session's public lanes; for proceedings of what was spoken those of its first text alone."""
        head, entry = await self.log.head(session), await self._entry(session)
        if head is None or entry is None or entry.channel is None or not may_read(Role.READER, entry.access):
            return
        lanes = frozenset(lane for lane in head.lanes if is_public(lane))
        named = [ChannelId(lane.removeprefix(_CHANNEL)) for lane in sorted(lanes) if lane.startswith(_CHANNEL)]
        channels = sorted({entry.channel, *named}, key=lambda each: (each != entry.channel, each))
        if wish.form in PROCEEDINGS and not wish.text:
            channels = channels[:1]
            lanes &= Feed(channels[0]).lanes
        sound = await self._sound(session, wish.form)
        epoch = reader_epoch(head.epoch, head.lost)
        out.write(framed(SessionBegins(session=session, epoch=epoch, channels=tuple(channels), sound=sound)))
        report = await self.reports.of(session, wish.language)
        if report is not None:
            out.write(framed(report))
        after = 0
        while page := await self.log.read(session, after, SLICE, lanes):
            after = page[-1].header.offset
            out.write(framed(SessionEvents(tuple(record for record in page if record.header.offset <= head.offset))))
            await out.drain()
            if after >= head.offset:
                break
        out.write(framed(SessionEnds()))
        await out.drain()

    async def _states(self, wish: BundleWish) -> list[_SessionState]:
        states = [await self._state(session, wish.form) for session in wish.sessions]
        return [state for state in states if state is not None]

    async def _state(self, session: SessionId, form: BundleForm) -> _SessionState | None:
        head, entry = await self.log.head(session), await self._entry(session)
        if head is None or entry is None:
            return None
        sound = [(part, *_stat(part.path)) for part in await self._sound(session, form)]
        report = [await self._report_log(each) for each in await self.reports.logs(session)]
        epoch = reader_epoch(head.epoch, head.lost)
        return _SessionState(session, epoch, head.offset, entry.access, tuple(sound), tuple(report))

    async def _report_log(self, log: SessionId) -> tuple[SessionId, Epoch, int, Access | None]:
        head, entry = await self.log.head(log), await self._entry(log)
        access = None if entry is None else entry.access
        return (log, Epoch(""), 0, access) if head is None else (log, head.epoch, head.offset, access)

    async def _sound(self, session: SessionId, form: BundleForm) -> tuple[RecordingFile, ...]:
        return tuple(await self.sound_of(session)) if form is BundleForm.ZIP else ()

    async def _entry(self, session: SessionId) -> Entry | None:
        """The session's entry, which is read anew once something was removed."""
        await self.catalogue.fill()
        return self.catalogue.known(session)


def _list_of(file: BinaryIO, size: int, first: _SessionState) -> BundleList:
    """The list of a bundle's files, whose digest is the comment at the end of the archive."""
    digest = os.pread(file.fileno(), _DIGITS, size - _DIGITS)
    return BundleList(first.session, first.epoch, first.offset, bytes.fromhex(digest.decode()))


def _held(wish: BundleWish, states: Sequence[_SessionState]) -> frozenset[SessionId]:
    """The logs of which something is in a bundle."""
    return frozenset(wish.sessions) | {log for state in states for log, *_ in state.report}


def _stat(path: str) -> tuple[int, int]:
    try:
        found = os.stat(path)
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    await process.wait()
