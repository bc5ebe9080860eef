"""What Apertium gets wrong again and again, and is wrong wherever it stands: put right behind it. Pure.

Each was seen in meetings and in the sentences of `bench/translation.py`, which says that none makes them worse.
"""

from __future__ import annotations

import re

SCHEME = "m1"
"""Of these rules, behind Apertium's version: with others its translations are others."""

_OF_SOMEBODY = (
    "su|sus|mi|mis|tu|tus|nuestro|nuestra|nuestros|nuestras|usted|ustedes|nosotros|nosotras|él|ella|ellos|ellas|alguien"
)
_RULES: dict[tuple[str, str], tuple[tuple[re.Pattern[str], str], ...]] = {
    ("pt", "es"): (
        # Portuguese has one word, "próximo", for who is near and for what comes next; meetings have agendas.
        (re.compile(r"\b([Pp])rójim(os?|as?)\b"), r"\1róxim\2"),
        # "se" is "if" in Portuguese, and before these it can't be anything else.
        (re.compile(rf"\bse (?=(?:{_OF_SOMEBODY})\b)"), "si "),
        (re.compile(rf"\bSe (?=(?:{_OF_SOMEBODY})\b)"), "Si "),
        (re.compile(r"\bon-line\b", re.IGNORECASE), "en línea"),
        (re.compile(r"\b([Aa]) lo (?=(?:ilustre|distinguido|honorable|excelentísimo)\b)"), r"\1l "),
    ),
}


def mended(text: str, source: str, target: str) -> str:
    """A translation without those faults."""
    for pattern, written in _RULES.get((source, target), ()):
        text = pattern.sub(written, text)
    return text
