"""Text without signs that nobody sees and that change what others see."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

T = TypeVar("T")

_HIDDEN = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb]")
"""Control characters but tab and line feed, and what turns other signs round, joins or annotates them unseen. What
languages write with stays: the joiners of Persian and Indian scripts, the marks of direction (LRM, RLM, ALM)."""


def visible(text: str) -> str:
    """`text` as it is kept: line breaks are line feeds, and what is hidden isn't there."""
    return _HIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def all_visible(value: T) -> T:
    """A struct, or a tuple or dictionary of what they may hold, with every text in it `visible`; itself where it is."""
    cleaned = _cleaned(value)
    assert isinstance(cleaned, type(value))  # noqa: S101  # a text becomes a text, a struct one of its kind
    return cleaned


def _cleaned(value: object) -> object:
    if isinstance(value, str):
        # An enumeration's member is a text as well, and stays a member.
        return visible(value) if type(value) is str and _HIDDEN.search(value) else value
    if isinstance(value, tuple):
        parts = tuple(_cleaned(each) for each in value)
        return value if all(new is old for new, old in zip(parts, value, strict=True)) else parts
    if isinstance(value, dict):
        return {name: _cleaned(each) for name, each in value.items()}
    if isinstance(value, msgspec.Struct):
        given = {name: getattr(value, name) for name in value.__struct_fields__}
        new = {name: _cleaned(each) for name, each in given.items()}
        changed = {name: each for name, each in new.items() if each is not given[name]}
        return msgspec.structs.replace(value, **changed) if changed else value
    return value
