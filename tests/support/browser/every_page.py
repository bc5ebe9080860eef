"""A real server with meetings before, during and after their time, and the way to every page that it has."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace
from playwright.async_api import Browser, BrowserContext, Page

from moothall.adapters.desks.own_words_door import COOKIE as OWN_WORDS
from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionKind
from moothall.core.events.types import (
    Access,
    ChannelKind,
    CountSource,
    EndReason,
    Origin,
    SealVersion,
    SourceSegment,
    Word,
)
from moothall.core.hubs.entry import Details
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import (
    ChannelId,
    CommandId,
    Epoch,
    InterventionId,
    MessageId,
    RollEntryId,
    SegmentId,
    SessionId,
    SpeakerId,
)
from moothall.core.ports import BookEntry
from moothall.core.programme.access_needs import AccessNeed
from moothall.core.programme.agenda import AgendaNote, AgendaPart
from moothall.core.programme.plan import RoomId
from moothall.core.proposals.refining import Proposal
from moothall.core.search.people import KnownSpeaker, SpeakerOf, digest_of
from moothall.core.translation.routes import Direction, RouteScore
from moothall.services.hubs.ports import Identity
from moothall.services.log.act_queue import Receipt
from moothall.services.programme.calling_off import cancel, reinstate
from moothall.services.programme.meeting_plan import change_plan
from moothall.services.proposals.proposing import ProposeOrder
from moothall.services.search.people import NAMESPACE as PEOPLE
from moothall.services.sessions.browsers import SignedIn
from moothall.services.sessions.link_terms import HOUR_MS, LinkTerms
from moothall.services.sessions.role_links import Entered
from moothall.services.sessions.staff import HALL, Staff, session_scope
from moothall.services.translation.adding import AddingLanguages
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from moothall.testing.language_store import MemoryLanguageStore
from moothall.testing.translator_link import EchoEnd
from moothall.wire import translation as wire
from support.browser.every_note import every_note
from support.browser.every_policy import CALL, ENDED, NEAR, OVER, QUESTION, every_policy
from support.browser.every_question import TEXT, asked, every_question, said_of_themselves
from support.browser.every_report import every_report
from support.desks.own_words import every_proposal
from support.files.programme_files import SAMPLES, sample
from support.halls.outcomes import OutcomeWriter, messages

FLOOR = ChannelId("floor")
MEETING = "/s/plenary"
YESTERDAY = "/s/yesterday"
TRANSLATED = "/s/translated"
TRANSLATIONS = {
    "es": "La sesión está abierta a todas las personas.",
    "ar": "الجلسة مفتوحة للجميع، أينما كانوا & <كيفما> كانوا.",
}
LINES = 12


async def _needing_nothing(page: Page) -> None:
    """Send a form without its required fields; validation is off, or the browser wouldn't send it."""
    await page.evaluate("document.querySelector('.asking').noValidate = true")
    await page.fill("#Name", "Ms. Añez <chair>")
    await _sent(page, ".asking button")
    await page.locator("#Wrong").wait_for()


async def _unfolded(page: Page, name: str) -> None:
    await page.locator(f"#{name}Title").click()


async def _file_of_a_programme(page: Page) -> None:
    await _unfolded(page, "Programme")
    await page.set_input_files("#File", SAMPLES / "programme.csv")
    await _sent(page, "#Programme form button")


async def _sheets(page: Page) -> None:
    await _unfolded(page, "New")
    await page.fill("#Title", "Water & <board>")
    await page.fill("#Languages", "en")
    await _sent(page, "#New button.main")


async def _colour_is_refused(page: Page) -> None:
    await page.fill("#LightColour", "#ffcc00")
    await _sent(page, "button.main")


async def _many_sheets(page: Page) -> None:
    await _sent(page, "#Many button.main")


async def _revoking(page: Page) -> None:
    """Ask to revoke a link, which opens the page that asks for confirmation."""
    await _sent(page, "form[action*='/revoke'] button >> nth=0")


async def _sent(page: Page, button: str) -> None:
    async with page.expect_navigation(wait_until="load"):
        await page.click(button)


async def _asking_nothing(page: Page) -> None:
    await page.fill("#Name", "Ms. Añez")
    await page.click(".asking button")
    await page.locator("#Wrong").wait_for()


async def _asking(page: Page) -> None:
    """Ask and take the question back, so that the limit is never reached; then ask again."""
    await page.fill("#Text", f"Will the <board> publish the figures? {page.url}")
    await _sent(page, ".asking button")
    await _sent(page, ".asks form button")
    await page.locator(".asks a").last.click()
    await page.fill("#Text", "Will the <board> publish the figures of 2026?")
    await _sent(page, ".asking button")
    await page.locator("#Stands .stands").wait_for()


async def _from_elsewhere(page: Page) -> None:
    """Send a question from a page that isn't ours; a page without an address has the origin `null`."""
    ours = page.url
    await page.goto("about:blank")
    text = '<textarea name="text">Who pays for <water>?</textarea>'
    await page.set_content(f'<form method="post" action="{ours}">{text}<button>Ask</button></form>')
    await _sent(page, "button")
    await page.locator(".typed").wait_for()


async def _in_its_turn(page: Page) -> None:
    """Ask to speak, have the request called, and type a finished line and an unfinished one."""
    await page.fill("#Text", "Will the <board> publish the figures?")
    await _sent(page, ".asking button")
    what = page.url.partition("?")[0].rpartition(".")[2]
    desk = await page.context.new_page()
    desk.on("dialog", lambda ask: ask.accept())  # Another desk may have called another question just now.
    await desk.goto(page.url.partition("/s/")[0] + "/moderate/translated")
    for act in ("approve", "call"):
        await desk.locator(f"#q-{what} [data-does={act}]").first.click()
    await desk.locator(f"#Called #q-{what}").wait_for()
    await desk.close()
    await page.locator("#Words").fill("I wonder whether they <will>. And w")
    await page.locator("#Typed li").first.wait_for()


async def _at_work(page: Page) -> None:
    """Open the desk, pick a line, and begin to correct another one."""
    await page.locator("#Desk:not([hidden])").wait_for()
    await page.locator(".pick input").first.check()
    await page.locator(".mend").last.click()
    await page.locator(".editor").wait_for()


async def _captioning(page: Page) -> None:
    """Write: with a name offered under the word, a line in its edit box, and all keys shown."""
    await page.locator("#Desk:not([hidden])").wait_for()
    await page.locator(".mend").last.click()
    await page.locator(".editor").wait_for()
    await page.locator(".all-keys summary").click()
    await page.locator("#ComposeText").fill("Then we heard Ami")


async def _leading(page: Page) -> None:
    """Open the questions of every status, with two picked out, and the figures of who is heard."""
    await page.locator("#Desk:not([hidden])").wait_for()
    await page.locator("#Checked .question [data-does=pick]").first.check()
    await page.locator("#Queued .question [data-does=pick]").first.check()
    await page.locator("#Several:not([hidden])").wait_for()
    await page.locator("#Heard-group").wait_for(state="attached")


async def _on_the_podium(page: Page) -> None:
    """Wait until a question is being asked and another one waits."""
    await page.locator("#Now .text").first.wait_for()
    await page.locator("#Next .question").first.wait_for()


async def _deciding(page: Page) -> None:
    """Open proposals of every outcome."""
    await page.locator("#Desk:not([hidden])").wait_for()
    await page.locator("[data-n='3'][data-fate]").wait_for()
    leave = page.locator("[data-n='3'] [data-does=leave]")
    if await leave.count():
        await leave.click()
    await page.locator("[data-n='3'][data-fate=l]").wait_for()
    await page.locator("[data-n='0'] [data-does=accept]").focus()


async def _in_portuguese(page: Page) -> None:
    """Wait for the translation of a question."""
    await page.locator(".other").first.wait_for(state="attached")


async def _group_is_added(page: Page) -> None:
    """Add a group; its name differs each time, since a name can be used only once."""
    await page.fill("#Name", f"Lima & <Centro> {await page.evaluate('Date.now() % 1e9')}")
    await _sent(page, "button.main")


async def _words_are_wrong(page: Page) -> None:
    await page.fill("#Words", "six words of mine")
    await _sent(page, ".asking button")


async def _in_a_group(page: Page) -> None:
    """Count people and write a note to the moderator."""
    await page.fill("#Number", "23")
    await page.click("#Set button")
    await page.locator(".many").wait_for()
    await page.fill("#Note", "We <hear> you well.")
    await page.click("#Write button")
    await page.locator("#NotesNow .note").first.wait_for()


async def _beside(page: Page) -> None:
    """Wait for a line that is not translated yet."""
    await page.locator("#line-1-mt-es .original").wait_for(state="attached")
    await page.locator("#Lines > .waiting").first.wait_for(state="attached")


async def _before_it_was_mended(page: Page) -> None:
    """Go to the quotation as it read when the first version was sealed."""
    sealed = await page.evaluate(
        """async (where) => /:([0-9]+)/.exec((await (await fetch(where)).text()).match(/[a-z0-9]+:[0-9]+/i)[0])[1]""",
        f"{YESTERDAY}/versions/1",
    )
    await page.goto(re.sub("(at=[^:&]+:)[0-9]+", rf"\g<1>{sealed}", page.url))
    await page.locator("[data-fate=changed]").wait_for()


async def _near(page: Page) -> None:
    """Propose nearly what somebody has proposed."""
    await page.fill("#Text", NEAR)
    await _sent(page, "#Proposing button.main")
    await page.locator("#NearTitle").wait_for()


async def _counted(page: Page) -> None:
    """Show what the removal of a speaker's words would take."""
    await page.locator("#Person").select_option("ada")
    await page.locator("button[value=count]").click()
    await page.locator("button[value=remove]").wait_for()


async def _signed_in(page: Page) -> None:
    """Sign in on the attendance list."""
    await page.fill("#Name", "Ms. Añez <chair>")
    await page.fill("#Representing", "Radio & Kisumu")
    await page.check("[name=agreed]")
    await _sent(page, ".asking button")
    await page.locator("[value=strike]").wait_for()


PAGES: dict[str, tuple[str, Callable[[Page], Awaitable[None]] | None]] = {
    "reader/front.html": ("/", None),
    "reader/search.html": ("/search?q=the", None),
    "reader/search.html, chosen": ("/search?q=the&language=en&from=2020-01-01&page=1", None),
    "reader/search.html, nothing found": ("/search?q=nowhere-to-be-found", None),
    "reader/speaker.html": ("/speakers/ada", None),
    "reader/speaker_own.html": ("/speakers/ada/own/secret", None),
    "reader/speaker_own.html, off": ("/speakers/off/own/secret", None),
    "admin/admin_speakers.html": ("/admin/speakers", None),
    "admin/admin_tokens.html": ("/admin/tokens", None),
    "admin/admin_webhooks.html": ("/admin/webhooks", None),
    "admin/admin_retention.html": ("/admin/retention", None),
    "report/admin_reports.html": ("/admin/reports", None),
    "report/room.html": ("/report/yesterday", None),
    "report/room.html, while it is on": ("/report/plenary", None),
    "report/outcome.html": (f"{YESTERDAY}/outcome", None),
    "admin/admin_removal.html": ("/admin/retention", _counted),
    "admin/admin_removed.html": ("/admin/removed", None),
    "outcomes/documents.html": ("/outcomes", None),
    "outcomes/document.html": ("/outcomes/outcomes-2026", None),
    "outcomes/map.html": ("/outcomes/outcomes-2026/map", None),
    "outcomes/bodies.html": ("/bodies", None),
    "outcomes/admin_bodies.html": ("/admin/bodies?change=cstd", None),
    "outcomes/admin_documents.html": ("/admin/documents?change=outcomes-2026", None),
    "agenda/agenda.html": ("/agenda", None),
    "agenda/access_needs.html": ("/agenda/access", None),
    "agenda/access_needs.html, refused": ("/agenda/access", _needing_nothing),
    "agenda/access_needs.html, sent": ("/agenda/access?sent=1", None),
    "attendance/attendance_year.html": ("/attendance", None),
    "attendance/recommendations.html": ("/recommendations", None),
    "attendance/attendance_report.html": ("/attendance/yesterday", None),
    "attendance/attendance_report.html, at work": ("/attendance/plenary", None),
    "attendance/roll.html": ("/s/plenary/sign-in-sheet", None),
    "attendance/roll.html, signed": ("/s/plenary/sign-in-sheet", _signed_in),
    "outcomes/policy.html": ("/policy", None),
    "outcomes/policy_question.html": (f"/policy/{QUESTION}", None),
    "outcomes/policy_question.html, closed": (f"/policy/{ENDED}", None),
    "outcomes/call.html": (f"/calls/{CALL}", None),
    "outcomes/call.html, near": (f"/calls/{CALL}", _near),
    "outcomes/call.html, over": (f"/calls/{OVER}", None),
    "outcomes/admin_policy.html": ("/admin/policy", None),
    "outcomes/admin_call.html": (f"/admin/policy/calls/{CALL}", None),
    "outcomes/admin_proposal.html": (f"/admin/policy/calls/{CALL}/proposals/1", None),
    "outcomes/admin_policy_question.html": (f"/admin/policy/questions/{QUESTION}", None),
    "outcomes/admin_prepare.html": ("/admin/policy/sessions/plenary", None),
    "agenda/help.html": ("/help", None),
    "agenda/help_hubs.html": ("/help/hubs", None),
    "reader/session.html": (MEETING, None),
    "reader/session.html, not begun": ("/s/tomorrow", None),
    "reader/session.html, closed": ("/s/yesterday", None),
    "reader/session.html, two lines": (f"{MEETING}?read=two&size=300", None),
    "reader/session.html, large": (f"{MEETING}?size=300&sources=yes", None),
    "reader/session.html, translated": (f"{TRANSLATED}?channel=mt-ar&sources=yes", None),
    "reader/session.html, translated, with the original": (f"{TRANSLATED}?channel=mt-es&show=both", _beside),
    "reader/own_pace.html": (f"{MEETING}/read", None),
    "reader/own_pace.html, translated": (f"{TRANSLATED}/read?channel=mt-ar&show=both", None),
    "reader/own_pace.html, by braille": (f"{MEETING}/read?braille=yes", None),
    "record/quotation.html": (f"{YESTERDAY}/cite?from=line-2", None),
    "record/quotation.html, mended": (f"{YESTERDAY}/cite?from=line-1&to=line-3", _before_it_was_mended),
    "record/line_history.html": (f"{YESTERDAY}/history/line-2", None),
    "record/versions.html": (f"{YESTERDAY}/versions", None),
    "record/versions.html, none": (f"{MEETING}/versions", None),
    "record/version.html": (f"{YESTERDAY}/versions/1", None),
    "record/comparison.html": (f"{YESTERDAY}/versions/1/now", None),
    "panels/catch_up.html": (f"{TRANSLATED}/catch-up", None),
    "reader/proof.html": (f"{MEETING}/proof?line=line-1", None),
    "display/style.html": ("/about/style", None),
    "display/style_control.html": ("/about/style/control", None),
    "display/style_questions.html": ("/about/style/questions", None),
    "display/style_text.html": ("/about/style/text", None),
    "display/style_refinements.html": ("/about/style/refinements", None),
    "display/style_hub_line.html": ("/about/style/views/hub-line/down", None),
    "display/style_timetable.html": ("/about/style/timetable", None),
    "display/style_forms.html": ("/about/style/forms", None),
    "display/style_caption.html": ("/about/style/caption", None),
    "display/style_podium.html": ("/about/style/podium", None),
    "display/style_views.html": ("/about/style/views", None),
    "panels/report.html": (f"{MEETING}/report", None),
    "questions/ask.html": (f"{MEETING}/ask", None),
    "questions/ask.html, refused": (f"{MEETING}/ask", _asking_nothing),
    "questions/ask.html, for a group": (f"{TRANSLATED}/ask", None),
    "questions/asked.html": (f"{MEETING}/ask", _asking),
    "questions/asked.html, in its turn": (f"{TRANSLATED}/ask", _in_its_turn),
    "questions/questions.html": (f"{TRANSLATED}/questions", None),
    "questions/questions.html, translated": (f"{TRANSLATED}/questions?ui=pt", _in_portuguese),
    "questions/questions.html, none": ("/s/tomorrow/questions", None),
    "display/embed.html": (f"{MEETING}/embed", None),
    "display/screen.html": (f"{MEETING}/screen", None),
    "display/screen.html, with questions": (f"{TRANSLATED}/screen", None),
    "display/screen_waiting.html": ("/room/garden/screen", None),
    "display/overlay.html": (f"{MEETING}/overlay", None),
    "display/overlay.html, with a question": (f"{TRANSLATED}/overlay", None),
    "display/overlay.html, with groups": (f"{MEETING}/overlay?groups=1", None),
    "microphone/microphone.html": (f"{MEETING}/microphone", None),
    "desk/desk.html": ("/desk/plenary", _at_work),
    "caption/caption.html": ("/caption/plenary", _captioning),
    "moderation/moderate.html": ("/moderate/plenary", _leading),
    "moderation/podium.html": ("/podium/plenary", _on_the_podium),
    "desk/check.html": ("/desk/yesterday/check", None),
    "desk/speaker_links.html": ("/desk/yesterday/speakers", None),
    "proposals/own_words.html": ("/own-words/yesterday", None),
    "proposals/refinements.html": ("/desk/yesterday/refinements", _deciding),
    "control/control.html": ("/control", None),
    "control/figures.html": ("/figures/plenary", None),
    "admin/work.html": ("/staff", None),
    "admin/admin.html": ("/admin", None),
    "admin/admin.html, a day": ("/admin?day=2026-12-01", None),
    "admin/admin.html, a list": ("/admin?state=created", None),
    "admin/admin_meeting.html": ("/admin/meetings/plenary", None),
    "agenda/admin_agenda.html": ("/admin/agenda", None),
    "agenda/admin_agenda_note.html": ("/admin/meetings/plenary/agenda", None),
    "admin/admin_zoom.html": ("/admin/meetings/plenary/zoom", None),
    "agenda/admin_access_needs.html": ("/admin/access-needs", None),
    "admin/admin_meeting.html, not begun": ("/admin/meetings/tomorrow", None),
    "admin/admin_stream.html": ("/admin/meetings/plenary/stream", None),
    "admin/admin_duplicate.html": ("/admin/meetings/tomorrow/duplicate", None),
    "admin/admin_delete.html": ("/admin/meetings/tomorrow/delete", None),
    "admin/admin_import.html": ("/admin", _file_of_a_programme),
    "admin/admin_past_record.html": ("/admin/past-records", None),
    "admin/admin_sheets.html": ("/admin", _sheets),
    "admin/admin_sheets.html, many": ("/admin/links?day=all", _many_sheets),
    "admin/admin_languages.html": ("/admin/languages", None),
    "admin/admin_look.html": ("/admin/look", None),
    "admin/admin_look.html, refused": ("/admin/look", _colour_is_refused),
    "admin/admin_links.html": ("/admin/links", None),
    "admin/admin_revoke.html": ("/admin/links", _revoking),
    "admin/admin_hubs.html": ("/admin/hubs", None),
    "admin/admin_hub.html": ("/admin/hubs/kisumu-library", None),
    "admin/admin_hub_sheets.html": ("/admin/hubs", _group_is_added),
    "hub/hub_pair.html": ("/hub/pair", None),
    "hub/hub_pair.html, wrong words": ("/hub/pair", _words_are_wrong),
    "hub/hub_home.html": ("/hub/kisumu-library", None),
    "hub/hub.html": ("/hub/kisumu-library/translated", _in_a_group),
    "hub/hubs.html": ("/hubs", None),
    "hub/hubs_thanks.html": ("/hubs/thanks", None),
    "admin/staff_error.html": ("/admin/meetings/none-of-that-name", None),
    "lib/error.html": ("/s/none-of-that-name", None),
    "reader/not_ours.html": ("/s/plenary/ask", _from_elsewhere),
}
"""The pages that are tested, by template; after a comma, the state. The record is a file: e2e/reader/test_record.py."""


INTO_PORTUGUESE = Direction(engine="echo", version="1", source="en", target="pt", cost=40.0)
TO_INSTALL = (
    "Translating from and to Spanish is off. Install it and start the server again. "
    "On Debian: sudo apt-get install apertium apertium-es-pt"
)


@asynccontextmanager
async def into_portuguese(running: RunningServer, chrf2: float = 57.8) -> AsyncIterator[None]:
    """Connect translators that know one direction, with this score, and name a package to install for more, for the
    context's duration.
    """
    echo = EchoEnd((INTO_PORTUGUESE,), missing=(TO_INSTALL,))
    translators = running.translation.translators
    serving = [asyncio.ensure_future(each) for each in (translators.serve(echo.server), echo.run())]
    while not translators.connected:  # noqa: ASYNC110  # its hello comes first
        await asyncio.sleep(0)
    score = RouteScore(chrf2=chrf2, ms=15.5, p95_ms=20.4, sentences=40)
    await echo.tell(wire.Scores(scores=(wire.WayScore(directions=(0,), score=score),)))
    try:
        yield
    finally:
        echo.cut()
        await asyncio.gather(*serving)


@asynccontextmanager
async def languages_to_add(running: RunningServer) -> AsyncIterator[None]:
    """Have four languages offered: one is here and has better models, one is being added and stays half done, and one
    waits.
    """
    store = MemoryLanguageStore("ar", "fr", "ru", "zh")
    store.added.append("fr")
    store.better = 62_000_000
    running.translation.adding = orders = AddingLanguages(store)
    working = asyncio.ensure_future(orders.run())
    orders.look()
    store.steps.release()
    while not orders.now.offers:  # noqa: ASYNC110  # the orders tell nobody
        await asyncio.sleep(0)
    orders.add("ar", "zh")
    store.steps.release()
    while not orders.now.done:  # noqa: ASYNC110  # the orders tell nobody
        await asyncio.sleep(0)
    try:
        yield
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await asyncio.gather(working, return_exceptions=True)


@asynccontextmanager
async def full_house(data: Path) -> AsyncIterator[RunningServer]:
    """Run a server with a conference, and sessions before, during and after their time."""
    settings = Settings(
        server=Server(port=0, data=str(data), style_page=True),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
    )
    async with hall(settings) as running:
        await running.office.import_programme(sample("schedule.json"), zone="UTC", access=Access.PUBLIC, apply=True)
        await running.backend.programme.add_room("Garden")
        for name in ("plenary", "tomorrow", "yesterday", "translated"):
            await _meeting(running, name)
        await _agenda(running)
        await _translated(running)
        await asked(running)
        await said_of_themselves(running)
        await _proposed(running)
        await every_proposal(running, SessionId("yesterday"), SpeakerId("anez"))
        await every_report(running.backend, SessionId("yesterday"))
        await _groups(running)
        await _limited(running)
        await _people(running)
        await every_policy(running)
        await _outcomes(running)
        await running.backend.indexing.catch_up()
        running.proof.tree.delay_ms = 0
        while await running.proof.tree.grow():
            pass
        # Now, since the meeting is closed and may be asked for.
        async with into_portuguese(running), languages_to_add(running):
            yield running


async def _outcomes(running: RunningServer) -> None:
    """Publish a report of yesterday's meeting, with an objection, and a document that is made of it."""
    writer, yesterday = OutcomeWriter(running), SessionId("yesterday")
    await writer.register()
    await writer.report(yesterday, *messages(await writer.cited(yesterday, FLOOR, SegmentId("line-1"))))
    await writer.object_to(yesterday, MessageId("m1"))
    await writer.document()
    await writer.sent_and_answered()


async def _people(running: RunningServer) -> None:
    """Say who one of the programme's speakers is, twice, with and without a page."""
    plan = next(each for each in running.backend.programme.planned() if each.speakers)
    of = (SpeakerOf(plan.session, plan.speakers[0].id),)
    spoke = SpeakerOf(SessionId("yesterday"), SpeakerId("anez"))
    people = [
        KnownSpeaker(
            id=name,
            name="Ada <Lovelace>",
            speakers=(*of, spoke) if name == "ada" else of,
            link=digest_of("secret"),
            shown=name == "ada",
        )
        for name in ("ada", "off")
    ]
    await running.backend.book.write([BookEntry(PEOPLE, each.id, msgspec.json.encode(each)) for each in people])
    await running.backend.people.load()


async def _agenda(running: RunningServer) -> None:
    """Write an agenda with every part, two parts in Arabic too, every kind of change of a plan, and access needs."""
    programme = running.backend.programme
    agenda, garden = programme.agenda, RoomId("garden")
    text = "Nobody <offline>,\nnobody unheard.\n\n- Who pays for the last mile & who decides\n- Shared towers"
    assert await agenda.write("en", {part: f"{part}: {text}" for part in AgendaPart})
    assert await agenda.write("ar", {AgendaPart.THEME: "لا أحد بلا صوت.", AgendaPart.EXHIBITORS: "- مكتبة الشمال"})
    first, second, third, *_ = (
        each for each in programme.planned() if each.starts is not None and each.ends is not None
    )
    assert first.starts is not None
    await programme.keep(planned=[replace(first, starts=first.starts - HOUR_MS, room=garden)])
    await change_plan(programme, replace(second, title=f"{second.title} & <more>"), by="test")
    note = AgendaNote(statement="Live captions, sign language & a hearing <loop>; step-free.")
    assert await agenda.annotate(first.session, note)
    assert await agenda.annotate(second.session, note)
    assert await cancel(programme, second.session, "The hall is flooded.", by="test") is None
    assert await cancel(programme, third.session, "", by="test") is None
    assert await reinstate(programme, third.session, by="test") is None
    for number, session in enumerate((first.session, None)):
        need = AccessNeed(
            id="", at=0, text="A seat <in front>,\nplease.", name="Ms. Añez", reach="a@b.c", session=session
        )
        assert await running.backend.access_needs.tell(need, f"form {number}", "") is None
    await running.backend.access_needs.deal_with(running.backend.access_needs.all()[0].id, dealt_with=True)


async def _groups(running: RunningServer) -> None:
    """Make a group far away that takes part in a live meeting, and has asked a question."""
    details = Details(city="Kisumu", institution="Library & <archive>", languages=("sw", "en"), expected=20)
    assert isinstance(await running.backend.hubs.add("Kisumu & <Library>", details), tuple)
    await running.backend.hubs.count("kisumu-library", SessionId("translated"), 23, 1)
    held, epoch = Identity(hub="kisumu-library", title="Kisumu & <Library>", generation=1), Epoch("e")
    for node in ("one", "two"):
        await running.backend.hub_removals.holds(held, node, SessionId("translated"), epoch, 0)
    running.backend.hub_removals.removed(SessionId("translated"), epoch, 7, 1_764_000_000_000)
    running.backend.hub_removals.erased(held.hub, "one", SessionId("translated"), 7)
    asked = do.Ask(
        intervention=InterventionId("kisumu1"),
        kind=InterventionKind.QUESTION,
        text="Who will <pay> for the line & the power?",
        language="en",
        asker="k1",
        origin="hub:kisumu-library",
    )
    writer = (await running.backend.sessions.open(SessionId("translated"))).writer
    by = Actor(Role.HUB, "k1", hub="kisumu-library")
    assert isinstance(await writer.send(by, CommandId("kisumu1"), asked), Receipt)


async def _limited(running: RunningServer) -> None:
    """Make a link for one browser that has opened it, an expired link, and somebody who signed in."""
    links, now = running.backend.links, running.backend.clock.wall()
    _, token = await links.create(Role.CHAIR, HALL, "Ana & <Bo>", LinkTerms(expires=now + HOUR_MS, one_browser=True))
    assert isinstance(await links.enter(token, ""), Entered)
    terms = LinkTerms(expires=now - 1, with_session=True)
    await links.create(Role.CAPTIONER, session_scope(SessionId("plenary")), "Cy", terms)
    office = Staff(link="0123456789abcdef", role=Role.SECRETARIAT, scope=HALL, label="")
    await links.sign_in((SignedIn(staff=office, since=now, until=now + HOUR_MS),), "")


async def _proposed(running: RunningServer) -> None:
    """Propose corrections of a second pass over yesterday's meeting; some of them have been decided."""
    session = SessionId("yesterday")
    writer = (await running.backend.sessions.open(session)).writer

    async def mend(number: int, text: str) -> None:
        line = writer.state.segments.get(SegmentId(f"line-{number}"))
        assert line is not None
        command = do.CorrectSegment(
            channel=FLOOR, segment=line.id, base_revision=line.revision, base_words=len(line.words), text=text
        )
        assert isinstance(await writer.send(Actor(Role.CAPTIONER, "c1"), CommandId(f"m{number}"), command), Receipt)

    def proposal(number: int, new: str, stays: float = 0.9) -> Proposal:
        line = writer.state.segments.get(SegmentId(f"line-{number}"))
        assert line is not None
        return Proposal(
            segment=line.id,
            channel=FLOOR,
            base_revision=line.revision,
            t0=line.t0,
            old=line.whole,
            new=new,
            stays=stays,
            machine=not line.mended,
        )

    assert isinstance(await writer.send(SYSTEM, CommandId("seal"), do.SealRecord(version=SealVersion.RAW)), Receipt)
    await mend(2, "Questions from remote hubs come first.")
    texts = (
        (0, "The session is open for everyone, wherever they may be.", 0.8),
        (1, "يمكن للجميع طرح أسئلتهم، أينما كانوا.", 0.8),
        (2, "Questions from remote hubs go first & foremost.", 0.7),
        (3, "The session is over.", 0.6),
        (4, "لا أحد هنا.", 0.1),
        (5, "Questions come <first>.", 0.5),
        (6, "The session was open to everybody.", 0.9),
    )
    found = tuple(proposal(number, new, stays) for number, new, stays in texts)
    await running.office.propose(
        ProposeOrder(session=session, model="whisper-small", through=writer.offset, proposals=found)
    )
    await mend(5, "Questions come at the end.")
    await mend(6, texts[6][1])


async def _translated(running: RunningServer) -> None:
    """Make a meeting with a translation of record, and a requested one; the last lines have no translation yet."""
    writer = (await running.backend.sessions.open(SessionId("translated"))).writer
    for language, text in TRANSLATIONS.items():
        channel = ChannelId(f"mt-{language}")
        added = do.AddChannel(
            channel=channel, kind=ChannelKind.TRANSLATION, languages=(language,), of_record=language == "es"
        )
        receipt = await writer.send(SYSTEM, CommandId(f"add-{channel}"), added)
        assert isinstance(receipt, Receipt), receipt
        for number in range(LINES - 2):
            line = writer.state.segments.get(SegmentId(f"line-{number}"))
            assert line is not None
            made = do.SetTranslation(
                channel=channel,
                source=SourceSegment(line.id, line.revision),
                text=line.whole if line.language == language else text,
                route="" if line.language == language else f"bergamot 0.2.0 en>pt, apertium-es-pt 1.2.1 pt>{language}",
            )
            receipt = await writer.send(Actor(Role.TRANSLATOR, "mt"), CommandId(f"{channel}-{number}"), made)
            assert isinstance(receipt, Receipt), receipt


async def _meeting(running: RunningServer, name: str) -> None:
    writer = (await running.backend.sessions.open(SessionId(name))).writer

    async def told(by: Actor, what: str, *commands: do.AnyCommand) -> None:
        assert isinstance(await writer.send(by, CommandId(what), commands), Receipt)

    await told(
        SYSTEM,
        "made",
        do.CreateSession(title="Plenary & <questions>", languages=("en", "ar")),
        do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en", "ar")),
        do.AddChannel(channel=ChannelId("fr"), kind=ChannelKind.INTERPRETATION, languages=("fr",)),
    )
    if name == "tomorrow":
        return
    await told(
        SYSTEM,
        "begun",
        do.OpenSession(),
        do.IntroduceSpeaker(speaker=SpeakerId("anez"), name="Ms. Añez <chair>"),
        do.AttachEngine(channel=FLOOR, model="scripted"),
    )
    for number in range(LINES):
        await told(Actor(Role.ENGINE, "scripted"), f"line-{number}", *_line(number, *TEXT[number % len(TEXT)]))
    named = tuple(SegmentId(f"line-{number}") for number in range(3))
    await told(SYSTEM, "named", do.AssignSpeaker(segments=named, speaker=SpeakerId("anez")))
    await told(Actor(Role.CAPTIONER, "c1"), "noted", do.LeaveNote(text="The second microphone crackles."))
    await told(
        Actor(Role.CAPTIONER, "c1"),
        "terms",
        do.ChooseTerm(term="Añez & Söhne", wanted=True, language="ar"),
        do.ChooseTerm(term="Potable", wanted=False),
    )
    for number in (6, 9):  # corrected twice, so that the desk proposes a term
        line = writer.state.segments.get(SegmentId(f"line-{number}"))
        assert line is not None
        fix = do.CorrectSegment(
            channel=FLOOR,
            segment=line.id,
            base_revision=0,
            base_words=1,
            text=TEXT[0][1].replace("The session", "The Moothall"),
        )
        await told(Actor(Role.CAPTIONER, "c1"), f"fix-{number}", fix)
    await told(
        SYSTEM,
        "hubs",
        do.SetHubPresence(hub="kisumu", title="Kisumu <library>", people=23, here=False, since=1_764_000_000_000),
        do.SetHubPresence(hub="north", title="مكتبة الشمال", people=None, here=True, since=1_764_000_000_000),
        do.SetHubPresence(hub="north.pole", title="Pole", people=4, here=True, since=1_764_000_000_000),
    )
    await every_question(told)
    await every_note(told)
    office = Actor(Role.SECRETARIAT, "s1")
    await told(office, "counted", do.CountPeople(people=40, source=CountSource.TYPED))
    if name == "yesterday":
        await told(SYSTEM, "closed", do.CloseSession())
        await told(office, "released", do.ReleaseAttendance())
    else:
        await told(office, "roll", do.ArrangeRoll(open=True))
        ana = Actor(Role.PARTICIPANT, "e1")
        signed = do.SignRoll(entry=RollEntryId("e1"), name="Ana <Souza>", representing="Radio & Kisumu")
        await told(ana, "signed", signed)


def _line(number: int, language: str, text: str) -> Sequence[do.AnyCommand]:
    segment, t0 = SegmentId(f"line-{number}"), 1_000 * number
    start = do.SegmentStart(t0=t0, language=language, origin=Origin.MACHINE)
    said = (Word(text, t0, t0 + 900),)
    commit = do.CommitWords(channel=FLOOR, generation=1, segment=segment, first=0, words=said, start=start)
    return (
        commit,
        do.EndSegment(channel=FLOOR, generation=1, segment=segment, t1=t0 + 900, reason=EndReason.SENTENCE),
    )


@asynccontextmanager
async def visitor(browser: Browser, running: RunningServer, **options: Any) -> AsyncIterator[BrowserContext]:
    """Open a browser with the links of a technician, of the secretariat and of a hub; tests may inject scripts."""
    context = await browser.new_context(bypass_csp=True, **{"locale": "en-GB", **options})
    context.set_default_timeout(60_000)
    hub = (Role.HUB, session_scope(SessionId("translated")), "Kisumu & <Library>")
    for link in (*((role, HALL, f"{role}") for role in (Role.SECRETARIAT, Role.TECHNICIAN)), hub):
        _, token = await running.backend.links.create(*link)
        await context.request.get(f"{running.address}/enter/{token}", max_redirects=0)
    for own in running.backend.own_words.of(SessionId("yesterday")):
        await context.add_cookies(
            [{"name": OWN_WORDS, "value": own.proof, "url": f"{running.address}/own-words/yesterday"}]
        )
    yield context
    await context.close()


async def come_to(page: Page, running: RunningServer, name: str, language: str = "en") -> None:
    """Go to one of `PAGES`, bring it into its state, open all panels, and wait until its scripts have run."""
    address, done = PAGES[name]
    answer = await page.goto(f"{running.address}{address}{'&' if '?' in address else '?'}ui={language}")
    assert answer is not None
    assert answer.status == (404 if "none-of-that-name" in address else 200), name
    if done is not None:
        await done(page)
    await page.evaluate(
        """() => {
            for (const panel of document.querySelectorAll('details')) panel.open = true;
            return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
        }"""
    )
