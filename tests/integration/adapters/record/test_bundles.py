"""Bundles of a running server: what is in them, how their download resumes, and that what is withdrawn leaves them."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from moothall.adapters.record.forms import TYPES
from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Role
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.staff import HALL
from moothall.settings.sections import EngineSection as EngineSettings
from moothall.settings.sections import Server, Settings, Translation
from support.files.unpacked import unpacked
from support.halls.removal import HIDDEN, OTHER, SESSION, asked, at_a_desk, held


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[RunningServer]:
    settings = Settings(
        server=Server(port=0, data=str(tmp_path)),
        engine=EngineSettings(count=0),
        translation=Translation(translators=()),
    )
    async with hall(settings) as running:
        await held(running)
        yield running


async def done(running: RunningServer, command: do.AnyCommand, session: SessionId = SESSION) -> None:
    live = await running.backend.sessions.open(session)
    answer = await live.writer.send(SYSTEM, CommandId(f"do-{type(command).__name__}".lower()), command)
    assert isinstance(answer, Receipt), answer


async def get(running: RunningServer, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    async with (
        aiohttp.ClientSession() as http,
        http.get(running.address + path, headers={"Accept-Language": "en", **headers}) as response,
    ):
        return response.status, {name.title(): value for name, value in response.headers.items()}, await response.read()


def files(body: bytes, folder: str) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        assert all(name.startswith(f"{folder}/") for name in archive.namelist())
        return {name.removeprefix(f"{folder}/"): archive.read(name) for name in archive.namelist()}


async def withdrawn(running: RunningServer, query: str = "") -> dict[str, list[dict[str, Any]]]:
    _, _, body = await get(running, f"/withdrawals.json{query}")
    return {each["session"]: each["withdrawn"] for each in json.loads(body)["sessions"]}


def check_bag(found: dict[str, bytes]) -> None:
    """Check that the files of a bundle are a bag (RFC 8493) whose lists are right."""
    assert found["bagit.txt"] == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    for name, listed in (
        ("manifest-sha256.txt", {path for path in found if path.startswith("data/")}),
        ("tagmanifest-sha256.txt", {path for path in found if not path.startswith(("data/", "tagmanifest"))}),
    ):
        rows = [row.split("  ") for row in found[name].decode().splitlines()]
        assert {path for _, path in rows} == listed
        assert all(sha256(found[path]).hexdigest() == digest for digest, path in rows)
    inside = [data for path, data in found.items() if path.startswith("data/")]
    assert f"Payload-Oxum: {sum(map(len, inside))}.{len(inside)}\n" in found["bag-info.txt"].decode()


async def test_a_bundle_has_every_format_lists_them_with_their_digests_and_is_a_bag(running: RunningServer) -> None:
    await done(running, do.CloseSession())
    status, headers, body = await get(running, f"/s/{SESSION}/bundle.zip")
    assert status == 200
    assert headers["Content-Type"] == "application/zip"
    assert headers["Content-Disposition"] == f'attachment; filename="{SESSION}.zip"'
    found = files(body, SESSION)
    for form in TYPES:
        _, _, alone = await get(running, f"/s/{SESSION}/record.{form}")
        assert found[f"data/{SESSION}/floor.{form}"] == alone, form
    manifest = json.loads(found["manifest.json"])
    assert manifest["withdrawals"] == f"{running.address}/withdrawals.json?session={SESSION}"
    assert [each["id"] for each in manifest["sessions"]] == [SESSION]
    assert manifest["sessions"][0]["texts"][0]["files"].keys() == TYPES.keys()
    assert manifest["proof"] == f"{running.address}/s/{SESSION}/manifest.json.tlog-proof?sha256="
    assert manifest["proceedings"] == []
    for each in manifest["files"]:
        data = found[each["path"]]
        assert (each["bytes"], each["sha256"]) == (len(data), sha256(data).hexdigest())
    assert HIDDEN in found["search/hearing/floor.js"].decode()
    check_bag(found)


async def test_a_download_resumes_where_it_broke_off_and_its_bytes_are_the_same_when_made_again(
    running: RunningServer,
) -> None:
    await done(running, do.CloseSession())
    path = f"/s/{SESSION}/bundle.zip"
    _, headers, body = await get(running, path)
    tag = headers["Etag"]
    status, headers, rest = await get(running, path, Range="bytes=1000-", **{"If-Range": tag})
    assert (status, rest) == (206, body[1000:])
    assert headers["Content-Range"] == f"bytes 1000-{len(body) - 1}/{len(body)}"
    assert (await get(running, path, **{"If-None-Match": tag}))[0] == 304
    assert (await get(running, path, Range=f"bytes={len(body)}-"))[0] == 416
    assert (await get(running, path, Range="bytes=5-", **{"If-Range": '"other"'}))[0] == 200
    other = await get(running, f"{path}?ui=ar")
    assert other[1]["Etag"] != tag
    assert b'dir="rtl"' in files(other[2], SESSION)["index.html"]
    assert (await get(running, path))[2] == body


async def test_a_day_has_the_public_sessions_that_were_closed(running: RunningServer) -> None:
    assert (await get(running, f"/s/{SESSION}/bundle.zip"))[0] == 409
    assert (await get(running, "/bundle.zip"))[0] == 404
    await held(running, OTHER)
    await done(running, do.ArrangeSession(access=ev.Access.STAFF, sound=ev.SoundKept.NONE), OTHER)
    await done(running, do.CloseSession(), OTHER)
    await done(running, do.CloseSession())
    _, _, body = await get(running, "/bundle.zip")
    manifest = json.loads(files(body, "all")["manifest.json"])
    assert [each["id"] for each in manifest["sessions"]] == [SESSION]
    books = [f"{running.address}/proceedings.{form}?ui=en" for form in ("epub", "pdf")]
    assert manifest["proceedings"] == books
    assert all(f'href="{book}"' in files(body, "all")["index.html"].decode() for book in books)
    assert OTHER.encode() not in body
    assert (await get(running, f"/s/{OTHER}/bundle.zip"))[0] == 404
    day = re.search(r'"opened": (\d+)', files(body, "all")["manifest.json"].decode())
    assert day is not None
    date = running.backend.programme.zone().at(int(day[1])).date()
    assert list(files((await get(running, f"/bundle.zip?day={date}"))[2], str(date)))
    for wrong in ("1999-01-01", "tomorrow", ""):
        assert (await get(running, f"/bundle.zip?day={wrong}"))[0] == 404


async def test_staff_who_may_read_more_get_the_same_bundle(running: RunningServer) -> None:
    await held(running, OTHER)
    await done(running, do.ArrangeSession(access=ev.Access.STAFF, sound=ev.SoundKept.NONE), OTHER)
    await done(running, do.CloseSession(), OTHER)
    _, token = await running.backend.links.create(Role.SECRETARIAT, HALL, "somebody")
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http,
        http.get(f"{running.address}/enter/{token}", allow_redirects=False),
        http.get(f"{running.address}/s/{OTHER}/bundle.zip") as response,
    ):
        assert response.status == 404


async def test_removed_words_leave_the_bundle_in_the_same_act(running: RunningServer) -> None:
    await done(running, do.CloseSession())
    path = f"/s/{SESSION}/bundle.zip"
    _, headers, body = await get(running, path)
    for form in TYPES.keys() - {"pdf"}:  # its text is compressed once more
        assert HIDDEN.encode() in unpacked(files(body, SESSION)[f"data/{SESSION}/floor.{form}"]), form
    assert await withdrawn(running) == {SESSION: []}
    async with at_a_desk(running, Role.SECRETARIAT) as client:
        assert "receipt" in await asked(client, "r", {"type": "lines", "segments": ["b"]})
    status, after, now = await get(running, path, **{"If-None-Match": headers["Etag"]})
    assert status == 200
    assert after["Etag"] != headers["Etag"]
    assert HIDDEN.encode() not in unpacked(now)
    assert [each["reason"] for each in (await withdrawn(running))[SESSION]] == ["request"]


async def test_proceedings_resume_and_lose_what_is_removed(running: RunningServer) -> None:
    assert (await get(running, "/proceedings.epub"))[0] == 404
    assert b"/proceedings.epub" not in (await get(running, "/agenda"))[2]
    await held(running, OTHER)
    await done(running, do.ArrangeSession(access=ev.Access.LINK, sound=ev.SoundKept.NONE), OTHER)
    await done(running, do.CloseSession(), OTHER)
    await done(running, do.CloseSession())
    page = (await get(running, "/agenda"))[2].decode()
    assert '<form action="/proceedings.epub">' in page
    assert '<option value="en"' in page
    for form in ("epub", "pdf"):
        assert f'action="/proceedings.{form}"' in page
        path = f"/proceedings.{form}?language=en"
        status, headers, body = await get(running, path)
        assert (status, headers["Content-Type"]) == (200, TYPES[form])
        assert (await get(running, path, **{"If-None-Match": headers["Etag"]}))[0] == 304
        status, _, rest = await get(running, path, Range="bytes=500-", **{"If-Range": headers["Etag"]})
        assert (status, rest) == (206, body[500:])
    _, before, body = await get(running, "/proceedings.epub")
    assert HIDDEN.encode() in unpacked(body)
    assert OTHER.encode() not in unpacked(body)
    async with at_a_desk(running, Role.SECRETARIAT) as client:
        assert "receipt" in await asked(client, "r", {"type": "lines", "segments": ["b"]})
    _, after, body = await get(running, "/proceedings.epub")
    assert after["Etag"] != before["Etag"]
    assert HIDDEN.encode() not in unpacked(body)
    assert f"{running.address}/withdrawals.json".encode() in unpacked(body)


async def test_what_is_withdrawn_from_a_session_that_lists_do_not_name_is_told_who_names_it(
    running: RunningServer,
) -> None:
    await done(running, do.ArrangeSession(access=ev.Access.PUBLIC, sound=ev.SoundKept.NONE, listed=False))
    await done(running, do.CloseSession())
    assert await withdrawn(running) == {}
    assert await withdrawn(running, f"?session={SESSION}") == {SESSION: []}
    assert (await get(running, "/bundle.zip"))[0] == 404
    assert (await get(running, f"/s/{SESSION}/bundle.zip"))[0] == 200


async def test_all_records_are_lines_of_json_for_programs(running: RunningServer) -> None:
    assert (await get(running, "/records.jsonl"))[0] == 404
    await done(running, do.CloseSession())
    status, headers, body = await get(running, "/records.jsonl")
    assert status == 200
    assert headers["Content-Type"] == "application/jsonl"
    assert headers["Content-Disposition"] == 'attachment; filename="all.jsonl"'
    first, record = body.splitlines(keepends=True)
    about = json.loads(first)
    assert (about["format"], about["id"], about["texts"], about["withdrawn"]) == ("moothall.session", SESSION, 1, [])
    assert record == (await get(running, f"/s/{SESSION}/record.json"))[2]
    assert (await get(running, "/records.jsonl", **{"If-None-Match": headers["Etag"]}))[0] == 304
    assert (await get(running, "/records.jsonl", Range=f"bytes={len(first)}-"))[2] == record
    async with at_a_desk(running, Role.SECRETARIAT) as client:
        assert "receipt" in await asked(client, "r", {"type": "lines", "segments": ["b"]})
    _, _, body = await get(running, "/records.jsonl")
    assert HIDDEN.encode() not in body
    about = json.loads(body.splitlines()[0])
    assert [each["reason"] for each in about["withdrawn"]] == ["request"]
    path = about["withdrawals"].removeprefix(running.address)
    assert len(json.loads((await get(running, path))[2])["sessions"][0]["withdrawn"]) == 1
