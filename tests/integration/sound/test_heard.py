"""Figures of who was heard, which only the secretariat gets."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from moothall.adapters.store import book_sqlite
from moothall.adapters.store.book_sqlite import SqliteBook
from moothall.core.kernel.actors import Role
from moothall.core.ports import BookEntry
from moothall.core.questions.balance import SpeakingShare
from moothall.core.questions.disclosure import CellRow
from moothall.core.questions.statements import Dimension
from moothall.services.questions.balance import SUMS, Sums
from support.desks.admin import admin_house


def sums(closed: int) -> bytes:
    heard = SpeakingShare(received=7, taken=2, answered=1, turns=2, spoken=90_000, wait=None)
    groups = {Dimension.GROUP: {"media": CellRow(people=6, received=9), "business": CellRow()}}
    return msgspec.msgpack.encode(Sums(closed=closed, origins={"remote": heard}, groups=groups))


async def test_the_secretariat_gets_the_sums_of_the_year(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        book = await SqliteBook.open(tmp_path / "data" / book_sqlite.FILE_NAME)
        await book.write([BookEntry(SUMS, "later", sums(2_000)), BookEntry(SUMS, "first", sums(1_000))])
        await book.close()
        browser = await house.secretary()
        assert await browser.get("/admin/balance.json") == 200
        assert browser.headers["Cache-Control"] == "no-store"
        first, later = json.loads(browser.text)["meetings"]
        assert (first["session"], first["closed"], later["session"]) == ("first", 1_000, "later")
        assert first["origins"]["remote"]["received"] == 7
        assert first["groups"]["group"]["media"] == {
            "people": 6, "received": 9, "heard": None, "minutes": None, "wait": None, "answered": None,
        }  # fmt: skip
        assert first["groups"]["group"]["business"]["people"] is None


async def test_nobody_else_does(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        assert await (await house.browser()).get("/admin/balance.json") == 403
        for role in (Role.CHAIR, Role.MODERATOR, Role.TECHNICIAN):
            _, token = await house.running.backend.links.create(role, "hall", "somebody")
            browser = await house.browser()
            await browser.get(f"/enter/{token}")
            assert await browser.get("/admin/balance.json") == 403
