"""Build the doors for programs with a token, and the page of tokens."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from moothall.adapters.admin.link_sheets import LinkSheets
from moothall.adapters.pages.qr import qr_svg
from moothall.adapters.tokens.gate import TokenGate
from moothall.adapters.tokens.programme_acts_door import ProgrammeActsDoor
from moothall.adapters.tokens.session_acts_door import SessionActsDoor
from moothall.adapters.tokens.stream_acts_door import StreamActsDoor
from moothall.adapters.tokens.tokens_door import TokensDoor
from moothall.app.backend import Backend
from moothall.app.parts import Entrance, Services


def token_gate(backend: Backend, entrance: Entrance) -> TokenGate:
    """The gate that lets programs in. Wrong tokens count for an address as wrong role links do."""
    return TokenGate(tokens=backend.tokens, gate=entrance.staff.gate, address_of=entrance.address_of)


def token_doors(services: Services, entrance: Entrance, gate: TokenGate) -> Sequence[web.RouteDef]:
    """The routes of acts of the staff for programs, and of the page of tokens."""
    backend = services.backend
    entries, public = entrance.catalogue.meetings, entrance.address.public
    sheets = LinkSheets(
        pages=entrance.forms,
        programme=backend.programme,
        links=backend.links,
        public=public,
        qr_svg=qr_svg,
        key=backend.signer.key_id,
    )
    sessions = SessionActsDoor(gate=gate, programme=backend.programme, entries=entries, public=public)
    programme = ProgrammeActsDoor(
        gate=gate,
        programme=backend.programme,
        office=backend.office(public),
        links=backend.links,
        sheets=sheets,
        entries=entries,
    )
    streams = StreamActsDoor(
        gate=gate, streams=services.streams, programme=backend.programme, catalogues=services.pages.catalogues
    )
    page = TokensDoor(pages=entrance.forms, tokens=backend.tokens)
    return [route for door in (sessions, programme, streams, page) for route in door.routes()]
