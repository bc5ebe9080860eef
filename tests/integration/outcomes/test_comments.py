"""Comments on a document, from the form to the answer beside the paragraph."""

from __future__ import annotations

import io
import re
from html import unescape
from pathlib import Path

from docx import Document

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import CommandId, RecipientId
from moothall.core.outcomes import commands as oc
from moothall.services.log.act_queue import Receipt
from support.desks.admin import AdminHouse, Browser, admin_house
from support.halls.outcomes import DOCUMENT, Q2, OutcomeWriter

OFFICE = Actor(Role.SECRETARIAT, "office")
PAGE = f"/outcomes/{DOCUMENT}"
FORM = f"{PAGE}/comment?paragraph=1"
STATED = {"name": DOCUMENT, "title": "Outcomes", "kind": "chair", "first": "2026-12-01", "last": "2026-12-02"}


def plain(page: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))).replace("\u2068", "").replace("\u2069", "")


async def decided(house: AdminHouse, *commands: do.AnyCommand) -> None:
    live = await house.running.backend.sessions.find(DOCUMENT)
    assert live is not None
    assert isinstance(await live.writer.send(OFFICE, CommandId(f"d{live.writer.offset}"), commands), Receipt)


async def written(visitor: Browser, text: str, **fields: str) -> int:
    """Send the form of the page on which a browser is."""
    return await visitor.post(FORM, {**visitor.hidden(FORM), "text": text, "language": "es", **fields})


async def test_a_comment_is_held_published_and_answered_beside_its_paragraph(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        office, ana = await house.secretary(), await house.browser()
        writer = OutcomeWriter(house.running)
        await writer.register()
        await writer.document()
        assert await ana.get(FORM) == 200
        assert "No comments are taken on this document now." in plain(ana.text)
        assert await ana.post(FORM, {"id": "f", "text": "Too early."}) == 422
        await office.get("/admin/documents")
        assert await office.send("/admin/documents", **STATED, comments="soon") == 409
        assert await office.send("/admin/documents", **STATED, comments="2099-12-01 10:00", young_people="1") == 409
        assert "Whether young people take part is decided when a document is made" in office.text
        assert await office.send("/admin/documents", **STATED, comments="2099-12-01 10:00") == 200
        assert f'href="/moderate/{DOCUMENT}"' in office.text
        await ana.get(PAGE)
        assert f'href="{PAGE}/comment?paragraph=1"' in ana.text
        for wrong in (f"{PAGE}/comment?paragraph=99", f"{PAGE}/comment", "/outcomes/nothing/comment?paragraph=1"):
            assert await ana.get(wrong) == 404
        assert await ana.get(FORM) == 200
        assert await written(ana, " ") == 422
        assert await written(ana, "No <todos>.", name="Ana <x>") == 200
        assert ana.url.startswith(f"/s/{DOCUMENT}/asked/")
        own = ana.url
        await ana.get(PAGE)
        assert "No <todos>." not in plain(ana.text)
        await office.get("/admin/documents")
        assert "Comment no. 1 · Paragraph 1 · No <todos>." in plain(office.text)
        assert await office.get(f"/moderate/{DOCUMENT}") == 200
        assert "Votes on comments" not in office.text, "people vote at meetings"
        assert await office.get(f"/moderate/{DOCUMENT}/opinions") == 404
        live = await house.running.backend.sessions.find(DOCUMENT)
        assert live is not None
        comment = live.state.questions.numbered(1)
        assert comment is not None
        queued = do.SetStatus(interventions=(comment.id,), status=InterventionStatus.QUEUED)
        await decided(house, queued, do.WriteAnswer(intervention=comment.id, text="It is mended.", language="en"))
        await ana.get(own)
        assert "It is mended." in plain(ana.text)
        await ana.get(PAGE)
        page = plain(ana.text)
        assert "Comment no. 1 · Ana <x> No <todos>. Answered in writing It is mended." in page
        assert page.index("No <todos>.") < page.index("2 ", page.index("Answered in writing"))
        assert await ana.get(f"{PAGE}/document.json") == 200
        assert '"comments":[{"number":1,"paragraph":1,"name":"Ana <x>"' in ana.text
        # A body reads what concerns it, and comments on that alone.
        itu = oc.RegisterRecipient(recipient=RecipientId("itu"), name="ITU", questions=(Q2,))
        await writer.send(await writer.logs.register(), OFFICE, itu)
        for body, there in (("cstd", True), ("itu", False)):
            for path in (PAGE, f"{PAGE}/document.json"):
                assert await ana.get(f"{path}?body={body}") == 200
                assert ("No <todos>." in unescape(ana.text)) is there, body
        # So do files for people: behind the paragraph, with the answer.
        async with ana.http.get(f"{ana.address}{PAGE}/document.docx") as answer:
            texts = [each.text for each in Document(io.BytesIO(await answer.read())).paragraphs]
        asked = texts.index("No <todos>.") - 1
        assert texts[asked].replace("\u2068", "").replace("\u2069", "") == "Comment no. 1 · Ana <x>", ascii(texts)
        assert texts[asked + 1 : asked + 4] == ["No <todos>.", "Answered in writing", "It is mended."]
        assert texts[asked + 4].startswith("2. ")
        # The pages of a document as a meeting lead to its own, and nothing is taken there.
        for path in ("", "/ask", "/questions", "/opinions", "/read"):
            await ana.get(f"/s/{DOCUMENT}{path}")
            assert ana.url == PAGE
        assert await ana.post(f"/s/{DOCUMENT}/ask", {"id": "g", "text": "Elsewhere."}) == 200
        assert live.state.questions.last == 1
