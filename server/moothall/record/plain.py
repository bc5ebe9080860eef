"""Texts made fit for a file in which line breaks and control characters mean something."""

from __future__ import annotations

import re

_BREAKS = re.compile("[\\x00-\\x20\\x7f-\\x9f\\u2028\\u2029]+")
"""Control characters, line breaks of every kind and plain spaces. Other spaces are kept: typography needs them."""


def plain(text: str) -> str:
    """The text on one line: runs of line breaks, control characters and spaces become one space, none at its ends."""
    return _BREAKS.sub(" ", text).strip(" ")
