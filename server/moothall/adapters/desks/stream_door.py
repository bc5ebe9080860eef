"""`/admin/meetings/{session}/stream`: sound streams for a meeting: test one, attach it to a channel, remove it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from moothall.adapters.admin.request import AdminProblem, AdminRequest, StaffPages, runs_the_house, staff_page, wrong
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.admin.view import settings_frame
from moothall.adapters.pages.request_context import own_json, wants_json
from moothall.adapters.pages.visitor_request import see_other
from moothall.adapters.streams.stream_texts import StreamAnswer, TriedAnswer, said_of, tried_said, trouble_said
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import ChannelId, SessionId, is_name
from moothall.core.sessions.state import Status
from moothall.core.streams.addresses import LONGEST_ADDRESS
from moothall.core.streams.watching import StreamFault
from moothall.services.capture.streams import NAME, StreamSources, TriedStream
from moothall.services.programme.programme import Programme
from moothall.services.sessions.live_session import FindSession, LiveSession


@dataclass(eq=False, repr=False, kw_only=True)
class StreamDoor:
    """Handlers of the page. A posted address is stored only in the book, and is never logged."""

    pages: StaffPages
    streams: StreamSources
    find: FindSession
    programme: Programme

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/admin/meetings/{session}/stream", self.show),
            web.post("/admin/meetings/{session}/stream", self.act),
            web.get("/admin/meetings/{session}/stream.json", self.tell),
        ]

    @staff_page(runs_the_house)
    async def show(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Show the streams of a meeting, and the form for another one."""
        return self._page(await self._live(request), asked)

    @staff_page(runs_the_house)
    async def tell(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """The state of each stream as JSON for a script, without its address."""
        return self._stands(await self._live(request))

    @staff_page(runs_the_house)
    async def act(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Test a stream (`act=try`), attach it to a channel (`take`), or remove it (`remove`). A script gets JSON."""
        given = await self.pages.form(request, asked)
        live = await self._live(request)
        act, channel = given.get("act", ""), ChannelId(given.get("channel", ""))
        address = "".join(given.get("address", "")[: LONGEST_ADDRESS + 1].split())
        if act == "try":
            tried = await self.streams.try_it(address)
            if isinstance(tried, Refusal):
                busy = asked.ui.text("Other streams are being tried. Try this one in some seconds.")
                return self._refused(request, live, asked, busy, given)
            if wants_json(request):
                return own_json(TriedAnswer(tried, tuple(tried_said(tried, asked.ui))))
            return self._page(live, asked, given=given, tried=tried)
        if act == "remove":
            await self.streams.remove(live.id, channel, NAME)
        elif act != "take":
            raise AdminProblem(400, AdminText.CONFLICT)
        elif (refused := await self.streams.put(live.id, channel, address)) is not None:
            if refused.code is RefusalCode.INVALID:
                problem = trouble_said(StreamFault.ADDRESS, 0, asked.ui)
            elif refused.code is RefusalCode.BUSY:
                problem = asked.ui.text("This text has a stream already. Take that away first.")
            else:
                raise wrong(refused)
            return self._refused(request, live, asked, problem, given)
        if wants_json(request):
            return self._stands(live)
        return see_other(asked.to(f"/admin/meetings/{live.id}/stream"))

    def _stands(self, live: LiveSession) -> web.Response:
        return own_json(StreamAnswer(tuple(self.streams.of(live.id))))

    def _refused(
        self, request: web.Request, live: LiveSession, asked: AdminRequest, problem: str, given: Mapping[str, str]
    ) -> web.Response:
        """Answer with a sentence that says what is wrong: as JSON for a script, otherwise above the form."""
        if wants_json(request):
            return own_json({"error": problem}, status=400)
        return self._page(live, asked, problem=problem, given=given)

    def _page(
        self,
        live: LiveSession,
        asked: AdminRequest,
        *,
        problem: str = "",
        given: Mapping[str, str] | None = None,
        tried: TriedStream | None = None,
    ) -> web.Response:
        ui, state = asked.ui, live.state
        fed = self.streams.of(live.id)
        texts = {
            each.id: ui.named(f"staff/kind.{each.kind}", language=ui.language_name(each.languages[0]))
            for each in state.channels.values()
            if each.kind is not ChannelKind.TRANSLATION
        }
        taken = {each.channel for each in fed}
        free = [] if state.status is Status.CLOSED else [name for name in texts if name not in taken]
        return self.pages.show(
            "admin/admin_stream.html",
            asked,
            frame=settings_frame(asked, state, self.programme),
            status=400 if problem else 200,
            session=live.id,
            title=(title := state.title.strip()) or ui.text("Meeting without a title"),
            title_language=state.languages[0] if title and state.languages else "",
            problem=problem,
            tried=[] if tried is None else tried_said(tried, ui),
            wrong=tried is not None and (tried.found is None or tried.level is None),
            streams=[
                {
                    "channel": each.channel,
                    "text": texts.get(each.channel, ""),
                    "shown": each.shown,
                    "says": said_of(each, ui),
                }
                for each in fed
            ],
            channels=[{"value": name, "name": texts[name]} for name in free],
            given={"channel": "", "address": ""} | dict(given or {}),
        )

    async def _live(self, request: web.Request) -> LiveSession:
        name = request.match_info["session"]
        live = await self.find(SessionId(name)) if is_name(name) else None
        if live is None or live.state.status is Status.ABSENT:
            raise AdminProblem(404, AdminText.GONE)
        return live
