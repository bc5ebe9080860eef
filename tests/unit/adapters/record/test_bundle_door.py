from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import BinaryIO

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.record.bundle_door import PIECE, BundleDoor
from moothall.adapters.record.bundling import (
    BundleBusy,
    BundleFailed,
    BundleFontsMissing,
    BundleNotSet,
    Bundles,
    BundleWish,
    KeptBundle,
)
from moothall.core.events.types import Access
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.sessions.state import Status
from moothall.services.sessions.catalogue import Entry

PAGES = Pages(find_web_folder())
CLOSED = Entry(
    session=SessionId("s"),
    status=Status.CLOSED,
    access=Access.PUBLIC,
    channel=ChannelId("floor"),
    opened=0,
    texts=frozenset({"en", "pt"}),
)


class Kept(KeptBundle):
    """A bundle that tells when its file is closed."""

    closed: asyncio.Event

    def _settle(self) -> None:
        super()._settle()
        if self.file.closed:
            self.closed.set()


class Offered(Bundles):
    """One bundle of 40 pieces, or why there is none."""

    def __init__(self, file: BinaryIO) -> None:
        self.kept = Kept('"t"', 40 * PIECE, file, frozenset({CLOSED.session}))
        self.kept.closed = asyncio.Event()
        self.wrong: Exception | None = None
        self.public = "https://hall.example"
        self.wishes: list[BundleWish] = []

    async def tag(self, wish: BundleWish) -> str:
        return self.kept.tag

    async def get(self, wish: BundleWish, tag: str = "") -> KeptBundle:
        self.wishes.append(wish)
        if self.wrong is not None:
            raise self.wrong
        return self.kept


async def listed() -> Sequence[Entry]:
    return [CLOSED]


@pytest.fixture
def offered() -> Iterator[Offered]:
    with tempfile.TemporaryFile() as file:
        file.truncate(40 * PIECE)
        yield Offered(file)


@pytest.fixture
async def client(offered: Offered) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    app = web.Application()
    app.add_routes(BundleDoor(pages=PAGES, bundles=offered, all=listed, listed=listed, house=lambda: "").routes())
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_a_download_is_cut_off_though_nobody_reads_what_is_on_its_way(
    client: TestClient[web.Request, web.Application], offered: Offered
) -> None:
    async with client.get("/s/s/bundle.zip") as response:
        assert len(await response.content.readexactly(PIECE)) == PIECE
        offered.kept.cut_off()
        await offered.kept.closed.wait()
        with pytest.raises(aiohttp.ClientError):
            await response.read()


async def test_a_download_of_what_is_dropped_goes_on_to_its_end(
    client: TestClient[web.Request, web.Application], offered: Offered
) -> None:
    async with client.get("/s/s/bundle.zip") as response:
        await response.content.readexactly(PIECE)
        offered.kept.drop()
        assert not offered.kept.file.closed
        assert len(await response.read()) == 39 * PIECE
    await offered.kept.closed.wait()


async def test_who_only_asks_for_the_head_gets_no_bytes(client: TestClient[web.Request, web.Application]) -> None:
    async with client.head("/s/s/bundle.zip") as response:
        assert response.status == 200
        assert response.headers["Content-Length"] == str(40 * PIECE)
        assert response.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (BundleBusy(), "The file is being made."),
        (BundleFailed(), "The file could not be made."),
        (BundleNotSet(), "Take those of one day, or the book as “.epub”."),
        (BundleFontsMissing(), "has no font for the letters"),
        (StorageUnavailable("gone"), "at the moment"),
    ],
)
async def test_a_bundle_that_is_not_there_is_refused_with_a_sentence(
    client: TestClient[web.Request, web.Application], offered: Offered, wrong: Exception, sentence: str
) -> None:
    offered.wrong = wrong
    async with client.get("/s/s/bundle.zip", headers={"Accept-Language": "en"}) as response:
        assert response.status == (501 if isinstance(wrong, BundleFontsMissing) else 503)
        assert sentence in await response.text()
        assert ("Retry-After" in response.headers) is isinstance(wrong, BundleBusy)
        assert ("Refresh" in response.headers) is isinstance(wrong, BundleBusy)


async def test_proceedings_are_wished_for_with_their_day_and_language(
    client: TestClient[web.Request, web.Application], offered: Offered
) -> None:
    for path, name in (
        ("/proceedings.epub?ui=fr&day=&language=", "proceedings-all.epub"),
        ("/proceedings.pdf?ui=fr&day=1970-01-01&language=pt-BR", "proceedings-1970-01-01.pdf"),
    ):
        async with client.head(path) as response:
            assert response.headers["Content-Disposition"] == f'attachment; filename="{name}"'
            assert response.headers["Accept-Ranges"] == "bytes"
    spoken, chosen = offered.wishes
    assert (spoken.text, spoken.address) == ("", "https://hall.example/proceedings.epub?ui=fr")
    assert (chosen.text, chosen.title, chosen.sessions) == ("pt-BR", "Ordre du jour", (CLOSED.session,))
    assert chosen.address == "https://hall.example/proceedings.pdf?day=1970-01-01&language=pt-BR&ui=fr"


async def test_a_day_that_is_written_otherwise_wants_the_same_file(
    client: TestClient[web.Request, web.Application], offered: Offered
) -> None:
    for file in ("bundle.zip", "proceedings.epub"):
        for day in ("1970-01-01", "19700101", "1970-W01-4"):
            async with client.head(f"/{file}?ui=fr&day={day}") as response:
                assert response.status == 200
    bundle, *_, book = offered.wishes
    assert offered.wishes == [bundle] * 3 + [book] * 3


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/proceedings.docx", 404, "ends with one of these"),
        ("/proceedings.jsonl", 404, "ends with one of these"),
        ("/proceedings.epub?language=x%3Cy", 404, "the short name of a language"),
        ("/proceedings.epub?language=fr", 404, "None of these meetings has a text in this language."),
        ("/proceedings.epub?day=1999-01-01", 404, "took place then"),
        ("/proceedings.epub?day=tomorrow", 404, "took place then"),
        ("/proceedings.pdf", 501, "Take the book as “.epub”."),
    ],
)
async def test_proceedings_are_refused_with_a_sentence(offered: Offered, path: str, status: int, sentence: str) -> None:
    app = web.Application()
    door = BundleDoor(pages=PAGES, bundles=offered, all=listed, listed=listed, house=lambda: "", pdf=False)
    app.add_routes(door.routes())
    async with TestClient(TestServer(app)) as client, client.get(path, headers={"Accept-Language": "en"}) as response:
        assert response.status == status
        assert sentence in await response.text()
    assert offered.wishes == []


async def test_withdrawals_are_not_sent_twice(client: TestClient[web.Request, web.Application]) -> None:
    async with client.get("/withdrawals.json") as response:
        assert await response.json() == {"sessions": [{"session": "s", "withdrawn": []}]}
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        tag = response.headers["ETag"]
    async with client.get("/withdrawals.json", headers={"If-None-Match": tag}) as response:
        assert response.status == 304
