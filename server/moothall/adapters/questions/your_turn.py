"""The part of every page of a meeting's text that tells an author that their turn is near or has come, and everybody
what is asked now.

A page is made for the browser that requests it; later news comes over the stream that all readers share. The stream
says only that the status of a question has changed; the author's page then fetches this part again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

from aiohttp import web

from moothall.adapters.http.visitor_cookie import Visitors
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import (
    HttpProblem,
    SessionRequest,
    SnapshotOf,
    asked,
    language,
    own_html,
    refusal,
)
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.visitor_request import COOKIE, kept_query, page_of, private
from moothall.adapters.questions import asking_texts as texts
from moothall.core.events.question_parts import HUB, OPEN, REMOTE, InterventionKind, InterventionStatus
from moothall.core.kernel.ids import Position, SessionId
from moothall.core.kernel.languages import direction
from moothall.core.questions.interventions import Intervention, Questions
from moothall.core.questions.order import queue
from moothall.core.sessions.state import ON
from moothall.core.views.captions import Session
from moothall.services.questions.author_view import Own
from moothall.services.questions.ports import AuthorQuestions, Supports

NEAR = 2
"""How many questions may be ahead of a question whose author is told that their turn is near."""
MOST_KNOWN = 20
"""How many questions of the queue a page knows with their words from the start."""
LONGEST = 200
"""The most characters of the question that the bar shows."""


def card(wanted: SessionRequest, mine: Sequence[tuple[str, Own]], ui: Catalogue, query: str) -> dict[str, object]:
    """The values of `_your_turn.html`: about the question that is called, or else the next. `mine`: the questions by
    their authors' tokens.
    """
    base = f"/s/{quote(wanted.session)}"
    near = sorted((each for each in mine if each[1].ahead is not None), key=lambda each: each[1].ahead or 0)
    called = next((each for each in mine if _is_called(each[1])), None)
    token, own = called or (near[0] if near and (near[0][1].ahead or 0) <= NEAR else ("", None))
    return {
        "ids": " ".join(own.intervention.id for _, own in mine),
        "address": f"{base}/your-turn{query}",
        "events": f"{base}/events?{urlencode({'feed': 'lines'})}",
        "position": str(Position(wanted.snapshot.epoch, wanted.snapshot.offset)),
        "now": own is not None and _is_called(own),
        "said": "" if own is None else texts.stands(own, ui),
        "page": "" if own is None else page_of(wanted.session, token) + query,
        "may_hold": own is not None and own.may_hold,
    }


def _is_called(own: Own) -> bool:
    return own.intervention.status is InterventionStatus.CALLED


def now_asked(
    questions: Questions | None, session: Session, ui: Catalogue, *, too: bool = False
) -> Mapping[str, object]:
    """The values of the bar: what is asked now, and what scripts need to update it later. `too`: whether the visitor
    supports the question; `may`: whether it can be supported, which needs published words.
    """
    going = session.status in ON
    called = None if questions is None or not going or questions.called is None else questions.get(questions.called)
    waiting = [] if questions is None else [questions.get(each.intervention) for each in queue(questions)[:MOST_KNOWN]]
    found = [each for each in (called, *waiting) if each is not None and each.published]
    known = {
        each.number: [each.kind.value, each.text[:LONGEST], each.language, asker(each, session, ui)] for each in found
    }
    return {
        "number": "" if called is None else called.number,
        "said": "" if called is None else _said(called, session, ui),
        "text": "" if called is None else called.text[:LONGEST],
        "language": "" if called is None else called.language,
        "direction": "" if called is None else direction(called.language),
        "may": called is not None and called.published and called.kind is not InterventionKind.REQUEST,
        "too": too,
        "more": json.dumps(
            {
                "known": known,
                "headings": {kind.value: ui.text(key) for kind, key in texts.NUMBERED.items()},
                "now": ui.text(texts.NOW_ASKED),
                "remote": ui.text(texts.REMOTE_ASKER),
                "elsewhere": ui.text(texts.NOW_ELSEWHERE),
            },
            ensure_ascii=False,
        ),
    }


def asker(each: Intervention, session: Session, ui: Catalogue) -> str:
    """The asker's name, when they gave one, else their origin and language; empty when neither is known."""
    if each.name:
        return each.name
    if each.origin == REMOTE:
        return ui.text(texts.REMOTE_ASKER, language=ui.language_name(each.language))
    hub = session.hubs.get(each.origin.removeprefix(HUB)) if each.origin.startswith(HUB) else None
    return "" if hub is None else hub.title


def _said(each: Intervention, session: Session, ui: Catalogue) -> str:
    said = ui.text(texts.NOW_ASKED, what=ui.text(texts.NUMBERED[each.kind], n=each.number))
    if who := asker(each, session, ui):
        said = f"{said} · \u2068{who}\u2069"
    return f"{said}: " if each.text else said


class YourTurn:
    """Serves the part of a page that is for authors."""

    def __init__(
        self,
        pages: Pages,
        questions: AuthorQuestions,
        snapshot_of: SnapshotOf,
        visitors: Visitors,
        *,
        supports: Supports | None = None,
    ) -> None:
        self._pages = pages
        self._supports = supports
        self._questions = questions
        self._snapshot_of = snapshot_of
        self._visitors = visitors

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/s/{session}/your-turn", self.answer)]

    async def part(self, request: web.Request, wanted: SessionRequest, ui: Catalogue) -> dict[str, object] | None:
        """The part of a page for the requesting browser; None when none of its questions is still open.

        Raises StorageUnavailable.
        """
        token = self._visitors.token(request, COOKIE, wanted.session)
        asked = await self._questions.mine(wanted.session, token) if token else ()
        mine = [each for each in asked if each[1].intervention.status in OPEN and not each[1].over]
        return card(wanted, mine, ui, kept_query(request, ui)) if mine else None

    def asks_too(self, request: web.Request, session: SessionId, questions: Questions | None) -> bool:
        """Whether the requesting browser supports the question that is asked now."""
        if self._supports is None or questions is None or questions.called is None:
            return False
        token = self._visitors.token(request, COOKIE, session)
        return bool(token) and questions.called in self._supports.supported(session, token)

    async def answer(self, request: web.Request) -> web.Response:
        """Answer with the part alone; it is empty when no question is open any more."""
        ui = language(self._pages, request)
        try:
            wanted = await asked(request, self._snapshot_of)
        except HttpProblem as wrong:
            return private(refusal(wrong, self._pages, ui))
        part = await self.part(request, wanted, ui)
        return private(own_html(self._pages.render("questions/_your_turn.html", ui=ui, your_turn=part), ui))
