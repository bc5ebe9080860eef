"""axe's findings on a page, by the rules of WCAG 2.2 AA."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from playwright.async_api import Page

from support.browser.node import module

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
MORE = ["label-content-name-mismatch", "css-orientation-lock", "target-size"]
"""Rules that axe leaves out by default: WCAG 2.5.3, 1.3.4, 2.5.8."""


class Colours(Enum):
    """What a browser is told about colours, or what a reader has chosen on the page."""

    LIGHT = "light"
    DARK = "dark"
    FORCED = "forced"
    YELLOW = "yellow"
    BLUE = "blue"


SCHEMES: Mapping[Colours, dict[str, Any]] = {
    **{each: {"color_scheme": "light", "forced_colors": "none"} for each in Colours},
    Colours.DARK: {"color_scheme": "dark", "forced_colors": "none"},
    Colours.FORCED: {"color_scheme": "light", "forced_colors": "active"},
}
CHOSEN = (Colours.YELLOW, Colours.BLUE)
"""The themes of high contrast, which a browser remembers for all pages (js/lib/early.js)."""
AS_CHOSEN = """(theme) => {
    const root = document.documentElement, before = root.dataset.theme;
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    return before ?? '';
}"""


UNDER_A_BAR = """(violations) => {
    const free = (element) => {
        element.scrollIntoView({ block: 'center' });
        const { left, right, top, bottom, width, height } = element.getBoundingClientRect();
        const corners = [left + 4, right - 4].flatMap((x) => [[x, top + 4], [x, bottom - 4]]);
        return width >= 24 && height >= 24
            && corners.every(([x, y]) => element.contains(document.elementFromPoint(x, y)));
    };
    const stood = [scrollX, scrollY];
    const told = violations.flatMap(({ id, nodes }) => nodes
        .filter((node) => !(id === 'target-size' && node.failureSummary.includes('obscured') && free(node.element)))
        .map(({ html, failureSummary }) => [id, html, failureSummary]));
    scrollTo(...stood);
    return told;
}"""
"""Findings without those of a target that only lies under a bar that stays, as the page is scrolled just now: once it
is in the middle of the window it is large enough and free.
"""


async def findings_in_all_colours(page: Page, colours: Sequence[Colours] = tuple(Colours)) -> list[str]:
    """Return axe's findings by all its rules; once these are known, colours are a matter of contrast."""
    found: list[str] = []
    for n, each in enumerate(colours):
        await page.emulate_media(**SCHEMES[each])
        before = await page.evaluate(AS_CHOSEN, each.value) if each in CHOSEN else None
        found += [f"{fault} {each.name}" for fault in await findings(page, ["color-contrast"] if n else None)]
        if before is not None:
            await page.evaluate(AS_CHOSEN, before)
    await page.emulate_media(**SCHEMES[Colours.LIGHT])
    return found


async def findings(page: Page, only: list[str] | None = None) -> list[str]:
    """Return axe's findings: the rule, and the element. Loads axe into the page if it isn't there."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(module("axe-core/axe.min.js").read_text(encoding="utf-8"))
    wanted = {"runOnly": only or RULES, "resultTypes": ["violations"], "selectors": False, "elementRef": True}
    if only is None:
        wanted["rules"] = {name: {"enabled": True} for name in MORE}
    told = await page.evaluate(
        f"axe.run(document, {json.dumps(wanted)}).then((result) => ({UNDER_A_BAR})(result.violations))"
    )
    return [f"{rule}: {html[:160]} ({summary[:200]})" for rule, html, summary in told]
