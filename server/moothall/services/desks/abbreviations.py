"""Abbreviations of whoever types at a desk, kept for their link: on another computer they have them too.

They are written out in the browser (`web/js/desk/abbreviations.js`); here they are only kept, in the book.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.ports import Book, BookEntry, Clock

NAMESPACE = "abbreviations"
MOST = 500
"""Abbreviations of one link."""
MOST_SHORT, MOST_LONG = 20, 300
"""Characters of the short form, and of the one written out."""
MOST_LISTS = 500
"""Links that have some. Overflow: those of the link that changed its own longest ago go; its browser still has them."""

_SHORT = re.compile(r"[\w'\u2019-]+\Z")


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    at: int
    """When it was changed, Unix ms."""
    long: dict[str, str]
    """What each is written out to."""


@dataclass(eq=False, repr=False)
class Abbreviations:
    """Keeps them. Nothing is held in memory: they are asked for when a page is opened or changes its own."""

    book: Book
    clock: Clock

    def __post_init__(self) -> None:
        self._turn = asyncio.Lock()

    async def change(self, link: str, change: Mapping[str, str | None]) -> dict[str, str] | Refusal:
        """Those of a link after a change, by their short forms; None takes one out, an empty change only reads.

        May be repeated. Raises StorageUnavailable.
        """
        if any(not _fits(short, long) for short, long in change.items()):
            message = (
                f"An abbreviation has {MOST_SHORT} letters and figures, and stands for 1 to {MOST_LONG} characters."
            )
            return refuse(RefusalCode.INVALID, message)
        async with self._turn:
            return await self._changed(link, change)

    async def _changed(self, link: str, change: Mapping[str, str | None]) -> dict[str, str] | Refusal:
        lists = {
            name: msgspec.json.decode(body, type=_Kept) for name, body in (await self.book.read(NAMESPACE)).items()
        }
        before = lists[link].long if link in lists else {}
        after = {short: long for short, long in (before | dict(change)).items() if long is not None}
        if len(after) > MOST:
            return refuse(RefusalCode.INVALID, f"A link has at most {MOST} abbreviations; take some out first.")
        if after != before:
            others = sorted((kept.at, name) for name, kept in lists.items() if name != link)
            too_many = [name for _, name in others[: max(0, len(others) + 1 - MOST_LISTS)]]
            body = msgspec.json.encode(_Kept(at=self.clock.wall(), long=after)) if after else None
            entries = [BookEntry(NAMESPACE, link, body), *(BookEntry(NAMESPACE, name, None) for name in too_many)]
            await self.book.write(entries)
        return after


def _fits(short: str, long: str | None) -> bool:
    named = len(short) <= MOST_SHORT and _SHORT.match(short) is not None
    return named and (long is None or 0 < len(long) <= MOST_LONG)
