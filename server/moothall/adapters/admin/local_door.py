"""An HTTP server for commands on the same machine, while a server process holds the data folder.

It listens on the loopback address only, on a port of its own that no proxy forwards to. The card, a file in the data
folder that only its owner can read, holds the address and a token; it is removed when the server ends.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from moothall.adapters.store.files import opened
from moothall.core.events.types import Access
from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.kernel.errors import ConfigurationError, MoothallError
from moothall.core.ports import Randomness
from moothall.core.programme.table_writing import MOST_BYTES
from moothall.core.retention.listing import DueList
from moothall.record.imports.acts import ImportAct, PastMeeting
from moothall.services.operation.status import ServerStatus
from moothall.services.programme.office import UNLIMITED, AdminLinkOrder, ImportReport, Office, Proposed, TokenOrder
from moothall.services.programme.past_records import ImportBegun, PublishOrder
from moothall.services.proposals.proposing import MOST_BYTES as MOST_PROPOSED
from moothall.services.proposals.proposing import ProposeOrder
from moothall.services.proposals.refining import Refined, RefineOrder
from moothall.services.tokens.program_tokens import ProgramToken

logger = logging.getLogger(__name__)

CARD = "local.json"
HOST = "127.0.0.1"
PATIENCE_S = 300.0
MOST_BODY = 2 * max(MOST_BYTES, MOST_PROPOSED)
"""The most bytes of a request: the largest programme, and more proposals than are stored, so that a sentence can say
so."""


class Card(msgspec.Struct, frozen=True):
    """The content of the card: how to reach the server, and the token."""

    address: str
    token: str


class _Said(msgspec.Struct, frozen=True):
    """The sentence of an error, or an answer that is one line of text."""

    sentence: str


class _Tokens(msgspec.Struct, frozen=True):
    """All tokens of programs."""

    tokens: tuple[ProgramToken, ...]


class ReloadAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Settings that changed, each described in words (`moothall.settings.loading.Changed`)."""

    at_once: tuple[str, ...]
    by_restart: tuple[str, ...]


class Operations(msgspec.Struct, frozen=True, kw_only=True):
    """What operators' commands ask of the running process itself."""

    status: Callable[[], ServerStatus]
    new_probe: Callable[[], str]
    """Returns a pass for `adapters/operation/probe_door.py`."""
    drain: Callable[[], ServerStatus]
    """Begins a drain; returns the server's status."""
    reload: Callable[[], Awaitable[msgspec.Struct]]
    """Reads the settings again; returns what changed. Raises ConfigurationError."""
    retire: Callable[[str], Awaitable[str]]
    """Removes a node that is gone for good from the house, by its name; returns a sentence for the operator. Raises
    ConfigurationError, StorageUnavailable."""
    tree: Callable[[str], Awaitable[str]]
    """Brings the public tree back after a restore: from the copy of that address or folder, or by a succession where it
    is empty; returns a sentence for the operator. Raises ConfigurationError, StorageUnavailable, ProofBroken."""


class LocalDoor:
    """The server side. Its handlers answer only requests that carry the card's token."""

    def __init__(self, office: Callable[[], Office], randomness: Randomness, operations: Operations) -> None:
        """`office`: raises ConfigurationError where this server can't change anything."""
        self._office = office
        self._operations = operations
        self._token = randomness.bytes(32).hex()

    def application(self) -> web.Application:
        """The aiohttp application, for a listener of its own."""
        app = web.Application(client_max_size=MOST_BODY, middlewares=[self._only_with_token])
        app.add_routes(
            [
                web.post("/local/programme", self._programme),
                web.post("/local/admin-link", self._admin_link),
                web.post("/local/make-token", self._make_token),
                web.post("/local/list-tokens", self._list_tokens),
                web.post("/local/revoke-token", self._revoke_token),
                web.post("/local/refine", self._refine),
                web.post("/local/propose", self._propose),
                web.post("/local/begin-import", self._begin_import),
                web.post("/local/import-part", self._import_part),
                web.post("/local/publish-record", self._publish_record),
                web.post("/local/due", self._due),
                web.post("/local/status", self._status),
                web.post("/local/probe", self._probe),
                web.post("/local/drain", self._drain),
                web.post("/local/reload", self._reload),
                web.post("/local/retire", self._retire),
                web.post("/local/tree", self._tree),
            ]
        )
        return app

    def card(self, port: int) -> Card:
        """The card for a server that listens on `port`."""
        return Card(f"http://{HOST}:{port}", self._token)

    @web.middleware
    async def _only_with_token(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self._token.encode()):
            return web.Response(status=403, text="Only commands on this machine come in here.\n")
        try:
            return await handler(request)
        except MoothallError as error:
            return _json(_Said(str(error)), 409)

    async def _programme(self, request: web.Request) -> web.StreamResponse:
        try:
            access = Access(request.query.get("access", Access.PUBLIC))
        except ValueError:
            return web.Response(status=400, text="There is no such access.\n")
        told = await self._office().import_programme(
            await request.read(),
            zone=request.query.get("zone", ""),
            access=access,
            apply=request.query.get("apply") == "1",
            languages=request.query.get("languages", ""),
        )
        return _json(told)

    async def _admin_link(self, request: web.Request) -> web.StreamResponse:
        try:
            order = read_json(await request.read() or b"{}", AdminLinkOrder)
        except Unreadable:
            return web.Response(status=400, text="That is no order of a link.\n")
        return _json(_Said(await self._office().admin_link(new=request.query.get("new") == "1", order=order) or ""))

    async def _make_token(self, request: web.Request) -> web.StreamResponse:
        try:
            order = read_json(await request.read(), TokenOrder)
        except Unreadable:
            return web.Response(status=400, text="That is no order of a token.\n")
        return _json(_Said(await self._office().make_token(order)))

    async def _list_tokens(self, _request: web.Request) -> web.StreamResponse:
        return _json(_Tokens(await self._office().list_tokens()))

    async def _revoke_token(self, request: web.Request) -> web.StreamResponse:
        await self._office().revoke_token(request.query.get("token", ""))
        return _json(_Said(""))

    async def _refine(self, request: web.Request) -> web.StreamResponse:
        try:
            order = read_json(await request.read(), RefineOrder)
        except Unreadable:
            return web.Response(status=400, text="That is no order of corrections.\n")
        return _json(await self._office().refine(order))

    async def _propose(self, request: web.Request) -> web.StreamResponse:
        try:
            order = read_json(await request.read(), ProposeOrder)
        except Unreadable:
            return web.Response(status=400, text="Those are no proposals.\n")
        return _json(await self._office().propose(order))

    async def _begin_import(self, request: web.Request) -> web.StreamResponse:
        try:
            meeting = read_json(await request.read(), PastMeeting)
        except Unreadable:
            return web.Response(status=400, text="That is no meeting.\n")
        return _json(await self._office().begin_import(meeting))

    async def _import_part(self, request: web.Request) -> web.StreamResponse:
        try:
            act = read_json(await request.read(), ImportAct)
        except Unreadable:
            return web.Response(status=400, text="That is no part of an import.\n")
        await self._office().import_part(act)
        return _json(_Said(""))

    async def _publish_record(self, request: web.Request) -> web.StreamResponse:
        try:
            order = read_json(await request.read(), PublishOrder)
        except Unreadable:
            return web.Response(status=400, text="That says of no meeting who may read it.\n")
        await self._office().publish_record(order)
        return _json(_Said(""))

    async def _due(self, _: web.Request) -> web.StreamResponse:
        return _json(await self._office().list_due())

    async def _status(self, _: web.Request) -> web.StreamResponse:
        return _json(self._operations.status())

    async def _drain(self, _: web.Request) -> web.StreamResponse:
        return _json(self._operations.drain())

    async def _reload(self, _: web.Request) -> web.StreamResponse:
        return _json(await self._operations.reload())

    async def _retire(self, request: web.Request) -> web.StreamResponse:
        return _json(_Said(await self._operations.retire(request.query.get("node", ""))))

    async def _tree(self, request: web.Request) -> web.StreamResponse:
        return _json(_Said(await self._operations.tree(request.query.get("from", ""))))

    async def _probe(self, _: web.Request) -> web.StreamResponse:
        return _json(_Said(self._operations.new_probe()))


def _json(value: msgspec.Struct, status: int = 200) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(value), content_type="application/json")


def leave_card(folder: Path, card: Card) -> None:
    """Write the card into the data folder, readable by its owner only.

    A full disk doesn't keep the server from starting: commands then find no card, and say so.
    """
    new = folder / f"{CARD}.new"
    try:
        with opened(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as file:
            os.write(file, msgspec.json.encode(card))
        new.replace(folder / CARD)
    except OSError as error:
        logger.warning("the socket for commands can't be opened: %s", error.strerror)


def take_card(folder: Path) -> None:
    """Remove the card."""
    (folder / CARD).unlink(missing_ok=True)


class Caller:
    """The client side: the methods of `Office`, carried out by the server that holds a data folder."""

    def __init__(self, folder: Path) -> None:
        """Raises ConfigurationError when the folder has no readable card: no server that takes commands holds it."""
        try:
            self._card = read_json((folder / CARD).read_bytes(), Card)
        except (OSError, Unreadable) as error:
            msg = f"A server holds {folder}, but it takes no calls. Stop it, and run the command again."
            raise ConfigurationError(msg) from error

    async def import_programme(
        self, data: bytes, *, zone: str, access: Access, apply: bool, languages: str = ""
    ) -> ImportReport:
        """Say what a programme file would change, or change it when `apply` (`Office`). Raises ConfigurationError with
        the server's error.
        """
        query = {"zone": zone, "access": access.value, "apply": "1" if apply else "0", "languages": languages}
        return msgspec.json.decode(await self._ask("programme", query, data), type=ImportReport)

    async def admin_link(self, *, new: bool, order: AdminLinkOrder = UNLIMITED) -> str | None:
        """Return the address of a link to `/admin`: made when there is none, replaced when `new`; None when there is
        one already (`Office`).
        """
        said = msgspec.json.decode(
            await self._ask("admin-link", {"new": "1" if new else "0"}, msgspec.json.encode(order)), type=_Said
        )
        return said.sentence or None

    async def make_token(self, order: TokenOrder) -> str:
        """Make a token of a program and return it (`Office`). Raises ConfigurationError with the server's error."""
        return msgspec.json.decode(await self._ask("make-token", {}, msgspec.json.encode(order)), type=_Said).sentence

    async def list_tokens(self) -> tuple[ProgramToken, ...]:
        """All tokens of programs (`Office`). Raises ConfigurationError."""
        return msgspec.json.decode(await self._ask("list-tokens", {}, b""), type=_Tokens).tokens

    async def revoke_token(self, name: str) -> None:
        """End a token (`Office`). Raises ConfigurationError with the server's error."""
        await self._ask("revoke-token", {"token": name}, b"")

    async def refine(self, order: RefineOrder) -> Refined:
        """Store the corrections of a second pass in a session's log (`Office`). Raises ConfigurationError with the
        server's error.
        """
        return msgspec.json.decode(await self._ask("refine", {}, msgspec.json.encode(order)), type=Refined)

    async def propose(self, order: ProposeOrder) -> Proposed:
        """Store the corrections of a second pass as proposals for the staff to decide on (`Office`). Raises
        ConfigurationError with the server's error.
        """
        return msgspec.json.decode(await self._ask("propose", {}, msgspec.json.encode(order)), type=Proposed)

    async def begin_import(self, meeting: PastMeeting) -> ImportBegun:
        """Make the session of a file about a past meeting (`Office`). Raises ConfigurationError with the server's
        error.
        """
        return msgspec.json.decode(await self._ask("begin-import", {}, msgspec.json.encode(meeting)), type=ImportBegun)

    async def import_part(self, act: ImportAct) -> None:
        """Carry out a part of an import (`Office`). Raises ConfigurationError with the server's error."""
        await self._ask("import-part", {}, msgspec.json.encode(act))

    async def publish_record(self, order: PublishOrder) -> None:
        """State on what ground an imported session may be read (`Office`). Raises ConfigurationError with the server's
        error.
        """
        await self._ask("publish-record", {}, msgspec.json.encode(order))

    async def list_due(self) -> DueList:
        """What is listed to be removed, as it is due (`Office`). Raises ConfigurationError with the server's error."""
        return msgspec.json.decode(await self._ask("due", {}, b""), type=DueList)

    async def status(self) -> ServerStatus:
        """The server's status. Raises ConfigurationError when it doesn't answer."""
        return msgspec.json.decode(await self._ask("status", {}, b""), type=ServerStatus)

    async def drain(self) -> ServerStatus:
        """Begin a drain; return the server's status. Raises ConfigurationError when it doesn't answer."""
        return msgspec.json.decode(await self._ask("drain", {}, b""), type=ServerStatus)

    async def reload(self) -> ReloadAnswer:
        """Make the server read its settings again. Raises ConfigurationError with what is wrong with them."""
        return msgspec.json.decode(await self._ask("reload", {}, b""), type=ReloadAnswer)

    async def retire(self, node: str) -> str:
        """Remove a node that is gone for good from the house; return a sentence for the operator. Raises
        ConfigurationError with the reason where it can't be removed.
        """
        return msgspec.json.decode(await self._ask("retire", {"node": node}, b""), type=_Said).sentence

    async def tree(self, source: str) -> str:
        """Bring the public tree back after a restore (`Operations`). Raises ConfigurationError."""
        return msgspec.json.decode(await self._ask("tree", {"from": source}, b""), type=_Said).sentence

    async def new_probe(self) -> str:
        """A pass for the probe's route (`Operations`). Raises ConfigurationError when the server doesn't answer."""
        return msgspec.json.decode(await self._ask("probe", {}, b""), type=_Said).sentence

    async def answers(self) -> bool:
        """Whether the server accepts connections; a killed server leaves its card behind."""
        host, _, port = self._card.address.removeprefix("http://").partition(":")
        try:
            _, writer = await asyncio.open_connection(host, int(port))
        except (OSError, ValueError):
            return False
        writer.close()
        return True

    async def _ask(self, what: str, query: dict[str, str], data: bytes) -> bytes:
        headers = {"Authorization": f"Bearer {self._card.token}"}
        patience = aiohttp.ClientTimeout(total=PATIENCE_S)
        try:
            async with (
                aiohttp.ClientSession(headers=headers, timeout=patience) as http,
                http.post(f"{self._card.address}/local/{what}", params=query, data=data) as answer,
            ):
                body = await answer.read()
                if answer.status == 409:
                    raise ConfigurationError(msgspec.json.decode(body, type=_Said).sentence)
                answer.raise_for_status()
                return body
        except (aiohttp.ClientError, TimeoutError) as error:
            msg = f"The server on this machine does not answer ({type(error).__name__}). Is it running?"
            raise ConfigurationError(msg) from error
