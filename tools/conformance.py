"""Writes docs/reference/conformance.md: the rows of docs/reference/accessibility.md in the order of the standards.

Every criterion of WCAG 2.2 of levels A and AA has a row, and every chapter of EN 301 549 that can apply to web pages.
This page claims nothing that the source page doesn't say.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from field_docs import ROOT, publish

SOURCE = ROOT / "docs/reference/accessibility.md"
PAGE = ROOT / "docs/reference/conformance.md"

LEVEL_A = """
1.1.1 1.2.1 1.2.2 1.2.3 1.3.1 1.3.2 1.3.3 1.4.1 1.4.2 2.1.1 2.1.2 2.1.4 2.2.1 2.2.2 2.3.1 2.4.1 2.4.2 2.4.3 2.4.4 2.5.1
2.5.2 2.5.3 2.5.4 3.1.1 3.2.1 3.2.2 3.2.6 3.3.1 3.3.2 3.3.7 4.1.2
"""
LEVEL_AA = """
1.2.4 1.2.5 1.3.4 1.3.5 1.4.3 1.4.4 1.4.5 1.4.10 1.4.11 1.4.12 1.4.13 2.4.5 2.4.6 2.4.7 2.4.11 2.5.7 2.5.8 3.1.2 3.2.3
3.2.4 3.3.3 3.3.4 3.3.8 4.1.3
"""
CRITERIA = dict.fromkeys(LEVEL_A.split(), "A") | dict.fromkeys(LEVEL_AA.split(), "AA")
"""All criteria of WCAG 2.2 of these levels, with their level; 4.1.1 is no longer one of them."""

CHAPTERS = (
    ("5 Generic requirements", "not evaluated beyond what WCAG asks"),
    ("6 Two-way voice communication", "does not apply: nobody speaks to another over it"),
    ("7 Video capabilities", "the live text: see below. There is no video"),
    ("8 Hardware", "does not apply: software"),
    ("9 Web", "9.x.y.z is criterion x.y.z of WCAG: see above"),
    ("10 Non-web documents", "not evaluated: records as SRT, WebVTT, TTML, text, JSON, HTML, Akoma Ntoso and EPUB"),
    ("11 Software", "does not apply: it is read and run in a browser; its commands are plain text"),
    ("12 Documentation and support", "not evaluated; the documentation is text in Markdown"),
    ("13 Relay and emergency services", "does not apply"),
)

HEAD = """\
# Accessibility conformance report

For procurement. Generated from [Accessibility](accessibility.md) by `make fix`; change the rows there. Each line says
by what it is known, since nobody but those who make the program has evaluated it:

- **Supports**: built, and held by the tests that are named; *axe*, *400 %* and other short names stand at the head of
  that page.
- **Supports, tested in part**: the remark says of what no test would notice the loss.
- **Supports, not tested**: built with care and looked at; no test would notice its loss.
- **Does not apply**.

No line says *does not support*, because no such criterion is known; what is known to be less than wished for stands
[at the end](#what-is-not-met-and-not-known). Product: Moothall, its pages for readers, staff and hubs, in the state of
this documentation. Method: the tests that [Accessibility](accessibility.md) describes, in Chromium.
"""


class Row(NamedTuple):
    """A row of the source page, for one criterion."""

    number: str
    name: str
    how: str
    shown: str

    @property
    def verdict(self) -> str:
        """The row's conformance, as procurement words it."""
        if self.shown == "does not apply":
            return "Does not apply"
        if self.shown in ("not tested", "met as the criterion is worded; not tested"):
            return "Supports, not tested"
        return "Supports, tested in part" if "not tested" in self.shown else "Supports"


def rows(section: str) -> list[tuple[str, str, str]]:
    """Return the three cells of each row of a section of the source page."""
    text = SOURCE.read_text(encoding="utf-8").partition(f"## {section}\n")[2].partition("\n## ")[0]
    return [
        (one, two, three) for one, two, three in re.findall(r"^\| (.*?) \| (.*?) ?\| (.*?) \|$", text, re.MULTILINE)
    ][1:]


def criteria() -> dict[str, Row]:
    """Return the rows of WCAG by criterion. Raises ValueError when a criterion is missing, given twice or unknown."""
    found: dict[str, Row] = {}
    for title, how, shown in rows("WCAG 2.2, levels A and AA"):
        numbers = re.findall(r"\d\.\d\.\d+", title)
        name = re.sub(r"^[\d., ]+", "", title)
        for number in numbers:
            if number in found or number not in CRITERIA:
                raise ValueError(f"{number} is in {SOURCE.name} twice, or is no criterion of A or AA.")
            found[number] = Row(number, name, how, shown)
    if missing := CRITERIA.keys() - found.keys():
        raise ValueError(f"{SOURCE.name} has no row for {', '.join(sorted(missing))}.")
    return found


def render() -> str:
    """Return the page's text."""
    parts = [HEAD]
    for level in ("A", "AA"):
        parts.append(f"\n## WCAG 2.2, level {level}\n\n| criterion | conformance | remarks |\n|---|---|---|\n")
        parts += [_line(row) for number, row in sorted(criteria().items(), key=_order) if CRITERIA[number] == level]
    parts.append("\n## EN 301 549 v3.2.1, by chapter\n\n| chapter | evaluation |\n|---|---|\n")
    parts += [f"| {chapter} | {said} |\n" for chapter, said in CHAPTERS]
    parts.append("\n## EN 301 549, clause 7, live text\n\n| clause | conformance | remarks |\n|---|---|---|\n")
    for title, how, shown in rows("EN 301 549, live text"):
        number, _, name = title.partition(" ")
        parts.append(_line(Row(number, name, how, shown)))
    text = SOURCE.read_text(encoding="utf-8")
    parts.append(f"\n## What is not met, and not known\n{text.partition('## Not met, and not known')[2]}")
    return "".join(parts)


def _line(row: Row) -> str:
    remarks = ". ".join(part for part in (row.how, _shown(row.shown) if row.verdict == "Supports" else "") if part)
    return f"| {row.number} {row.name} | {row.verdict} | {remarks} |\n"


def _shown(shown: str) -> str:
    return f"Shown {shown}" if shown.startswith("by ") else f"Shown by {shown}"


def _order(item: tuple[str, Row]) -> list[int]:
    return [int(part) for part in item[0].split(".")]


if __name__ == "__main__":
    publish(PAGE, render())
