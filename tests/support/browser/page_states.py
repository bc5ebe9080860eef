"""What is done on a page until it is in the state in which it is looked at."""

from __future__ import annotations

import re

from playwright.async_api import Page

from support.browser.every_policy import NEAR
from support.files.programme_files import SAMPLES

YESTERDAY = "/s/yesterday"


async def needing_nothing(page: Page) -> None:
    """Send a form without its required fields; validation is off, or the browser wouldn't send it."""
    await page.evaluate("document.querySelector('.asking').noValidate = true")
    await page.fill("#Name", "Ms. Añez <chair>")
    await sent(page, ".asking button")
    await page.locator("#Wrong").wait_for()


async def unfolded(page: Page, name: str) -> None:
    await page.locator(f"#{name}Title").click()


async def file_of_a_programme(page: Page) -> None:
    await unfolded(page, "Programme")
    await page.set_input_files("#File", SAMPLES / "programme.csv")
    await sent(page, "#Programme form button")


async def sheets(page: Page) -> None:
    await unfolded(page, "New")
    await page.fill("#Title", "Water & <board>")
    await page.fill("#Languages", "en")
    await sent(page, "#New button.main")


async def colour_is_refused(page: Page) -> None:
    await page.fill("#LightColour", "#ffcc00")
    await sent(page, "button.main")


async def many_sheets(page: Page) -> None:
    await sent(page, "#Many button.main")


async def revoking(page: Page) -> None:
    """Ask to revoke a link, which opens the page that asks for confirmation."""
    await sent(page, "form[action*='/revoke'] button >> nth=0")


async def sent(page: Page, button: str) -> None:
    async with page.expect_navigation(wait_until="load"):
        await page.click(button)


async def asking_nothing(page: Page) -> None:
    await page.fill("#Name", "Ms. Añez")
    await page.click(".asking button")
    await page.locator("#Wrong").wait_for()


async def asking(page: Page) -> None:
    """Ask and take the question back, so that the limit is never reached; then ask again."""
    await page.fill("#Text", f"Will the <board> publish the figures? {page.url}")
    await sent(page, ".asking button")
    await sent(page, ".asks form button")
    await page.locator(".asks a").last.click()
    await page.fill("#Text", "Will the <board> publish the figures of 2026?")
    await sent(page, ".asking button")
    await page.locator("#Stands .stands").wait_for()


async def from_elsewhere(page: Page) -> None:
    """Send a question from a page that isn't ours; a page without an address has the origin `null`."""
    ours = page.url
    await page.goto("about:blank")
    text = '<textarea name="text">Who pays for <water>?</textarea>'
    await page.set_content(f'<form method="post" action="{ours}">{text}<button>Ask</button></form>')
    await sent(page, "button")
    await page.locator(".typed").wait_for()


async def in_its_turn(page: Page) -> None:
    """Ask to speak, have the request called, and type a finished line and an unfinished one."""
    await page.fill("#Text", "Will the <board> publish the figures?")
    await sent(page, ".asking button")
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


async def at_work(page: Page) -> None:
    """Open the desk, pick a line, and begin to correct another one."""
    await page.locator("#Desk:not([hidden])").wait_for()
    await page.locator(".pick input").first.check()
    await page.locator(".mend").last.click()
    await page.locator(".editor").wait_for()


async def captioning(page: Page) -> None:
    """Write: with a name offered under the word, a line in its edit box, and all keys shown."""
    await page.locator("#Desk:not([hidden])").wait_for()
    await page.locator(".mend").last.click()
    await page.locator(".editor").wait_for()
    await page.locator(".all-keys summary").click()
    await page.locator("#ComposeText").fill("Then we heard Ami")


async def leading(page: Page) -> None:
    """Open the questions of every status, with two picked out, and the figures of who is heard."""
    await page.locator("#Desk:not([hidden])").wait_for()
    await page.locator("#Checked .question [data-does=pick]").first.check()
    await page.locator("#Queued .question [data-does=pick]").first.check()
    await page.locator("#Several:not([hidden])").wait_for()
    await page.locator("#Heard-group").wait_for(state="attached")


async def on_the_podium(page: Page) -> None:
    """Wait until a question is being asked and another one waits."""
    await page.locator("#Now .text").first.wait_for()
    await page.locator("#Next .question").first.wait_for()


async def deciding(page: Page) -> None:
    """Open proposals of every outcome."""
    await page.locator("#Desk:not([hidden])").wait_for()
    await page.locator("[data-n='3'][data-fate]").wait_for()
    leave = page.locator("[data-n='3'] [data-does=leave]")
    if await leave.count():
        await leave.click()
    await page.locator("[data-n='3'][data-fate=l]").wait_for()
    await page.locator("[data-n='0'] [data-does=accept]").focus()


async def in_portuguese(page: Page) -> None:
    """Wait for the translation of a question."""
    await page.locator(".other").first.wait_for(state="attached")


async def group_is_added(page: Page) -> None:
    """Add a group; its name differs each time, since a name can be used only once."""
    await page.fill("#Name", f"Lima & <Centro> {await page.evaluate('Date.now() % 1e9')}")
    await sent(page, "button.main")


async def words_are_wrong(page: Page) -> None:
    await page.fill("#Words", "six words of mine")
    await sent(page, ".asking button")


async def in_a_group(page: Page) -> None:
    """Count people and write a note to the moderator."""
    await page.fill("#Number", "23")
    await page.click("#Set button")
    await page.locator(".many").wait_for()
    await page.fill("#Note", "We <hear> you well.")
    await page.click("#Write button")
    await page.locator("#NotesNow .note").first.wait_for()


async def beside(page: Page) -> None:
    """Wait for a line that is not translated yet."""
    await page.locator("#line-1-mt-es .original").wait_for(state="attached")
    await page.locator("#Lines > .waiting").first.wait_for(state="attached")


async def before_it_was_mended(page: Page) -> None:
    """Go to the quotation as it read when the first version was sealed."""
    sealed = await page.evaluate(
        """async (where) => /:([0-9]+)/.exec((await (await fetch(where)).text()).match(/[a-z0-9]+:[0-9]+/i)[0])[1]""",
        f"{YESTERDAY}/versions/1",
    )
    await page.goto(re.sub("(at=[^:&]+:)[0-9]+", rf"\g<1>{sealed}", page.url))
    await page.locator("[data-fate=changed]").wait_for()


async def near(page: Page) -> None:
    """Propose nearly what somebody has proposed."""
    await page.fill("#Text", NEAR)
    await sent(page, "#Proposing button.main")
    await page.locator("#NearTitle").wait_for()


async def counted(page: Page) -> None:
    """Show what the removal of a speaker's words would take."""
    await page.locator("#Person").select_option("ada")
    await page.locator("button[value=count]").click()
    await page.locator("button[value=remove]").wait_for()


async def signed_in(page: Page) -> None:
    """Sign in on the attendance list."""
    await page.fill("#Name", "Ms. Añez <chair>")
    await page.fill("#Representing", "Radio & Kisumu")
    await page.check("[name=agreed]")
    await sent(page, ".asking button")
    await page.locator("[value=strike]").wait_for()
