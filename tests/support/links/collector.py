"""A collector of OpenTelemetry that keeps what it receives."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer


class Sent(msgspec.Struct, frozen=True):
    """A received span."""

    name: str
    attributes: dict[str, str | int]
    id: bytes
    parent: bytes


class Collector:
    """Receives OTLP over HTTP."""

    def __init__(self) -> None:
        self.address = ""
        self.spans: list[Sent] = []
        self.raw = b""
        """All received bytes, decompressed."""

    async def take(self, request: web.Request) -> web.Response:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        body = await request.read()
        if body[:2] == b"\x1f\x8b":
            body = gzip.decompress(body)
        self.raw += body
        message: Any = ExportTraceServiceRequest()
        message.ParseFromString(body)
        for resource in message.resource_spans:
            for scope in resource.scope_spans:
                self.spans += [_sent(span) for span in scope.spans]
        return web.Response()

    def named(self, name: str) -> list[Sent]:
        return [span for span in self.spans if span.name == name]


def _sent(span: Any) -> Sent:
    said = {each.key: each.value.string_value or each.value.int_value for each in span.attributes}
    return Sent(span.name, said, span.span_id, span.parent_span_id)


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    made, app = Collector(), web.Application()
    app.router.add_post("/v1/traces", made.take)
    async with TestServer(app) as server:
        made.address = f"http://127.0.0.1:{server.port}"
        yield made
