"""The door of *Ask or comment* at a hub, and the author's page: both work as they are when there is no line.

Whoever has sent something is shown where it stands only once it is on the hub's disk. Their browser keeps it beside,
until the meeting has it, and can take it to another machine of the hub: there it is the same question.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from aiohttp import hdrs, web

from moothall.adapters.http.visitor_cookie import new_form
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import Asked, Wrong, own_html
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.pages.visitor_request import kept_query, onward, page_of, private
from moothall.adapters.questions import asking_texts as texts
from moothall.adapters.questions.asking_door import ALLOWANCE, Typed, form_values, typed_in
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.session.state import Status
from moothall.services.questions.asking import Unasked
from moothall_hub.pages import desk_texts
from moothall_hub.pages.author_page import RoomAuthorPage
from moothall_hub.room.local_floor import Mode
from moothall_hub.room.ports import HubFacts
from moothall_hub.room.questions import RoomFloor, RoomWish


class RoomAskingDoor:
    """Handlers of the form *Ask or comment* in a hub's room, and of the author's private page."""

    def __init__(
        self,
        context: VisitorContext,
        floor: RoomFloor,
        *,
        author_page: RoomAuthorPage,
        facts: Callable[[], HubFacts],
        coordinator: Callable[[web.Request], bool] = lambda _: False,
    ) -> None:
        """`coordinator`: whether a request comes from the coordinator, who asks for others."""
        self._context = context
        self._floor = floor
        self._author_page = author_page
        self._facts = facts
        self._coordinator = coordinator
        self._senders = context.senders(ALLOWANCE)

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [
            web.get("/asking-worker.js", self.worker),
            web.get("/s/{session}/ask", self.form),
            web.post("/s/{session}/ask", self.take),
            web.get("/s/{session}/asked/{token}", self.author_page),
            web.post("/s/{session}/asked/{token}", self.take_back),
        ]

    async def worker(self, _: web.Request) -> web.Response:
        """The script that keeps the form in the browser for when this computer is away."""
        file = self._context.pages.static.get("js/questions/worker.js")
        if file is None:  # pragma: no cover  # the web folder is whole, or nothing starts
            raise web.HTTPNotFound
        return web.Response(body=file.body, headers={hdrs.CONTENT_TYPE: file.type, hdrs.CACHE_CONTROL: "no-cache"})

    async def form(self, request: web.Request) -> web.Response:
        """The empty form."""
        ui, chosen = self._context.language(request)
        try:
            wanted = await self._context.asked(request)
        except Wrong as wrong:
            return self._context.refusal(wrong, ui)
        over = wanted.snapshot.session.status is Status.CLOSED
        sentence = texts.unasked(Unasked.OVER, ui) if over else None
        hub = next(iter(self._groups(request)), "")
        typed = Typed(form=new_form(self._context.randomness), language=ui.language, hub=hub)
        response = self._form(request, wanted, typed, ui, sentence=sentence, chosen=chosen)
        if request.headers.get("Purpose") != "prefetch":
            self._context.know(request, response, wanted.session)
        return response

    async def take(self, request: web.Request) -> web.Response:
        """Take what somebody wrote, and go to its page."""
        ui, chosen = self._context.language(request)
        try:
            typed = await typed_in(request, ui)
            wanted = await self._context.asked(request)
        except Wrong as wrong:
            return private(self._context.refused(wrong, ui))
        if self._senders.often(request):
            return self._form(request, wanted, typed, ui, sentence=ui.text(texts.SLOW), chosen=chosen, status=429)
        wish = RoomWish(
            kind=typed.kind,
            text=typed.text.strip(),
            language=typed.language,
            form=typed.form,
            name=typed.name.strip(),
            age=typed.age,
            coordinator=bool(typed.hub),
        )
        try:
            own = not typed.hub or typed.hub in self._groups(request)
            token = self._context.token(request, wanted.session)
            answer = await self._floor.ask(wanted.session, wish, token) if own else Unasked.HUB
        except StorageUnavailable:
            answer = Unasked.UNAVAILABLE
        if isinstance(answer, Unasked):
            sentence, status = texts.unasked(answer, ui), 503 if answer is Unasked.UNAVAILABLE else 422
            return self._form(request, wanted, typed, ui, sentence=sentence, chosen=chosen, status=status, why=answer)
        page = page_of(wanted.session, self._floor.token(wanted.session, answer))
        return onward(page + kept_query(request, ui, chosen=chosen))

    async def author_page(self, request: web.Request) -> web.Response:
        """Where somebody's question stands, for its author alone."""
        ui, chosen = self._context.language(request)
        try:
            wanted = await self._context.asked(request)
            question = self._floor.of_token(wanted.session, request.match_info["token"])
            if question is None:
                raise Wrong(404, ErrorText.NOTHING)
            return await self._author_page.answer(request, wanted, question, ui, chosen=chosen)
        except Wrong as wrong:
            return private(self._context.refused(wrong, ui))
        except StorageUnavailable:
            return private(self._context.refused(Wrong(503, ErrorText.UNAVAILABLE), ui))

    async def take_back(self, request: web.Request) -> web.Response:
        """Take a question back for its author, and show its page."""
        ui, chosen = self._context.language(request)
        token = request.match_info["token"]
        try:
            self._senders.check(request)
            wanted = await self._context.asked(request)
            question = self._floor.of_token(wanted.session, token)
            if question is None:
                raise Wrong(404, ErrorText.NOTHING)
            await self._floor.take_back(wanted.session, question.id)
        except Wrong as wrong:
            return private(self._context.refused(wrong, ui))
        except StorageUnavailable:
            return private(self._context.refused(Wrong(503, ErrorText.UNAVAILABLE), ui))
        return onward(page_of(wanted.session, token) + kept_query(request, ui, chosen=chosen))

    def _groups(self, request: web.Request) -> dict[str, str]:
        """The group for which whoever asks may ask: the coordinator's own."""
        facts = self._facts()
        return {facts.name or "here": facts.title} if facts.title and self._coordinator(request) else {}

    def _form(
        self,
        request: web.Request,
        wanted: Asked,
        typed: Typed,
        ui: Catalogue,
        *,
        sentence: str | None,
        chosen: bool,
        status: int = 200,
        why: Unasked | None = None,
    ) -> web.Response:
        query = kept_query(request, ui, chosen=chosen)
        text = self._context.pages.render(
            "hub_ask.html",
            ui=ui,
            action=f"{request.path}{query}",
            back=f"/s/{quote(wanted.session)}{query}",
            sentence=sentence,
            questions=f"/s/{quote(wanted.session)}/questions{query}",
            over=wanted.snapshot.session.status is Status.CLOSED and not typed.text,
            wrong=None if why is None else why.value,
            about=[],
            session=wanted.session,
            open=self._floor.floor(wanted.session).mode is Mode.OPEN,
            wrong_address=ui.text(desk_texts.WRONG_ADDRESS),
            **form_values(wanted, typed, self._groups(request), ui, self._context.pages),
        )
        response = own_html(text, ui, status=status)
        if status in (429, 503):
            response.headers[hdrs.RETRY_AFTER] = "60"
        return response
