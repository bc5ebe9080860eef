"""Documents made of reports: the secretariat has them published, everybody reads and takes them."""

from __future__ import annotations

import asyncio
import io
import json
import re
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import CookieJar
from docx import Document
from msgspec.structs import replace

from integration.admin.test_retention import Office, entered
from integration.search.test_search import settings
from integration.search.test_speakers import spoken
from moothall.adapters.reading.page_menu import can_typeset
from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events.outcome_parts import DocumentForm, MessageKind
from moothall.core.events.question_parts import InterventionKind, InterventionStatus, OpinionSums
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, InterventionId, MessageId, ReplyId, SegmentId, SessionId
from moothall.core.outcomes import commands as oc
from moothall.core.removal.selection import Lines
from moothall.services.log.act_queue import Receipt
from support.browser.translations_at_work import into_portuguese
from support.halls.outcomes import CSTD, DOCUMENT, Q1, STAFF, WORDS, OutcomeWriter, messages
from support.record.referees import faults_of_book

NOTICE = "Summary on the rapporteur&#39;s responsibility. Not negotiated; binds nobody."
WAY = "Translated by a machine from English: the gist only"
FLOOR, HALL = ChannelId("floor"), SessionId("hall-1")
FIELDS = {"name": "outcomes-2026", "title": "Outcomes", "kind": "outcome", "first": "2026-01-01", "last": "2099-12-31"}


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[RunningServer]:
    async with hall(settings(tmp_path)) as server:
        await spoken(server, HALL)
        yield server


async def published(running: RunningServer) -> OutcomeWriter:
    """A published report of the meeting."""
    writer = OutcomeWriter(running)
    await writer.register()
    await writer.report(HALL, *messages(await writer.cited(HALL, FLOOR, SegmentId("l0"))))
    return writer


async def read(running: RunningServer, path: str, status: int = 200) -> bytes:
    async with aiohttp.ClientSession() as http, http.get(f"{running.address}{path}") as answer:
        assert answer.status == status, await answer.text()
        return await answer.read()


async def test_the_secretariat_has_a_document_published_and_everybody_reads_it(running: RunningServer) -> None:
    writer = await published(running)
    async with aiohttp.ClientSession(cookie_jar=CookieJar(unsafe=True)) as http:
        office = await entered(running, http)
        assert "There is no document yet." in await office.get("/admin/documents")
        await office.post("/admin/documents", FIELDS)
        await read(running, "/outcomes/outcomes-2026", 404)
        page = await office.post("/admin/documents/outcomes-2026/publish", {})
        assert "Version 1, " in page
        assert 'value="outcomes-2026"' in await office.get("/admin/documents?change=outcomes-2026")
        await refused(office)
    listed = (await read(running, "/outcomes")).decode()
    assert NOTICE in listed
    assert "Version 1, " in listed
    shown = (await read(running, "/outcomes/outcomes-2026")).decode()
    assert shown.index(NOTICE) < shown.index("How can &lt;access&gt; be paid for?")
    for said in (
        "Bodies that deal with it already: CSTD &amp; others",
        "No consensus: these are the views presented.",
        "The rapporteur found no objection",
        "Not confirmed yet by whoever gives it",
        "View of: \u2068Governments\u2069, \u2068Civil society\u2069",
        "Written by a person, unchecked · Nobody opened this place before the report was published",
        f"/s/{HALL}/cite?channel=floor&amp;from=l0&amp;at=",
    ):
        assert said in shown, said
    await writer.object_to(HALL, MessageId("m0"))
    assert "\u2068Ana &lt;x&gt;\u2069 objects" in (await read(running, "/outcomes/outcomes-2026")).decode()


async def refused(office: Office) -> None:
    for changed, why in (
        ({"name": "no name"}, "A name has letters"),
        ({"name": HALL}, "A name has letters"),
        ({"title": " "}, "A document needs a title."),
        ({"last": "2020-01-01"}, "Write the first and the last day like 2026-12-01"),
    ):
        assert why in await office.post("/admin/documents", FIELDS | changed, 409)
    await office.post("/admin/documents", FIELDS | {"kind": "poem"}, 400)
    await office.post("/admin/documents/nosuch/publish", {}, 404)
    empty = FIELDS | {"name": "empty", "first": "2020-01-01", "last": "2020-01-02"}
    await office.post("/admin/documents", empty)
    assert "Nothing can be published" in await office.post("/admin/documents/empty/publish", {}, 409)


async def test_a_mended_line_and_a_removed_one_show_in_the_document_at_once(running: RunningServer) -> None:
    writer = await published(running)
    await writer.document()
    before = (await read(running, "/outcomes/outcomes-2026")).decode()
    live = await running.backend.sessions.open(HALL)
    line = live.state.segments.get(SegmentId("l0"))
    assert line is not None
    assert line.whole.strip() in before
    mend = do.CorrectSegment(
        channel=FLOOR,
        segment=line.id,
        base_revision=line.revision,
        base_words=len(line.words),
        text="Quite other words.",
    )
    await writer.send(live, Actor(Role.CAPTIONER, "c"), mend)
    mended = (await read(running, "/outcomes/outcomes-2026")).decode()
    assert "As it reads now: Quite other words." in mended
    assert line.whole.strip() in mended
    gone = await live.writer.remove(Actor(Role.TECHNICIAN, "t"), CommandId("gone"), Lines((line.id,)))
    assert isinstance(gone, Receipt)
    for path in ("", "/map", "/document.json"):
        removed = (await read(running, f"/outcomes/outcomes-2026{path}")).decode()
        assert line.whole.strip() not in removed
        assert "Quite other words." not in removed
    assert "Message no. 1 &amp; &lt;more&gt;." in (await read(running, "/outcomes/outcomes-2026")).decode()


async def test_the_map_has_a_table_and_a_picture_that_lead_to_the_words(running: RunningServer) -> None:
    writer = await published(running)
    await writer.document()
    shown = (await read(running, "/outcomes/outcomes-2026")).decode()
    assert 'href="/outcomes/outcomes-2026/map"' in shown
    page = (await read(running, "/outcomes/outcomes-2026/map")).decode()
    cited = f"/s/{HALL}/cite?channel=floor&amp;from=l0&amp;at="
    table, picture = page.split("</table>")
    assert table.count(cited) == picture.count(f'<a href="{cited}') == 4
    assert table.index("Governments") < page.index("<svg", page.index("<table>"))
    assert "No message answers it." in page
    # What people think stands above, as far as all groups share it.
    assert "What people think" not in page
    await voted(running, writer)
    page = (await read(running, "/outcomes/outcomes-2026/map")).decode()
    assert page.index("Pay for water") < page.index(table.rpartition("<table>")[2][:60])
    assert "Agree: 9. Disagree: 0. Pass: 1." in page
    assert f'href="/s/{HALL}/opinions"' in page
    assert "Pay for gold" not in page


async def voted(running: RunningServer, writer: OutcomeWriter) -> None:
    """Put two comments to the vote, of which people share one."""
    live = await running.backend.sessions.open(HALL)
    texts = {InterventionId("water"): "Pay for water", InterventionId("gold"): "Pay for gold"}
    names = tuple(texts)
    for name, text in texts.items():
        asked = do.Ask(intervention=name, kind=InterventionKind.COMMENT, text=text, language="en", asker=name)
        await writer.send(live, Actor(Role.PARTICIPANT, name), asked)
    leads = Actor(Role.MODERATOR, "m")
    await writer.send(live, leads, do.SetStatus(interventions=names, status=InterventionStatus.QUEUED))
    await writer.send(live, leads, do.PutToVote(comments=names))
    sums = (OpinionSums(agree=9, disagree=0, passed=1), OpinionSums(agree=5, disagree=5, passed=0))
    await writer.send(live, SYSTEM, do.CountOpinions(voters=10, sums=dict(zip(names, sums, strict=True)), groups=()))


async def quoted_paragraphs(running: RunningServer, first: str) -> None:
    """A plain paragraph and a message of version 1 have quotations, each with the proof of its own words."""
    message = re.findall(r'class="message" id="p(\d+)"', first)[0]
    for n, log, kind in (("1", "outcomes-2026", "document.published"), (message, f"report.{HALL}", "report.published")):
        address = f"/outcomes/outcomes-2026/quote?paragraph={n}&n=1"
        assert f'href="{address.replace("&", "&amp;")}"' in first
        page = (await read(running, address)).decode()
        assert NOTICE in page
        assert f"Paragraph {n}, Version 1, " in page
        assert await read(running, address.removesuffix("&n=1"))
        place = re.search(r'href="/s/([^"/]+)/line\.tlog-proof\?offset=(\d+)"', page)
        assert place is not None
        assert place[1] == log
        (record, *_) = await running.backend.log.read(SessionId(log), int(place[2]) - 1, 1)
        assert record.header.type == kind
    await read(running, "/outcomes/outcomes-2026/quote?paragraph=999&n=1", 404)


async def test_versions_stay_and_have_addresses(running: RunningServer) -> None:
    writer = await published(running)
    await writer.document()
    await writer.document_again()
    first = (await read(running, "/outcomes/outcomes-2026?n=1")).decode()
    assert "This is an earlier version. The newest is version 2." in first
    await quoted_paragraphs(running, first)
    for wrong in ("?n=3", "?n=x", "?n=0"):
        await read(running, f"/outcomes/outcomes-2026{wrong}", 404)
    await read(running, "/outcomes/nosuch", 404)
    await read(running, "/outcomes/outcomes-2026/document.txt", 404)


async def test_views_stand_side_by_side_and_the_order_is_said(running: RunningServer) -> None:
    writer = OutcomeWriter(running)
    await writer.register()
    cited = await writer.cited(HALL, FLOOR, SegmentId("l0"))
    agreed, *_ = messages(cited)
    views = [replace(agreed, id=MessageId(f"v{n}"), kind=MessageKind.VIEW, text=f"View {n}.") for n in range(3)]
    await writer.report(HALL, agreed, *views)
    order = "In the order in which they were presented."
    report = (await read(running, f"/s/{HALL}/outcome?ui=en")).decode()
    assert report.index(order) < report.index('<ol class="messages side-by-side">') < report.index("View 0.")
    assert report.count("side-by-side") == 1
    for form in (DocumentForm.OUTCOME, DocumentForm.CHAIR):
        await writer.document(SessionId(form), form)
        shown = (await read(running, f"/outcomes/{form}?ui=en")).decode()
        said = order if form is DocumentForm.CHAIR else "Views, in the order in which they were spoken"
        written = WORDS.headings[MessageKind.VIEW] if form is DocumentForm.OUTCOME else said
        group = shown.index('<div class="side-by-side">')
        assert shown.index(written) < group
        assert [text in shown[group:] for text in ("View 0.", "View 1.", "View 2.")] == [True] * 3
        assert "Message no. 0" in shown[:group]
    for path in (f"/s/{HALL}/outcome.docx", "/outcomes/outcome/document.docx"):
        (table,) = Document(io.BytesIO(await read(running, path))).tables
        first = [cell.paragraphs[0].text.split(". ", 1)[-1] for row in table.rows for cell in row.cells]
        assert first == ["View 0.", "View 1.", "View 2.", ""]


async def test_all_reports_together_are_one_document(running: RunningServer) -> None:
    await published(running)
    async with aiohttp.ClientSession(cookie_jar=CookieJar(unsafe=True)) as http:
        office = await entered(running, http)
        await office.post("/admin/documents", FIELDS | {"name": "reports", "title": "Workshops", "kind": "reports"})
        page = await office.post("/admin/documents/reports/publish", {})
        assert "All reports in one · " in page
        await office.post("/admin/documents/reports/publish", {})
    path = "/outcomes/reports/document"
    for n in (1, 2):
        shown = (await read(running, f"/outcomes/reports?n={n}&ui=en")).decode()
        assert NOTICE in shown
        assert "All reports in one · " in shown
        assert "Access was spoken of." in shown
    told = json.loads(await read(running, f"{path}.json?n=1"))
    assert told["form"] == "reports"
    headings = [each["text"] for each in told["paragraphs"] if each["style"] == "heading"]
    assert headings[1:3] == ["Issues", "What was agreed"]
    document = Document(io.BytesIO(await read(running, f"{path}.docx?n=1")))
    texts = [each.text for each in document.paragraphs]
    assert texts.count(headings[0]) == 1  # in the contents
    assert texts.index("Contents") < texts.index(headings[0])
    with zipfile.ZipFile(io.BytesIO(await read(running, f"{path}.epub?n=1"))) as book:
        assert headings[0] in book.read("EPUB/part-1.xhtml").decode()
    pdf = await read(running, f"{path}.pdf?n=1", 200 if can_typeset() else 501)
    assert pdf[:5] == b"%PDF-" or not can_typeset()


async def test_files_begin_with_the_notice_and_have_the_numbers(running: RunningServer) -> None:
    writer = await published(running)
    await writer.document()
    path = "/outcomes/outcomes-2026/document"
    told = json.loads(await read(running, f"{path}.json"))
    assert told["notice"] == "Summary on the rapporteur's responsibility. Not negotiated; binds nobody."
    assert [each["n"] for each in told["paragraphs"]] == list(range(1, len(told["paragraphs"]) + 1))
    document = Document(io.BytesIO(await read(running, f"{path}.docx")))
    texts = [each.text for each in document.paragraphs]
    assert texts[1] == told["notice"]
    assert "1. How can <access> be paid for?" in texts
    annex = texts[texts.index("Annex: where each message was said") + 1 :]
    assert [each.split(". ", 1)[0] for each in annex[:4]] == ["8", "10", "12", "14"]
    assert f"{running.address}/s/{HALL}/cite?channel=floor&from=l0&at=" in annex[0]
    with zipfile.ZipFile(io.BytesIO(await read(running, f"{path}.epub"))) as book:
        assert book.namelist()[0] == "mimetype"
        assert "Not negotiated; binds nobody." in book.read("EPUB/front.xhtml").decode()
        assert "2. Bodies that deal with it already" in book.read("EPUB/part-1.xhtml").decode()
    pdf = await read(running, f"{path}.pdf?ui=ar", 200 if can_typeset() else 501)
    assert pdf[:5] == b"%PDF-" or not can_typeset()


async def test_a_machine_translates_a_document_and_a_report_and_every_page_and_file_says_so(
    running: RunningServer,
) -> None:
    writer = await published(running)
    await writer.object_to(HALL, MessageId("m1"))
    await writer.document()
    notice = "Machine translation of version 1: made by a machine, not official."
    async with into_portuguese(running):
        # A question in Spanish has no way into Portuguese here: nothing is half translated.
        assert "translation=" not in (await read(running, "/outcomes/outcomes-2026")).decode()
        await read(running, "/outcomes/outcomes-2026?translation=pt", 404)
        assert "outcome?ui=en&amp;translation=pt" in (await read(running, f"/s/{HALL}/outcome?ui=en")).decode()
        page = (await read(running, f"/s/{HALL}/outcome?translation=pt")).decode()
        assert page.index("binds nobody.") < page.index(notice) < page.index(WAY) < page.index("<h1")
        assert "[pt] Access was spoken of." in page
        assert "Written by a person, unchecked" in page
        told = json.loads(await read(running, f"/s/{HALL}/outcome.json?translation=pt"))
        assert (told["version"], told["language"], told["translation"]["language"]) == (1, "pt", "pt")
        cited = next(each for message in told["messages"] for each in message["citations"])
        assert cited["machine_translation"] == f"[pt] {cited['was']}"
        under = f'<blockquote class="translated" lang="pt" dir="ltr">[pt] {cited["was"]}</blockquote>'
        assert page.index(f"{cited['was']}</blockquote>") < page.index(under)
        objection = page[page.index("Objection by") :]
        label, translated = ">Machine translation</p>", '<p lang="pt" dir="ltr">[pt] It was not.</p>'
        assert objection.index(">It was not.</p>") < objection.index(label) < objection.index(translated)
        objected = [each for message in told["messages"] for each in message["objections"]]
        assert [each["machine_translation"] for each in objected] == ["[pt] It was not."]
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"{running.address}/s/{HALL}/outcome.docx?translation=pt") as answer,
        ):
            assert f"{HALL}-report-1-machine-translation-pt.docx" in answer.headers["Content-Disposition"]
            document = Document(io.BytesIO(await answer.read()))
        assert "Machine translation, not official" in document.sections[0].footer.paragraphs[0].text
        assert notice in document.paragraphs[2].text
        assert document.paragraphs[2].text.endswith(WAY)
        texts = [each.text for each in document.paragraphs]
        at = texts.index(f"“{cited['was']}”")
        assert texts[at - 1 : at + 3] == ["Original", texts[at], "Machine translation", f"[pt] {cited['was']}"]
        at = texts.index("It was not.")
        assert texts[at + 1 : at + 3] == ["Machine translation", "[pt] It was not."]
        only = oc.StateDocument(
            form=DocumentForm.OUTCOME,
            since="2026-12-01",
            until="2026-12-01",
            questions=(Q1,),
            comments_until=4_102_444_800_000,
        )
        assert await writer.documents().state(DOCUMENT, "Results", only, STAFF) is None
        await writer.document_again()
        await said_beside(writer)
        page = (await read(running, "/outcomes/outcomes-2026?translation=pt")).decode()
        assert page.index("Machine translation of version 2") < page.index(WAY) < page.index("[pt] Results</bdi></h1>")
        assert '<span class="words" lang="pt" dir="ltr">[pt] Message no. 1 &amp; &lt;more&gt;.</span>' in page
        assert 'href="/outcomes/outcomes-2026/document.epub?translation=pt"' in page
        original, under = f"{cited['was']}</q>", f'<p class="words" lang="pt" dir="ltr">[pt] {cited["was"]}</p>'
        at = page.index(original)
        assert at < page.index(">Machine translation</p>", at) < page.index(under)
        map_page = re.search(r'href="(/outcomes/outcomes-2026/map\?translation=pt)"', page)
        assert map_page is not None
        shown = (await read(running, map_page[1])).decode()
        assert shown.index("Machine translation of version 2") < shown.index("[pt] Message no. 1")
        assert 'href="/outcomes/outcomes-2026/map">Read the original</a>' in shown
        assert 'href="/outcomes/outcomes-2026?translation=pt"' in shown
        for text in ("It was not.", "It is noted.", "I doubt it.", "So do we."):
            at = page.index(f"{text}</p>")
            assert at < page.index(">Machine translation</p>", at) < page.index(f"[pt] {text}</p>")
        told = json.loads(await read(running, "/outcomes/outcomes-2026/document.json?translation=pt"))
        (comment,) = told["comments"]
        assert (comment["text"], comment["machine_translation"]) == ("I doubt it.", "[pt] I doubt it.")
        assert (comment["answer"], comment["answer_machine_translation"]) == ("So do we.", "[pt] So do we.")
        with zipfile.ZipFile(
            io.BytesIO(await read(running, "/outcomes/outcomes-2026/document.epub?translation=pt"))
        ) as book:
            pages = [book.read(name).decode() for name in book.namelist() if "/part-" in name]
        for text in ("It was not.", "It is noted.", "I doubt it.", "So do we."):
            assert any(f"[pt] {text}</p>" in each for each in pages), text
        assert "[pt]" not in (await read(running, "/outcomes/outcomes-2026")).decode()
        assert all("Machine translation, not official" in each for each in pages)
        assert any(f"[pt] {cited['was']}" in each for each in pages)


async def said_beside(writer: OutcomeWriter) -> None:
    """A body replies to a message, and somebody comments on a paragraph and is answered."""
    reply = oc.NoteReply(
        reply=ReplyId("r1"),
        recipient=CSTD,
        text="It is noted.",
        language="en",
        document=DOCUMENT,
        message=MessageId("m2"),
    )
    await writer.send(await writer.logs.register(), STAFF, reply)
    live, name = await writer.running.backend.sessions.open(DOCUMENT), InterventionId("c1")
    asked = do.Ask(intervention=name, kind=InterventionKind.COMMENT, text="I doubt it.", language="en", asker="x")
    await writer.send(live, Actor(Role.PARTICIPANT, "x"), asked)
    await writer.send(live, SYSTEM, oc.PlaceComment(intervention=name, paragraph=1))
    queued = do.SetStatus(interventions=(name,), status=InterventionStatus.QUEUED)
    await writer.send(live, STAFF, queued, do.WriteAnswer(intervention=name, text="So do we.", language="en"))


async def test_a_persons_translation_stands_before_the_machines_and_names_who_vouches(running: RunningServer) -> None:
    writer = await published(running)
    await writer.document()
    async with into_portuguese(running), aiohttp.ClientSession(cookie_jar=CookieJar(unsafe=True)) as http:
        office = await entered(running, http)
        await office.get("/admin/translations/nosuch", 404)
        for log, address in (("outcomes-2026", "/outcomes/outcomes-2026"), (f"report.{HALL}", f"/s/{HALL}/outcome")):
            page = await office.get(f"/admin/translations/{log}")
            places = re.findall('<textarea id="Text-[^"]*" name="([^"]*)"', page)
            fields = {place: f"PT {place}" for place in places} | {"n": "1", "language": "pt-BR", "name": "Ana <x>"}
            refused = await office.post(f"/admin/translations/{log}", fields | {"language": "en"}, 409)
            assert "PT title</textarea>" in refused
            await office.post(f"/admin/translations/{log}", fields)
            page = (await read(running, f"{address}?translation=pt&ui=en")).decode()
            assert "Translated by \u2068Ana &lt;x&gt;\u2069, from version 1." in page
            assert f'href="{address}?' in page.partition("Read the original")[0].rpartition("<a ")[2]
            assert "PT title" in page
            assert "Machine translation" not in page.replace("Machine translations, not official", "")
            assert "PT title" not in (await read(running, address)).decode()
            # Of two into one language, the later stands there under its own name.
            again = {place: f"Again {place}" for place in places} | {"n": "1", "language": "pt-PT", "name": "Bia"}
            await office.post(f"/admin/translations/{log}", again)
            page = (await read(running, f"{address}?translation=pt&ui=en")).decode()
            assert "Translated by \u2068Bia\u2069" in page
            assert "Again title" in page
        await writer.document_again()
        assert "Translated by" not in (await read(running, "/outcomes/outcomes-2026")).decode()


@pytest.mark.slow  # 7 s of CPU; it looks at books of this writer in integration/adapters.
async def test_epubcheck_finds_nothing_in_a_document(running: RunningServer, tmp_path: Path) -> None:
    writer = await published(running)
    await writer.document()
    path = tmp_path / "a.epub"
    path.write_bytes(await read(running, "/outcomes/outcomes-2026/document.epub?ui=ar"))
    assert await asyncio.to_thread(faults_of_book, path) == []
