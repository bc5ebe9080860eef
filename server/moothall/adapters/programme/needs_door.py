"""`/agenda/access`: the private form on which people say what they need so that they can take part.

Only the secretariat sees an answer. The form sets no cookie and stores no address. An error is shown above the form,
which keeps everything that was typed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from aiohttp import hdrs, web
from babel.dates import format_date

from moothall.adapters.admin.view import when
from moothall.adapters.http.limits import network
from moothall.adapters.http.visitor_cookie import new_form
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import HttpProblem, own_html
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.pages.visitor_request import clean, private, read_form, see_other
from moothall.adapters.programme.rows import AgendaRows, PublicSession, title_of
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.access_needs import DAY_MS, KEEP_MS, LONGEST_NAME, LONGEST_NEED, LONGEST_REACH, AccessNeed
from moothall.core.sessions.state import Status
from moothall.services.programme.access_needs import AccessNeeds, RejectedNeed
from moothall.services.sessions.catalogue import ListPublic
from moothall.wire.token_bucket import Allowance

ALLOWANCE = Allowance(per_second=1, burst=60)
"""The rate of one address: lower than for questions, which a hall sends many of at once."""
MOST_CHOICES = 300
"""The most sessions to choose from. Overflow: later ones are not offered; their days are."""
LONGEST_FORM = 64
PATH = "/agenda/access"
SLOW = "Much came from your network in a short time. Please wait a minute, then send it again: it is still here."
REJECTED = {
    RejectedNeed.TEXT: "Please write what you need, in at most {n} characters.",
    RejectedNeed.NAME: "That name is too long: at most {n} characters.",
    RejectedNeed.REACH: "How to reach you is too long: at most {n} characters.",
    RejectedNeed.FULL: "This form takes nothing more at the moment. Please tell the organisers in another way.",
    RejectedNeed.UNAVAILABLE: "It could not be stored at the moment. Please try again in a minute.",
}
"""Why a need was not stored: message keys."""
_MOST = {RejectedNeed.TEXT: LONGEST_NEED, RejectedNeed.NAME: LONGEST_NAME, RejectedNeed.REACH: LONGEST_REACH}


@dataclass(eq=False, repr=False, kw_only=True)
class NeedsDoor:
    """Handlers of the form."""

    context: VisitorContext
    needs: AccessNeeds
    rows: AgendaRows
    listed: ListPublic

    def __post_init__(self) -> None:
        self._senders = self.context.senders(ALLOWANCE)

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/agenda/access", self.form), web.post("/agenda/access", self.submit)]

    async def form(self, request: web.Request) -> web.Response:
        """The empty form, or a page of thanks after a need was sent."""
        typed = {"id": new_form(self.context.randomness), "about": request.query.get("about", "")[:200]}
        return private(await self._page(request, typed, sent="sent" in request.query))

    async def submit(self, request: web.Request) -> web.Response:
        """Store an access need and redirect to the thanks, or show the form again with an error."""
        ui = self.context.language(request)
        try:
            typed = await read_form(request)
            if not 0 < len(typed.get("id", "")) <= LONGEST_FORM:
                raise HttpProblem(400, ErrorText.REQUEST)
        except HttpProblem as wrong:
            return private(self.context.refused(wrong, ui))
        if self._senders.often(request):
            return private(await self._page(request, typed, sentence=ui.text(SLOW), status=429))
        try:
            session, day = await self._about(typed.get("about", ""), ui)
            need = AccessNeed(
                id="",
                at=0,
                text=clean(typed.get("text", "")).strip(),
                name=_line(typed.get("name", "")),
                reach=_line(typed.get("reach", "")),
                session=session,
                day=day,
            )
            why = await self.needs.tell(need, typed["id"], network(self.context.address_of(request)))
        except StorageUnavailable:
            why = RejectedNeed.UNAVAILABLE
        if why is None:
            return private(see_other(f"{PATH}?{urlencode({'sent': 1, **ui.kept})}"))
        values = {"n": _MOST[why]} if why in _MOST else {}
        status = 503 if why in (RejectedNeed.UNAVAILABLE, RejectedNeed.FULL) else 422
        sentence = ui.text(REJECTED[why], **values)
        return private(await self._page(request, typed, sentence=sentence, status=status, wrong=why.value))

    async def _about(self, given: str, ui: Catalogue) -> tuple[SessionId | None, str]:
        """The chosen session or day; (None, ""), the whole conference, where the choice isn't one that is offered."""
        offered = {value for value, _ in self._choices(await self._sessions(), ui)}
        kind, _, name = given.partition(":")
        if given not in offered:
            return None, ""
        return (SessionId(name), "") if kind == "session" else (None, name)

    async def _sessions(self) -> list[PublicSession]:
        """Public sessions that aren't closed."""
        return [each for each in self.rows.public(await self.listed()) if each.entry.status is not Status.CLOSED]

    def _choices(self, sessions: Sequence[PublicSession], ui: Catalogue) -> list[tuple[str, str]]:
        zone = self.rows.programme.zone()
        days = dict.fromkeys(zone.at(each.starts).date() for each in sessions if each.starts is not None)
        found = [(f"day:{day.isoformat()}", format_date(day, "full", locale=ui.locale)) for day in days]
        for each in sessions[:MOST_CHOICES]:
            time = when(each.starts, None, ui, zone)
            title = f"\u2068{title_of(each.entry, ui)}\u2069"
            found.append((f"session:{each.entry.session}", f"{time} · {title}" if time else title))
        return found

    async def _page(
        self,
        request: web.Request,
        typed: Mapping[str, str],
        *,
        sentence: str = "",
        status: int = 200,
        wrong: str = "",
        sent: bool = False,
    ) -> web.Response:
        ui = self.context.language(request)
        query = ui.query
        try:
            choices = self._choices(await self._sessions(), ui)
        except StorageUnavailable:
            choices = []  # Show the form even without choices.
        text = self.context.pages.render(
            "agenda/access_needs.html",
            ui=ui,
            query=query,
            action=f"{PATH}{query}",
            typed={name: clean(value) for name, value in typed.items()},
            choices=choices,
            sentence=sentence,
            wrong=wrong,
            sent=sent,
            days=KEEP_MS // DAY_MS,
            most_text=LONGEST_NEED,
            most_name=LONGEST_NAME,
            most_reach=LONGEST_REACH,
            in_language=lambda tag: f"{PATH}?ui={tag}",
        )
        response = own_html(text, ui, status=status)
        if status in (429, 503):
            response.headers[hdrs.RETRY_AFTER] = "60"
        return response


def about_in_words(need: AccessNeed, title: str, ui: Catalogue) -> str:
    """What a need is about, for the secretariat: a session, a day or everything. `title`: that of its session."""
    if need.session is not None:
        return f"\u2068{title or ui.text('Meeting without a title')}\u2069"
    if need.day:
        return str(format_date(date.fromisoformat(need.day), "full", locale=ui.locale))
    return ui.text("All of it")


def _line(text: str) -> str:
    return " ".join(clean(text).split())
