"""In place of an OpenSearch: its bulk API, as the documentation has it, over what it holds in memory.

*Bulk*: newline-delimited JSON, which ends with a newline; an action of one key with `_id`, and behind `index` the
document; the answer has `took`, `errors` and `items` in the order of the actions, each with a `status` of its own.
*Delete by query* takes a `term`; *Create index* refuses one that is there with 400.
"""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

from aiohttp import web

INDEX = "moothall"
USER, PASSWORD = "hall", "secret"


class OpenSearchServer:
    """The server."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self.there = False
        self.requests: list[str] = []
        self.status = 200
        """What it answers all requests with, if not 200."""
        self.refuses: dict[str, int] = {}
        """The status of an action, by the id of its document."""

    def app(self) -> web.Application:
        app = web.Application(client_max_size=1 << 24)
        app.add_routes(
            [
                web.put(f"/{INDEX}", self.create),
                web.post(f"/{INDEX}/_bulk", self.bulk),
                web.post(f"/{INDEX}/_delete_by_query", self.delete),
            ]
        )
        return app

    def _begin(self, request: web.Request, kind: str) -> web.Response | None:
        assert request.content_type == kind
        assert request.headers["Authorization"] == "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        self.requests.append(f"{request.method} {request.path}")
        return (
            None if self.status == 200 else web.json_response({"error": {}, "status": self.status}, status=self.status)
        )

    async def create(self, request: web.Request) -> web.Response:
        if (refused := self._begin(request, "application/json")) is not None:
            return refused
        assert (await request.json())["mappings"]["properties"]["text"] == {"type": "text"}
        if self.there:
            return web.json_response({"error": {"type": "resource_already_exists_exception"}}, status=400)
        self.there = True
        return web.json_response({"acknowledged": True, "shards_acknowledged": True, "index": INDEX})

    async def delete(self, request: web.Request) -> web.Response:
        if (refused := self._begin(request, "application/json")) is not None:
            return refused
        ((field, value),) = (await request.json())["query"]["term"].items()
        gone = [key for key, each in self.documents.items() if each[field] == value]
        for key in gone:
            del self.documents[key]
        return web.json_response({"took": 1, "timed_out": False, "deleted": len(gone), "failures": []})

    async def bulk(self, request: web.Request) -> web.Response:
        if (refused := self._begin(request, "application/x-ndjson")) is not None:
            return refused
        body = await request.text()
        assert body.endswith("\n")
        lines, items = iter(body.removesuffix("\n").split("\n")), []
        for line in lines:
            ((action, about),) = json.loads(line).items()
            document = json.loads(next(lines)) if action == "index" else None
            key = about["_id"]
            items.append({action: {"_index": INDEX, "_id": key, "status": self._act(key, document)}})
        errors = any(each["status"] >= 400 for item in items for each in item.values())
        return web.json_response({"took": 1, "errors": errors, "items": items})

    def _act(self, key: str, document: dict[str, Any] | None) -> int:
        if key in self.refuses:
            return self.refuses[key]
        if document is None:
            return 404 if self.documents.pop(key, None) is None else 200
        known = key in self.documents
        self.documents[key] = document
        return 200 if known else 201
