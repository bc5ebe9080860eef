"""Removes characters that nobody sees and that change how other characters are shown."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

T = TypeVar("T")

_HIDDEN = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb]")
"""Control characters other than tab and line feed, and invisible characters that reverse, join or annotate others. The
characters that languages need stay: the joiners of Persian and Indian scripts, the marks of direction (LRM, RLM, ALM).
"""


def visible(text: str) -> str:
    """`text` in the form in which it is stored: every line break is a line feed, and hidden characters are removed."""
    return _HIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def all_visible(value: T) -> T:
    """A copy of a struct, tuple or dictionary in which every text is `visible`, at any depth; the same object where
    nothing changes.
    """
    cleaned = _cleaned(value)
    assert isinstance(cleaned, type(value))  # noqa: S101  # A text stays a text, and a struct stays one of its class.
    return cleaned


def _cleaned(value: object) -> object:
    if isinstance(value, str):
        # A member of an enumeration is a str too, and must stay a member.
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
