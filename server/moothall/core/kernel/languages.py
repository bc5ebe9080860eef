"""What a language tag says about a text: its direction, whether two tags name the same language, and whether a file can
have it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"})
"""Languages that are written from right to left, for tags without a script."""
RIGHT_TO_LEFT_SCRIPTS = frozenset({"adlm", "arab", "hebr", "mand", "nkoo", "rohg", "syrc", "thaa"})

WRITTEN_TOGETHER = frozenset({"ja", "zh"})
"""Languages that are written without spaces between words and sentences."""

_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")
_SHORT_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}\Z")
_WELL_FORMED = re.compile(
    r"[A-Za-z]{2,3}(-[A-Za-z]{3}){0,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?"
    r"(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*\Z"
)
"""Language, extended languages, script, region and variants, in this order (RFC 5646 §2.1), without extensions."""
LONGEST_TAG = 35
"""Characters of a tag (RFC 5646 §4.4.1)."""
UNDETERMINED = "und"
"""The tag of a text whose language is unknown (ISO 639-2)."""


def is_language(tag: str) -> bool:
    """Whether a tag has the form of a language tag, such as `pt-BR`. It need not name an existing language."""
    return len(tag) <= LONGEST_TAG and _TAG.match(tag) is not None


def is_short_language(tag: str) -> bool:
    """Whether a tag has the form in which sessions and questions name their language: the language in lower case, and
    at most three subtags after it.
    """
    return _SHORT_TAG.match(tag) is not None


def written_tag(tag: str) -> str:
    """The tag with which a file names the language of a text: `und` for a tag that is not well-formed, since validators
    refuse a file with one; empty for an empty tag. Logs hold tags that only have the form of one, such as `en-a1-b2`.
    """
    return tag if not tag or (len(tag) <= LONGEST_TAG and _WELL_FORMED.match(tag)) else UNDETERMINED


def written_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Those of the tags with which a file can name languages."""
    return tuple(tag for tag in tags if tag and tag == written_tag(tag))


def direction(tag: str) -> Literal["ltr", "rtl", "auto"]:
    """`rtl` or `ltr` for a BCP-47 tag; `auto` where the tag names no language (empty, `und`, `mul` or `zxx`)."""
    first, *rest = _parts(tag)
    if first in ("", "und", "mul", "zxx"):
        return "auto"
    scripts = [part for part in rest if len(part) == 4 and part.isalpha()]
    if scripts:
        return "rtl" if scripts[0] in RIGHT_TO_LEFT_SCRIPTS else "ltr"
    return "rtl" if first in RIGHT_TO_LEFT else "ltr"


def same_language(one: str, other: str) -> bool:
    """Whether two BCP-47 tags name the same language, in any region or script: `pt` and `pt-BR`."""
    return primary(one) == primary(other)


def primary(tag: str) -> str:
    """The primary subtag in lower case, without region or script: `pt-BR` → `pt`."""
    return _parts(tag)[0]


def _parts(tag: str) -> list[str]:
    return tag.lower().replace("_", "-").split("-")
