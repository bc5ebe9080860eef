"""The door for authors whose turn it is: it takes what they type, from a form or from a script.

The sender knows the secret address of the author's page; nobody else can write there.
"""

from __future__ import annotations

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import HttpProblem, SessionRequest
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.pages.visitor_request import clean, kept_query, onward, page_of, private, read_body, read_form
from moothall.adapters.questions.asking_door import own_at
from moothall.adapters.questions.asking_texts import untyped
from moothall.adapters.questions.author_page import AuthorPage
from moothall.core.kernel.decoding import Unreadable, read
from moothall.core.kernel.errors import StorageUnavailable
from moothall.services.questions.author_view import Own
from moothall.services.questions.ports import AuthorQuestions, TypedTurns
from moothall.services.questions.typing import FinishedLine, TypingReceived, TypingUpdate, Untyped
from moothall.wire.token_bucket import Allowance

ALLOWANCE = Allowance(per_second=20, burst=400)
"""Texts of one address. One person a meeting types, four times a second; a hall with several meetings may share one
address.
"""
STATUS = {
    Untyped.TURN: 409,
    Untyped.RECORDED: 409,
    Untyped.NOT_RECORDED: 409,
    Untyped.TEXT: 422,
    Untyped.OFTEN: 429,
    Untyped.BREAK: 423,
    Untyped.UNAVAILABLE: 503,
}
_decoder = msgspec.json.Decoder(TypingUpdate)


class TypingDoor:
    """The handler of the text that an author types in their turn, from a form and from a script."""

    def __init__(
        self, context: VisitorContext, asking: AuthorQuestions, typing: TypedTurns, *, author_page: AuthorPage
    ) -> None:
        self._context = context
        self._asking = asking
        self._typing = typing
        self._author_page = author_page
        self._senders = context.senders(ALLOWANCE)

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.post("/s/{session}/asked/{token}/words", self.submit)]

    async def submit(self, request: web.Request) -> web.Response:
        """Take what somebody types: a finished line from the form, or from a script also the text in progress."""
        ui = self._context.language(request)
        try:
            wanted, own = await self._known(request)
            if request.content_type == "application/json":
                return await self._from_script(request, wanted, own)
            form = await read_form(request)
        except HttpProblem as wrong:
            return private(self._context.refused(wrong, ui))
        text = clean(form.get("text", ""))
        done = FinishedLine(line=form.get("line", ""), text=text, unkept="unkept" in form)
        if done.unkept and own.voice is not None and own.voice.recorded:
            return self._given_back(request, wanted, own, ui, why=Untyped.RECORDED, text=text)
        # Each line gets a page id of its own, otherwise the second would count as an older text of the first.
        answer = await self._write(wanted, own, TypingUpdate(page=done.line, n=0, line="form", done=(done,)))
        if isinstance(answer, TypingReceived):
            return onward(page_of(wanted.session, request.match_info["token"]) + kept_query(request, ui))
        return self._given_back(request, wanted, own, ui, why=answer, text=text)

    async def _known(self, request: web.Request) -> tuple[SessionRequest, Own]:
        """Count the request, and return the session and the question of its author's page. Raises HttpProblem."""
        self._senders.check(request)
        wanted = await self._context.asked(request)
        return wanted, await own_at(request, wanted, self._asking)

    async def _from_script(self, request: web.Request, wanted: SessionRequest, own: Own) -> web.Response:
        try:
            written = read(_decoder, await read_body(request))
        except Unreadable as error:
            raise HttpProblem(400, ErrorText.REQUEST) from error
        lines = tuple(msgspec.structs.replace(done, text=clean(done.text)) for done in written.done)
        answer = await self._write(wanted, own, msgspec.structs.replace(written, text=clean(written.text), done=lines))
        status = 200 if isinstance(answer, TypingReceived) else STATUS[answer]
        body = msgspec.json.encode(answer if isinstance(answer, TypingReceived) else {"why": answer})
        headers = {hdrs.CACHE_CONTROL: "no-store"}
        return private(web.Response(status=status, body=body, content_type="application/json", headers=headers))

    async def _write(self, wanted: SessionRequest, own: Own, written: TypingUpdate) -> TypingReceived | Untyped:
        try:
            return await self._typing.write(wanted.session, own.intervention.id, written)
        except StorageUnavailable:
            return Untyped.UNAVAILABLE

    def _given_back(
        self,
        request: web.Request,
        wanted: SessionRequest,
        own: Own,
        ui: Catalogue,
        *,
        why: Untyped,
        text: str,
    ) -> web.Response:
        sentence = untyped(why, ui)
        return self._author_page.answer(request, wanted, own, ui, sentence=sentence, written=text, status=STATUS[why])
