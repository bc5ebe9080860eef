from __future__ import annotations

from zoneinfo import ZoneInfo

from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.reports.reminder_letters import ReminderLetters
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.times import Zone
from moothall.services.outcomes.reminding import RapporteurAddress

PAGES = Pages(find_web_folder(), zone=lambda: Zone("Africa/Nairobi", ZoneInfo("Africa/Nairobi")))
DUE = 1_795_536_000_000  # 2026-11-24 16:00 UTC


async def test_a_letter_names_the_deadline_in_the_zone_of_the_conference_and_the_room_without_a_key() -> None:
    letters = ReminderLetters(pages=PAGES, title_of=lambda _: "Water <for> schools", public="https://forum.example")
    to = RapporteurAddress(
        session=SessionId("water"), link="secret", address="a@b.example", language="fr", due=DUE, since=0
    )
    letter = await letters.write(to)
    assert "Water <for> schools" in letter.subject
    assert "19:00" in letter.subject
    assert "Africa/Nairobi" in letter.subject
    assert "https://forum.example/report/water\n" in letter.text
    assert "secret" not in letter.text
    assert letter.file_name == ""
    unnamed = ReminderLetters(pages=PAGES, title_of=lambda _: "", public="")
    assert "water" in (await unnamed.write(to)).subject
