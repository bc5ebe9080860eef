"""What is taken away, followed and found: bundles of records, what was withdrawn since, news, lists for other sites."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from aiohttp import web

from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.programme.discovery_door import DiscoveryDoor
from moothall.adapters.programme.news_door import NewsDoor, NewsSpeaker
from moothall.adapters.programme.rows import AgendaRows
from moothall.adapters.reading.page_menu import can_typeset
from moothall.adapters.record.bundle_door import BundleDoor
from moothall.adapters.record.bundle_messages import RecordingFile
from moothall.adapters.record.bundling import Bundles, ReportsOfSessions
from moothall.adapters.record.card_door import CardDoor
from moothall.adapters.record.description_door import DescriptionDoor
from moothall.app.parts import Entrance, Services
from moothall.core.events.types import SoundKept
from moothall.core.kernel.ids import SessionId
from moothall.services.proof.quoting import Quoting
from moothall.services.sessions.catalogue import Entry


def taking_doors(
    stack: AsyncExitStack,
    services: Services,
    entrance: Entrance,
    reports: ReportsOfSessions,
    quoting: Quoting | None,
) -> Sequence[web.RouteDef]:
    """The routes for what is taken away. Bundles, which have the `reports`, are made until the stack unwinds; `quoting`
    has their lists logged.
    """
    backend, pages, catalogue = services.backend, services.pages, entrance.catalogue
    recordings, folder = services.recordings, services.sound_folder

    async def sound_of(session: SessionId) -> Sequence[RecordingFile]:
        parts = [part for part in await folder.parts(session) if part.samples]
        sharing = await recordings.standing(session) if parts else None
        if sharing is None or sharing.sound is not SoundKept.PUBLISHED:
            return ()
        return [
            RecordingFile(str(folder.path(session, part.source, part.first)), part.source, part.first) for part in parts
        ]

    bundles = Bundles(
        backend.log,
        folder=backend.data,
        web=Path(web_folder) if (web_folder := backend.settings.server.web) else find_web_folder(),
        public=entrance.address.public,
        zone=lambda: pages.zone().name,
        catalogue=catalogue,
        sound_of=sound_of,
        reports=reports,
        pdf=can_typeset(),
        log_list=(lambda _: None) if quoting is None else lambda listed: quoting.log_manifest(*listed),
    )
    backend.sessions.observe(bundles.observe)
    backend.sessions.tell_forgotten(bundles.withdraw)
    backend.keep(stack, bundles.run)
    door = BundleDoor(
        pages=pages,
        bundles=bundles,
        all=catalogue.meetings,
        listed=catalogue.listed,
        house=lambda: backend.look.shown.name,
    )

    def speaker_of(name: str) -> NewsSpeaker | None:
        person = backend.people.shown(name)
        if person is None:
            return None
        spoke = backend.people.sessions_of(person, backend.indexing.searchable())
        return NewsSpeaker(person.name, frozenset(each.session for each in spoke), person.listed)

    rows = AgendaRows(backend.programme, readable=services.translation.readable)
    news = NewsDoor(
        pages=pages,
        rows=rows,
        listed=catalogue.listed,
        public=entrance.address.public,
        house=lambda: backend.look.shown.name,
        speaker_of=speaker_of,
    )

    async def entry_of(session: SessionId) -> Entry | None:
        await catalogue.fill()
        return catalogue.known(session)

    cards = CardDoor(pages=pages, rows=rows, look=backend.look, entry_of=entry_of)
    backend.sessions.observe(cards.observe)
    backend.sessions.tell_forgotten(cards.forget)
    access = entrance.access
    discovery = DiscoveryDoor(
        pages=pages,
        listed=catalogue.listed,
        snapshot_of=access.snapshot,
        page_of=access.page,
        number_of=access.number,
        public=entrance.address.public,
        house=lambda: backend.look.shown.name,
        framed=bool(backend.settings.server.embed),
    )
    description = DescriptionDoor(entrance.address.public)
    return [route for each in (door, news, cards, discovery, description) for route in each.routes()]
