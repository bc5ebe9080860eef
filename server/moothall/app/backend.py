"""What a server keeps and knows, without doors and engines: enough for commands while no server runs."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec

from moothall.adapters.admin.language_names import language_names
from moothall.adapters.http.visitor_cookie import Visitors
from moothall.adapters.store import book_sqlite, signing, sqlite_file
from moothall.adapters.store.book_sqlite import SqliteBook
from moothall.adapters.store.data_folder import hold_folder
from moothall.adapters.store.glossary_folder import GlossaryFolder
from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.adapters.store.signing import Ed25519Signer
from moothall.adapters.store.word_list_folder import read_word_lists
from moothall.adapters.system.clock import SystemRandomness
from moothall.adapters.system.time_zones import chosen_zone, find_zone
from moothall.core.kernel.errors import ConfigurationError, StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import Clock, Randomness
from moothall.core.programme.plan import Room
from moothall.core.questions.blocked_words import BlockedWords
from moothall.core.questions.statements import Dimension, Group, Questions
from moothall.services.capture.closing import Closing
from moothall.services.control.openers import Openers
from moothall.services.hubs.pairing import Pairing
from moothall.services.hubs.registry import Hubs
from moothall.services.hubs.removals import HubRemovals
from moothall.services.programme.office import Office
from moothall.services.programme.programme import Programme
from moothall.services.programme.rehearsals import Rehearsals
from moothall.services.proposals.proposing import Proposals
from moothall.services.questions.asking import Asking
from moothall.services.questions.balance import Balance
from moothall.services.questions.ballots import Ballots
from moothall.services.questions.typing import Typing
from moothall.services.sessions.role_links import RoleLinks
from moothall.services.sessions.sessions import Sessions
from moothall.services.supervision.carrying_on import carry_on
from moothall.services.translation.glossaries import Glossaries
from moothall.settings.sections import Settings

SPOOL_FOLDER = "spool"
RECORDINGS_FOLDER = "recordings"
SOUND_FOLDERS = (SPOOL_FOLDER, RECORDINGS_FOLDER)
"""Folders below the data folder that hold a folder for each session."""


class House(msgspec.Struct, frozen=True, kw_only=True):
    """An open data folder."""

    data: Path
    log: SqliteLog
    signer: Ed25519Signer
    sessions: Sessions
    closing: Closing
    programme: Programme
    openers: Openers
    links: RoleLinks
    proposals: Proposals
    asking: Asking
    visitors: Visitors
    typing: Typing
    ballots: Ballots
    balance: Balance
    hubs: Hubs
    hub_removals: HubRemovals
    pairing: Pairing
    clock: Clock
    randomness: Randomness
    tasks: asyncio.TaskGroup
    """Owns whatever runs as long as the house is open."""

    def office(self, public: str) -> Office:
        """For the operator's commands; `public` is the address that links say."""
        return Office(
            programme=self.programme,
            sessions=self.sessions,
            links=self.links,
            proposals=self.proposals,
            public=public,
            zones=find_zone,
            language_names=language_names,
        )

    async def erase(self, session: SessionId) -> None:
        """Remove a rehearsal's sound, links, proposals, ballots and what people said of themselves there.

        Hubs that have a copy are told to erase it.

        Its log is removed by whoever calls this.

        Raises StorageUnavailable when the disk refuses.
        """
        for name in SOUND_FOLDERS:
            await asyncio.to_thread(_remove, self.data / name / session)
        await self.links.forget(session)
        await self.proposals.forget(session)
        await self.ballots.forget(session)
        await self.balance.forget(session)
        await self.hubs.forget(session)
        await self.hub_removals.gone(session)


def _remove(folder: Path) -> None:
    try:
        if folder.exists():
            shutil.rmtree(folder)
    except OSError as error:
        msg = f"The folder {folder} can't be removed: {error.strerror}."
        raise StorageUnavailable(msg) from error


async def open_house(stack: AsyncExitStack, settings: Settings, clock: Clock) -> House:
    """Hold the data folder and open what it keeps, until the stack unwinds.

    Raises ConfigurationError with a sentence when that can't be.
    """
    zone = chosen_zone(settings.conference.time_zone, os.environ)
    data, randomness = Path(settings.server.data), SystemRandomness()
    stack.enter_context(hold_folder(data))
    log = await SqliteLog.open(data / sqlite_file.FILE_NAME)
    stack.push_async_callback(log.close)
    book = await SqliteBook.open(data / book_sqlite.FILE_NAME)
    stack.push_async_callback(book.close)
    signer = await _signer(data, log)
    tasks = await stack.enter_async_context(asyncio.TaskGroup())
    sessions = Sessions(
        log=log,
        clock=clock,
        randomness=randomness,
        signer=signer,
        unused_ms=60_000 * settings.server.unload_after_minutes,
    )
    started = asyncio.Event()
    stack.callback(tasks.create_task(sessions.run(started)).cancel)
    await started.wait()
    closing = Closing()
    links = RoleLinks(book=book, clock=clock, randomness=randomness)
    openers = Openers(sessions, label=links.label)
    programme = Programme(
        book=book,
        sessions=sessions,
        closing=closing,
        clock=clock,
        randomness=randomness,
        zone=zone,
        zone_named=bool(settings.conference.time_zone),
        zones=find_zone,
        opened_by=openers.of,
    )
    hubs = Hubs(book=book, sessions=sessions, links=links, clock=clock, randomness=randomness)
    hub_removals = HubRemovals(book=book, read=log.read, clock=clock)
    sessions.observe(lambda _, publication: hub_removals.take(publication))
    pairing = Pairing(hubs, links, book=book, clock=clock, randomness=randomness)
    proposals = Proposals(
        sessions,
        log=log,
        book=book,
        clock=clock,
        randomness=randomness,
        keep_days=settings.recording.keep_days,
    )
    rude = (entry for each in read_word_lists(settings.conference.word_lists) for entry in each.entries)
    asking = Asking(
        sessions,
        book=book,
        clock=clock,
        randomness=randomness,
        blocked=BlockedWords((*settings.conference.blocked_words, *rude)),
        share=settings.conference.people_at_one_address,
    )
    most = settings.conference.people_at_one_address
    ballots = Ballots(sessions, book=book, clock=clock, randomness=randomness, most_new=most)
    dimensions = tuple(Dimension(each) for each in dict.fromkeys(settings.balance.asks))
    questions = Questions(dimensions=dimensions, groups=tuple(map(Group, dict.fromkeys(settings.balance.groups))))
    balance = Balance(sessions, book=book, clock=clock, randomness=randomness, questions=questions)
    await asking.load()
    await ballots.load()
    await balance.load()
    sessions.observe(lambda live, _: ballots.observe(live))
    sessions.observe(lambda live, _: balance.observe(live))
    await programme.load()
    await links.load()
    await openers.load(log)
    await hubs.load()
    await hub_removals.load()
    await pairing.load()
    await proposals.load()
    return House(
        data=data,
        log=log,
        signer=signer,
        sessions=sessions,
        closing=closing,
        programme=programme,
        openers=openers,
        links=links,
        proposals=proposals,
        asking=asking,
        visitors=Visitors(asking.cookie_key, clock, randomness),
        typing=Typing(sessions, clock),
        ballots=ballots,
        balance=balance,
        hubs=hubs,
        hub_removals=hub_removals,
        pairing=pairing,
        clock=clock,
        randomness=randomness,
        tasks=tasks,
    )


async def _signer(data: Path, log: SqliteLog) -> Ed25519Signer:
    """The key; a new one only where nothing was signed. Raises ConfigurationError."""
    path = data / signing.FILE_NAME
    if not path.exists() and await log.sessions():
        msg = (
            f"The signing key {path} is missing, and the sessions there were signed with it. Put it back from a "
            f"backup. If it is lost, 'moothall new-key --data {data}' makes another one; what was signed before then "
            "verifies only with the public key that somebody has saved."
        )
        raise ConfigurationError(msg)
    return Ed25519Signer.open(path)


async def open_glossaries(stack: AsyncExitStack, house: House, settings: Settings) -> Glossaries:
    """Names and terms to prefer, their files looked at until the stack unwinds. Raises ConfigurationError."""
    folder = settings.conference.glossaries
    programme = house.programme

    def room_of(session: SessionId) -> Room | None:
        room = programme.room_of(session)
        return None if room is None else programme.room(room)

    glossaries = Glossaries(GlossaryFolder(Path(folder) if folder else None), house.clock, room_of)
    await glossaries.load()
    if folder:
        stack.callback(house.tasks.create_task(carry_on(glossaries.run, house.clock)).cancel)
    return glossaries


def watch_rehearsals(stack: AsyncExitStack, house: House) -> None:
    """Have rehearsals remove themselves, until the stack unwinds."""
    rehearsals = Rehearsals(programme=house.programme, sessions=house.sessions, clock=house.clock, erase=house.erase)
    stack.callback(house.tasks.create_task(carry_on(rehearsals.run, house.clock)).cancel)


@asynccontextmanager
async def quiet_house(settings: Settings, clock: Clock) -> AsyncIterator[House]:
    """The house without a server, for a command. Raises ConfigurationError, alone or in a group."""
    async with AsyncExitStack() as stack:
        yield await open_house(stack, settings, clock)
