from __future__ import annotations

import struct
import zlib

import pytest

from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.programme.look import Colours, clean_png
from moothall.services.programme.house_look import ConferenceLook, HouseLook
from moothall.testing import loop
from moothall.testing.book import MemoryBook


def png(width: int = 3, height: int = 2) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x10\x20\x30" * width) * height)
    return clean_png(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))


def test_what_is_chosen_is_served_under_its_digest_and_is_there_after_a_restart() -> None:
    async def story() -> None:
        book = MemoryBook()
        look = HouseLook(book=book)
        await look.load()
        assert look.shown == ConferenceLook()
        await look.write(name="Forum", colours=Colours(light="#0a5c36"), logo=png())
        assert (look.shown.name, look.shown.logo and look.shown.logo.width) == ("Forum", 3)
        assert look.shown.logo is not None
        style, logo = look.shown.style, look.shown.logo.address
        assert look.file(logo.removeprefix("/look/")) == png()
        assert b"--accent: #0a5c36" in (look.file(style.removeprefix("/look/")) or b"")
        again = HouseLook(book=book)
        await again.load()
        assert (again.shown, again.version) == (look.shown, look.version)
        await again.write(name="Forum", colours=Colours(), logo=None)
        assert (again.shown.style, again.shown.logo) == ("", look.shown.logo), "the logo stays"
        await again.write(name="", colours=Colours(), logo=b"")
        assert again.shown == ConferenceLook()
        assert again.file(logo.removeprefix("/look/")) is None, "a removed logo is gone"
        assert await book.read("look") == {}

    loop.run(story())


def test_what_can_not_be_stored_is_not_shown_and_the_first_steps_stay_away_once_hidden() -> None:
    async def story() -> None:
        book = MemoryBook()
        look = HouseLook(book=book)
        await look.load()
        book.full = True
        with pytest.raises(StorageUnavailable):
            await look.write(name="Forum", colours=Colours(), logo=None)
        assert look.shown == ConferenceLook()
        book.full = False
        assert not look.guide_hidden
        await look.hide_guide()
        again = HouseLook(book=book)
        await again.load()
        assert again.guide_hidden

    loop.run(story())
