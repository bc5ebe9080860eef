"""What a running server finds, for whom, and what leaves its index: over its doors, its desks and its files."""

from __future__ import annotations

import bz2
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from moothall.adapters.pages.texts import ErrorText
from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events.types import Access, ChannelKind, SoundKept
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.services.log.act_queue import Receipt
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from support.files.found import found
from support.files.small_disk import small_disk
from support.halls.removal import FLOOR, HIDDEN, SESSION, asked, at_a_desk, held

CAPTIONER = Actor(Role.CAPTIONER, "c1")
LINES = ("The digital divide is wide.", "Le fossé numérique est large.", "互联网治理论坛今天开幕。")


def settings(folder: Path) -> Settings:
    return Settings(
        server=Server(port=0, data=str(folder)),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
    )


async def done(running: RunningServer, session: str, name: str, *commands: do.AnyCommand, by: Actor = SYSTEM) -> None:
    live = await running.backend.sessions.open(SessionId(session))
    answer = await live.writer.send(by, CommandId(f"{session}-{name}"), commands)
    assert isinstance(answer, Receipt), answer


async def meeting(
    running: RunningServer, session: str, *lines: str, access: Access = Access.PUBLIC, **more: Any
) -> None:
    """Hold a meeting with typed lines."""
    create = do.CreateSession(title=f"About {session}", languages=("en", "fr", "zh"), access=access, **more)
    floor = do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en", "fr", "zh"))
    await done(running, session, "made", create)
    await done(running, session, "floor", floor)
    await done(running, session, "open", do.OpenSession())
    for n, text in enumerate(lines):
        typed = do.TypeSegment(channel=FLOOR, segment=SegmentId(f"l{n}"), text=text, language=language(text))
        await done(running, session, f"l{n}", typed, by=CAPTIONER)
    await running.backend.indexing.catch_up()


def language(text: str) -> str:
    return "zh" if "\u4e00" <= text[0] <= "\u9fff" else "fr" if text.startswith("Le ") else "en"


async def search(running: RunningServer, words: str, link: str = "", **query: str) -> dict[str, Any]:
    """What a visitor finds who has opened the link."""
    jar = aiohttp.CookieJar(unsafe=True)  # keeps cookies of an IP address too
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        if link:
            async with http.get(f"{running.address}/enter/{link}", allow_redirects=False):
                pass
        params = {"q": words, **query}
        async with http.get(
            f"{running.address}/search", params=params, headers={"Accept": "application/json"}
        ) as answer:
            assert answer.status == 200
            assert answer.headers["X-Robots-Tag"] == "noindex"
            body: dict[str, Any] = await answer.json()
            return body


def texts(body: Mapping[str, Any]) -> list[str]:
    return [moment["text"] for moment in body["moments"]]


async def page(running: RunningServer, **query: str) -> str:
    async with aiohttp.ClientSession() as http, http.get(f"{running.address}/search", params=query) as answer:
        assert answer.status == 200
        return await answer.text()


def words_in(folder: Path) -> str:
    """All words that the index has in any form: in blocks, and in the inverted index."""
    had = []
    for file in sorted((folder / "search").glob("*.sqlite3")):
        with closing(sqlite3.connect(file)) as index:
            had += [bz2.decompress(words).decode() for (words,) in index.execute("SELECT words FROM block")]
            index.execute("CREATE VIRTUAL TABLE temp.v USING fts5vocab('main', 'line', 'row')")
            had += [term for (term,) in index.execute("SELECT term FROM temp.v")]
    return "\n".join(had)


@pytest.mark.parametrize(
    ("words", "finds"),
    [
        ("divides", [0]),
        ("DIGITAL divide", [0]),
        ('"digital divide"', [0]),
        ('"divide digital"', []),
        ("fosse numerique", [1]),
        ("numériques", [1]),
        ("治理", [2]),
        ("互联网 开幕", [2]),
        ("网治", [2]),
        ("理治", []),
        ("digital numérique", []),
        ('OR NEAR( * ^ " words:divide', []),
        ("divide OR", []),
        ("", []),
        ('"', []),
    ],
)
async def test_words_are_found_in_their_forms_and_nothing_typed_is_syntax(
    tmp_path: Path, words: str, finds: list[int]
) -> None:
    async with hall(settings(tmp_path)) as running:
        await meeting(running, "forum", *LINES)
        body = await search(running, words)
        assert texts(body) == [LINES[n] for n in finds]
        assert body["total"] == len(finds)


async def test_a_moment_says_where_it_is_and_its_address_leads_to_the_line(tmp_path: Path) -> None:
    async with hall(settings(tmp_path)) as running:
        await meeting(running, "forum", *LINES)
        body = await search(running, "divides")
        [moment] = body["moments"]
        marked = [moment["text"][start:end] for start, end in moment["marks"]]
        assert marked == ["divide"]
        assert (moment["session"], moment["channel"], moment["line"]) == ("forum", "floor", "l0")
        assert (moment["source"], moment["language"], moment["name"], moment["sound"]) == ("person", "en", "", None)
        assert body["kinds"]["language"] == {"en": 1}
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"{running.address}{moment['address']}", allow_redirects=False) as line,
        ):
            assert line.headers["Location"].endswith("#l0")
        html = await page(running, q="divides")
        assert "The digital <mark>divide</mark> is wide." in html
        assert "1 line found" in html
        assert "Rechercher dans ce qui a été dit" in await page(running, ui="fr")


async def test_the_front_page_and_the_agenda_lead_to_the_search(tmp_path: Path) -> None:
    async with hall(settings(tmp_path)) as running, aiohttp.ClientSession() as http:
        for path in ("/", "/agenda"):
            async with http.get(f"{running.address}{path}?ui=es") as answer:
                assert 'href="/search?ui=es"' in await answer.text()


async def test_finds_are_chosen_by_meeting_language_and_day(tmp_path: Path) -> None:
    async with hall(settings(tmp_path)) as running:
        await meeting(running, "one", "The council meets.", "Le conseil")
        await meeting(running, "two", "The council rests.")
        body = await search(running, "council")
        assert body["kinds"]["meeting"] == {"one": 1, "two": 1}
        assert texts(await search(running, "council", meeting="two")) == ["The council rests."]
        # What another choice would give is counted, too.
        assert (await search(running, "council", meeting="two"))["kinds"]["meeting"] == {"one": 1, "two": 1}
        assert texts(await search(running, "conseil", language="fr")) == ["Le conseil"]
        assert (await search(running, "council", to="2001-01-01"))["total"] == 0
        for query in ({"from": "yesterday"}, {"page": "0"}, {"page": "x"}):
            async with aiohttp.ClientSession() as http, http.get(f"{running.address}/search", params=query) as answer:
                assert answer.status == 400


async def test_by_link_and_staff_records_are_found_by_those_alone_who_may_read_them(tmp_path: Path) -> None:
    async with hall(settings(tmp_path)) as running:
        await meeting(running, "open", "A secret ballot.")
        await meeting(running, "linked", "A secret letter.", access=Access.LINK)
        await meeting(running, "closed", "A secret plan.", access=Access.STAFF)
        await meeting(running, "trial", "A secret trial.", rehearsal=True)
        _, hall_link = await running.backend.links.create(Role.SECRETARIAT, "hall", "office")
        _, reading = await running.backend.links.create(Role.HUB, "session:linked", "hub")
        for words in ("secret", "plan", "letter", "trial"):
            body = await search(running, words, **{"in": "links"})
            assert (body["total"], body["moments"]) == (0, [])
        public = await search(running, "secret")
        assert texts(public) == ["A secret ballot."]
        assert texts(await search(running, "secret", hall_link)) == ["A secret ballot."]
        assert await search(running, "secret", hall_link) == public
        own = await search(running, "secret", hall_link, **{"in": "links"})
        assert sorted(texts(own)) == ["A secret letter.", "A secret plan."]
        assert texts(await search(running, "secret", reading, **{"in": "links"})) == ["A secret letter."]


async def test_a_change_of_access_takes_a_record_out_of_the_search_at_once(tmp_path: Path) -> None:
    async with hall(settings(tmp_path)) as running:
        await meeting(running, "forum", f"There is {HIDDEN} here.")
        assert (await search(running, HIDDEN))["total"] == 1
        await done(running, "forum", "staff", do.ArrangeSession(access=Access.STAFF, sound=SoundKept.NONE))
        body = await search(running, HIDDEN)
        assert (body["total"], body["kinds"], body["moments"]) == (0, {kind: {} for kind in body["kinds"]}, [])
        await running.backend.indexing.catch_up()
        assert found(tmp_path / "search", HIDDEN) == ["staff.sqlite3"]
        await done(running, "forum", "public", do.ArrangeSession(access=Access.PUBLIC, sound=SoundKept.NONE))
        await done(
            running, "forum", "unlisted", do.ArrangeSession(access=Access.PUBLIC, sound=SoundKept.NONE, listed=False)
        )
        await running.backend.indexing.catch_up()
        assert (await search(running, HIDDEN))["total"] == 0
        assert found(tmp_path / "search", HIDDEN) == ["link.sqlite3"]


@pytest.mark.parametrize("how", ["request", "not-recorded"])
async def test_removed_words_leave_every_file_of_the_index_in_the_same_act(tmp_path: Path, how: str) -> None:
    async with hall(settings(tmp_path)) as running:
        await held(running)
        await running.backend.indexing.catch_up()
        assert (await search(running, HIDDEN))["total"] == 1
        assert HIDDEN in words_in(tmp_path)
        if how == "request":
            async with at_a_desk(running, Role.TECHNICIAN) as client:
                assert "receipt" in await asked(client, "r", {"type": "lines", "segments": ["b"]})
        else:
            await done(running, SESSION, "clock", do.MapClock(t=10_000))
            await done(running, SESSION, "off", do.BeginNotRecorded(back=30_000), by=Actor(Role.CHAIR, "x"))
        assert found(tmp_path, HIDDEN) == []
        assert HIDDEN not in words_in(tmp_path)
        assert (await search(running, HIDDEN))["total"] == 0
        await running.backend.indexing.catch_up()
        assert (await running.backend.indexing.check()).behind == ()
    assert HIDDEN not in words_in(tmp_path)


async def test_a_correction_replaces_the_words(tmp_path: Path) -> None:
    async with hall(settings(tmp_path)) as running:
        await meeting(running, "forum", "We where ready.", "A tomato.")
        mended = do.CorrectSegment(
            channel=ChannelId("floor"), segment=SegmentId("l0"), base_revision=0, base_words=0, text="We were ready."
        )
        await done(running, "forum", "mend", mended, by=CAPTIONER)
        await running.backend.indexing.catch_up()
        assert texts(await search(running, "were")) == ["We were ready."]
        assert (await search(running, "where"))["total"] == 0


async def test_the_index_is_made_anew_from_the_log_where_it_is_lost_or_damaged(tmp_path: Path) -> None:
    async with hall(settings(tmp_path)) as running:
        await meeting(running, "forum", *LINES)
    file = tmp_path / "search" / "public.sqlite3"
    for damage in (file.unlink, lambda: file.write_bytes(b"no database" * 1000)):
        damage()
        async with hall(settings(tmp_path)) as running:
            await running.backend.indexing.catch_up()
            assert texts(await search(running, "divide")) == [LINES[0]]
            check = await running.backend.indexing.check()
            assert (check.sessions, check.behind, check.unread, check.faults) == (1, (), (), ())


async def test_an_erased_rehearsal_leaves_the_index(tmp_path: Path) -> None:
    async with hall(settings(tmp_path)) as running:
        await meeting(running, "forum", f"There is {HIDDEN} here.")
        await running.backend.sessions.forget(SessionId("forum"))
        assert HIDDEN not in words_in(tmp_path)
        assert found(tmp_path / "search", HIDDEN) == []
        assert (await search(running, HIDDEN))["total"] == 0


@contextmanager
def no_folder(folder: Path) -> Iterator[Callable[[], None]]:
    """A file in place of the folder, until what is given is called."""
    folder.write_bytes(b"a file")
    yield folder.unlink


@contextmanager
def no_room(folder: Path) -> Iterator[Callable[[], None]]:
    """A folder on a disk without room, until what is given is called."""
    with small_disk(folder, 1 << 20) as disk:
        disk.fill()
        yield disk.make_room


@pytest.mark.parametrize("away", [no_folder, no_room])
async def test_a_server_whose_index_cannot_be_opened_starts_and_says_that_nothing_can_be_searched(
    tmp_path: Path, away: Callable[[Path], AbstractContextManager[Callable[[], None]]]
) -> None:
    with away(tmp_path / "search") as comes_back:
        await searched_while_it_is_away(tmp_path, comes_back)


async def searched_while_it_is_away(tmp_path: Path, comes_back: Callable[[], None]) -> None:
    async with hall(settings(tmp_path)) as running:
        await held(running)
        for path, accepts in (("/search?q=divide", "application/json"), ("/search?q=divide", "text/html")):
            async with (
                aiohttp.ClientSession() as http,
                http.get(f"{running.address}{path}", headers={"Accept": accepts}) as answer,
            ):
                assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
                assert ErrorText.UNAVAILABLE.partition("'")[0] in await answer.text()
        async with at_a_desk(running, Role.TECHNICIAN) as client:
            assert "receipt" in await asked(client, "r", {"type": "lines", "segments": ["b"]})
        comes_back()
        await running.backend.indexing.catch_up()
        assert (await search(running, HIDDEN))["total"] == 0
        assert HIDDEN not in words_in(tmp_path)
        assert (await running.backend.indexing.check()).behind == ()
