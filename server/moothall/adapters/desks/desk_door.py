"""The staff's pages of a meeting: `/desk/{session}` and those beside it. What happens there goes over Socket.IO."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from urllib.parse import quote, urlencode

import msgspec
from aiohttp import web

from moothall.adapters.desks.desk_texts import (
    ACCEPTED_LINES,
    ACCEPTING,
    CONCERNED,
    DESK_TEXTS,
    NO_SESSION,
    PICKED,
    REFINEMENT_TEXTS,
    ROLES,
    STRANGER,
    TAGS,
)
from moothall.adapters.desks.microphone_texts import INTERPRETERS
from moothall.adapters.desks.moderating_texts import MODERATING_TEXTS, ORDERS, REASONS, SIFTING
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.presence_texts import PEOPLE
from moothall.adapters.pages.request_context import language, own_html
from moothall.adapters.pages.templates import Pages, script_json
from moothall.core.commands import Command, CorrectSegment, Stand, TakeFloor
from moothall.core.kernel.ids import SessionId, is_name
from moothall.core.rules.authority import COMMANDS, STAFF_ROLES
from moothall.services.sessions.role_links import Staff

StaffOf = Callable[[web.Request], Sequence[Staff]]
MayAct = Callable[[Staff, SessionId], bool]


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What the page has to know before it connects."""

    title: str
    language: str
    """Of the title."""
    channel: str
    """The text that is shown first."""
    sound: bool
    """Whether its last seconds can be heard."""
    others: tuple[tuple[SessionId, str], ...]
    """Sessions that lines may be moved to, with their titles."""


AboutOf = Callable[[SessionId], Awaitable[About | None]]
"""None for an unknown session; may raise StorageUnavailable."""


class DeskDoor:
    """Serves the pages to browsers with a link that reaches the session."""

    def __init__(self, pages: Pages, *, staff: StaffOf, may_act: MayAct, about: AboutOf) -> None:
        self._pages = pages
        self._staff = staff
        self._may_act = may_act
        self._about = about

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [
            web.get("/desk/{session}", self.page),
            web.get("/desk/{session}/refinements", self.refinements),
            web.get("/moderate/{session}", self.moderate),
            web.get("/podium/{session}", self.podium),
        ]

    async def page(self, request: web.Request) -> web.Response:
        """The page, or a sentence that says why not."""
        return await self._page(request, "desk.html", DESK_TEXTS, {"concerned": CONCERNED})

    async def refinements(self, request: web.Request) -> web.Response:
        """The page on which a second pass's proposals are accepted or refused; for links that may correct lines."""
        return await self._page(
            request, "refinements.html", REFINEMENT_TEXTS, {"accepting": ACCEPTING}, needs=CorrectSegment
        )

    async def moderate(self, request: web.Request) -> web.Response:
        """The page on which questions are moderated; for links that may do that."""
        return await self._page(request, "moderate.html", MODERATING_TEXTS, {"people": PEOPLE}, needs=Stand)

    async def podium(self, request: web.Request) -> web.Response:
        """What is asked now and comes next, for a tablet on the podium."""
        return await self._page(request, "podium.html", MODERATING_TEXTS, {"people": PEOPLE}, needs=Stand)

    async def _page(
        self,
        request: web.Request,
        template: str,
        texts: Mapping[str, str],
        counted: Mapping[str, str],
        *,
        needs: type[Command] | None = None,
    ) -> web.Response:
        ui, _ = language(self._pages, request)
        links = self._staff(request)
        if not links:
            return self._sentence(401, STRANGER, ui)
        session = SessionId(request.match_info["session"])
        role = request.query.get("role")
        fitting = [
            staff
            for staff in links
            if staff.role in STAFF_ROLES
            and role in (None, staff.role)
            and (needs is None or needs in COMMANDS[staff.role])
            and is_name(session)
            and self._may_act(staff, session)
        ]
        about = await self._about(session) if fitting else None
        if about is None:
            return self._sentence(404, NO_SESSION, ui)
        others = [(name, title) for name, title in about.others if self._may_act(fitting[0], name)]
        asked = f"?{urlencode({'role': role})}" if role else ""
        counted = {"picked": PICKED, "accepted": ACCEPTED_LINES, **counted}
        text = self._pages.render(
            template,
            ui=ui,
            title=about.title.strip() or ui.text("Meeting without a title"),
            language=about.language,
            job=ui.text(ROLES[fitting[0].role]),
            base=f"/s/{quote(session)}",
            desk=f"/desk/{quote(session)}{asked}",
            refinements=f"/desk/{quote(session)}/refinements{asked}",
            moderate=f"/moderate/{quote(session)}{asked}" if Stand in COMMANDS[fitting[0].role] else "",
            podium=f"/podium/{quote(session)}{asked}",
            orders=[(order.value, *texts) for order, texts in ORDERS.items()],
            reasons=REASONS,
            tags=[(tag.value, key) for tag, key in TAGS.items()],
            roles=[(role.value, key) for role, key in ROLES.items()],
            sifting=SIFTING,
            in_language=lambda tag: _address(request.path, tag, role),
            data=script_json(
                {
                    "session": session,
                    "channel": about.channel,
                    "role": fitting[0].role,
                    "names": TakeFloor in COMMANDS[fitting[0].role],
                    "base": f"/s/{quote(session)}",
                    "clip": about.sound,
                    "others": others,
                    "tongues": INTERPRETERS,
                    "ui": ui.language,
                    "zone": self._pages.zone().name,
                    "texts": {name: ui.text(key) for name, key in texts.items()},
                    "counted": {name: dict(ui.forms(key)) for name, key in counted.items()},
                }
            ),
        )
        return own_html(text, ui)

    def _sentence(self, status: int, key: str, ui: Catalogue) -> web.Response:
        return own_html(self._pages.render_error(status, key, ui=ui), ui, status=status)


def _address(path: str, language: str, role: str | None) -> str:
    query = {"ui": language} | ({"role": role} if role else {})
    return f"{quote(path)}?{urlencode(query)}"
