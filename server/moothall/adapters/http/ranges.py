"""Ranges of bytes in requests (RFC 9110 §14), for answers that can be resumed. Pure: header in, span out.

A module of its own, though short: `aiohttp` knows ranges only of files that lie in a folder under their names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from aiohttp import hdrs

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})\Z")


class NotSatisfiable(Exception):
    """The range begins behind the end: status 416."""


def wanted_range(headers: Mapping[str, str], tag: str, size: int) -> tuple[int, int] | None:
    """The first byte that is wanted of `size`, and the one after the last; None for all of them.

    `tag` is the entity tag as it is sent. Several ranges, those in other units, and those of another state of the file
    (`If-Range`) count as none, which the RFC allows. Raises NotSatisfiable.
    """
    found = _RANGE.match(headers.get(hdrs.RANGE, "").replace(" ", ""))
    if found is None or headers.get(hdrs.IF_RANGE, tag) != tag:
        return None
    first, last = found.groups()
    if first:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < int(first):
            return None
    elif last:
        start, end = max(0, size - int(last)), size
    else:
        return None
    if start >= end:
        raise NotSatisfiable
    return start, end
