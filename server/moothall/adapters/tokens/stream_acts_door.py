"""`/api/sessions/{session}/streams`: try, choose and take away the streams that sessions have their sound from, with a
token.

An address may hold a password: it is in no answer, no refusal and no log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec
from aiohttp import web

from moothall.adapters.pages.catalogues import Catalogues
from moothall.adapters.streams.stream_texts import StreamAnswer, TriedAnswer, tried_said
from moothall.adapters.tokens.gate import NoBody, ProgramAct, ProgramProblem, TokenGate, refused
from moothall.adapters.tokens.session_acts_door import session_named
from moothall.core.kernel.errors import NO_SESSION, Refusal, RefusalCode
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.streams.addresses import LONGEST_ADDRESS
from moothall.core.tokens.scopes import TokenScope
from moothall.services.capture.streams import StreamSources
from moothall.services.programme.programme import Programme
from moothall.services.tokens.program_tokens import ProgramToken


class StreamOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A stream of sound."""

    address: Annotated[str, msgspec.Meta(max_length=LONGEST_ADDRESS)]
    """http, https, rtsp, rtsps, rtmp or rtmps; a name and a password may stand in it."""


_UI = (("ui", "The language of the sentences: ar, en, es, fr, pt, ru or zh; English unless given."),)
TRY = ProgramAct(
    "POST", "/api/streams/try", "tryStream",
    "Listen to a stream for some seconds and say what it is, or what is wrong. Nothing of it is kept.",
    TokenScope.STREAMS, StreamOrder, TriedAnswer, query=_UI, refusals=(400,),
)  # fmt: skip
LIST = ProgramAct(
    "GET", "/api/sessions/{session}/streams", "listStreams", "The streams of a session, and how each stands.",
    TokenScope.STREAMS, NoBody, StreamAnswer, refusals=(400, 404),
)  # fmt: skip
CHOOSE = ProgramAct(
    "PUT", "/api/sessions/{session}/streams/{channel}", "chooseStream",
    "Take the sound of a text from a stream while the session is on, in place of another stream. Sent again with the "
    "same address it changes nothing: to hear a recording once more, take it away first.",
    TokenScope.STREAMS, StreamOrder, StreamAnswer,
)  # fmt: skip
REMOVE = ProgramAct(
    "DELETE", "/api/sessions/{session}/streams/{channel}", "removeStream",
    "Take the sound of a text from no stream any more. Nothing changes where there is none.",
    TokenScope.STREAMS, NoBody, StreamAnswer, refusals=(400, 404),
)  # fmt: skip
ACTS = (TRY, LIST, CHOOSE, REMOVE)


@dataclass(eq=False, repr=False, kw_only=True)
class StreamActsDoor:
    """Handlers of these acts."""

    gate: TokenGate
    streams: StreamSources
    programme: Programme
    catalogues: Catalogues

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            self.gate.route(TRY, self.try_it),
            self.gate.route(LIST, self.list),
            self.gate.route(CHOOSE, self.choose),
            self.gate.route(REMOVE, self.remove),
        ]

    async def try_it(self, request: web.Request, _token: ProgramToken, order: StreamOrder) -> TriedAnswer:
        """Try a stream."""
        tried = await self.streams.try_it(order.address)
        if isinstance(tried, Refusal):
            raise refused(tried)
        ui = self.catalogues.choose(request.query.get("ui"), "en")
        return TriedAnswer(tried, tuple(tried_said(tried, ui)))

    async def list(self, request: web.Request, _token: ProgramToken, _: NoBody) -> StreamAnswer:
        """How the streams of a session stand."""
        return self._answer(await self._session(request))

    async def choose(self, request: web.Request, _token: ProgramToken, order: StreamOrder) -> StreamAnswer:
        """Feed a text from a stream, or find that it is fed from it."""
        session, channel = await self._session(request), _channel(request)
        if not self.streams.feeds(session, channel, order.address):
            refusal = await self.streams.put(session, channel, order.address)
            if refusal is not None and refusal.code is RefusalCode.BUSY:
                raise ProgramProblem(409, refusal.message)
            if refusal is not None:
                raise refused(refusal)
        return self._answer(session)

    async def remove(self, request: web.Request, _token: ProgramToken, _: NoBody) -> StreamAnswer:
        """Feed a text from no stream any more."""
        session = await self._session(request)
        await self.streams.remove(session, _channel(request))
        return self._answer(session)

    def _answer(self, session: SessionId) -> StreamAnswer:
        return StreamAnswer(tuple(self.streams.of(session)))

    async def _session(self, request: web.Request) -> SessionId:
        name = session_named(request)
        planned = await self.programme.known(name)
        if planned is None or planned.deleted is not None:
            raise refused(NO_SESSION)
        return name


def _channel(request: web.Request) -> ChannelId:
    return ChannelId(request.match_info["channel"])
