"""`/openapi.json`: the doors for programs as OpenAPI 3.1, made of the types from which their answers are written.

Doors that answer with a page or a stream aren't in it; docs/reference/doors.md has them all.
"""

from __future__ import annotations

import inspect
import re
from functools import partial

import msgspec
from aiohttp import hdrs, web

from moothall import __version__
from moothall.adapters.http.entity_tags import tagged
from moothall.adapters.http.security_headers import FOR_ANY_PAGE
from moothall.adapters.programme.news_feed import JsonFeed
from moothall.adapters.record.bundle_door import Withdrawals
from moothall.adapters.record.sound_door import SoundListing
from moothall.adapters.retention.removed_door import RemovalCounts
from moothall.record.json import Document

_IN_PATH = re.compile(r"\{(\w+)\}")
_UI = ("ui", "The language of what is said around the text: ar, en, es, fr, pt, ru or zh.")
_DAY = ("day", "Only the sessions of this day, ISO 8601, by the conference's clock.")
_REFERENCE = "#/components/schemas/{name}"


class ProgramDoor(msgspec.Struct, frozen=True, kw_only=True):
    """A door for programs."""

    path: str
    name: str
    """Id of the operation, from which generators name a function."""
    summary: str
    answer: type | None
    """The type of the JSON that it answers with; None for a file."""
    kind: str = "application/json"
    """Media type of the answer."""
    query: tuple[tuple[str, str], ...] = ()
    """The parameters, each with what it means."""
    refusals: tuple[int, ...] = (404, 503)
    ranges: bool = False
    """Whether a download can be resumed."""
    tagged: bool = True
    """Whether it has an ETag."""


_File = partial(ProgramDoor, answer=None, ranges=True)
"""A door that answers with a file."""
DOORS = (
    ProgramDoor(
        path="/s/{session}/record.json",
        name="readRecord",
        summary="The record of one text of a session.",
        answer=Document,
        query=(
            ("channel", "Id of the text; the session's first unless given."),
            ("language", "The text in this language, BCP 47."),
            ("speakers", "`0` names nobody."),
            ("times", "`0` leaves the times out."),
            _UI,
        ),
        refusals=(400, 404, 503),
    ),
    ProgramDoor(
        path="/s/{session}/sound.json",
        name="listSound",
        summary="The files of a session's published sound.",
        answer=SoundListing,
        query=(("channel", "Id of the channel; `floor` unless given."),),
        refusals=(404,),
        tagged=False,
    ),
    ProgramDoor(
        path="/news.json",
        name="readNews",
        summary="What is new of the public sessions, newest first.",
        answer=JsonFeed,
        kind="application/feed+json",
        query=(
            ("room", "Only sessions that are planned in this room."),
            ("language", "Only sessions in this language, BCP 47."),
            ("session", "Only this session."),
            _UI,
        ),
    ),
    ProgramDoor(
        path="/withdrawals.json",
        name="listWithdrawals",
        summary="What was removed from the sessions for good: look here before you pass anything on.",
        answer=Withdrawals,
        query=(("session", "Only this session, which public lists need not have."),),
        refusals=(503,),
    ),
    ProgramDoor(
        path="/removed.json",
        name="countRemovals",
        summary="How many removals there were from the public sessions, a year and a reason.",
        answer=RemovalCounts,
        refusals=(503,),
    ),
    _File(
        path="/records.jsonl",
        name="dumpRecords",
        summary="The records of all public sessions that are closed, JSON lines.",
        kind="application/jsonl",
        query=(_DAY, _UI),
    ),
    _File(
        path="/bundle.zip",
        name="takeBundle",
        summary="All texts of all public sessions that are closed, in all formats but PDF.",
        kind="application/zip",
        query=(_DAY, _UI),
    ),
    _File(
        path="/s/{session}/bundle.zip",
        name="takeSessionBundle",
        summary="All texts of a session that is closed, in all formats but PDF.",
        kind="application/zip",
        query=(_UI,),
        refusals=(404, 409, 503),
    ),
)
"""The doors that are described."""
_MEANINGS = {
    206: "The range that was asked for.",
    304: "Nothing has changed since the answer with this ETag.",
    400: "The address is not right; a sentence says why.",
    404: "There is nothing that everybody may read at this address.",
    409: "The session is not closed yet.",
    416: "The range begins behind the end.",
    503: "Not at the moment: ask again after `Retry-After`.",
}


def description(public: str) -> dict[str, object]:
    """The description; `public`: the server's public address."""
    types = [door.answer for door in DOORS if door.answer is not None]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    for made in components.values():
        if "description" in made:  # Before 3.13 Python keeps the indentation of docstrings.
            made["description"] = inspect.cleandoc(made["description"])
    of = dict(zip(types, schemas, strict=True))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Moothall",
            "version": __version__,
            "description": "What programs get of public sessions. Fields are only ever added. No key is needed.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": public}],
        "paths": {door.path: {"get": _operation(door, of.get(door.answer) if door.answer else None)} for door in DOORS},
        "components": {"schemas": components},
    }


def _operation(door: ProgramDoor, schema: dict[str, object] | None) -> dict[str, object]:
    content = {door.kind: {} if schema is None else {"schema": schema}}
    answers: dict[str, object] = {"200": {"description": door.summary, "content": content}}
    statuses = (*((206, 416) if door.ranges else ()), *((304,) if door.tagged else ()), *door.refusals)
    answers |= {str(status): {"description": _MEANINGS[status]} for status in sorted(statuses)}
    inside = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _IN_PATH.findall(door.path)
    ]
    asked = [
        {"name": name, "in": "query", "description": said, "schema": {"type": "string"}} for name, said in door.query
    ]
    return {
        "operationId": door.name,
        "summary": door.summary,
        "parameters": [*inside, *asked],
        "responses": answers,
    }


class DescriptionDoor:
    """Publishes the description."""

    def __init__(self, public: str) -> None:
        self._body = msgspec.json.encode(description(public))

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/openapi.json", self.handle)]

    async def handle(self, request: web.Request) -> web.Response:
        """Answer with the description, readable from pages of any origin."""
        headers = {**FOR_ANY_PAGE, hdrs.CACHE_CONTROL: "no-cache", hdrs.CONTENT_TYPE: "application/json"}
        return tagged(request, self._body, headers)
