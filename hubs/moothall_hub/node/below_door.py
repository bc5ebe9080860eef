"""Register, pair and serve the hubs below a hub. They are kept in a book of their own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import KW_ONLY, dataclass
from pathlib import Path

import msgspec
from aiohttp import web

from moothall.adapters.http.limits import AddressGate
from moothall.adapters.http.security_headers import sent_by_a_page
from moothall.adapters.hubs.link_door import TRIES, TRIES_PATIENCE_MS, HubDoor
from moothall.adapters.hubs.machine_pairing import ALLOWANCE, MINUTE, pair_machine, sentence_response
from moothall.adapters.hubs.texts import TOLD
from moothall.adapters.store.book_sqlite import SqliteBook
from moothall.core.hubs.entry import Details
from moothall.core.kernel.errors import NoLink, Refusal
from moothall.core.kernel.ids import is_name
from moothall.core.ports import Clock, Randomness
from moothall.services.hubs.links import MOST_BELOW, HubLinks
from moothall.services.hubs.pairing import PairingRefusal
from moothall.services.hubs.pairing import PairingWords as Words
from moothall.services.hubs.ports import ConferenceInfo
from moothall.services.hubs.registry import Hubs
from moothall.services.hubs.removals import HubRemovals
from moothall.services.hubs.translating import translations_for_hubs
from moothall.services.questions.translations import QuestionTranslations
from moothall.services.reading.mirrored import MirroredSessions
from moothall.services.sessions.reader_access import ReaderAccess
from moothall.services.sessions.role_links import RoleLinks
from moothall.services.sessions.staff import hub_name
from moothall.wire.hubs.records import pack
from moothall_hub.mirror.mirror import Mirror
from moothall_hub.mirror.offers import Offers
from moothall_hub.node.below import CopySource, PassingOn
from moothall_hub.node.uplink import NodeUplink
from moothall_hub.outbox.outbox import HubOutbox
from moothall_hub.pairing.pairing import Pairing, Pairings

FILE = "below.sqlite"


class BelowNow(msgspec.Struct, frozen=True, kw_only=True):
    """A hub below, as the coordinator sees it."""

    title: str
    here: bool
    """Whether it is linked at the moment."""


@dataclass(eq=False, repr=False)
class Below:
    """The hubs below this hub. Made by `open`."""

    hubs: Hubs
    words: Words
    links: HubLinks
    door: HubDoor
    pairing: BelowPairDoor
    _: KW_ONLY
    removals: HubRemovals
    """Tracks which removals the hubs below have not carried out yet."""

    @classmethod
    async def open(
        cls,
        stack: AsyncExitStack,
        data: Path,
        *,
        sessions: MirroredSessions,
        mirror: Mirror,
        outbox: HubOutbox,
        offers: Offers,
        pairings: Pairings,
        uplink: NodeUplink,
        translations: QuestionTranslations,
        clock: Clock,
        randomness: Randomness,
        keep_running: Callable[[Callable[[], Awaitable[None]]], None],
    ) -> Below:
        """Open the book in the data folder. All that this opens is closed as `stack` unwinds. Raises
        ConfigurationError.
        """
        book = await SqliteBook.open(data / FILE)
        stack.push_async_callback(book.close)
        # These links belong to the registry. Nobody is given one, and they are not links of this hub's coordinator.
        links = RoleLinks(book=book, clock=clock, randomness=randomness)
        await links.load()
        hubs = Hubs(book=book, sessions=sessions, links=links, clock=clock, randomness=randomness)
        await hubs.load()
        words = Words(hubs, links, book=book, clock=clock, randomness=randomness)
        await words.load()

        removals = HubRemovals(book=book, read=mirror.read, clock=clock)
        await removals.load()

        def title_of(name: str) -> str:
            known = hubs.get(name)
            return name if known is None else known.title

        def about() -> ConferenceInfo:
            above = pairings.now
            keys = msgspec.json.encode({"keys": []} if above is None else above.keys)
            return ConferenceInfo(keys=keys, zone=offers.about.zone, address=offers.about.address)

        served = HubLinks(
            CopySource(sessions, mirror, offers=lambda: offers.sessions, listen=uplink.replication.observe),
            PassingOn(outbox, clock, title_of),
            hubs,
            clock,
            pack=pack,
            about=about,
            above=(*uplink.above, pairings.node),
            path=offers.about.hub,
            up=False,
            age=lambda: uplink.source.age,
            most=MOST_BELOW,
            removals=removals,
            signals=uplink.signals,
            translate=translations_for_hubs(translations, ReaderAccess(sessions).questions),
        )

        def way_changed() -> None:
            served.set_path(offers.about.hub)
            served.set_above((*uplink.above, pairings.node))
            served.set_up(uplink.up)

        uplink.when_way(way_changed)
        door = HubDoor(served, hubs, AddressGate(clock, randomness, TRIES, TRIES_PATIENCE_MS))
        stack.push_async_callback(door.close)
        keep_running(hubs.run)
        keep_running(removals.run)
        pairing = BelowPairDoor(words, paired=lambda: pairings.now, clock=clock, randomness=randomness)
        return cls(hubs, words, served, door, pairing, removals=removals)

    def routes(self) -> Sequence[web.RouteDef]:
        """The routes of the doors, for `app.add_routes`."""
        return [*self.door.routes(), *self.pairing.routes()]

    def list(self) -> Sequence[BelowNow]:
        """The hubs below, by title."""
        return [BelowNow(title=each.title, here=self.hubs.here(each.name)) for each in self.hubs.list()]

    async def give(self, title: str) -> tuple[str, ...] | None:
        """Return six new words for the hub with this title, which is created if need be; its earlier words become
        invalid.

        None for a title that no hub can have. Raises StorageUnavailable.
        """
        title = " ".join(title.split())
        name = hub_name(title)
        if not is_name(f"{self.links.path}.{name}" if self.links.path else name):
            return None  # The name may also be too long together with the names of the hubs above.
        if self.hubs.get(name) is None:
            try:
                made = await self.hubs.add(title, Details())
            except NoLink:
                return None
            if isinstance(made, Refusal):
                return None
        return await self.words.words(name)


class BelowPairDoor:
    """`POST /hub/pair` at a hub: the machine of a hub below exchanges six words for a key, as at the centre.

    Only machines may do this: in a browser the words would open the page of a group, and only the centre has that page.
    """

    def __init__(
        self, words: Words, *, paired: Callable[[], Pairing | None], clock: Clock, randomness: Randomness
    ) -> None:
        """`paired` gives this hub's own pairing, whose keys and address of the centre are passed on."""
        self._words = words
        self._paired = paired
        self._gate = AddressGate(clock, randomness, ALLOWANCE, patience_ms=0, slower=MINUTE)

    def routes(self) -> list[web.RouteDef]:
        """The route, for `app.add_routes`."""
        return [web.post("/hub/pair", self.submit)]

    async def submit(self, request: web.Request) -> web.Response:
        """Exchange six words for a key."""
        above = self._paired()
        if sent_by_a_page(request.headers) or request.content_type != "application/json":
            return sentence_response(403, "A page may not do this; a machine sends JSON and no Origin.")
        if above is None:
            return sentence_response(503, "This hub is not connected itself yet.")
        if self._gate.take(request.remote or "") > 0:
            return sentence_response(429, TOLD[PairingRefusal.OFTEN])
        return await pair_machine(request, self._words, keys=above.keys, address=above.people)
