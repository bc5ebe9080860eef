"""`/s/{session}/card.png`: the picture that other sites show beside the address of a session's page.

Only sessions that everybody may read have one. Where none can be set now, since Typst or a font is not installed, or
too many are waited for, the answer leads to the picture that is the same for all pages. A card that is kept is given
only while it shows what it would show if it were set now.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

import msgspec
from aiohttp import hdrs, web
from babel.dates import format_date

from moothall.adapters.admin.view import when
from moothall.adapters.http.security_headers import FOR_ANY_PAGE
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import HttpProblem, language, refusal
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.programme.rows import AgendaRows, title_of
from moothall.adapters.reading.page_menu import can_typeset
from moothall.adapters.record.card_setting import SessionCard
from moothall.adapters.record.typesetting import FontsMissing, TypesettingFailed, TypesettingOrder, typeset_apart
from moothall.core.events.types import BodyRemoved, SessionArranged, SessionDescribed
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.look import USUAL, Theme
from moothall.core.sessions.state import Status
from moothall.services.log.publication import Publication
from moothall.services.programme.house_look import HouseLook
from moothall.services.sessions.catalogue import Entry
from moothall.services.sessions.reader_access import ReadSession

logger = logging.getLogger(__name__)

MOST_KEPT = 256
"""Cards that are kept, some 60 KB each. Overflow: the least recently used is dropped."""
MOST_WAITING = 8
"""Requests that wait for a card to be set, which takes a second. Overflow: the next gets the common picture."""
PATIENCE_S = 10.0
"""Seconds after which the setting of a card is given up."""
TRIES = 3
"""How often a card is set anew because the meeting changed meanwhile. After that the common picture is given."""
_TYPESET = partial(typeset_apart, patience=PATIENCE_S, order=TypesettingOrder(card=True)) if can_typeset() else None
_Key = tuple[SessionId, str]
"""A session, and the language of a card's words."""


@dataclass(eq=False, repr=False, kw_only=True)
class CardDoor:
    """The handler of cards. `entry_of`: a session's entry in the list of sessions; it may raise StorageUnavailable.
    `typeset` sets a card given as JSON and may raise TypesettingFailed; None: none can be set here.
    """

    pages: Pages
    rows: AgendaRows
    look: HouseLook
    entry_of: Callable[[SessionId], Awaitable[Entry | None]]
    typeset: Callable[[bytes], Awaitable[bytes]] | None = _TYPESET
    _kept: OrderedDict[_Key, tuple[SessionCard, bytes]] = field(default_factory=OrderedDict)
    """Each with its bytes; none where this machine has no font for it."""
    _setting: asyncio.Lock = field(default_factory=asyncio.Lock)
    _waiting: int = 0

    def routes(self) -> list[web.RouteDef]:
        """The route, for `app.add_routes`."""
        return [web.get("/s/{session}/card.png", self.handle)]

    def observe(self, live: ReadSession, publication: Publication) -> None:
        """Drop the cards of a session from memory once it has another name or access, or something of it was removed.
        For `Sessions.observe`.
        """
        if any(isinstance(event, BodyRemoved | SessionArranged | SessionDescribed) for event in publication.events):
            self.forget(live.id)

    def forget(self, session: SessionId) -> None:
        """Drop the cards of a session."""
        for key in [key for key in self._kept if key[0] == session]:
            del self._kept[key]

    async def handle(self, request: web.Request) -> web.Response:
        """Answer with the card of a session in the language of the interface, or with the address of the common one."""
        ui, session = language(self.pages, request), SessionId(request.match_info["session"])
        try:
            png = await self._found(session, ui)
        except HttpProblem as wrong:
            return refusal(wrong, self.pages, ui)
        except StorageUnavailable:
            return refusal(HttpProblem(503, ErrorText.UNAVAILABLE), self.pages, ui)
        if not png:
            headers = {**FOR_ANY_PAGE, hdrs.LOCATION: self.pages.card, hdrs.CACHE_CONTROL: "no-store"}
            return web.Response(status=302, headers=headers)
        headers = {**FOR_ANY_PAGE, hdrs.CACHE_CONTROL: "no-cache", hdrs.VARY: hdrs.ACCEPT_LANGUAGE}
        return web.Response(body=png, content_type="image/png", headers=headers)

    async def _found(self, session: SessionId, ui: Catalogue) -> bytes:
        """The card as PNG; empty where there is none now. Raises HttpProblem, StorageUnavailable."""
        key, card = (session, ui.language), await self._card(session, ui)
        for _ in range(TRIES):
            kept = self._kept.get(key)
            if kept is not None and kept[0] == card:
                self._kept.move_to_end(key)
                return kept[1]
            png = await self._set(key, card)
            if png is None:
                return b""
            # It may have another title by now, or not be public any more.
            before, card = card, await self._card(session, ui)
            if before == card:
                self._kept[key] = card, png
                while len(self._kept) > MOST_KEPT:
                    self._kept.popitem(last=False)
        return b""

    async def _set(self, key: _Key, card: SessionCard) -> bytes | None:
        """Set a card; empty where this machine has no font for it, None where it can't be set now."""
        if self.typeset is None or self._waiting >= MOST_WAITING:
            return None
        self._waiting += 1
        try:
            async with self._setting:
                kept = self._kept.get(key)
                if kept is not None and kept[0] == card:  # Another request has waited for it too.
                    return kept[1]
                return await self.typeset(msgspec.json.encode(card))
        except FontsMissing:
            return b""
        except TypesettingFailed as error:
            logger.warning("session %s: its card is not set. %s", key[0], error)
            return None
        finally:
            self._waiting -= 1

    async def _card(self, session: SessionId, ui: Catalogue) -> SessionCard:
        """What the card of a session shows now. Raises HttpProblem for one that not everybody may read."""
        entry = await self.entry_of(session)
        if entry is None or not entry.public:
            raise HttpProblem(404, ErrorText.NO_SESSION)
        [found] = self.rows.public([entry])
        plan, zone, look = found.plan, self.pages.zone(), self.look.shown
        begun = "" if entry.opened is None else format_date(zone.at(entry.opened), "long", locale=ui.locale)
        moment = begun if plan is None or plan.starts is None else when(plan.starts, plan.ends, ui, zone)
        logo = None if look.logo is None else self.look.file(look.logo.address.rpartition("/")[2])
        state = "cancelled" if entry.cancelled is not None else entry.status.value
        return SessionCard(
            language=ui.language,
            house=look.name or "Moothall",
            colour=self.look.colours.light or USUAL[Theme.LIGHT][0],
            logo=logo or b"",
            title=title_of(entry, ui),
            title_language=entry.languages[0] if entry.title.strip() and entry.languages else ui.language,
            facts=tuple(fact for fact in (moment, self.rows.place(plan)) if fact),
            state=ui.named(f"page/state.{state}") if entry.status is not Status.CREATED or state == "cancelled" else "",
        )
