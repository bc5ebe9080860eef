"""The search at a node that stands by: it leads to the keeper while there is one, and is answered from this node's own
copies and index while nobody keeps the house.

Alone it answers as far as a stranger may ask: in public records, without sound, rooms and pages of speakers, and in the
plain look. Role links, the programme and who is who are the keeper's to know.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

from aiohttp import web
from aiohttp.typedefs import Handler

from moothall.adapters.http.forwarded import AddressOf
from moothall.adapters.http.limits import AddressGate
from moothall.adapters.pages.templates import Pages
from moothall.adapters.search.index_files import SearchFiles
from moothall.adapters.search.search_door import PATH, SearchDoor
from moothall.adapters.system.clock import SystemRandomness
from moothall.adapters.system.time_zones import chosen_zone
from moothall.app.record.search import SEARCHES
from moothall.core.kernel.times import Zone
from moothall.core.ports import Clock, LogReading
from moothall.services.cluster.reading import NodeReading
from moothall.services.search.indexing import Indexing
from moothall.services.search.ports import SimilarLines
from moothall.services.search.searching import Searching
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.settings.sections import Settings


def zone_of(settings: Settings) -> Zone:
    """The zone of the conference as the settings name it. Raises ConfigurationError."""
    return chosen_zone(settings.conference.time_zone, os.environ)


@dataclass(eq=False, repr=False)
class CopiesSearch:
    """Searches the copies of a node. `log` has them, `catalogue` is read again where one has changed."""

    reading: NodeReading
    log: LogReading
    index: SearchFiles
    indexing: Indexing
    catalogue: SessionCatalogue
    _: KW_ONLY
    clock: Clock
    zone: Zone
    similar: SimilarLines | None = None

    def routes(
        self, pages: Pages, keeper: Callable[[], str | None], carried: Handler, address_of: AddressOf
    ) -> list[web.RouteDef]:
        """The route of the search. `keeper` returns the keeper's address, None while there is none; `carried` has the
        keeper answer a request, or says that there is none.
        """
        door = SearchDoor(
            pages,
            Searching(
                self.index,
                self.log,
                self.index.folding,
                clock=self.clock,
                searchable=self.indexing.searchable,
                fill=self.catalogue.fill,
                known=self.catalogue.known,
                opens=lambda _session, _access: False,
                room_of=lambda _: None,
                day_of=lambda ms: self.zone.at(ms).date(),
                similar=self.similar,
            ),
            gate=AddressGate(self.clock, SystemRandomness(), SEARCHES),
            address_of=address_of,
            place=str,
            title_of=self.catalogue.title_of,
            person=self.index.speaker_name,
            now=self.clock.wall,
            has_sound=False,
        )

        async def show(request: web.Request) -> web.StreamResponse:
            # While this node is cut off it may have words that were removed meanwhile.
            if keeper() is not None or self.reading.cut_off or "in" in request.query:
                return await carried(request)
            return await door.show(request)

        return [web.get(PATH, show)]
