"""axe's findings on a page, by the rules of WCAG 2.2 AA."""

from __future__ import annotations

import json

from playwright.async_api import Page

from support.browser.node import module

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
MORE = ["label-content-name-mismatch", "css-orientation-lock", "target-size"]
"""Rules that axe leaves out by default: WCAG 2.5.3, 1.3.4, 2.5.8."""


async def findings(page: Page, only: list[str] | None = None) -> list[str]:
    """Return axe's findings: the rule, and the element. Loads axe into the page if it isn't there."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(module("axe-core/axe.min.js").read_text(encoding="utf-8"))
    wanted = {"runOnly": only or RULES, "resultTypes": ["violations"], "selectors": False}
    if only is None:
        wanted["rules"] = {name: {"enabled": True} for name in MORE}
    violations = await page.evaluate(f"axe.run(document, {json.dumps(wanted)}).then((result) => result.violations)")
    return [
        f"{found['id']}: {node['html'][:160]} ({node['failureSummary'][:200]})"
        for found in violations
        for node in found["nodes"]
    ]
