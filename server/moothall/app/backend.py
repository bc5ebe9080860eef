"""The state of a server without doors and engines: enough for commands while no server runs."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from moothall.adapters.admin.language_names import language_names
from moothall.adapters.captioning.zoom_client import ZoomClient
from moothall.adapters.http.visitor_cookie import Visitors
from moothall.adapters.metrics.traces import open_traces
from moothall.adapters.programme import read_icalendar
from moothall.adapters.search.index_files import SearchFiles
from moothall.adapters.sound.sound_folder import SoundFolder
from moothall.adapters.store import book_sqlite, signing, sqlite_file
from moothall.adapters.store import removal_list as removals
from moothall.adapters.store.book_sqlite import SqliteBook
from moothall.adapters.store.files import explained
from moothall.adapters.store.glossary_folder import GlossaryFolder
from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.adapters.store.removal_list import RemovalList
from moothall.adapters.store.signing import Ed25519Signer
from moothall.adapters.system.clock import SystemRandomness
from moothall.adapters.system.time_zones import chosen_zone, find_zone
from moothall.app.record.beside import keep_export, keep_meaning
from moothall.app.returned import remove_returned
from moothall.core.backup.removed import RemovedContent
from moothall.core.kernel.errors import ConfigurationError, StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.times import Zone
from moothall.core.ports import Book, Clock, EventLog, NodeLog
from moothall.core.programme.plan import Room, RoomId
from moothall.core.questions.blocked_words import MOST_BYTES, BlockedWords, WordList, parse
from moothall.core.questions.statements import AboutQuestions, Dimension, StakeholderGroup
from moothall.core.retention.periods import KeptKind
from moothall.core.sessions.state import ON
from moothall.services.attendance.online import OnlineCounts
from moothall.services.captioning.zoom_push import ZoomPush
from moothall.services.capture.closing import Closing
from moothall.services.cluster.sound_copies import SoundCopies
from moothall.services.control.openers import Openers
from moothall.services.hubs.pairing import PairingWords
from moothall.services.hubs.registry import Hubs
from moothall.services.hubs.removals import HubRemovals
from moothall.services.metrics.measures import Measures
from moothall.services.metrics.readiness import Readiness, disk_lacks, log_lacks
from moothall.services.metrics.tracing import SpanWriter
from moothall.services.outcomes.commitment_links import CommitmentLinks
from moothall.services.outcomes.reminding import RapporteurAddresses
from moothall.services.programme.access_needs import AccessNeeds
from moothall.services.programme.house_look import HouseLook
from moothall.services.programme.office import Office
from moothall.services.programme.programme import Programme
from moothall.services.programme.rehearsals import Rehearsals
from moothall.services.proposals.own_words import OwnWords
from moothall.services.proposals.proposing import Proposals
from moothall.services.questions.asking import Asking
from moothall.services.questions.balance import BalanceFigures
from moothall.services.questions.ballots import Ballots
from moothall.services.questions.opinions import Opinions
from moothall.services.questions.typing import TurnTyping
from moothall.services.retention.retention import Retention
from moothall.services.search.indexing import IndexedLog, Indexing
from moothall.services.search.people import KnownSpeakers
from moothall.services.search.ports import SimilarLines
from moothall.services.sessions.forgetting import Forgetting
from moothall.services.sessions.link_terms import HOUR_MS
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.role_links import RoleLinks
from moothall.services.sessions.sessions import Sessions
from moothall.services.sound.former_recordings import SilencedSpans
from moothall.services.supervision.supervising import supervise
from moothall.services.tokens.program_tokens import ProgramTokens
from moothall.services.translation.glossaries import Glossaries
from moothall.settings.sections import Conference, Settings

T = TypeVar("T")
U = TypeVar("U")

SPOOL_FOLDER = "spool"
RECORDINGS_FOLDER = "recordings"
SOUND_FOLDERS = (SPOOL_FOLDER, RECORDINGS_FOLDER)
"""Folders within the data folder that hold one folder for each session."""
LOCK_FILE = "lock"
DOORS, ENGINE_LINK = "doors", "engine link"
"""The parts of readiness that have to be open before visitors are sent to this server."""


@dataclass(eq=False, repr=False)
class Backend:
    """An open data folder, and the services that keep what is in it. Made by `open_backend`.

    `tasks` owns all tasks of the server while it is open. The constructor raises ConfigurationError.
    """

    settings: Settings
    _: KW_ONLY
    log: EventLog
    search_index: SearchFiles
    indexing: Indexing
    similar: SimilarLines | None
    book: Book
    signer: Ed25519Signer
    zone: Zone
    clock: Clock
    tasks: asyncio.TaskGroup
    tracing: SpanWriter | None = None

    def __post_init__(self) -> None:
        self.data = Path(self.settings.server.data)
        self.randomness = randomness = SystemRandomness()
        self.measures = Measures(self.clock, self.tracing)
        self.readiness = Readiness(DOORS, ENGINE_LINK)
        self.readiness.ask(
            log_lacks(lambda: self.measures.append_refused_for), disk_lacks(lambda: (self.disk or (None,))[0])
        )
        self.sessions = sessions = Sessions(
            log=self.log,
            clock=self.clock,
            randomness=randomness,
            signer=self.signer,
            unused_ms=60_000 * self.settings.server.unload_after_minutes,
            measures=self.measures,
        )
        self.closing = Closing()
        self.links = RoleLinks(
            book=self.book,
            clock=self.clock,
            randomness=randomness,
            after_close_ms=self.settings.sign_in.link_hours_after_close * HOUR_MS,
            demands_sign_in=self.settings.sign_in.required_for_admin,
        )
        self.tokens = ProgramTokens(book=self.book, clock=self.clock, randomness=randomness)
        self.openers = Openers(sessions, label=self.links.label)
        self.programme = Programme(
            book=self.book,
            sessions=sessions,
            closing=self.closing,
            clock=self.clock,
            randomness=randomness,
            time_zone=self.zone,
            zone_named=bool(self.settings.conference.time_zone),
            zones=find_zone,
            opened_by=self.openers.of,
        )
        self.look = HouseLook(book=self.book)
        self.people = KnownSpeakers(
            book=self.book, randomness=randomness, plans=self.programme.planned, plan_of=self.programme.plan_of
        )
        self.access_needs = AccessNeeds(
            book=self.book, programme=self.programme, clock=self.clock, randomness=randomness
        )
        self.hubs = Hubs(book=self.book, sessions=sessions, links=self.links, clock=self.clock, randomness=randomness)
        self.hub_removals = HubRemovals(book=self.book, read=self.log.read, clock=self.clock)
        self.pairing = PairingWords(self.hubs, self.links, book=self.book, clock=self.clock, randomness=randomness)
        self.proposals = Proposals(
            sessions,
            log=self.log,
            book=self.book,
            clock=self.clock,
            randomness=randomness,
            keep_days=self.settings.recording.keep_days,
        )
        self.own_words = OwnWords(sessions, book=self.book, clock=self.clock, randomness=randomness)
        self.rapporteurs = RapporteurAddresses(book=self.book, clock=self.clock)
        self.commitments = CommitmentLinks(book=self.book, clock=self.clock, randomness=randomness)
        most = self.settings.conference.people_at_one_address
        self.asking = Asking(
            sessions,
            book=self.book,
            clock=self.clock,
            randomness=randomness,
            blocked=blocked_words(self.settings.conference),
            share=most,
        )
        self.typing = TurnTyping(sessions, self.clock)
        self.ballots = Ballots(sessions, book=self.book, clock=self.clock, randomness=randomness, most_new=most)
        self.opinions = Opinions(sessions, self.ballots.box, clock=self.clock, randomness=randomness)
        dimensions = tuple(Dimension(each) for each in dict.fromkeys(self.settings.balance.asks))
        questions = AboutQuestions(
            dimensions=dimensions, groups=tuple(map(StakeholderGroup, dict.fromkeys(self.settings.balance.groups)))
        )
        self.balance = BalanceFigures(
            sessions, book=self.book, clock=self.clock, randomness=randomness, questions=questions
        )
        self.online = OnlineCounts(sessions, book=self.book, clock=self.clock, randomness=randomness)
        self.zoom_client = ZoomClient()
        self.silenced = SilencedSpans(self.book)
        self.moving = asyncio.Lock()
        """Held while lines are moved, or words removed."""
        self.forgetting = Forgetting(sessions, self.programme.plan_of, self.clock)
        said = self.settings.retention
        self.retention = Retention(
            sessions,
            log=self.log,
            book=self.book,
            clock=self.clock,
            links=self.links,
            plan_of=self.programme.plan_of,
            defaults={
                KeptKind.TEXT: said.text,
                KeptKind.SOUND: said.sound,
                KeptKind.STAFF: said.staff,
                KeptKind.QUESTIONS: said.questions,
            },
            notice_days=said.notice_days,
            recorded=SoundFolder(self.data / RECORDINGS_FOLDER, bitrate=1_000 * self.settings.recording.kbits).sessions,
            forget_text=self._forget_text,
        )
        self.zoom = ZoomPush(sessions, self.book, self.zoom_client, self.forgetting, self.clock)

    async def load(self) -> None:
        """Read the stored state of all services, once the sessions run. Raises StorageUnavailable."""
        self.sessions.observe(lambda _, publication: self.hub_removals.take(publication))
        await self.asking.load()
        await self.ballots.load()
        await self.balance.load()
        await self.online.load()
        self.sessions.observe(lambda live, _: self.ballots.observe(live))
        self.sessions.observe(lambda live, _: self.balance.observe(live))
        await self.programme.load()
        await self.look.load()
        await self.people.load()
        await self.access_needs.load()
        await self.links.load()
        await self.tokens.load()
        await self.openers.load(self.log)
        await self.hubs.load()
        await self.hub_removals.load()
        await self.pairing.load()
        await self.proposals.load()
        await self.own_words.load()
        await self.commitments.load()
        await self.rapporteurs.load()
        await self.zoom.load()
        await self.retention.load()

    @property
    def disk(self) -> tuple[int, int] | None:
        """Free and total bytes of the disk that holds the data; None when the system does not say."""
        return disk_of(self.data)

    @property
    def visitors(self) -> Visitors:
        """Makes browsers' tokens, and recognises its own. Call only after `load`."""
        return Visitors(self.asking.cookie_key, self.clock, self.randomness)

    def loaded(self, session: SessionId, read: Callable[[LiveSession], T], otherwise: U) -> T | U:
        """Apply `read` to a session that is in memory; return `otherwise` where it is not."""
        live = self.sessions.loaded(session)
        return otherwise if live is None else read(live)

    def place(self, room: RoomId) -> str:
        """The title of a room; empty for an unknown one."""
        known = self.programme.room(room)
        return "" if known is None else known.title

    def keep(self, stack: AsyncExitStack, *running: Callable[[], Coroutine[object, object, None]]) -> None:
        """Run each of these as a supervised task, restarted after a fault, until the stack unwinds."""
        for run in running:
            stack.callback(self.tasks.create_task(supervise(run, self.clock)).cancel)

    def office(self, public: str) -> Office:
        """Build the handler of the operator's commands; `public` is the address that links contain."""
        return Office(
            programme=self.programme,
            sessions=self.sessions,
            links=self.links,
            tokens=self.tokens,
            proposals=self.proposals,
            due=self.retention.listing,
            public=public,
            zones=find_zone,
            calendar=read_icalendar,
            language_names=language_names,
        )

    async def erase(self, session: SessionId) -> None:
        """Remove a rehearsal's sound, links, proposals, ballots and what people said of themselves there.

        Hubs that have a copy are told to erase it. The caller removes the session's log. Raises StorageUnavailable when
        the disk refuses.
        """
        await erase_sound(self.data, session)
        await self.silenced.forget(session)
        await self.links.forget(session)
        await self._forget_text(session)
        await self.ballots.forget(session)
        await self.balance.forget(session)
        await self.online.forget(session)
        await self.programme.agenda.forget(session)
        await self.zoom.forget(session)
        await self.retention.forget(session)
        await self.hubs.forget(session)
        await self.hub_removals.gone(session)

    async def _forget_text(self, session: SessionId) -> None:
        """Delete what people and machines proposed for a session's lines. Raises StorageUnavailable."""
        await self.proposals.forget(session)
        await self.own_words.forget(session)
        await self.commitments.forget(session)
        await self.rapporteurs.forget(session)


async def erase_sound(data: Path, session: SessionId) -> None:
    """Delete a session's sound from a data folder. Raises StorageUnavailable."""
    for name in SOUND_FOLDERS:
        await asyncio.to_thread(_remove, data / name / session)


def _remove(folder: Path) -> None:
    with explained(f"The folder {folder} can't be removed", kind=StorageUnavailable):
        if folder.exists():
            shutil.rmtree(folder)


def disk_of(data: Path) -> tuple[int, int] | None:
    """Free and total bytes of the disk that holds a folder; None when the system does not say."""
    try:
        usage = shutil.disk_usage(data)
    except OSError:
        return None
    return usage.free, usage.total


class Stores(Protocol):
    """Turns a node's own log and book into those of the house."""

    async def kept(self, log: NodeLog, book: Book) -> tuple[EventLog, Book]:
        """Return log and book of the node that keeps the house. Raises ConfigurationError, StorageUnavailable."""
        ...

    @property
    def sound(self) -> SoundCopies | None:
        """The sound copies of this node's stand-by time, whose words are not in a log yet; None: it has none."""
        ...


async def open_stores(stack: AsyncExitStack, settings: Settings) -> tuple[SqliteLog, SqliteBook]:
    """Lock the data folder and open its log and book, until the stack unwinds. Raises ConfigurationError."""
    data = Path(settings.server.data)
    stack.enter_context(hold_folder(data))
    removed = removal_list(settings)
    removed.begin_apart()
    log = await SqliteLog.open(data / sqlite_file.FILE_NAME, removals=removed)
    stack.push_async_callback(log.close)
    book = await SqliteBook.open(data / book_sqlite.FILE_NAME)
    stack.push_async_callback(book.close)
    return log, book


async def open_backend(stack: AsyncExitStack, settings: Settings, clock: Clock, house: Stores | None = None) -> Backend:
    """Lock the data folder and open what it keeps, until the stack unwinds. `house` is given where several nodes run
    the house.

    Raises ConfigurationError with a sentence when this fails.
    """
    zone = chosen_zone(settings.conference.time_zone, os.environ)
    data = Path(settings.server.data)
    own, own_book = await open_stores(stack, settings)
    log, book = (own, own_book) if house is None else await house.kept(own, own_book)
    signer = await _signer(data, log)
    erased = await remove_returned(
        own,
        log,
        RemovedContent(await asyncio.to_thread(removal_list(settings).lines)),
        SoundFolder(data / RECORDINGS_FOLDER, bitrate=1_000 * settings.recording.kbits),
        clock=clock,
        randomness=SystemRandomness(),
        signer=signer,
    )
    wanted = settings.tracing
    tracing = open_traces(stack, wanted.endpoint, wanted.percent) if wanted.endpoint else None
    index = keep_index(stack, data)
    indexing = Indexing(log, index, clock)
    meaning = await keep_meaning(stack, settings, indexing, clock)
    await keep_export(stack, settings, indexing, clock)
    tasks = await stack.enter_async_context(asyncio.TaskGroup())
    backend = Backend(
        settings,
        log=IndexedLog(log, indexing),
        search_index=index,
        indexing=indexing,
        similar=meaning,
        book=book,
        signer=signer,
        zone=zone,
        clock=clock,
        tasks=tasks,
        tracing=tracing,
    )
    if meaning is not None:
        meaning.quiet = lambda: not any(live.state.status in ON for live in backend.sessions.all_loaded)
    started = asyncio.Event()
    stack.callback(tasks.create_task(backend.sessions.run(started)).cancel)
    await started.wait()
    await backend.load()
    for session in erased:
        await backend.sessions.forget(session)
        await backend.erase(session)
        await backend.programme.drop(session)
    return backend


def keep_index(stack: AsyncExitStack, data: Path) -> SearchFiles:
    """The search index of a data folder, until the stack unwinds. It is opened by whoever feeds it: nothing waits for
    it, as it may be lost.
    """
    index = SearchFiles.stemmed(data)
    stack.push_async_callback(index.close)
    return index


def removal_list(settings: Settings) -> RemovalList:
    """The list of removals of a data folder, with its second file where a setting names one."""
    apart = settings.server.removals
    return RemovalList(Path(settings.server.data) / removals.FILE_NAME, Path(apart) if apart else None)


async def _signer(data: Path, log: EventLog) -> Ed25519Signer:
    """Read the signing key; make a new one only where the log has no sessions. Raises ConfigurationError."""
    path = data / signing.FILE_NAME
    if not path.exists() and await log.sessions():
        msg = (
            f"The signing key {path} is missing, and the sessions there were signed with it. Put it back from a "
            f"backup. If it is lost, 'moothall new-key --data {data}' makes another one; what was signed before then "
            "verifies only with the public key that somebody has saved."
        )
        raise ConfigurationError(msg)
    return Ed25519Signer.open(path)


async def open_glossaries(stack: AsyncExitStack, backend: Backend) -> Glossaries:
    """Load names and preferred terms, and watch their files until the stack unwinds. Raises ConfigurationError."""
    folder = backend.settings.conference.glossaries
    programme = backend.programme

    def room_of(session: SessionId) -> Room | None:
        room = programme.room_of(session)
        return None if room is None else programme.room(room)

    glossaries = Glossaries(GlossaryFolder(Path(folder) if folder else None), backend.clock, room_of)
    await glossaries.load()
    backend.keep(stack, glossaries.run)
    return glossaries


def watch_rehearsals(stack: AsyncExitStack, backend: Backend) -> None:
    """Remove rehearsals when they are due, until the stack unwinds."""
    rehearsals = Rehearsals(
        programme=backend.programme, sessions=backend.sessions, clock=backend.clock, erase=backend.erase
    )
    backend.keep(stack, rehearsals.run)


@asynccontextmanager
async def quiet_backend(settings: Settings, clock: Clock) -> AsyncIterator[Backend]:
    """The backend without a server, for one command. Raises ConfigurationError, alone or in a group."""
    async with AsyncExitStack() as stack:
        yield await open_backend(stack, settings, clock)


@contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Create the folder if need be, and hold its lock while inside the context; the lock ends with the process.

    A second writer is fenced off from the log by terms, but not from the spools. Raises ConfigurationError when the
    folder cannot be used, or another server uses it.
    """
    with explained(f"The data folder {folder} can't be used", "Choose another with --data."):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            msg = f"Another server is using the data folder {folder}. Stop it, or choose another folder with --data."
            raise ConfigurationError(msg) from error
        yield
    finally:
        os.close(descriptor)


def touch_disk(folder: Path) -> None:
    """Write something to the disk of a data folder, to see whether it answers. Raises OSError."""
    descriptor = os.open(folder / LOCK_FILE, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.pwrite(descriptor, b"\n", 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def blocked_words(settings: Conference) -> BlockedWords:
    """The blocked words of the settings and of the word lists. Raises ConfigurationError."""
    rude = (entry for each in read_word_lists(settings.word_lists) for entry in each.entries)
    return BlockedWords((*settings.blocked_words, *rude))


def read_word_lists(folder: str) -> tuple[WordList, ...]:
    """Read all lists of rude words (`*.toml`) of a folder, also lists that nobody has checked; none when `folder` is
    empty.

    Raises ConfigurationError with a sentence.
    """
    if not folder:
        return ()
    with explained(f"{folder} can't be read", "`word_lists` of [conference] names a folder of TOML files."):
        files = sorted(path for path in Path(folder).iterdir() if path.suffix == ".toml")
        return tuple(parse(path.name, _text(path)) for path in files)


def _text(path: Path) -> str:
    raw = path.read_bytes()
    if len(raw) > MOST_BYTES:
        raise ConfigurationError(f"The list of words {path.name} has {len(raw)} bytes; it may have {MOST_BYTES}.")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"The list of words {path.name} is not written in UTF-8.") from error
