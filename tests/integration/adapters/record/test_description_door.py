"""The description of the doors for programs, held against a running server."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from moothall.adapters.record.description_door import ACTS, DOORS
from moothall.app.hall import RunningServer, hall
from moothall.settings.sections import EngineSection as EngineSettings
from moothall.settings.sections import Server, Settings, Translation
from support.halls.removal import SESSION, held, published

HOW_TO = Path(__file__).parents[4] / "docs/how-to/take-the-record-home.md"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[RunningServer]:
    settings = Settings(
        server=Server(port=0, data=str(tmp_path)),
        engine=EngineSettings(count=0),
        translation=Translation(translators=()),
    )
    async with hall(settings) as running:
        await held(running)
        await published(running)
        yield running


def references(value: object) -> Iterator[str]:
    match value:
        case dict():
            yield from (each for name, each in value.items() if name == "$ref" and isinstance(each, str))
            for each in value.values():
                yield from references(each)
        case list():
            for each in value:
                yield from references(each)


async def test_every_door_answers_as_it_is_described(running: RunningServer) -> None:
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{running.address}/openapi.json") as response:
            described: dict[str, Any] = await response.json()
            tag = response.headers["ETag"]
        async with http.get(f"{running.address}/openapi.json", headers={"If-None-Match": tag}) as response:
            assert response.status == 304
        assert described["openapi"] == "3.1.0"
        known = {f"#/components/schemas/{name}" for name in described["components"]["schemas"]}
        assert set(references(described)) <= known
        listed = {(method.upper(), path) for path, each in described["paths"].items() for method in each}
        assert listed == {("GET", door.path) for door in DOORS} | {(act.method, act.path) for act in ACTS}
        form = re.compile(r"(record|proceedings)\.\w+$")
        routes = {f"{method} {form.sub(lambda found: found[1] + '.{form}', path)}" for method, path in listed}
        assert routes <= set(running.served.routes)
        below_api = {route for route in running.served.routes if " /api/" in route and not route.startswith("HEAD ")}
        assert below_api == {f"{act.method} {act.path}" for act in ACTS}
        for door in DOORS:
            asked = {"Accept": "application/json"} if door.path == "/search" else {}
            async with http.get(running.address + door.path.format(session=SESSION), headers=asked) as response:
                body = await response.read()
                assert response.status == 200, door.path
                assert response.content_type == door.kind
                assert ("ETag" in response.headers) is not bool(door.untagged)
                assert ("no-store" in response.headers.get("Cache-Control", "")) is bool(door.untagged)
                assert (response.headers.get("Accept-Ranges") == "bytes") is door.ranges
            if door.answer is not None:
                read: object = msgspec.json.decode(body, type=door.answer)
                assert json.loads(msgspec.json.encode(read)) == json.loads(body), door.path
            missing = door.path.format(session="nosuchone")
            if missing != door.path:
                async with http.get(running.address + missing) as response:
                    assert response.status in door.refusals


def test_only_what_no_cache_may_keep_has_no_entity_tag() -> None:
    assert [door.path for door in DOORS if door.untagged] == ["/s/{session}/sound.json", "/search"]


async def test_the_examples_of_the_how_to_run(running: RunningServer) -> None:
    text = HOW_TO.read_text(encoding="utf-8").split("\n## For programs\n")[1].split("\n## ")[0]
    addresses = re.findall(r"^curl .*'http://127\.0\.0\.1:8080(.+)'$", text, re.MULTILINE)
    assert len(addresses) == 6
    async with aiohttp.ClientSession() as http:
        for address in addresses:
            asked = {"Accept": "application/json"}
            async with http.get(running.address + address.replace("demo", SESSION), headers=asked) as response:
                assert response.status == 200, address
