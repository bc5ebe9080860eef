"""How good a text is, in words: one line for readers, the record and the staff; `web/js/desk/quality.js` has it too."""

from __future__ import annotations

from babel.numbers import format_decimal

from moothall.adapters.pages.catalogues import Catalogue
from moothall.core.views.quality import Quality

HEARD_PERCENT = 2
"""Languages with less than this share of the words are not named: a word or two were taken for it."""


def quality_line(quality: Quality | None, ui: Catalogue, *, staff: bool = False) -> str:
    """What is said of a text; empty where there is nothing to say. The staff are told too what the machine
    corrected by itself.
    """
    if quality is None:
        return ""
    facts = []
    if quality.delay is not None:
        seconds = {"half": _seconds(quality.delay.p50, ui), "most": _seconds(quality.delay.p95, ui)}
        facts.append(ui.named("staff/quality.delay", **seconds))
    if quality.gaps:
        facts.append(ui.named("staff/quality.gaps", n=quality.gaps))
    lines, corrected = quality.lines, quality.corrected
    people = "corrected" if corrected.by_person else "uncorrected"
    facts.append(ui.named(f"staff/quality.{people}", n=_percent(corrected.by_person, lines)))
    if staff and corrected.by_machine:
        facts.append(ui.named("staff/quality.by-machine", n=_percent(corrected.by_machine, lines)))
    facts.append(ui.named("staff/quality.rate", n=quality.words_a_minute))
    heard = [tag for tag, n in quality.languages.items() if 100 * n >= HEARD_PERCENT * quality.words]
    facts.append(", ".join(map(ui.language_name, heard)))
    return " \u00b7 ".join(facts)


def _seconds(ms: int, ui: Catalogue) -> str:
    """Rounded up, as the text says *within*."""
    return str(format_decimal(-(-ms // 100) / 10, "0.0", locale=ui.locale))


def _percent(some: int, of: int) -> int:
    """A whole number; at least 1 where it isn't none."""
    return max(min(some, 1), (200 * some + of) // (2 * of))
