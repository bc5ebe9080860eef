"""What a language tag says of the text: which way it runs, and what two tags have in common."""

from __future__ import annotations

from typing import Literal

RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"})
"""Languages that are written from right to left where the tag names no script."""
RIGHT_TO_LEFT_SCRIPTS = frozenset({"adlm", "arab", "hebr", "mand", "nkoo", "rohg", "syrc", "thaa"})


def direction(tag: str) -> Literal["ltr", "rtl", "auto"]:
    """`rtl` or `ltr` for a BCP-47 tag; `auto` where it says nothing (empty or `und`)."""
    first, *rest = _parts(tag)
    if first in ("", "und", "mul", "zxx"):
        return "auto"
    scripts = [part for part in rest if len(part) == 4 and part.isalpha()]
    if scripts:
        return "rtl" if scripts[0] in RIGHT_TO_LEFT_SCRIPTS else "ltr"
    return "rtl" if first in RIGHT_TO_LEFT else "ltr"


def same_language(one: str, other: str) -> bool:
    """Whether two BCP-47 tags name the same language, whatever the region or script: `pt` and `pt-BR`."""
    return primary(one) == primary(other)


def primary(tag: str) -> str:
    """The language alone, without region or script: `pt-BR` → `pt`."""
    return _parts(tag)[0]


def _parts(tag: str) -> list[str]:
    return tag.lower().replace("_", "-").split("-")
