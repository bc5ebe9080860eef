"""Words that are removed from a record are in no output of reports and documents any more, and in no file."""

from __future__ import annotations

import html
import io
import re
import zipfile
from pathlib import Path

import aiohttp
from aiohttp import CookieJar

from integration.admin.test_retention import Office, entered
from integration.search.test_search import settings
from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.events.outcome_parts import (
    DocumentForm,
    MessageKind,
    PublishedMessage,
    PublishedSection,
    TranslatedText,
)
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import InterventionId, MessageId, ObjectionId, SegmentId
from moothall.core.outcomes import commands as oc
from support.browser.translations_at_work import into_portuguese
from support.files.found import found
from support.halls.outcomes import DOCUMENT, STAFF, OutcomeWriter
from support.halls.removal import FLOOR, HIDDEN, SESSION, asked, at_a_desk, held, published

MADE = do.CreateSession(title="Hearing", languages=("en",), access=ev.Access.PUBLIC)
QUOTES = f"They said “{HIDDEN} it is”."
WHOLE = f"As said there, so {HIDDEN} it is, at last."
STARTS = ("/outcomes", "/bodies", f"/s/{SESSION}/outcome")
OFFICE = ("/admin/reports", "/admin/documents", "/admin/bodies", f"/report/{SESSION}")
FOLLOWED = re.compile(rf"/(outcomes|bodies|admin/translations|s/{SESSION}/(outcome|cite))\b(?!.*\.pdf)")
"""Without PDF: it is typeset of the paragraphs that DOCX has, which takes half a second each."""
LINK = re.compile(r'(?:href|src|action)="(/[^"#]*)')


class OfOutputs:
    """All addresses that pages about outcomes lead to."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.seen: dict[str, str] = {}

    async def read(self) -> dict[str, str]:
        """What stands at each of them, as text."""
        self.seen, ahead = {}, [*STARTS, *OFFICE]
        while ahead:
            path = ahead.pop()
            if path not in self.seen:
                self.seen[path] = text = await self._text(path)
                ahead += [link for each in LINK.findall(text) if FOLLOWED.match(link := _plain(each))]
        return self.seen

    async def _text(self, path: str) -> str:
        async with self.office.http.get(f"{self.office.running.address}{path}") as answer:
            body = await answer.read()
        if body[:2] != b"PK":
            return html.unescape(body.decode(errors="replace"))
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return html.unescape("\n".join(archive.read(name).decode(errors="replace") for name in archive.namelist()))

    async def having(self, word: str) -> list[str]:
        """The addresses at which a word stands."""
        return sorted(path for path, text in (await self.read()).items() if word in text)


def _plain(link: str) -> str:
    """A link without the language of the page, which would lead to each page seven times."""
    return re.sub(r"([?&])ui=[a-z]+&?", r"\1", html.unescape(link)).rstrip("?&")


async def repeated(running: RunningServer) -> OutcomeWriter:
    """A report, an objection to it, a document, a comment on it and translations that all repeat words of a line."""
    writer = OutcomeWriter(running)
    await writer.register()
    live = await writer.logs.report(SESSION, "Report", ev.Access.PUBLIC)
    cited = await writer.cited(SESSION, FLOOR, SegmentId("b"))
    drafted = oc.WriteMessage(
        message=MessageId("m0"), kind=MessageKind.AGREED, text=QUOTES, citations=(cited,), base_revision=0
    )
    section = oc.WriteSection(section="issues", text=WHOLE, base_revision=0)
    await writer.send(live, STAFF, oc.AssignReport(session=SESSION, template="session"), drafted, section)
    await writer.send(live, STAFF, oc.SubmitReport())
    message = PublishedMessage(id=MessageId("m0"), kind=MessageKind.AGREED, text=QUOTES, citations=(cited,))
    await writer.send(
        live,
        SYSTEM,
        oc.PublishReport(
            title=f"So {HIDDEN} it is",
            language="en",
            sections=(PublishedSection(id="issues", heading="Issues", text=WHOLE),),
            messages=(message,),
        ),
    )
    objects = oc.ObjectToMessage(
        objection=ObjectionId("o1"), message=MessageId("m0"), n=1, name="Ana", text=f"Not “{HIDDEN}”.", language="en"
    )
    await writer.send(live, STAFF, objects)
    places = ("title", "heading.issues", "section.issues", "message.m0")
    texts = tuple(TranslatedText(each, f"{each}: «{HIDDEN} it is»") for each in places)
    await writer.send(live, STAFF, oc.EnterTranslation(n=1, language="es", name="Bia", texts=texts))
    await writer.document(form=DocumentForm.CHAIR, comments_until=4_102_444_800_000)
    document = await running.backend.sessions.open(DOCUMENT)
    said = InterventionId("c1")
    comment = do.Ask(
        intervention=said, kind=InterventionKind.COMMENT, text=f"Why “so {HIDDEN} it is”?", language="en", asker="x"
    )
    await writer.send(document, Actor(Role.PARTICIPANT, "x"), comment)
    await writer.send(document, SYSTEM, oc.PlaceComment(intervention=said, paragraph=1))
    await writer.send(document, STAFF, do.SetStatus(interventions=(said,), status=InterventionStatus.QUEUED))
    return writer


async def test_removed_words_are_at_no_address_and_in_no_file(tmp_path: Path) -> None:
    async with hall(settings(tmp_path)) as running, aiohttp.ClientSession(cookie_jar=CookieJar(unsafe=True)) as http:
        await held(running, made=MADE)
        await published(running)
        await repeated(running)
        async with into_portuguese(running):
            outputs = OfOutputs(await entered(running, http))
            before = await outputs.having(HIDDEN)
            for each in (
                f"/s/{SESSION}/outcome",
                f"/s/{SESSION}/outcome.json",
                f"/s/{SESSION}/outcome.docx",
                f"/s/{SESSION}/outcome?translation=pt",
                f"/s/{SESSION}/outcome?translation=es",
                f"/outcomes/{DOCUMENT}",
                f"/outcomes/{DOCUMENT}?translation=pt",
                f"/outcomes/{DOCUMENT}/document.epub",
                f"/report/{SESSION}",
                f"/admin/translations/report.{SESSION}",
            ):
                assert each in before, (each, before)
            async with at_a_desk(running, Role.SECRETARIAT) as client:
                assert "receipt" in await asked(client, "r", {"type": "span", "t0": 2_500, "t1": 3_000})
            assert await outputs.having(HIDDEN) == []
            assert found(tmp_path, HIDDEN) == []
            left = {each for each in before if f"/s/{SESSION}/cite" not in each}
            assert left <= set(outputs.seen), "every address leads somewhere still"
            page = outputs.seen[f"/s/{SESSION}/outcome"]
            for each in (
                "They said “[Removed] it is”.",
                "As said there, so [Removed] it is, at last.",
                "Not “[Removed]”.",
                "Version 1",
            ):
                assert each in page
            assert "Words that were removed from a record were removed from this version too." in page
            assert "These words were removed from the record." in page
            # Others that somebody finds in a report are removed by hand.
            typed = {"act": "redact", "session": str(SESSION), "words": "At last"}
            done = await outputs.office.post("/admin/reports", typed)
            assert "Reports and documents from which the words were removed: 2" in done
            await outputs.office.post("/admin/reports", typed | {"words": " "}, 409)
            page = html.unescape(await outputs.office.get(f"/s/{SESSION}/outcome"))
            assert "As said there, so [Removed] it is, [Removed]." in page
    assert found(tmp_path, HIDDEN) == []
