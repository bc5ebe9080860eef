from __future__ import annotations

import asyncio
import gzip
import io
import re
import shutil
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from msgspec import UNSET
from msgspec.structs import replace

from moothall.adapters.http.security_headers import secure
from moothall.adapters.pages.catalogues import LANGUAGES
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.record.record_door import MAX_SETTING, MAX_WAITING, RecordDoor
from moothall.adapters.record.texts import NOTICE, wording
from moothall.adapters.record.typesetting import FontsMissing, TypesettingFailed
from moothall.core.events import types as ev
from moothall.core.kernel.errors import ConfigurationError, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.ports import LogHead
from moothall.core.views.captions import ReaderChannel, Snapshot
from moothall.record.model import Record, RecordFold
from moothall.record.text import write_text
from moothall.record.wording import Options
from moothall.services.log.publication import Publication
from moothall.services.sessions.records import NotThere, Records
from moothall.testing.log_memory import MemoryLog
from support.memory.hall import memory_hall
from support.sessions.caption_readers import read_srt, read_vtt
from support.sessions.record_maker import FLOOR, Telling, meeting, questioned
from support.sessions.recorder import EPOCH, SESSION, Recorder

PAGES = Pages(find_web_folder())
FR = ChannelId("fr")
Client = TestClient[web.Request, web.Application]


class OneLog(MemoryLog):
    """The log of one session, of which tests tell the end alone."""

    def __init__(self, told: Telling) -> None:
        super().__init__()
        self.told = told

    async def head(self, session: SessionId) -> LogHead | None:
        return LogHead(epoch=EPOCH, term=1, offset=self.told.recorder.offset, lanes={})


class OneMeeting(Records):
    """Records of one session, told by the test."""

    def __init__(self) -> None:
        self.told = meeting()
        self.log = OneLog(self.told)
        self.made = 0
        self.broken: Exception | None = None
        self.forgotten: list[SessionId] = []
        self.reached = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def find(
        self, session: SessionId, *, channel: ChannelId | None = None, language: str | None = None
    ) -> Snapshot | NotThere:
        if self.broken is not None:
            raise self.broken
        if session != "plenary":
            return NotThere.SESSION
        if channel not in (None, FLOOR, FR):
            return NotThere.CHANNEL
        if language not in (None, "en", "fr"):
            return NotThere.LANGUAGE
        record = self.told.record(FR if FR in (channel, language) else FLOOR)
        return Snapshot(
            epoch=record.position.epoch,
            offset=record.position.offset,
            feed=f"{record.channel}.live",
            session=record.session,
            lines=(),
            before=None,
        )

    def forget(self, session: SessionId) -> None:
        self.forgotten.append(session)

    async def read(self, snapshot: Snapshot, at: int | None = None) -> Record:
        self.reached.set()
        await self.gate.wait()
        self.made += 1
        channel = ChannelId(snapshot.feed.removesuffix(".live"))
        if at is not None:
            fold = RecordFold(SESSION, snapshot.epoch, channel)
            told = (each for each in self.told.records if each.header.lane in fold.feed.lanes)
            fold.take([each for each in told if each.header.offset <= at])
            return fold.record()
        return self.told.record(channel)


@pytest.fixture
def records() -> OneMeeting:
    return OneMeeting()


@pytest.fixture
async def client(records: OneMeeting) -> AsyncIterator[Client]:
    app = web.Application()
    app.add_routes(RecordDoor(records, PAGES).routes())
    secure(app)
    async with TestClient(TestServer(app), auto_decompress=False) as client:
        yield client


@pytest.mark.parametrize(
    ("form", "kind", "beginning"),
    [
        ("vtt", "text/vtt", "WEBVTT - Water"),
        ("srt", "application/x-subrip", "1\r\n00:00:01,000"),
        ("txt", "text/plain", "Water & <land>"),
        ("html", "text/html", "<!doctype html>"),
        ("json", "application/json", '{"format":"moothall.record"'),
        ("ttml", "application/ttml+xml", '<?xml version="1.0" encoding="UTF-8"?>\n<tt xmlns'),
        ("akn", "application/akn+xml", '<?xml version="1.0" encoding="UTF-8"?>\n<akomaNtoso xmlns'),
    ],
)
async def test_each_form_is_saved_as_a_file(client: Client, form: str, kind: str, beginning: str) -> None:
    async with client.get(f"/s/plenary/record.{form}", headers={"Accept-Encoding": "identity"}) as response:
        text = (await response.read()).decode()
        assert response.status == 200
        assert response.content_type == kind
        assert text.startswith(beginning)
        assert response.headers["Content-Disposition"] == (
            f'attachment; filename="2025-11-24 Water & land -- 2026 (en).{form}"; '
            f"filename*=UTF-8''2025-11-24%20Water%20%26%20land%20--%202026%20%28en%29.{form}"
        )
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-cache"
        assert response.headers["Vary"] == "Accept-Language, Accept-Encoding"
        assert "Content-Encoding" not in response.headers
    async with client.get(f"/s/plenary/record.{form}", headers={"Accept-Encoding": "gzip, br"}) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(await response.read()).decode() == text


async def test_a_book_is_compressed_by_itself(client: Client) -> None:
    async with client.get("/s/plenary/record.epub", headers={"Accept-Encoding": "gzip, br"}) as response:
        book = await response.read()
        assert response.content_type == "application/epub+zip"
        assert "Content-Encoding" not in response.headers
    assert book[30:58] == b"mimetypeapplication/epub+zip"  # so that programs know it by its first bytes
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        assert archive.testzip() is None
        assert {each.date_time for each in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert "Good afternoon" in archive.read("EPUB/text-1.xhtml").decode()


async def test_the_html_file_may_do_nothing_wherever_it_is_opened(client: Client) -> None:
    async with client.get("/s/plenary/record.html") as response:
        policy = response.headers["Content-Security-Policy"]
        html = gzip.decompress(await response.read()).decode()
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/=]+'; base-uri 'none'; form-action 'none'; "
        r"frame-ancestors 'none'; sandbox",
        policy,
    )
    assert "url(" not in html
    assert "@import" not in html
    sheet = (find_web_folder() / "css/reader/record.css").read_text(encoding="utf-8")
    assert not re.search(r"#[0-9a-f]{3,8}\b(?=[;\s,)])", sheet)  # all colours are those of the tokens
    names = set(re.findall(r"var\(--([\w-]+)\)", html))
    assert names <= set(re.findall(r"--([\w-]+):", html))


async def test_what_is_wanted_is_in_the_address(client: Client) -> None:
    async def text(query: str) -> str:
        async with client.get(f"/s/plenary/record.txt{query}", headers={"Accept-Encoding": "identity"}) as response:
            assert response.status == 200
            return (await response.read()).decode()

    assert "Ms. Añez & co:\n[0:01] Good afternoon" in await text("")
    assert "Ms. Añez" not in await text("?speakers=0")
    assert "[0:01]" not in await text("?times=0")
    assert "(Written by a machine · Mended by a person)" in await text("?sources=1")
    assert "Interpreter: French" in await text("?language=fr")
    assert await text("?channel=fr") == await text("?language=fr")
    assert "Non enregistré de 1:10 à 2:10" in await text("?ui=fr")
    async with client.get("/s/plenary/record.vtt?marks=1", headers={"Accept-Encoding": "identity"}) as response:
        cues = read_vtt((await response.read()).decode())
    assert any(cue.lines[0].startswith("\u200f") for cue in cues)
    async with client.get("/s/plenary/record.srt", headers={"Accept-Encoding": "identity"}) as response:
        assert len(read_srt((await response.read()).decode())) == len(cues)


async def test_it_is_made_once_and_not_sent_to_who_has_it(client: Client, records: OneMeeting) -> None:
    async def ask(query: str = "", tag: str = "") -> tuple[int, str]:
        async with client.get(
            f"/s/plenary/record.vtt{query}", headers={"If-None-Match": tag} if tag else {}
        ) as response:
            return response.status, response.headers["ETag"]

    status, tag = await ask()
    assert (status, records.made) == (200, 1)
    assert await ask(tag=tag) == (304, tag)
    assert await ask(tag=f'"other", W/{tag}') == (304, tag)
    assert await ask(tag="*") == (304, tag)
    assert await ask() == (200, tag)
    assert records.made == 1
    assert (await ask("?speakers=0"))[1] != tag
    assert (await ask("?ui=ar"))[1] != tag
    assert records.made == 3
    records.told.tell(ev.SessionReopened(t=300_000))
    status, newer = await ask(tag=tag)
    assert (status, records.made) == (200, 4)
    assert newer != tag


async def test_a_session_that_goes_on_says_so(client: Client, records: OneMeeting) -> None:
    records.told = Telling()
    records.told.line("So far.", 0, 61_000)
    for form in ("vtt", "srt", "txt", "html", "ttml", "akn"):
        async with client.get(f"/s/plenary/record.{form}", headers={"Accept-Encoding": "identity"}) as response:
            assert "this is its text up to 1:01." in (await response.read()).decode()
    async with client.get("/s/plenary/record.json", headers={"Accept-Encoding": "identity"}) as response:
        assert (await response.json())["finished"] is False


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/s/none/record.vtt", 404, "There is no meeting at this address."),
        ("/s/%3Cscript%3E/record.vtt", 404, "There is no meeting at this address."),
        ("/s/plenary/record.odt", 404, "a record ends with one of these: \u2068.vtt\u2069, \u2068.srt\u2069"),
        ("/s/plenary/record.vtt?channel=xx", 404, "This meeting has no such text."),
        ("/s/plenary/record.vtt?channel=%3Cb%3E", 404, "This meeting has no such text."),
        ("/s/plenary/record.vtt?language=de", 404, "This meeting has no text in that language."),
        ("/s/plenary/record.vtt?language=", 404, "This meeting has no text in that language."),
        ("/s/plenary/record.vtt?language=" + "x" * 36, 404, "This meeting has no text in that language."),
        ("/s/plenary/record.vtt?speakers=no", 400, "“speakers” must be “0” or “1”."),
        ("/s/plenary/record.vtt?times=", 400, "“times” must be “0” or “1”."),
    ],
)
async def test_errors_are_sentences(client: Client, path: str, status: int, sentence: str) -> None:
    async with client.get(path) as response:
        assert (response.status, response.content_type) == (status, "text/plain")
        assert sentence in await response.text()
    browser = {"Accept": "text/html", "Accept-Language": "en", "Accept-Encoding": "identity"}
    async with client.get(path, headers=browser) as response:
        assert (response.status, response.content_type) == (status, "text/html")
        assert sentence in await response.text()
        assert response.headers["Cache-Control"] == "no-store"


async def test_a_store_that_is_away_is_a_sentence_too(client: Client, records: OneMeeting) -> None:
    records.broken = StorageUnavailable("disk")
    async with client.get("/s/plenary/record.vtt") as response:
        assert response.status == 503
        assert response.headers["Retry-After"] == "10"


async def test_no_more_wait_than_can_be_served(client: Client, records: OneMeeting) -> None:
    records.gate.clear()
    waiting = [
        asyncio.ensure_future(client.get(f"/s/plenary/record.txt?ui={LANGUAGES[n % 7]}&times={n % 2}"))
        for n in range(MAX_WAITING + 1)
    ]
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    (refused,) = [task.result() for task in done]
    assert refused.status == 503
    assert refused.headers["Retry-After"] == "10"
    records.gate.set()
    answers = await asyncio.gather(*waiting)
    assert sorted(answer.status for answer in answers) == [200] * MAX_WAITING + [503]
    assert records.made == 14


async def test_files_that_nobody_asks_for_are_let_go(records: OneMeeting) -> None:
    door = RecordDoor(records, PAGES, most_kept=1)
    app = web.Application()
    app.add_routes(door.routes())
    async with TestClient(TestServer(app)) as client:
        for form in ("vtt", "vtt", "srt", "srt", "vtt"):
            async with client.get(f"/s/plenary/record.{form}") as response:
                assert response.status == 200
    assert records.made == 3


async def test_nothing_made_before_a_removal_is_kept_or_given_out(records: OneMeeting) -> None:
    door = RecordDoor(records, PAGES)
    removed = ev.BodyRemoved(offsets=(5,), reason="request", by="staff-1")
    app = web.Application()
    app.add_routes(door.routes())
    async with memory_hall() as hall, TestClient(TestServer(app)) as client:
        live, other = await hall.session(SessionId("plenary")), await hall.session(SessionId("other"))
        await client.get("/s/plenary/record.vtt")
        for session, event in ((other, removed), (live, ev.SessionPaused(t=1))):
            door.observe(session, publication(session.id, event))
        await client.get("/s/plenary/record.vtt")
        assert (records.made, records.forgotten) == (1, ["other"])
        door.observe(live, publication(live.id, removed))
        assert records.forgotten == ["other", "plenary"]
        records.gate.clear()
        records.reached.clear()
        asking = asyncio.ensure_future(client.get("/s/plenary/record.vtt"))
        await records.reached.wait()
        door.observe(live, publication(live.id, removed))
        records.gate.set()
        await asking
        assert records.made == 3, "it was made again"
        await client.get("/s/plenary/record.vtt")
        assert records.made == 3


def publication(session: SessionId, event: ev.AnyEvent) -> Publication:
    return Publication(session=session, records=(Recorder(session).record(event),), events=(event,))


DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


async def serving(records: OneMeeting, typeset: Callable[[bytes], Awaitable[bytes]] | None) -> Client:
    app = web.Application()
    app.add_routes(RecordDoor(records, PAGES, typeset=typeset).routes())
    return TestClient(TestServer(app), auto_decompress=False)


async def test_documents_are_packed_already(client: Client, records: OneMeeting) -> None:
    async with client.get("/s/plenary/record.docx", headers={"Accept-Encoding": "gzip"}) as response:
        assert (response.status, response.content_type) == (200, DOCX)
        assert "Content-Encoding" not in response.headers
        assert (await response.read())[:2] == b"PK"


async def test_two_texts_are_one_file_of_the_states_of_both(client: Client, records: OneMeeting) -> None:
    async def ask(query: str, form: str = "html") -> tuple[int, str, str, str]:
        async with client.get(f"/s/plenary/record.{form}{query}", headers={"Accept-Encoding": "identity"}) as response:
            text = (await response.read()).decode(errors="replace")
            headers = response.headers
            return response.status, text, headers.get("ETag", ""), headers.get("Content-Disposition", "")

    status, both, tag, name = await ask("?channel=floor&beside=fr")
    assert status == 200
    assert '<div class="pair names"><p>As spoken</p><p>Interpreter: French</p></div>' in both
    assert 'filename="2025-11-24 Water & land -- 2026 (en, fr).html"' in name
    assert (await ask("?beside=fr"))[1:3] == (both, tag), "the first text is the first of the session"
    assert (await ask("?channel=fr&beside=floor"))[2] != tag
    assert (await ask(""))[2] != tag
    records.told.tell(ev.SessionReopened(t=300_000))
    assert (await ask("?channel=floor&beside=fr"))[2] != tag
    bare = (await ask("?beside=fr&speakers=0&times=0"))[1]
    assert "<h2>" not in bare
    assert 'class="time"' not in bare
    assert (await ask("?beside=fr", "docx"))[0] == 200


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("record.vtt?beside=fr", 400, "Two texts beside each other can be had as"),
        ("record.html?channel=fr&beside=fr", 400, "“beside” must name another text"),
        ("record.html?beside=xx", 404, "This meeting has no such text."),
        ("record.html?beside=", 404, "This meeting has no such text."),
    ],
)
async def test_what_cannot_stand_beside_a_text_is_said(client: Client, path: str, status: int, sentence: str) -> None:
    async with client.get(f"/s/plenary/{path}") as response:
        assert response.status == status
        assert sentence in await response.text()


async def test_where_pdf_cannot_be_made_the_extra_is_named(records: OneMeeting) -> None:
    async with await serving(records, None) as client, client.get("/s/plenary/record.pdf") as response:
        assert response.status == 501
        assert "has not installed the extra “documents”" in await response.text()


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        (FontsMissing("x"), 501, "this server has no font for the letters of this text"),
        (TypesettingFailed("x"), 503, "could not be made, or it took too long"),
    ],
)
async def test_a_pdf_that_fails_is_a_sentence_and_is_not_kept(
    records: OneMeeting, error: Exception, status: int, sentence: str
) -> None:
    failing = True

    async def typeset(data: bytes) -> bytes:
        if failing:
            raise error
        return b"%PDF " + data

    async with await serving(records, typeset) as client:
        async with client.get("/s/plenary/record.pdf?ui=en") as response:
            assert response.status == status
            assert sentence in await response.text()
        failing = False
        async with client.get("/s/plenary/record.pdf", headers={"Accept-Encoding": "gzip"}) as response:
            assert (response.status, response.content_type) == (200, "application/pdf")
            assert "Content-Encoding" not in response.headers
            assert "Ms. Añez" in (await response.read()).decode()


async def test_a_pdf_that_was_being_set_at_a_removal_is_set_again(records: OneMeeting) -> None:
    setting, gate, made = asyncio.Event(), asyncio.Event(), 0

    async def typeset(data: bytes) -> bytes:
        nonlocal made
        made += 1
        setting.set()
        await gate.wait()
        return b"%%PDF %d" % made

    door = RecordDoor(records, PAGES, typeset=typeset)
    app = web.Application()
    app.add_routes(door.routes())
    address = "/s/plenary/record.pdf?channel=floor&beside=fr"
    async with memory_hall() as hall, TestClient(TestServer(app)) as client:
        live = await hall.session(SessionId("plenary"))
        asking = asyncio.ensure_future(client.get(address))
        await setting.wait()
        door.observe(live, publication(live.id, ev.BodyRemoved(offsets=(5,), reason="request", by="staff-1")))
        gate.set()
        for response in (await asking, await client.get(address)):
            assert await response.read() == b"%PDF 2"


async def test_while_a_pdf_is_set_other_forms_are_made_and_few_wait(records: OneMeeting) -> None:
    setting, gate = asyncio.Event(), asyncio.Event()
    count = 0

    async def typeset(data: bytes) -> bytes:
        nonlocal count
        count += 1
        setting.set()
        await gate.wait()
        return b"%PDF"

    async with await serving(records, typeset) as client:
        waiting = [
            asyncio.ensure_future(client.get(f"/s/plenary/record.pdf?ui={LANGUAGES[n % 7]}"))
            for n in range(MAX_SETTING + 1)
        ]
        await setting.wait()
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        (refused,) = [task.result() for task in done]
        assert refused.status == 503
        assert refused.headers["Retry-After"] == "10"
        async with client.get("/s/plenary/record.txt") as response:
            assert response.status == 200
        gate.set()
        answers = await asyncio.gather(*waiting)
        assert sorted(answer.status for answer in answers) == [200] * MAX_SETTING + [503]
        assert count == 7, "equal requests share a file"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_wording_in_every_language(language: str) -> None:
    ui = PAGES.catalogues[language]
    record = meeting().record()
    words = wording(record, ui)
    assert (words.language, words.direction) == (language, ui.direction)
    assert len(words.about) == 3
    assert {words.source(line) for line in record.lines}
    assert "1:10" in words.missing(record.missing[1])
    assert words.quality.endswith(ui.language_name("en"))
    assert wording(Telling().record(), ui).quality == ""
    assert len(wording(Telling(opened=False).record(), ui).about) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_record_says_what_was_measured_of_voices_though_it_is_not_any_more(language: str) -> None:
    ui = PAGES.catalogues[language]
    told = meeting()
    assert ui.named("page/voices.changes") not in wording(told.record(), ui).notice
    engine = ev.EngineAttached(channel=FLOOR, generation=1, model="m", voices=ev.VoicesTold.CHANGES)
    told.tell(engine, replace(engine, generation=2, voices=UNSET), ev.SessionClosed(t=90_000))
    words = wording(told.record(), ui)
    assert words.notice == ui.sentences((ui.text(NOTICE), ui.named("page/voices.changes")))
    assert ui.named("page/voices.changes") in write_text(told.record(), words, Options())


def test_a_translation_that_was_asked_for_says_so_and_since_when() -> None:
    asked, name = 1_764_000_000_000, ChannelId("mt-es")
    spoken = meeting().record()

    def said(*, of_record: bool) -> str:
        channel = ReaderChannel(
            kind=ev.ChannelKind.TRANSLATION,
            languages=("es",),
            of_record=of_record,
            requested=None if of_record else asked,
        )
        session = replace(spoken.session, channels={name: channel})
        record = replace(spoken, channel=name, kind=channel.kind, languages=channel.languages, session=session)
        words = wording(record, PAGES.catalogues["en"])
        assert [fact for fact in words.about if "Spanish" in fact] == ["Translation: Spanish"]
        return write_text(record, words, Options())

    assert "A machine translates this text, and it makes mistakes" in said(of_record=True)
    assert "on demand" not in said(of_record=True)
    assert "It is no part of the record of the meeting." in said(of_record=False)
    assert "Made on demand since November 24, 2025" in said(of_record=False)


def test_without_its_style_the_door_is_not_opened(tmp_path: Path) -> None:
    folder = tmp_path / "web"
    shutil.copytree(find_web_folder(), folder, ignore=shutil.ignore_patterns("record.css"))
    with pytest.raises(ConfigurationError, match=r"record\.css"):
        RecordDoor(OneMeeting(), Pages(folder))


def test_what_was_asked_is_said_in_every_language() -> None:
    record = questioned().record()
    for language in LANGUAGES:
        words = wording(record, PAGES.catalogues[language]).asked
        assert len(words.figures) == 2
        for each in record.asked:
            text = " ".join([words.number_of(each), *words.about(each, Options())])
            assert str(each.number) in text
            assert "{" not in text


async def test_a_record_can_be_had_as_it_was_at_a_position(client: Client, records: OneMeeting) -> None:
    headers = {"Accept-Encoding": "identity", "Accept-Language": "en"}
    present = records.told.record().position
    wrong = next(each for each in records.told.records if b"We where ready." in (each.body or b"")).header.offset
    async with client.get(f"/s/plenary/record.txt?at={present.epoch}:{wrong}", headers=headers) as response:
        assert response.status == 200
        then, text = response.headers["ETag"], await response.text()
    assert "We where ready." in text
    assert f"{present.epoch}:{wrong}" in text
    async with client.get(f"/s/plenary/record.txt?at={present}", headers=headers) as response:
        assert response.headers["ETag"] != then
        assert "We were ready." in await response.text()
    made = records.made
    async with client.get(f"/s/plenary/record.txt?at={present.epoch}:{wrong}", headers=headers) as response:
        assert (await response.text(), records.made) == (text, made)
    for at in ("now", f"other:{wrong}", f"{present.epoch}:0", f"{present.epoch}:{present.offset + 1}"):
        async with client.get(f"/s/plenary/record.txt?at={at}", headers=headers) as response:
            assert response.status == 404
            assert "doesn't have that state of the text" in await response.text()


async def test_two_texts_can_be_had_as_they_were_at_a_position(client: Client, records: OneMeeting) -> None:
    headers = {"Accept-Encoding": "identity", "Accept-Language": "en"}
    then = records.told.record(FLOOR).position
    records.told.line("Plus tard.", 320_000, 330_000, channel=FR, language="fr")
    newest = records.told.record(FR).position
    assert newest.offset > records.told.record(FLOOR).position.offset

    async def read(at: str) -> str:
        async with client.get(f"/s/plenary/record.html?beside=fr&at={at}", headers=headers) as response:
            assert response.status == 200
            return await response.text()

    assert "Plus tard." in await read(str(newest))
    assert "Plus tard." not in await read(str(then)), "the first text reads so still, the second no longer"
