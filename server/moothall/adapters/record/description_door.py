"""`/openapi.json`: the doors for programs as OpenAPI 3.1, made of the types from which their answers are written.

Acts of the staff are in it too, made of the declarations by which their handlers are called, and so are the messages of
webhooks. Doors that answer with a page or a stream aren't in it; docs/reference/doors.md has them all.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from functools import cache, cached_property, partial
from typing import Any

import msgspec
from aiohttp import hdrs, web

from moothall import __version__
from moothall.adapters.http.entity_tags import tagged
from moothall.adapters.http.security_headers import FOR_ANY_PAGE
from moothall.adapters.programme.news_feed import JsonFeed
from moothall.adapters.record.bundle_door import Withdrawals
from moothall.adapters.record.forms import TYPES
from moothall.adapters.record.sound_door import SoundListing
from moothall.adapters.retention.removed_door import RemovalCounts
from moothall.adapters.search.search_door import JsonResults
from moothall.adapters.tokens import programme_acts_door, session_acts_door, stream_acts_door
from moothall.adapters.tokens.gate import ActRefused, NoBody, ProgramAct
from moothall.core.tokens.scopes import TokenScope
from moothall.record.json import Document
from moothall.services.webhooks.webhooks import HookBody

_IN_PATH = re.compile(r"\{(\w+)\}")
_UI = ("ui", "The language of what is said around the text: ar, en, es, fr, pt, ru or zh.")
_DAY = ("day", "Only the sessions of this day, ISO 8601, by the conference's clock.")
_BOOK_LANGUAGE = (
    "language",
    "The texts in this language, BCP 47; as spoken where a session has none, or unless given.",
)
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
    untagged: str = ""
    """Why it has no ETag; empty where it has one."""
    scope: TokenScope | None = None
    """The scope of tokens that get more than everybody here."""


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
        refusals=(400, 401, 403, 404, 503),
        scope=TokenScope.RECORD,
    ),
    ProgramDoor(
        path="/s/{session}/sound.json",
        name="listSound",
        summary="The files of a session's published sound.",
        answer=SoundListing,
        query=(("channel", "Id of the channel; `floor` unless given."),),
        refusals=(404,),
        untagged="No cache may keep it: its sound may be taken back at any moment.",
    ),
    ProgramDoor(
        path="/search",
        name="search",
        summary="Moments in the records, the best find first. Send `Accept: application/json`.",
        answer=JsonResults,
        query=(
            ("q", "What was said: words, and phrases in quotation marks."),
            ("meeting", "Only this session."),
            ("room", "Only sessions that are planned in this room."),
            ("language", "Only lines in this language, BCP 47."),
            ("speaker", "Only lines of this speaker."),
            ("source", "Only lines that were written so: person, machine, translation or imported."),
            ("from", "Only what was said on this day, ISO 8601, or later."),
            ("to", "Only what was said on this day or earlier."),
            ("page", "Number of the page of 20 moments, from 1."),
            _UI,
        ),
        refusals=(400, 429, 503),
        untagged="No cache may keep it: who asks may find more than others.",
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
            ("speaker", "Only sessions in which this person spoke: the id of their page."),
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
        summary="All texts of all public sessions that are closed; PDF is in it where the server can set it.",
        kind="application/zip",
        query=(_DAY, _UI),
    ),
    _File(
        path="/proceedings.epub",
        name="takeProceedings",
        summary="The records of the same sessions as one e-book.",
        kind=TYPES["epub"],
        query=(_DAY, _BOOK_LANGUAGE, _UI),
    ),
    _File(
        path="/proceedings.pdf",
        name="printProceedings",
        summary="The same to print, where the server can set PDF.",
        kind=TYPES["pdf"],
        query=(_DAY, _BOOK_LANGUAGE, _UI),
        refusals=(404, 501, 503),
    ),
    _File(
        path="/s/{session}/bundle.zip",
        name="takeSessionBundle",
        summary="All texts of a session that is closed; PDF is in it where the server can set it.",
        kind="application/zip",
        query=(_UI,),
        refusals=(404, 409, 503),
    ),
)
"""The doors that are described."""
ACTS: tuple[ProgramAct[Any, Any], ...] = (
    *session_acts_door.ACTS,
    *programme_acts_door.ACTS,
    *stream_acts_door.ACTS,
)
"""The acts of the staff that are described."""
_BEARER = "bearer"
_JSON = "application/json"
_FILE = "application/octet-stream"
_BYTES: dict[str, object] = {"type": "string", "format": "binary"}
_MEANINGS = {
    206: "The range that was asked for.",
    304: "Nothing has changed since the answer with this ETag.",
    400: "The request is not right; a sentence says why.",
    401: "There is no token, or one that is not valid any more.",
    403: "The token lacks the scope.",
    404: "There is nothing at this address that may be read.",
    409: "It doesn't fit how things stand; for a bundle: the session is not closed yet.",
    413: "It is too large.",
    416: "The range begins behind the end.",
    429: "Too many requests: wait a minute.",
    501: "This server can't make the file.",
    503: "Not at the moment: ask again after `Retry-After`.",
}


def description(public: str) -> dict[str, object]:
    """The description; `public`: the server's public address."""
    of, components = _schemas()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Moothall",
            "version": __version__,
            "description": "What programs get of public sessions, without a key, and what they can do with a token. "
            "Fields are only ever added.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": public}],
        "tags": [{"name": "public", "description": "Open to everybody."}]
        + [{"name": each.value, "description": "For tokens with this scope."} for each in TokenScope],
        "paths": _paths(of),
        "webhooks": {
            "news": {
                "post": {
                    "summary": "News of public sessions, as they are sent to addresses that the secretariat enters, "
                    "signed by the convention Standard Webhooks.",
                    "requestBody": _content(_JSON, of[HookBody]),
                    "responses": {"2XX": {"description": "It was taken."}, "410": {"description": "Nothing more."}},
                }
            }
        },
        "components": {"schemas": components, "securitySchemes": {_BEARER: {"type": "http", "scheme": "bearer"}}},
    }


@cache
def _schemas() -> tuple[dict[Any, dict[str, object]], dict[str, dict[str, Any]]]:
    """The schemas of types, and those to which they refer, by name."""
    types: list[Any] = [door.answer for door in DOORS if door.answer is not None]
    types += [kind for act in ACTS for kind in (act.takes, act.answer) if kind not in (bytes, NoBody)]
    types = [*dict.fromkeys((*types, ActRefused, HookBody))]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    for made in components.values():
        if "description" in made:  # Before 3.13 Python keeps the indentation of docstrings.
            made["description"] = inspect.cleandoc(made["description"])
        _without_false(made)
    return dict(zip(types, schemas, strict=True)), components


def _without_false(schema: object) -> None:
    """Take `items: false` out of the schemas of tuples, whose length stands there too: some generators can't read
    it.
    """
    if isinstance(schema, dict):
        if schema.get("items") is False:
            del schema["items"]
        for each in schema.values():
            _without_false(each)
    elif isinstance(schema, list):
        for each in schema:
            _without_false(each)


def _paths(of: Mapping[Any, dict[str, object]]) -> dict[str, dict[str, object]]:
    """The operations by path and method; `of`: the schemas of types."""
    paths: dict[str, dict[str, object]] = {}
    for door in DOORS:
        paths[door.path] = {"get": _operation(door, of.get(door.answer) if door.answer else None)}
    for act in ACTS:
        paths.setdefault(act.path, {})[act.method.lower()] = _act(act, of)
    return paths


def _act(act: ProgramAct[Any, Any], of: Mapping[Any, dict[str, object]]) -> dict[str, object]:
    refused = _content(_JSON, of[ActRefused])
    answers: dict[str, object] = {"200": {"description": act.summary, **_content(_JSON, of[act.answer])}}
    for status in sorted({401, 403, 429, 503, *act.refusals}):
        answers[str(status)] = {"description": _MEANINGS[status], **refused}
    operation: dict[str, object] = {
        "operationId": act.name,
        "summary": act.summary,
        "tags": [act.scope.value],
        "security": [{_BEARER: [act.scope.value]}],
        "parameters": _parameters(act.path, act.query),
        "responses": answers,
    }
    if act.takes is bytes:
        operation["requestBody"] = {"required": True, **_content(_FILE, _BYTES)}
    elif act.takes is not NoBody:
        operation["requestBody"] = {"required": True, **_content(_JSON, of[act.takes])}
    return operation


def _content(kind: str, schema: dict[str, object]) -> dict[str, object]:
    return {"content": {kind: {"schema": schema}}}


def _operation(door: ProgramDoor, schema: dict[str, object] | None) -> dict[str, object]:
    answers: dict[str, object] = {"200": {"description": door.summary, **_content(door.kind, schema or _BYTES)}}
    statuses = (*((206, 416) if door.ranges else ()), *((304,) if not door.untagged else ()), *door.refusals)
    answers |= {str(status): {"description": _MEANINGS[status]} for status in sorted(statuses)}
    return {
        "operationId": door.name,
        "summary": door.summary,
        "tags": ["public"],
        **({} if door.scope is None else {"security": [{}, {_BEARER: [door.scope.value]}]}),
        "parameters": _parameters(door.path, door.query),
        "responses": answers,
    }


def _parameters(path: str, query: tuple[tuple[str, str], ...]) -> list[dict[str, object]]:
    inside: list[dict[str, object]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in _IN_PATH.findall(path)
    ]
    return inside + [
        {"name": name, "in": "query", "description": said, "schema": {"type": "string"}} for name, said in query
    ]


class DescriptionDoor:
    """Publishes the description."""

    def __init__(self, public: str) -> None:
        self._public = public

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/openapi.json", self.handle)]

    async def handle(self, request: web.Request) -> web.Response:
        """Answer with the description, readable from pages of any origin."""
        headers = {**FOR_ANY_PAGE, hdrs.CACHE_CONTROL: "no-cache", hdrs.CONTENT_TYPE: "application/json"}
        return tagged(request, self._body, headers)

    @cached_property
    def _body(self) -> bytes:
        """Made when it is first asked for, which takes 20 ms."""
        return msgspec.json.encode(description(self._public))
