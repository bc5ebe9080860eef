"""The stored look of the conference: its name, logo and colours, and the files that pages load for it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

from moothall.core.ports import Book, BookEntry
from moothall.core.programme.look import Colours, sheet_of, size_of_png

NAMESPACE = "look"
NAME, COLOURS, LOGO, GUIDE = "name", "colours", "logo", "guide-hidden"
_DIGITS = 16


class Logo(msgspec.Struct, frozen=True, kw_only=True):
    """A picture, and its size on pages."""

    address: str
    width: int
    """Width in pixels; `height` likewise."""
    height: int


class ConferenceLook(msgspec.Struct, frozen=True, kw_only=True):
    """The look that pages show."""

    name: str = ""
    logo: Logo | None = None
    style: str = ""
    """The address of its style sheet; empty where it has the default colours."""


@dataclass(eq=False, repr=False, kw_only=True)
class HouseLook:
    """Name, logo and colours, in memory and in the book. Call `load` first.

    Callers have checked all values: `core.programme.look` has the rules.
    """

    book: Book

    def __post_init__(self) -> None:
        self._kept: dict[str, bytes] = {}
        self._files: dict[str, bytes] = {}
        self.shown = ConferenceLook()
        """The look for pages."""
        self.colours = Colours()
        self.version = ""
        """A digest of all values, by which an editor proves which version the edit is based on."""

    async def load(self) -> None:
        """Read the book. Raises StorageUnavailable."""
        self._take(dict(await self.book.read(NAMESPACE)))

    def file(self, name: str) -> bytes | None:
        """The style sheet or the logo, by its name from digest and ending; None where there is none."""
        return self._files.get(name)

    @property
    def guide_hidden(self) -> bool:
        """Whether the secretariat has dismissed the guide to the first steps."""
        return GUIDE in self._kept

    async def write(self, *, name: str, colours: Colours, logo: bytes | None) -> None:
        """Store these values. An empty name or logo removes it; None leaves the logo unchanged.

        Raises StorageUnavailable.
        """
        wanted = {
            NAME: name.encode() or None,
            COLOURS: None if colours == Colours() else msgspec.json.encode(colours),
            LOGO: self._kept.get(LOGO) if logo is None else logo or None,
        }
        await self._write(wanted)

    async def hide_guide(self) -> None:
        """Dismiss the guide to the first steps. Raises StorageUnavailable."""
        await self._write({GUIDE: b"1"})

    async def _write(self, wanted: dict[str, bytes | None]) -> None:
        changed = {key: body for key, body in wanted.items() if self._kept.get(key) != body}
        if not changed:
            return
        await self.book.write([BookEntry(NAMESPACE, key, body) for key, body in changed.items()])
        kept = self._kept | changed
        self._take({key: body for key, body in kept.items() if body is not None})

    def _take(self, kept: dict[str, bytes]) -> None:
        self._kept, self._files = kept, {}
        self.colours = msgspec.json.decode(kept[COLOURS], type=Colours) if COLOURS in kept else Colours()
        style, logo, picture = sheet_of(self.colours).encode(), None, kept.get(LOGO)
        if picture is not None:
            width, height = size_of_png(picture)
            logo = Logo(address=self._serve(picture, "png"), width=width, height=height)
        self.shown = ConferenceLook(
            name=kept.get(NAME, b"").decode(), logo=logo, style=self._serve(style, "css") if style else ""
        )
        chosen = msgspec.json.encode((self.shown, self.colours))
        self.version = hashlib.sha256(chosen).hexdigest()[:_DIGITS]

    def _serve(self, data: bytes, ending: str) -> str:
        name = f"{hashlib.sha256(data).hexdigest()[:_DIGITS]}.{ending}"
        self._files[name] = data
        return f"/look/{name}"
