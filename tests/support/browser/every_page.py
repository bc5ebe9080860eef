"""The way to every page of a server with a conference (`full_house.py`), and browsers that go there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page

from moothall.adapters.desks.own_words_door import COOKIE as OWN_WORDS
from moothall.adapters.outcomes.commitment_door import COOKIE as COMMITMENT
from moothall.app.hall import RunningServer
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import MessageId, SessionId
from moothall.services.sessions.staff import HALL, session_scope
from support.browser import page_states as states
from support.browser.every_policy import CALL, ENDED, OVER, QUESTION
from support.browser.page_states import YESTERDAY

MEETING = "/s/plenary"
TRANSLATED = "/s/translated"

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
    "admin/admin_removal.html": ("/admin/retention", states.counted),
    "admin/admin_removed.html": ("/admin/removed", None),
    "outcomes/documents.html": ("/outcomes", None),
    "outcomes/document.html": ("/outcomes/outcomes-2026", None),
    "outcomes/comment.html": ("/outcomes/outcomes-2026/comment?paragraph=1", None),
    "outcomes/quotation.html": ("/outcomes/outcomes-2026/quote?paragraph=1&n=1", None),
    "outcomes/map.html": ("/outcomes/outcomes-2026/map", None),
    "outcomes/bodies.html": ("/bodies", None),
    "outcomes/admin_bodies.html": ("/admin/bodies?change=cstd", None),
    "outcomes/admin_translation.html": ("/admin/translations/outcomes-2026", None),
    "outcomes/admin_documents.html": ("/admin/documents?change=outcomes-2026", None),
    "agenda/agenda.html": ("/agenda", None),
    "agenda/access_needs.html": ("/agenda/access", None),
    "agenda/access_needs.html, refused": ("/agenda/access", states.needing_nothing),
    "agenda/access_needs.html, sent": ("/agenda/access?sent=1", None),
    "attendance/attendance_year.html": ("/attendance", None),
    "attendance/recommendations.html": ("/recommendations", None),
    "attendance/attendance_report.html": ("/attendance/yesterday", None),
    "attendance/attendance_report.html, at work": ("/attendance/plenary", None),
    "attendance/roll.html": ("/s/plenary/sign-in-sheet", None),
    "attendance/roll.html, signed": ("/s/plenary/sign-in-sheet", states.signed_in),
    "outcomes/policy.html": ("/policy", None),
    "outcomes/policy_question.html": (f"/policy/{QUESTION}", None),
    "outcomes/policy_question.html, closed": (f"/policy/{ENDED}", None),
    "outcomes/call.html": (f"/calls/{CALL}", None),
    "outcomes/call.html, near": (f"/calls/{CALL}", states.near),
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
    "reader/session.html, translated, with the original": (f"{TRANSLATED}?channel=mt-es&show=both", states.beside),
    "reader/own_pace.html": (f"{MEETING}/read", None),
    "reader/own_pace.html, translated": (f"{TRANSLATED}/read?channel=mt-ar&show=both", None),
    "reader/own_pace.html, by braille": (f"{MEETING}/read?braille=yes", None),
    "record/quotation.html": (f"{YESTERDAY}/cite?from=line-2", None),
    "record/quotation.html, mended": (f"{YESTERDAY}/cite?from=line-1&to=line-3", states.before_it_was_mended),
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
    "questions/ask.html, refused": (f"{MEETING}/ask", states.asking_nothing),
    "questions/ask.html, for a group": (f"{TRANSLATED}/ask", None),
    "questions/asked.html": (f"{MEETING}/ask", states.asking),
    "questions/asked.html, in its turn": (f"{TRANSLATED}/ask", states.in_its_turn),
    "questions/questions.html": (f"{TRANSLATED}/questions", None),
    "questions/questions.html, translated": (f"{TRANSLATED}/questions?ui=pt", states.in_portuguese),
    "questions/opinions.html": (f"{MEETING}/opinions", None),
    "questions/opinions.html, none": ("/s/tomorrow/opinions", None),
    "questions/questions.html, none": ("/s/tomorrow/questions", None),
    "display/embed.html": (f"{MEETING}/embed", None),
    "display/screen.html": (f"{MEETING}/screen", None),
    "display/screen.html, with questions": (f"{TRANSLATED}/screen", None),
    "display/screen_waiting.html": ("/room/garden/screen", None),
    "display/overlay.html": (f"{MEETING}/overlay", None),
    "display/overlay.html, with a question": (f"{TRANSLATED}/overlay", None),
    "display/overlay.html, with groups": (f"{MEETING}/overlay?groups=1", None),
    "microphone/microphone.html": (f"{MEETING}/microphone", None),
    "desk/desk.html": ("/desk/plenary", states.at_work),
    "caption/caption.html": ("/caption/plenary", states.captioning),
    "moderation/moderate.html": ("/moderate/plenary", states.leading),
    "moderation/voting.html": ("/moderate/plenary/opinions", None),
    "moderation/podium.html": ("/podium/plenary", states.on_the_podium),
    "desk/check.html": ("/desk/yesterday/check", None),
    "desk/speaker_links.html": ("/desk/yesterday/speakers", None),
    "proposals/own_words.html": ("/own-words/yesterday", None),
    "report/commitment.html": ("/commitments/yesterday/m4", None),
    "proposals/refinements.html": ("/desk/yesterday/refinements", states.deciding),
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
    "admin/admin_import.html": ("/admin", states.file_of_a_programme),
    "admin/admin_past_record.html": ("/admin/past-records", None),
    "admin/admin_sheets.html": ("/admin", states.sheets),
    "admin/admin_sheets.html, many": ("/admin/links?day=all", states.many_sheets),
    "admin/admin_languages.html": ("/admin/languages", None),
    "admin/admin_look.html": ("/admin/look", None),
    "admin/admin_look.html, refused": ("/admin/look", states.colour_is_refused),
    "admin/admin_links.html": ("/admin/links", None),
    "admin/admin_revoke.html": ("/admin/links", states.revoking),
    "admin/admin_hubs.html": ("/admin/hubs", None),
    "admin/admin_hub.html": ("/admin/hubs/kisumu-library", None),
    "admin/admin_hub_sheets.html": ("/admin/hubs", states.group_is_added),
    "hub/hub_pair.html": ("/hub/pair", None),
    "hub/hub_pair.html, wrong words": ("/hub/pair", states.words_are_wrong),
    "hub/hub_home.html": ("/hub/kisumu-library", None),
    "hub/hub.html": ("/hub/kisumu-library/translated", states.in_a_group),
    "hub/hubs.html": ("/hubs", None),
    "hub/hubs_thanks.html": ("/hubs/thanks", None),
    "admin/staff_error.html": ("/admin/meetings/none-of-that-name", None),
    "lib/error.html": ("/s/none-of-that-name", None),
    "reader/not_ours.html": ("/s/plenary/ask", states.from_elsewhere),
}
"""The pages that are tested, by template; after a comma, the state. The record is a file: e2e/reader/test_record.py."""


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
    given = running.backend.commitments.of(SessionId("yesterday"), MessageId("m4"))
    if given is not None:
        address = f"{running.address}/commitments/yesterday/m4"
        await context.add_cookies([{"name": COMMITMENT, "value": given.proof, "url": address}])
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
