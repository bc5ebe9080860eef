"""Acts of the staff for programs: who is let in with `Authorization: Bearer`, and how an act is read and answered.

Cookies admit nobody here, so that no page can send for its visitor, and a token opens no page. Each use of a token is
stored before its act is done. What an act takes and answers is declared once, in `ProgramAct`: handlers have these
types, and `/openapi.json` is made of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import KW_ONLY, dataclass
from typing import Generic, TypeVar

import msgspec
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from moothall.adapters.http.forwarded import AddressOf
from moothall.adapters.http.limits import AddressGate
from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.kernel.errors import MoothallError, NoLink, Refusal, RefusalCode, StorageUnavailable
from moothall.core.tokens.scopes import TokenScope
from moothall.services.sessions.reader_access import ASKER
from moothall.services.tokens.program_tokens import ProgramToken, ProgramTokens

EXPORTS = frozenset({"/s/{session}/record.{form}"})
"""Readers' routes at which a token with the scope `record` reads what the staff may."""
EXPORT = "readRecord"
"""Id of the operation under which such a use is listed."""
_SCHEME = "bearer "
"""In lower case: clients may write it as they like (RFC 9110 §11.1)."""
_PRIVATE = {hdrs.CACHE_CONTROL: "no-store"}
_JSON = "application/json"
_STATUS = {
    RefusalCode.FORBIDDEN: 403,
    RefusalCode.UNKNOWN: 404,
    RefusalCode.INVALID: 400,
    RefusalCode.BUSY: 503,
    RefusalCode.UNAVAILABLE: 503,
}

B = TypeVar("B")
A = TypeVar("A")


class NoBody(msgspec.Struct, frozen=True):
    """An act that takes nothing."""


class ActRefused(msgspec.Struct, frozen=True, kw_only=True):
    """The answer when nothing was done."""

    error: str
    """A sentence that says why."""


class ProgramProblem(MoothallError):
    """The request can't be served. Holds an HTTP status and the parameters of `WWW-Authenticate`, empty for none."""

    def __init__(self, status: int, sentence: str, challenge: str = "") -> None:
        super().__init__(sentence)
        self.status = status
        self.challenge = challenge

    def answer(self) -> web.Response:
        """The answer to the program."""
        headers = dict(_PRIVATE)
        if self.challenge:
            headers[hdrs.WWW_AUTHENTICATE] = self.challenge
        body = msgspec.json.encode(ActRefused(error=str(self)))
        return web.Response(status=self.status, body=body, content_type=_JSON, headers=headers)


def refused(refusal: Refusal) -> ProgramProblem:
    """Turn a refusal into the answer of an act."""
    return ProgramProblem(_STATUS.get(refusal.code, 409), refusal.message)


@dataclass(frozen=True)
class ProgramAct(Generic[B, A]):
    """An act that a program may do, as it is described."""

    method: str
    path: str
    name: str
    """Id of the operation, from which generators name a function, and under which a use is listed."""
    summary: str
    scope: TokenScope
    takes: type[B]
    """The type of the JSON that it takes; bytes for a file, NoBody for nothing."""
    answer: type[A]
    _: KW_ONLY
    query: tuple[tuple[str, str], ...] = ()
    """The parameters, each with what it means."""
    refusals: tuple[int, ...] = (400, 404, 409)
    """Statuses beyond those that every act may answer with."""


@dataclass(eq=False, repr=False, kw_only=True)
class TokenGate:
    """Finds the token of a request. `gate`: limits how many wrong ones an address may try."""

    tokens: ProgramTokens
    gate: AddressGate
    address_of: AddressOf

    async def admit(self, request: web.Request, scope: TokenScope, act: str) -> ProgramToken:
        """Return the token of a request, whose use is stored. Raises ProgramProblem, StorageUnavailable."""
        secret = _secret(request)
        if secret is None:
            raise ProgramProblem(401, "Send a token of this server as `Authorization: Bearer …`.", "Bearer")
        token = self.tokens.of_secret(secret)
        if token is None:
            if self.gate.take(self.address_of(request)):
                raise ProgramProblem(429, "Too many tokens were tried from your address. Wait a minute.")
            sentence = "This token is not valid, or not any more. Ask the secretariat for a new one."
            raise ProgramProblem(401, sentence, 'Bearer error="invalid_token"')
        if not token.opens(scope):
            challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
            raise ProgramProblem(403, f"This token has no scope for that: it takes “{scope}”.", challenge)
        try:
            await self.tokens.use(token.id, act)
        except NoLink as error:
            raise ProgramProblem(401, str(error), 'Bearer error="invalid_token"') from error
        return token

    def route(
        self, act: ProgramAct[B, A], handle: Callable[[web.Request, ProgramToken, B], Awaitable[A]]
    ) -> web.RouteDef:
        """The route of an act. `handle` gets what the act takes, and may raise ProgramProblem."""

        async def handler(request: web.Request) -> web.StreamResponse:
            try:
                token = await self.admit(request, act.scope, act.name)
                answer = await handle(request, token, await _body(request, act.takes))
            except ProgramProblem as problem:
                return problem.answer()
            except NoLink as error:
                return ProgramProblem(409, str(error)).answer()
            except StorageUnavailable:
                sentence = "It could not be stored at the moment. Please try again in a minute."
                return ProgramProblem(503, sentence).answer()
            return web.Response(body=msgspec.json.encode(answer), content_type=_JSON, headers=_PRIVATE)

        return web.route(act.method, act.path, handler)

    def middleware(self) -> Middleware:
        """A middleware that has a program with a token read at `EXPORTS` what the staff may read."""

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            route = request.match_info.route.resource
            if route is None or route.canonical not in EXPORTS or _secret(request) is None:
                return await handler(request)
            try:
                token = await self.admit(request, TokenScope.RECORD, EXPORT)
            except ProgramProblem as problem:
                return problem.answer()
            reset = ASKER.set((token.staff,))
            try:
                response = await handler(request)
            finally:
                ASKER.reset(reset)
            if not response.prepared:
                response.headers[hdrs.CACHE_CONTROL] = "no-store"
            return response

        return middleware


def _secret(request: web.Request) -> str | None:
    """What a request gives as a token; None where it gives none."""
    given = request.headers.get(hdrs.AUTHORIZATION, "")
    named, secret = given[: len(_SCHEME)], given[len(_SCHEME) :]
    return secret.strip() if named.lower() == _SCHEME else None


async def _body(request: web.Request, kind: type[B]) -> B:
    """What a request holds, as a value of type `kind`. Raises ProgramProblem."""
    try:
        data = await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise ProgramProblem(413, "That is too large.") from error
    if isinstance(data, kind):
        return data
    try:
        return read_json(data or b"{}", kind)
    except Unreadable as error:
        # msgspec names the field and the types, and quotes nothing of what was sent but an unknown value.
        raise ProgramProblem(400, f"That is not what this act takes: {str(error)[:300]}") from error
