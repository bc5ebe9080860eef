from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request

from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import BookEntry
from moothall.core.sessions.state import Status
from moothall.services.sessions.catalogue import Entry
from moothall.testing.book import MemoryBook
from moothall_hub.pages.wall_door import LAST, NAMESPACE, WallDoor


async def wall(last: str, **meetings: Status | None) -> str:
    """Where `/wall` leads after the wall at `last`; None: what is here can't be read."""

    async def listed() -> list[Entry]:
        if None in meetings.values():
            raise StorageUnavailable("The disk is away.")
        return [Entry(session=SessionId(name), status=status) for name, status in meetings.items() if status]

    book = MemoryBook()
    await book.write([BookEntry(NAMESPACE, LAST, last.encode())])
    door = await WallDoor.load(book, lambda _: False, listed)
    return (await door.onward(make_mocked_request("GET", "/wall"))).headers["Location"]


@pytest.mark.parametrize(
    ("last", "meetings", "where"),
    [
        ("", {}, "/"),
        ("", {"a": Status.CLOSED}, "/"),
        ("", {"a": Status.OPEN}, "/s/a/screen"),
        ("/s/b/screen?channel=fr", {"a": Status.OPEN, "b": Status.PAUSED}, "/s/b/screen?channel=fr"),
        ("/s/b/screen?channel=fr&size=80", {"a": Status.OPEN, "b": Status.CLOSED}, "/s/a/screen?size=80"),
        ("/s/b/screen?channel=fr", {"a": Status.CREATED, "b": Status.CLOSED}, "/s/b/screen?channel=fr"),
        ("/s/b/screen", {"a": None}, "/s/b/screen"),
    ],
)
async def test_the_wall_is_that_of_the_meeting_that_is_on(
    last: str, meetings: dict[str, Status | None], where: str
) -> None:
    assert await wall(last, **meetings) == where
