"""The look of the pages' parts, compared with stored pictures: a change of look is a decision.

`make pictures` stores new ones. Pictures differ with the browser and the fonts, so they are compared only where both
are the same as when the pictures were made (`tests/pictures/made_with.json`): Debian's Chromium, and of its fonts only
the packages that the file names, the last of them for Chinese.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from moothall.app.hall import RunningServer, hall
from moothall.settings.sections import EngineSection, Server, Settings, Translation

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
KEPT = Path(__file__).parents[2] / "pictures"
MADE_WITH = KEPT / "made_with.json"
KEEP = "KEEP_PICTURES" in os.environ
PACKAGES = ["fonts-dejavu-core", "fonts-dejavu-extra", "fonts-dejavu-mono", "fonts-urw-base35", "fonts-droid-fallback"]
CHANNEL, SHARE = 24, 0.0002
"""A pixel counts as changed when a channel of it differs by more than 24 of 255; two in ten thousand may: the mark of a
state has more."""
EVERY = (
    "mark", "buttons", "states", "speakers", "lines", "growing", "not-recorded", "cards", "hands-1", "hands-2",
    "hands-3", "question", "form", "panels", "missed", "meeting",
)  # fmt: skip
MAIN = ("buttons", "states", "lines", "cards")
TILES = tuple(f"tile-{kind}" for kind in ("live", "silence", "late", "cut", "off"))
STAFF = {
    "control": ("frame", *TILES, "chart-bars", "chart-readers", "map"),
    "questions": ("now", "rows-checked", "rows-queued"),
    "text": ("desk-lines",),
    "caption": ("field-yours", "field-apart", "field-off", "field-heard"),
    "podium": ("podium",),
    "refinements": ("proposals",),
    "timetable": ("timetable",),
    "forms": ("fields", "said", "destroys", "levels", "verdicts", "sending"),
}
VIEWS = {
    **{f"wall-{name}": (f"wall/{name}", 1_280, 720) for name in ("text", "question", "hands", "break", "not-recorded")},
    "overlay-lower-third": ("overlay/question", 1_280, 720),
    "overlay-side": ("overlay/question", 1_280, 720),
    **{f"reader-{name}": (f"reader/{name}", 390, 780) for name in ("sheet", "remote", "hands", "turn", "acts", "away")},
    "reader-chapters": ("reader/chapters", 390, 780),
    "reader-wide": ("reader/live", 1_280, 720),
    "reader-beside": ("reader/beside", 1_280, 720),
    "reader-missed": ("reader/missed", 1_280, 1_300),
    "group": ("group/good", 1_280, 900),
    "group-lost": ("group/lost", 390, 900),
    "sheets": ("sheets/a5", 1_280, 900),
    **{f"hub-line-{name}": (f"hub-line/{name}", 390, 130) for name in ("down", "missed")},
    "agenda": ("agenda/meetings", 390, 1_500),
    "search": ("search?q=chosen&room=a&page=2", 390, 1_200),
    **{f"record-{name}": (f"record/{name}", 390, 900) for name in ("versions", "line-mended", "quotation-mended")},
    "check": ("check/proposals", 1_280, 900),
    "own-words": ("own-words/open", 390, 1_500),
    "speaker-links": ("speaker-links/made", 390, 900),
}
"""Whole pages: where they are, and the window in which they are compared."""
WHOLE = {"light": "ui=en&theme=light", "dark-arabic": "ui=ar&theme=dark"}
PHONE, WIDE = 480, 1_280
LIGHT, DARK = "?ui=en&theme=light", "?ui=ar&theme=dark"
LOOKS = {
    "light": (LIGHT, PHONE, None, EVERY),
    "dark-arabic": (DARK, PHONE, None, EVERY),
    "yellow-french": ("?ui=fr&theme=yellow", PHONE, None, MAIN),
    "blue-russian": ("?ui=ru&theme=blue", PHONE, None, MAIN),
    "light-chinese": ("?ui=zh&theme=light", PHONE, None, ("states", "lines", "cards")),
    "forced-spanish": ("?ui=es&theme=light", PHONE, "active", ("states", "cards")),
    **{f"light-{part}": (f"/{part}{LIGHT}", WIDE, None, samples) for part, samples in STAFF.items()},
    **{f"dark-arabic-{part}": (f"/{part}{DARK}", WIDE, None, samples) for part, samples in STAFF.items()},
}
"""An address, the width of the window, whether colours are forced, and which samples are compared."""
COMPARE = """async ([kept, seen, channel]) => {
    const pixels = async (data) => {
        const image = new Image();
        image.src = 'data:image/png;base64,' + data;
        await image.decode();
        const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d');
        canvas.drawImage(image, 0, 0);
        return [image.width, image.height, canvas.getImageData(0, 0, image.width, image.height).data];
    };
    const [[width, height, before], [w, h, now]] = [await pixels(kept), await pixels(seen)];
    if (width !== w || height !== h) return 1;
    let changed = 0;
    for (let i = 0; i < before.length; i += 4) {
        changed += [0, 1, 2].some((c) => Math.abs(before[i + c] - now[i + c]) > channel);
    }
    return changed / (width * height);
}"""


def fonts() -> str:
    """The fonts of this machine, as a digest."""
    lister = shutil.which("fc-list")
    if lister is None:
        return ""
    listed = subprocess.run([lister, ":", "file", "fontversion"], capture_output=True, check=True, text=True).stdout
    return hashlib.sha256("\n".join(sorted(listed.splitlines())).encode()).hexdigest()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningServer]:
    settings = Settings(
        server=Server(port=0, data=str(tmp_path_factory.mktemp("house")), style_page=True),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
    )
    async with hall(settings) as running:
        yield running


def skip_elsewhere(browser: Browser) -> None:
    """Skip the test where the browser or the fonts are others than those of the pictures."""
    here = {"chromium": browser.version, "packages": PACKAGES, "fonts": fonts()}
    if KEEP:
        MADE_WITH.write_text(json.dumps(here, indent=1) + "\n", encoding="utf-8")
    elif json.loads(MADE_WITH.read_text(encoding="utf-8")) != here:
        pytest.skip("The pictures were made with another browser or other fonts.")


async def compare(taken: dict[str, bytes], browser: Browser, folder: Path) -> None:
    """Hold pictures, by the names of their files, against those that are kept, or keep them."""
    comparing = await browser.new_page()  # Of no origin: pages of ours may not show such data.
    changed: dict[str, float] = {}
    for name, seen in taken.items():
        kept = KEPT / name
        if KEEP:
            kept.write_bytes(seen)
            continue
        if kept.read_bytes() == seen:
            continue
        both = [base64.b64encode(picture).decode() for picture in (kept.read_bytes(), seen)]
        share = await comparing.evaluate(COMPARE, [*both, CHANNEL])
        if share > SHARE:
            (folder / name).write_bytes(seen)
            changed[str(folder / name)] = share
    await comparing.close()
    assert changed == {}, "Look at these; `make pictures` keeps them where the change is meant."


@pytest.mark.parametrize("look", LOOKS)
async def test_the_parts_of_the_pages_look_as_they_did(
    look: str, browser: Browser, page: Page, house: RunningServer, tmp_path: Path
) -> None:
    skip_elsewhere(browser)
    address, width, forced, samples = LOOKS[look]
    await page.set_viewport_size({"width": width, "height": 900})
    await page.emulate_media(forced_colors="active" if forced else "none", reduced_motion="reduce")
    await page.goto(
        f"{house.address}/about/style{address}"
    )  # the scripts of the staff's parts have run when it is loaded
    taken: dict[str, bytes] = {}
    for sample in samples:
        part = page.locator(f"#sample-{sample} .part")
        await part.evaluate("part => part.scrollIntoView()")  # whole, where it is lower than the window
        taken[f"{look}-{sample}.png"] = await part.screenshot()
    await compare(taken, browser, tmp_path)


@pytest.mark.parametrize(("look", "query"), WHOLE.items(), ids=list(WHOLE))
async def test_the_whole_pages_look_as_they_did(  # noqa: PLR0917  # fixtures
    look: str, query: str, browser: Browser, page: Page, house: RunningServer, tmp_path: Path
) -> None:
    skip_elsewhere(browser)
    await page.emulate_media(reduced_motion="reduce")
    taken: dict[str, bytes] = {}
    for view, (path, width, height) in VIEWS.items():
        await page.set_viewport_size({"width": width, "height": height})
        preset = f"&size=32&preset={view.removeprefix('overlay-')}" if view.startswith("overlay") else ""
        await page.goto(f"{house.address}/about/style/views/{path}{'&' if '?' in path else '?'}{query}{preset}")
        taken[f"{look}-{view}.png"] = await page.screenshot()
    await compare(taken, browser, tmp_path)


async def test_a_line_bears_the_tag_of_who_typed_it(page: Page, house: RunningServer) -> None:
    """A machine's lines bear none."""
    await page.goto(f"{house.address}/about/style{LIGHT}")
    lines = page.locator("#sample-lines .line")
    for origin, tag in {"person": "Written by a person", "interpreter": "Interpreter"}.items():
        await expect(lines.and_(page.locator(f"[data-origin={origin}]")).locator(".source")).to_be_visible()
        await expect(lines.and_(page.locator(f"[data-origin={origin}]")).locator(".source")).to_have_text(tag)
    for source in await lines.and_(page.locator("[data-origin=machine]")).locator(".source").all():
        await expect(source).to_be_hidden()


async def test_every_sample_has_a_picture_and_no_picture_is_of_another() -> None:
    wanted = {f"{look}-{sample}.png" for look, (*_, samples) in LOOKS.items() for sample in samples}
    wanted |= {f"{look}-{view}.png" for look in WHOLE for view in VIEWS}
    assert {path.name for path in KEPT.glob("*.png")} == wanted
    assert len(wanted) == 157
