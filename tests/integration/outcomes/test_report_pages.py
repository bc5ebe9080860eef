"""The way of a report by forms alone: assigned, written, handed in, returned, published, confirmed, objected to.

At its end it is read after the record has changed.
"""

from __future__ import annotations

import html
import io
import json
import re
import zipfile
from pathlib import Path

import docx
import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer

from moothall.adapters.outcomes import reports_desk_door
from moothall.core import commands as do
from moothall.core.events.lines import EndReason, Origin, Word
from moothall.core.events.notes_and_tags import Tag
from moothall.core.events.outcome_parts import MessageKind
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.events.types import Access, ChannelKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, InterventionId, MessageId, SegmentId, SessionId
from moothall.core.outcomes import commands as outcome
from moothall.core.removal.selection import Lines
from moothall.services.log.act_queue import Receipt
from moothall.services.outcomes.reminding import Reminder
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.staff import session_scope
from moothall.settings.sections import DraftingSection, MailSection
from support.desks.admin import AdminHouse, Browser, admin_house

SESSION, FLOOR = SessionId("water"), ChannelId("floor")
ROOM, OUTCOME, DESK = "/report/water", "/s/water/outcome", "/admin/reports"
TEXTS = ("Schools need community networks.", "We do not agree on the price.", "The ministry could pay.")
NOTICE = "Summary on the rapporteur's responsibility. Not negotiated; binds nobody."


async def meeting(house: AdminHouse) -> LiveSession:
    """A closed meeting of which the first line is marked as agreed."""
    live = await house.running.backend.sessions.open(SESSION)

    async def told(by: Actor, name: str, *commands: do.AnyCommand) -> None:
        assert isinstance(await live.writer.send(by, CommandId(name), commands), Receipt)

    await told(
        SYSTEM,
        "made",
        do.CreateSession(title="Water & <schools>", languages=("en",), access=Access.PUBLIC),
        do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)),
        do.OpenSession(),
        do.AttachEngine(channel=FLOOR, model="m"),
    )
    for number, text in enumerate(TEXTS):
        segment, t0 = SegmentId(f"l{number}"), 1_000 * number
        start = do.SegmentStart(t0=t0, language="en", origin=Origin.MACHINE)
        words = tuple(Word(f" {each}", t0, t0 + 900, 0.9) for each in text.split())
        commit = do.CommitWords(channel=FLOOR, generation=1, segment=segment, first=0, words=words, start=start)
        end = do.EndSegment(channel=FLOOR, generation=1, segment=segment, t1=t0 + 900, reason=EndReason.SENTENCE)
        await told(Actor(Role.ENGINE, "e"), f"l{number}", commit, end)
    await told(Actor(Role.CHAIR, "c"), "tag", do.TagSegment(segment=SegmentId("l0"), tag=Tag.AGREED, question=None))
    await told(SYSTEM, "closed", do.CloseSession())
    return live


async def another_meeting(house: AdminHouse) -> None:
    """A meeting that is yet to come, without a time."""
    later = await house.running.backend.sessions.open(SessionId("later"))
    made = do.CreateSession(title="Later", languages=("en",), access=Access.PUBLIC)
    assert isinstance(await later.writer.send(SYSTEM, CommandId("made"), made), Receipt)


async def with_link(house: AdminHouse, role: Role) -> Browser:
    _, token = await house.running.backend.links.create(role, session_scope(SESSION), "Ann <first>")
    browser = await house.browser()
    assert await browser.get(f"/enter/{token}") == 200
    return browser


def fields_of(text: str, form: str) -> dict[str, str]:
    """The fields of the form with an id, as a browser without scripts would send them."""
    found = re.search(rf'<form[^>]* id="{re.escape(form)}".*?</form>', text, re.DOTALL)
    assert found is not None, form
    fields = dict(re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', found[0]))
    fields |= dict(re.findall(r'name="(holders)" value="([^"]*)"', found[0]))
    area = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", found[0], re.DOTALL)
    if area is not None:
        fields["text"] = area[1]
    if chosen := re.search(r'name="kind">.*?value="([^"]*)" selected', found[0], re.DOTALL):
        fields["kind"] = chosen[1]
    return {name: html.unescape(value) for name, value in fields.items()}


async def write(browser: Browser, form: str, act: str, **changes: str) -> int:
    await browser.get(ROOM)
    return await browser.post(ROOM, {**fields_of(browser.text, form), "act": act, **changes})


def messages_of(text: str) -> list[str]:
    return re.findall(r'<article class="message" id="Message-([^"]+)"', text)


async def reminded(house: AdminHouse, office: Browser, form: dict[str, str]) -> None:
    """The secretariat enters an address, which is in no log, and sees what became of the reminder."""
    await office.get(DESK)
    form |= office.hidden(DESK)
    assert await office.post(DESK, {**form, "address": "ann at example"}) == 400
    assert "no e-mail address" in office.text
    await office.get(DESK)
    assert await office.post(DESK, {**form, **office.hidden(DESK), "address": " ann@mail.example "}) == 200
    assert 'value="ann@mail.example"' in office.text
    known = house.running.backend.rapporteurs
    (each,) = known.all()
    again = Reminder(made=each.since, again=each.due, days=0)
    failed = msgspec.structs.replace(each, failed=each.since, failure="The mail server answered 451.", waiting=again)
    assert await known.change(each, failed)
    await office.get(DESK)
    for text in ("The reminder was not sent: ", "The mail server answered 451.", "sent again at "):
        assert text in office.text
    assert await known.change(failed, msgspec.structs.replace(each, sent=each.since))
    await office.get(DESK)
    assert "Reminded: " in office.text
    for log in (SESSION, SessionId("report.water")):
        records = await house.running.backend.log.read(log, 0, 1_000)
        assert records
        assert not any(b"mail.example" in (record.body or b"") for record in records)


async def test_a_report_goes_from_the_close_to_its_readers(tmp_path: Path) -> None:
    mail = MailSection(host="127.0.0.1", port=1, sender="office@forum.example")
    async with admin_house(tmp_path, mail=mail) as house:
        live = await meeting(house)
        office, ann, stranger = await house.secretary(), await with_link(house, Role.RAPPORTEUR), await house.browser()
        assert await stranger.get(OUTCOME) == 404
        assert "There is no report of this meeting yet." in stranger.text
        assert await stranger.get(ROOM) == 401

        # Assigned, with a deadline that has passed: it is to be reminded of.
        await office.get(DESK)
        assert "Not begun" in office.text
        link = next(each for each in house.running.backend.links.list() if each.role is Role.RAPPORTEUR)
        form = {**office.hidden(DESK), "act": "assign", "template": "message-sheet", "due": "2020-01-01 10:00"}
        assert await office.post(DESK, {**form, "rapporteur": link.link}) == 200
        assert "Overdue" in office.text
        assert "Ann &lt;first&gt;" in office.text
        assert await office.post(DESK, {**office.hidden(DESK), "act": "assign", "template": "none"}) == 404
        await office.get(DESK)
        assert await office.post(DESK, {**office.hidden(DESK), "act": "dance"}) == 400

        # The draft holds the mark already. Two other lines become a citation of a new message.
        assert await ann.get(ROOM) == 200
        (marked,) = messages_of(ann.text)
        assert NOTICE in html.unescape(ann.text)
        assert "Citations still unheard: 1" in ann.text
        cite = fields_of(ann.text, "Cite")
        chosen = [("act", "cite"), ("kind", "view"), ("line", "l1"), ("line", "l2"), *cite.items(), ("message", "new")]
        assert await ann.post(ROOM, chosen) == 200
        marked, view = messages_of(ann.text)
        assert "We do not agree on the price." in ann.text
        assert await write(ann, f"Form-{marked}", "message", text="All want “community nets”.") == 200
        assert "These words are not in what is cited:" in ann.text
        assert await write(ann, f"Form-{view}", "message", text="Prices", holders="Business; Civil society") == 200
        assert 'value="Business; Civil society"' in ann.text
        assert await write(ann, "Section-introduction", "section", text="It was about schools. All spoke.") == 200
        assert "Sentences: 2 (from 0 to 3)" in ann.text

        # Somebody else was faster: both texts are shown, and mine can be sent once more.
        await ann.get(ROOM)
        old = fields_of(ann.text, f"Form-{view}")
        assert await write(ann, f"Form-{view}", "message", text="Prices differ.") == 200
        assert await ann.post(ROOM, {**old, "act": "message", "text": "Prices rise."}) == 409
        assert "Prices rise." in ann.text
        assert '<blockquote dir="auto">Prices differ.</blockquote>' in ann.text

        # It is handed in, kept back for the misquotation, returned with notes, mended, and published.
        assert await write(ann, "Hand", "submit") == 200
        await office.get(DESK)
        publish = {"act": "publish", "title": "Water for <schools>", "language": "en"}
        assert await office.post(DESK, {**office.hidden(DESK), **publish}) == 409
        assert "These words are not in what the message cites: \u2068community nets\u2069" in office.text
        back = {"act": "return", "note": "Quote them <right>."}
        assert await office.post(DESK, {**office.hidden(DESK), **back}) == 200
        await ann.get(ROOM)
        assert "Quote them &lt;right&gt;." in ann.text
        assert await write(ann, f"Form-{marked}", "message", text="All want “community networks”.") == 200
        heard = re.search(rf'id="Message-{marked}-([^"]+)".*?name="seen" value="(\d+)"', ann.text, re.DOTALL)
        assert heard is not None
        seen = {"message": marked, "citation": heard[1], "seen": heard[2]}
        assert await write(ann, "Hand", "heard", **seen) == 200
        assert "Citations still unheard: 1" in ann.text
        assert await write(ann, f"Form-{view}", "up") == 200
        assert messages_of(ann.text) == [view, marked]
        assert await write(ann, "Hand", "submit") == 200
        await reminded(house, office, {**form, "due": "2099-01-01 10:00", "rapporteur": link.link, "link": link.link})
        await office.get(DESK)
        assert await office.post(DESK, {**office.hidden(DESK), **publish}) == 200
        assert "Report published" in office.text
        assert house.running.backend.rapporteurs.all() == []

        # The meeting's page leads to it, and it leads back, and those who may write it to their room.
        await stranger.get("/s/water?ui=en")
        assert f'href="{OUTCOME}?ui=en"' in stranger.text
        await ann.get(OUTCOME)
        assert f'href="{ROOM}"' in ann.text

        # Readers see it with its notice, its states and what nobody heard.
        assert await stranger.get(OUTCOME) == 200
        assert ROOM not in stranger.text
        read = html.unescape(stranger.text)
        assert read.index(NOTICE) < read.index("<h1")
        for text in ("The rapporteur found no objection.", "Heard by a machine, unchecked", "View of: "):
            assert text in read
        assert read.count("Nobody opened or played this before it was published.") == 1
        address = re.search(r'href="(/s/water/cite[^"]+)"', stranger.text)
        assert address is not None
        assert await stranger.get(html.unescape(address[1])) == 200

        # The chair confirms; a stranger objects once, and not with a word that isn't shown.
        house.running.backend.asking.block(type(house.running.backend.asking._blocked)(("darn",)))
        chair = await with_link(house, Role.CHAIR)
        await chair.get(OUTCOME)
        assert await chair.post(OUTCOME, {"act": "confirm", "message": marked, "n": "1"}) == 200
        assert "Confirmed by the chair" in chair.text
        assert await stranger.post(OUTCOME, {"act": "confirm", "message": marked, "n": "1"}) == 403
        objects = {"act": "object", "message": view, "n": "1", "name": "Youth <group>", "text": "Prices fall."}
        assert await stranger.post(OUTCOME, {**objects, "text": "Darn prices"}) == 409
        assert await stranger.post(OUTCOME, {**objects, "name": ""}) == 400
        assert await stranger.post(OUTCOME, objects) == 200
        assert "Objection by \u2068Youth <group>\u2069" in html.unescape(stranger.text)
        assert await stranger.post(OUTCOME, {**objects, "name": "Others"}) == 409
        assert await stranger.post(OUTCOME, {**objects, "message": "none"}) == 404
        unknown = await house.browser()
        assert await unknown.post(OUTCOME, objects) == 409

        # A mended and a removed line: the page shows what it reads now, and nothing of what was removed.
        fix = do.CorrectSegment(
            channel=FLOOR, segment=SegmentId("l1"), base_revision=0, base_words=6, text="We agree on the price."
        )
        assert isinstance(await live.writer.send(Actor(Role.CAPTIONER, "c"), CommandId("fix"), fix), Receipt)
        gone = await live.writer.remove(Actor(Role.SECRETARIAT, "o"), CommandId("gone"), Lines((SegmentId("l0"),)))
        assert isinstance(gone, Receipt)
        await stranger.get(OUTCOME)
        assert "The text was mended after it was quoted. Both are here." in stranger.text
        assert "We agree on the price." in stranger.text
        assert "These words were removed from the record." in stranger.text
        assert TEXTS[0] not in stranger.text
        await ann.get(ROOM)
        assert "It was changed since somebody looked." in ann.text

        assert await stranger.get(f"{OUTCOME}.json") == 200
        body = json.loads(stranger.text)
        assert (body["notice"], body["version"], body["title"]) == (NOTICE, 1, "Water for <schools>")
        assert [each["text"] for each in body["messages"]] == ["Prices differ.", "All want “community networks”."]
        assert body["messages"][1]["citations"][0]["fate"] == "removed"
        for ending in ("docx", "epub", "pdf"):
            async with stranger.http.get(f"{house.running.address}{OUTCOME}.{ending}") as answer:
                assert answer.status == 200
                assert (await answer.read())[:2] in (b"PK", b"%P")
        assert await stranger.get(f"{OUTCOME}.odt") == 404
        await bundled(house, stranger)


async def bundled(house: AdminHouse, stranger: Browser) -> None:
    """The bundle of the meeting and the lines for programs have its report, without what was removed."""
    async with stranger.http.get(f"{house.running.address}/s/water/bundle.zip") as answer:
        assert answer.status == 200
        body = await answer.read()
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        page, told = (archive.read(f"water/data/water/report.{form}").decode() for form in ("html", "json"))
    for text in (NOTICE, "Water for <schools>", "Youth <group>", "We agree on the price."):
        assert text in html.unescape(page)
    assert json.loads(told)["version"] == 1
    assert TEXTS[0] not in page + told
    assert await stranger.get("/records.jsonl") == 200
    assert json.loads(stranger.text.splitlines()[0])["report"] == json.loads(told)
    assert TEXTS[0] not in stranger.text


async def test_a_commitment_is_confirmed_by_whoever_gave_it(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        await meeting(house)
        office, chair, ana = await house.secretary(), await with_link(house, Role.CHAIR), await house.browser()
        await office.get(ROOM)
        log = await house.running.backend.sessions.find(SessionId("report.water"))
        assert log is not None
        gives, other = MessageId("gives"), MessageId("other")
        drops = [outcome.DropMessage(message=each) for each in log.state.outcomes.report.messages]
        writes = [
            outcome.WriteMessage(message=each, kind=kind, text=f"We <{each}> pay.", own=True, base_revision=0)
            for each, kind in ((gives, MessageKind.COMMITMENT), (other, MessageKind.OPTION))
        ]
        acts: tuple[do.AnyCommand, ...] = (*drops, *writes, outcome.SubmitReport())
        assert isinstance(await log.writer.send(Actor(Role.SECRETARIAT, "o"), CommandId("w"), acts), Receipt)
        publish = {"act": "publish", "title": "What we <give>", "language": "en"}
        await office.get(DESK)
        assert await office.post(DESK, {**office.hidden(DESK), **publish}) == 200

        # Nobody of the staff confirms it; the secretariat makes a link, which is shown once.
        assert await chair.post(OUTCOME, {"act": "confirm", "message": gives, "n": "1"}) == 409
        await office.get(DESK)
        form = {**office.hidden(DESK), "act": "link", "session": "water"}
        assert await office.post(DESK, {**form, "message": other}) == 404
        assert await office.post(DESK, {**form, "message": gives}) == 200
        link = re.search(r"<code dir=\"ltr\">[^<]*?(/commitments/water/gives/enter/[^<]+)</code>", office.text)
        assert link is not None
        await office.get(DESK)
        assert "/enter/" not in office.text
        assert "Its private link is valid up to and including" in office.text

        place = "/commitments/water/gives"
        assert await ana.get(place) == 404
        assert await ana.get(f"{place}/enter/guess") == 404
        assert await ana.get(link[1]) == 200
        assert ana.url == place
        assert "We &lt;gives&gt; pay." in ana.text
        assert "&lt;other&gt;" not in ana.text
        assert ana.headers["Cache-Control"] == "no-store"
        said = {**ana.hidden(place), "act": "confirm", "name": "Ana <ministry>"}
        assert await ana.post(place, {**said, "form": "old"}) == 409
        assert await ana.post(place, {**said, "name": " "}) == 409
        house.running.backend.asking.block(type(house.running.backend.asking._blocked)(("darn",)))
        assert await ana.post(place, {**said, "act": "object", "text": "Darn it"}) == 409
        assert await ana.post(place, said) == 200
        assert "Confirmed by \u2068Ana <ministry>\u2069" in html.unescape(ana.text)
        assert 'value="confirm"' not in ana.text
        assert await ana.post(place, {**said, "act": "object", "text": "Half of it."}) == 200
        assert await ana.post(place, {**said, "act": "object", "text": "All of it."}) == 409, "once for each version"

        # So it stands on the page and in the files, and the link can be taken away.
        assert await ana.get(OUTCOME) == 200
        assert "Confirmed by \u2068Ana <ministry>\u2069" in html.unescape(ana.text)
        await ana.get(f"{OUTCOME}.json")
        (gave, _) = json.loads(ana.text)["messages"]
        assert [(each["by"], each["name"]) for each in gave["confirmations"]] == [("giver", "Ana <ministry>")]
        assert [each["text"] for each in gave["objections"]] == ["Half of it."]
        await office.get(DESK)
        taken = {**office.hidden(DESK), "act": "revoke", "session": "water", "message": gives}
        assert await office.post(DESK, taken) == 200
        assert await ana.get(place) == 404

        # A second version: the first one keeps an address, with its proof and without the forms.
        log = await house.running.backend.sessions.find(SessionId("report.water"))
        assert log is not None
        more = outcome.WriteMessage(
            message=other,
            kind=MessageKind.OPTION,
            text="We <other> pay more.",
            own=True,
            base_revision=log.state.outcomes.report.messages[other].revision,
        )
        written = await log.writer.send(Actor(Role.SECRETARIAT, "o"), CommandId("v2"), (more, outcome.SubmitReport()))
        assert isinstance(written, Receipt)
        await office.get(DESK)
        assert await office.post(DESK, {**office.hidden(DESK), **publish}) == 200
        for path, n in ((OUTCOME, 2), (f"{OUTCOME}?n=1", 1)):
            assert await ana.get(path) == 200
            assert ("We &lt;other&gt; pay more." in ana.text, 'value="object"' in ana.text) == (n == 2, n == 2)
            assert ("This is an earlier version. The newest is version 2." in ana.text) is (n == 1)
            proof = re.search(r'href="/s/report\.water/line\.tlog-proof\?offset=(\d+)"', ana.text)
            assert proof is not None
            (record, *_) = await house.running.backend.log.read(log.id, int(proof[1]) - 1, 1)
            assert record.header.type == "report.published"
        assert await ana.get(f"{OUTCOME}.json?n=1") == 200
        assert json.loads(ana.text)["version"] == 1
        assert [await ana.get(f"{OUTCOME}?n={n}") for n in ("3", "x")] == [404, 404]


async def test_lines_are_suggested_while_no_meeting_is_on(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        live = await meeting(house)
        ann = await with_link(house, Role.RAPPORTEUR)
        assert await ann.get(f"{ROOM}?suggest=1") == 200
        begins, ends = ann.text.index("Drawn from the record, in its own words"), ann.text.index('id="Lines"')
        assert TEXTS[0] in ann.text[begins:ends]
        assert isinstance(await live.writer.send(SYSTEM, CommandId("again"), do.ReopenSession()), Receipt)
        assert await ann.get(f"{ROOM}?suggest=1") == 200
        assert "Nothing can be suggested now" in ann.text


async def test_what_the_room_does_not_take_is_said(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        live = await meeting(house)
        back = InterventionId("back")
        asked = do.Ask(intervention=back, kind=InterventionKind.QUESTION, text="Taken back?", language="en", asker="a")
        queued = do.SetStatus(interventions=(back,), status=InterventionStatus.QUEUED)
        withdrawn = do.SetStatus(interventions=(back,), status=InterventionStatus.WITHDRAWN)
        acts = (do.ReopenSession(), asked, queued, withdrawn, do.CloseSession())
        assert isinstance(await live.writer.send(Actor(Role.SECRETARIAT, "s"), CommandId("back"), acts), Receipt)
        ann, chair = await with_link(house, Role.RAPPORTEUR), await with_link(house, Role.CHAIR)
        assert await chair.get(ROOM) == 404
        assert await ann.get("/report/none") == 404
        await ann.get(ROOM)
        (marked,) = messages_of(ann.text)
        cite = fields_of(ann.text, "Cite")
        assert await ann.post(ROOM, {**cite, "act": "cite", "message": marked, "line": "l0"}) == 409
        assert "Choose lines or questions that this message does not cite yet." in ann.text
        assert "Taken back?" not in ann.text
        assert await ann.post(ROOM, {**cite, "act": "cite", "message": marked, "asked": back}) == 409
        office = await house.secretary()
        await another_meeting(house)
        most, reports_desk_door.MOST = reports_desk_door.MOST, 1
        try:  # One meeting a page: the one whose time isn't known stands on the last.
            assert await office.get(DESK) == 200
            assert ("Report-water" in office.text, "Report-later" in office.text) == (True, False)
            assert "Page 1 of 2" in office.text
            assert await office.get(f"{DESK}?page=99") == 200
            assert ("Report-water" in office.text, "Report-later" in office.text) == (False, True)
            form = {**office.hidden(DESK), "act": "assign", "template": "message-sheet", "due": "2020-01-01 10:00"}
            assert await office.post(DESK, form) == 200
            assert "Page 2 of 2" in office.text
            await office.get(DESK)
            assert "/report/later" in office.text, "what is to be reminded of stands on each page"
        finally:
            reports_desk_door.MOST = most
        for act in ("drop", "uncite", "dance"):
            assert await ann.post(ROOM, {**cite, "act": act, "message": "none"}) == 409
        assert await ann.post(ROOM, {**cite, "act": "dance", "message": marked}) == 409
        assert await ann.post(ROOM, {**cite, "form": "old", "act": "drop", "message": marked}) == 409
        assert "The page was made before the server was started again." in ann.text
        assert await ann.post(ROOM, {**cite, "act": "cite", "message": marked, "line": "l2"}) == 200
        assert ann.text.count('class="citation"') == 2
        citation = re.findall(rf'id="Message-{marked}-([^"]+)"', ann.text)[-1]
        assert await write(ann, "Cite", "uncite", message=marked, citation=citation) == 200
        assert ann.text.count('class="citation"') == 1
        assert await write(ann, "Cite", "drop", message=marked) == 200
        assert messages_of(ann.text) == []
        assert await ann.get(f"{ROOM}?from=1&ui=ar") == 200


async def test_a_service_drafts_and_only_what_quotes_the_record_is_offered(tmp_path: Path) -> None:
    asked: list[tuple[str, str]] = []
    rows = "[1] Some say that “schools need community networks”.\n[1] Others say “schools need no networks”."

    async def complete(request: web.Request) -> web.Response:
        asked.append((request.headers["Authorization"], await request.text()))
        return web.json_response({"choices": [{"message": {"content": rows}}]})

    app = web.Application()
    app.router.add_post("/v1/chat/completions", complete)
    (tmp_path / "key").write_text("secret\n")
    async with TestServer(app) as service:
        drafting = DraftingSection(
            service=f"openai:m@http://127.0.0.1:{service.port}/v1",
            key_file=str(tmp_path / "key"),
            allowed_networks=("127.0.0.1/32",),
        )
        async with admin_house(tmp_path, drafting=drafting) as house:
            await meeting(house)
            ann = await with_link(house, Role.RAPPORTEUR)
            assert await write(ann, "Cite", "draft") == 200
            ((key, body),) = asked
            assert (key, TEXTS[0] in body, "Ann" in body) == ("Bearer secret", True, False)
            assert "Drafted by \u2068m (127.0.0.1)\u2069, not by a person" in html.unescape(ann.text)
            assert "no networks" not in ann.text
            before = messages_of(ann.text)
            form = fields_of(ann.text, "Drafted-1")
            assert await ann.post(ROOM, {**form, "act": "cite"}) == 200
            (taken,) = set(messages_of(ann.text)) - set(before)
            assert fields_of(ann.text, f"Form-{taken}")["text"] == "Some say that “schools need community networks”."
            assert "Citations still unheard: 1" in ann.text  # the mark cites the same line

            # It says whose words they are until a person changes them: in the room, at the office, where it is read.
            mark = "Drafted by \u2068m (127.0.0.1)\u2069; no person has changed the words"
            office, stranger = await house.secretary(), await house.browser()
            assert await write(ann, f"Form-{taken}", "message", holders="Schools") == 200
            assert html.unescape(ann.text).count(mark) == 1
            (marked,) = before
            assert await write(ann, f"Form-{marked}", "message", text="All agree.") == 200
            assert await write(ann, "Hand", "submit") == 200
            await office.get(DESK)
            assert "Messages in a service&#39;s words, unchanged: 1" in office.text
            publish = {"act": "publish", "title": "Water", "language": "en"}
            assert await office.post(DESK, {**office.hidden(DESK), **publish}) == 200
            assert await stranger.get(OUTCOME) == 200
            assert html.unescape(stranger.text).count(mark) == 1
            async with stranger.http.get(f"{house.running.address}{OUTCOME}.docx") as answer:
                document = docx.Document(io.BytesIO(await answer.read()))
            assert sum(mark in each.text for each in document.paragraphs) == 1
            assert await write(ann, f"Form-{taken}", "message", text="Schools need networks, some say.") == 200
            assert mark not in html.unescape(ann.text)
