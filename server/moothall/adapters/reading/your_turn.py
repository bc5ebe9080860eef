"""Whoever asked is told on every page of a meeting's text that their turn is near or has come, and everybody what is
asked now.

A page is made for the browser that asks for it; what follows comes over the stream that all readers share. It says that
something has happened to a question, and the page of the one who asked it has this part made anew.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from urllib.parse import quote, urlencode

import msgspec
from aiohttp import web

from moothall.adapters.http.visitor_cookie import Visitors
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import Asked, SnapshotOf, Wrong, asked, language, own_html, refusal
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.visitor_request import COOKIE, kept_query, page_of, private
from moothall.adapters.questions import asking_texts as texts
from moothall.core.events.question_parts import Standing
from moothall.core.kernel.ids import InterventionId, Position, SessionId
from moothall.core.kernel.languages import direction
from moothall.core.questions.interventions import Floor, Intervention
from moothall.core.questions.order import queue
from moothall.services.questions.author_view import Own

NEAR = 2
"""How many come before one whose author is told that it is near."""
MOST_KNOWN = 20
"""Questions of the queue whose words a page knows from the start."""
LONGEST = 200
"""Characters of what is asked that the bar shows."""


class Mine(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a browser has asked and that still waits, or is called."""

    id: InterventionId
    number: int
    """As its author knows it."""
    token: str
    """What the address of its author's page ends with."""
    called: bool
    ahead: int | None
    """How many come before it; None where it isn't in the queue."""
    stands: str
    """In words."""
    may_hold: bool = False
    """Whether its author may say that they need longer."""


MineOf = Callable[[SessionId, str, Catalogue], Awaitable[Sequence[Mine]]]
"""What a browser, known by its token, has open in a session, in the language given. Raises StorageUnavailable."""


def mine_of(own: Own, token: str, ui: Catalogue) -> Mine:
    """One of them, as the house that has it knows it."""
    each = own.intervention
    return Mine(
        id=each.id,
        number=each.number,
        token=token,
        called=each.standing is Standing.CALLED,
        ahead=own.ahead,
        stands=texts.stands(own, ui),
        may_hold=own.may_hold,
    )


def card(wanted: Asked, mine: Sequence[Mine], query: str) -> dict[str, object]:
    """For `_your_turn.html`: about the question that is called, or else is next."""
    base = f"/s/{quote(wanted.session)}"
    near = sorted((each for each in mine if each.ahead is not None), key=lambda each: each.ahead or 0)
    first = next((each for each in mine if each.called), near[0] if near and (near[0].ahead or 0) <= NEAR else None)
    return {
        "ids": " ".join(each.id for each in mine),
        "address": f"{base}/your-turn{query}",
        "events": f"{base}/events?{urlencode({'feed': 'lines'})}",
        "position": str(Position(wanted.snapshot.epoch, wanted.snapshot.offset)),
        "now": first is not None and first.called,
        "said": "" if first is None else first.stands,
        "page": "" if first is None else page_of(wanted.session, first.token) + query,
        "may_hold": first is not None and first.may_hold,
    }


def now_asked(floor: Floor | None, ui: Catalogue, *, going: bool) -> Mapping[str, object]:
    """For the bar: what is asked now, and what scripts need to say so later."""
    called = None if floor is None or not going or floor.called is None else floor.get(floor.called)
    waiting = [] if floor is None else [floor.get(each.intervention) for each in queue(floor)[:MOST_KNOWN]]
    found = [each for each in (called, *waiting) if each is not None and each.published]
    known = {each.number: [each.kind.value, each.text[:LONGEST], each.language] for each in found}
    return {
        "number": "" if called is None else called.number,
        "said": "" if called is None else _said(called, ui),
        "text": "" if called is None else called.text[:LONGEST],
        "language": "" if called is None else called.language,
        "direction": "" if called is None else direction(called.language),
        "more": json.dumps(
            {
                "known": known,
                "headings": {kind.value: ui.text(key) for kind, key in texts.NUMBERED.items()},
                "now": ui.text(texts.NOW_ASKED),
                "elsewhere": ui.text(texts.NOW_ELSEWHERE),
            },
            ensure_ascii=False,
        ),
    }


def _said(each: Intervention, ui: Catalogue) -> str:
    said = ui.text(texts.NOW_ASKED, what=ui.text(texts.NUMBERED[each.kind], n=each.number))
    return f"{said}: " if each.text else said


class YourTurn:
    """Serves the part of a page that is for whoever asked."""

    def __init__(self, pages: Pages, mine: MineOf, snapshot_of: SnapshotOf, visitors: Visitors) -> None:
        self._pages = pages
        self._mine = mine
        self._snapshot_of = snapshot_of
        self._visitors = visitors

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [web.get("/s/{session}/your-turn", self.answer)]

    async def part(
        self, request: web.Request, wanted: Asked, ui: Catalogue, *, chosen: bool
    ) -> dict[str, object] | None:
        """What a page has for the browser that asks for it; None where it has asked nothing that is still open.

        Raises StorageUnavailable.
        """
        token = self._visitors.token(request, COOKIE, wanted.session)
        mine = await self._mine(wanted.session, token, ui) if token else ()
        return card(wanted, mine, kept_query(request, ui, chosen=chosen)) if mine else None

    async def answer(self, request: web.Request) -> web.Response:
        """The part alone; empty where nothing is open any more."""
        ui, chosen = language(self._pages, request)
        try:
            wanted = await asked(request, self._snapshot_of)
        except Wrong as wrong:
            return private(refusal(wrong, self._pages, ui))
        part = await self.part(request, wanted, ui, chosen=chosen)
        return private(own_html(self._pages.render("_your_turn.html", ui=ui, your_turn=part), ui))
