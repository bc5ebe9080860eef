"""What a screen reader says of the reader's pages: by itself while text arrives, and when asked to read on.

The screen reader is simulated: NVDA, JAWS, VoiceOver and Orca word these things in their own ways, and
may leave out or join some.
"""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import SpeakerId
from moothall.core.signals import Unrecorded
from support.browser.reading_aloud import STARTED, heard, listen, read_on
from support.browser.translated_lines import TEXTS, TRANSLATOR, made, made_again
from support.halls.stage import CAPTIONER, FLOOR, Stage, corrected, ended, opened, partial, stage, words
from support.sessions.splitting import split, timed

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LOST, BACK = "Reconnecting: nothing will be missed", "Nothing missed"
HOLE = "No text from 0:20 to 0:25: the sound was lost"
OFF, ON = "Not recorded: what is said now is kept nowhere", "What is said is kept again"
CLOSED = "Closed: this is the record"


async def introduced(on: Stage) -> None:
    for name in ("Amina", "Béla"):
        await on.say(ev.SpeakerIntroduced(speaker=SpeakerId(name[0].lower()), name=name))


async def meeting(page: Page, on: Stage, *, lines: bool = False, told: bool = False) -> None:
    """All that happens in a meeting, while a screen reader listens, to `lines` or not."""
    await on.say(signals=[partial("one", 0, "Good")])
    await on.say(
        opened("one", 10_000, speaker="a"), words("one", 0, "Good morning"), signals=[partial("one", 2, "every")]
    )
    await expect(page.locator("#Growing .text")).to_have_text("Good morning every")
    await on.say(words("one", 2, "everybody."), signals=[partial("one", 3, "To")])
    await on.say(ended("one", "Good morning everybody."))
    await page.locator("#one").wait_for()
    await on.say(opened("two", 12_000, speaker="a"), ended("two", "Let us begin."))
    await expect(page.locator("#two .text")).to_have_text("Let us begin.")
    if lines:  # What says them is loaded with the first: it would say a line as it stands by then.
        await expect(page.locator("#Announcer")).to_contain_text("Let us begin.")
    await on.say(corrected("two", "Let us begin now."))  # The engine heard it better.
    await expect(page.locator("#two .text")).to_have_text("Let us begin now.")
    await on.say(corrected("one", "Good morning, everybody."), by=CAPTIONER)
    await on.say(opened("three", 14_000, speaker="b", language="ar"), ended("three", "شكرا."))
    await on.say(ev.GapNoted(channel=FLOOR, t0=20_000, t1=25_000, reason=ev.GapReason.SOURCE_LOST))
    await on.say(ev.NotRecordedBegan(t0=26_000), by=SYSTEM)
    await on.say(signals=[Unrecorded(channel=FLOOR, text=" Between us.", language="en")])
    await expect(page.locator("#Unrecorded .text")).to_have_text("Between us.")
    await on.say(ev.NotRecordedEnded(t1=30_000), by=SYSTEM)
    await expect(page.locator("#Unrecorded")).to_be_hidden()
    if told:
        await expect(page.locator("#Announcer")).to_have_text(ON)
    await on.say(ev.SessionClosed(t=40_000))
    await expect(page.locator("#State")).to_have_text(CLOSED)


async def test_by_itself_nothing_of_the_text_is_said(page: Page) -> None:
    async with stage() as on:
        await introduced(on)
        await on.lines(2)
        await listen(page, on.page)
        await meeting(page, on)
        said = await heard(page)
    assert said == [CLOSED]


async def test_finished_lines_are_said_once_and_never_as_they_grow(page: Page) -> None:
    async with stage() as on:
        await introduced(on)
        await on.lines(2)
        await listen(page, f"{on.page}?say=lines")
        await meeting(page, on, lines=True, told=True)
        said = await heard(page)
    lines = ["Amina: Good morning everybody.", "Let us begin.", "Béla: شكرا."]
    assert said == [*lines, HOLE, OFF, ON, CLOSED]


async def test_what_is_split_off_a_line_is_not_said_once_more(page: Page) -> None:
    async with stage() as on:
        await introduced(on)
        await listen(page, f"{on.page}?say=lines")
        who, me = timed(10_000, "Who?"), timed(10_200, "I", "do.")
        await on.say(opened("one", 10_000, speaker="a"), words("one", 0, " Who? I do."), ended("one", " Who? I do."))
        await expect(page.locator("#Announcer")).to_contain_text("I do.")
        await on.say(*split("one", "part", who, me))
        await expect(page.locator("#part .text")).to_have_text("I do.")
        # Another one came in one message with its parts, so that nothing was said before.
        pair = opened("two", 14_000, speaker="a"), words("two", 0, " Yes. No."), ended("two", " Yes. No.")
        await on.say(*pair, *split("two", "rest", timed(14_000, "Yes."), timed(14_200, "No.")))
        await expect(page.locator("#Announcer")).to_contain_text("No.")
        said = await heard(page)
    assert said == ["Amina: Who? I do.", "Yes.", "Speaker not named: No."]


async def test_speakers_and_notices_alone(page: Page) -> None:
    async with stage() as on:
        await introduced(on)
        await on.lines(2)
        await listen(page, f"{on.page}?say=notices")
        await meeting(page, on, told=True)
        said = await heard(page)
    assert said == ["Amina:", "Béla:", HOLE, OFF, ON, CLOSED]


async def test_after_a_cut_each_line_is_still_said_once(page: Page) -> None:
    async with stage() as on:
        await listen(page, f"{on.page}?say=lines")
        await on.lines(1, "Before.")
        await page.locator("#s0").wait_for()
        on.refusing = True
        on.cut()
        await on.lines(1, "Meanwhile.")
        await expect(page.locator("#State")).to_have_text(LOST)
        on.refusing = False
        await expect(page.locator("#State")).to_have_text(BACK)  # It waits longer each time.
        await on.lines(1, "After.")
        await expect(page.locator("#Announcer")).to_have_text("After.")
        said = await heard(page)
    assert said == ["Before.", LOST, BACK, "Meanwhile.", "After."]


async def test_of_many_lines_at_once_the_newest_are_said_and_nothing_that_stood_before(page: Page) -> None:
    async with stage() as on:
        await on.lines(2)
        await listen(page, f"{on.page}?say=lines")
        on.refusing = True
        on.cut()
        await on.lines(9, "Line {n}.")
        on.refusing = False
        await page.locator("#s10").wait_for()
        await expect(page.locator("#Announcer")).to_have_text("Line 10.")
        said = [phrase for phrase in await heard(page) if phrase.startswith("Line")]
    assert said == [f"Line {n}." for n in (2, 5, 6, 7, 8, 9, 10)], (
        "six wait; the screen reader goes on with the meeting"
    )


async def test_a_choice_made_meanwhile_holds_for_what_comes(page: Page) -> None:
    async with stage() as on:
        await listen(page, on.page)
        await on.lines(2)
        await page.locator("#s1").wait_for()
        await page.locator("#HowIRead > summary").click()
        await page.get_by_label("Tell my screen reader").select_option("lines")
        await on.lines(1, "The third.")
        await expect(page.locator("#Announcer")).to_have_text("The third.")
        await page.get_by_label("Tell my screen reader").select_option("nothing")
        await on.lines(1, "The fourth.")
        await page.locator("#s3").wait_for()
        said = await heard(page)
    assert [phrase for phrase in said if phrase.startswith("The")] == ["The third."]


async def test_reading_on_gives_speaker_text_and_time_in_order(page: Page) -> None:
    async with stage() as on:
        await introduced(on)
        await on.say(opened("one", 10_000, speaker="a"), ended("one", "Good morning."))
        await on.say(opened("two", 14_000, speaker="b"), ended("two", "Thank you."))
        await on.say(corrected("two", "Thank you, chair."), by=CAPTIONER)
        await on.say(ev.GapNoted(channel=FLOOR, t0=20_000, t1=25_000, reason=ev.GapReason.SOURCE_LOST))
        await on.say(opened("three", 26_000, speaker="a"), words("three", 0, "We go"))
        await listen(page, f"{on.page}?sources=yes")
        text = await read_on(page, "log, Text of the meeting", "We go")
    assert text == [
        *("Amina", "Good morning.", "link, Line at 0:10", "0:10", "Written by a machine"),
        *("Béla", "Thank you, chair.", "link, Line at 0:14", "0:14", "Mended by a person"),
        "Written by a machine",
        HOLE,
        *("Amina", "We go"),
    ]


async def test_at_ones_own_pace_nothing_speaks_and_the_lines_come_in_order(page: Page) -> None:
    async with stage() as on:
        await introduced(on)
        await on.lines(20, "Line {n}.")
        await on.say(opened("more", 90_000, speaker="a"), ended("more", "One more."))
        await listen(page, f"{on.page}/read?from=1")
        assert await page.locator("[aria-live], [role=log], [role=status], [role=alert]").count() == 0
        text = await read_on(page, "heading, Lines 1 to 20 of 21, level 2", "link, Next lines (1 more)")
        assert [phrase for phrase in text if phrase.startswith("Line ")] == [f"Line {n}." for n in range(20)]
        async with page.expect_navigation():
            await page.get_by_role("link", name="Next lines (1 more)").click()
        await page.evaluate(STARTED)
        text = await read_on(page, "heading, Lines 21 to 21 of 21, level 2", "link, Newest lines")
    assert text[:4] == ["Amina", "One more.", "link, Line at 1:30", "1:30"]


async def test_of_a_translation_each_new_line_is_said_once_and_the_original_is_not(page: Page) -> None:
    async with stage(*TEXTS) as on:
        await introduced(on)
        await on.say(opened("one", 100_000, speaker="a"), ended("one", "One."))
        await on.say(*made("one", 100_000, "Uno.", speaker="a"), by=TRANSLATOR)
        await listen(page, f"{on.page}?channel=mt-es&say=lines&show=both")
        await page.locator("#one-mt-es .original").wait_for()
        await on.say(opened("two", 104_000, speaker="b"), ended("two", "Two."))
        await page.locator("#Lines > .waiting").wait_for()
        await on.say(*made("two", 104_000, "Dos.", speaker="b"), by=TRANSLATOR)
        await page.locator("#two-mt-es .original").wait_for()
        await expect(page.locator("#Announcer")).to_contain_text("Dos.")  # What says it is loaded with the first line.
        await on.say(made_again("two", "Dos, otra vez."), by=TRANSLATOR)
        await on.say(*made("old", 2_000, "De antes.", speaker="a"), by=TRANSLATOR)
        await page.locator("#old-mt-es").wait_for()
        said = await heard(page)
        text = await read_on(page, "log, Text of the meeting", "link, Ask")
    assert said == ["Béla: Dos."]
    assert [phrase for phrase in text if not phrase.startswith(("link", "1:", "0:"))][:7] == [
        *("Amina", "De antes.", "One.", "Uno."),
        *("Béla", "Two.", "Dos, otra vez."),
    ]
