"""Stores the abbreviations of people who type at a desk by their link, so that they have them on another computer too.

The browser expands them (`web/js/desk/abbreviations.js`); here they are only stored, in the book.
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
"""Most abbreviations of one link."""
MOST_SHORT, MOST_LONG = 20, 300
"""Most characters of the short form, and of the long form."""
MOST_LISTS = 500
"""Most links with abbreviations. Overflow: the list of the link that changed its own longest ago is deleted; its
browser still has it."""

_SHORT = re.compile(r"[\w'\u2019-]+\Z")


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    at: int
    """When the list was last changed, Unix ms."""
    long: dict[str, str]
    """The long form of each abbreviation, by the short form."""


@dataclass(eq=False, repr=False)
class Abbreviations:
    """The abbreviations of all links. Nothing is cached in memory: the book is read when a page is opened or changes
    its list.
    """

    book: Book
    clock: Clock

    def __post_init__(self) -> None:
        self._turn = asyncio.Lock()

    async def change(self, link: str, change: Mapping[str, str | None]) -> dict[str, str] | Refusal:
        """Apply a change to a link's abbreviations; return the long forms by the short forms.

        `change`: new long forms by their short forms, with None to delete one; an empty change only reads. May be
        repeated. Raises StorageUnavailable.
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
