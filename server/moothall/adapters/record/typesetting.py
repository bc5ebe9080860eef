"""Sets a document as PDF with Typst (the extra `documents`): tagged, PDF/UA-1.

`typeset_apart` does it in a process of its own (`typesetting_child`): setting a long record takes seconds and hundreds
of MB, and it is given up after a time limit. Typst gets the template beside this module, and the document as data:
nothing in a record is read as markup, and nothing is fetched, since the template imports no package and links lead
within the file alone.
"""

from __future__ import annotations

import asyncio
import logging
import re
import signal
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from moothall.adapters.engines.child_owner import signal_child, to_the_end
from moothall.adapters.sound.audio_file import start_coder
from moothall.core.kernel.errors import MoothallError
from moothall.core.kernel.languages import direction, is_language
from moothall.record.documents.document import (
    ParagraphPair,
    SideBySide,
    StyledDocument,
    StyledParagraph,
    begins_right_to_left,
)

if TYPE_CHECKING:
    import typst

logger = logging.getLogger(__name__)

MAX_SECONDS = 60.0
"""Seconds after which the process is killed: a record of three hours takes a few on one core."""
MAX_BYTES = 3 << 30
"""Bytes of address space of the process. Typst maps the fonts of the machine, some hundred MB, and needs ten times the
size of a document."""
SHORT = 60
"""Characters of the longest word that is set as it is. Longer ones may be broken each `PIECE` characters."""
PIECE = 20
_LONG = re.compile(rf"[^\s\u2e80-\U0002ffff]{{{SHORT},}}")
_BREAK = "\u200b"
SQUARE = "\u25a1"
"""Stands for a character that no font has, such as an emoji."""
MOST_UNSHOWN = 0.01
"""The most letters, as a fraction of all, that may be shown as squares: a name, but not a text."""
ROUNDS = 3
"""How often a document is set anew after Typst has named further characters that no font has."""
_PROBE = b"""#set document(title: "Letters")
#for letter in json("letters.json") { par(letter) }
"""
_MISSING = re.compile(r'the text `"(.*?)"` could not be displayed')
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")
REFUSED, NO_FONTS = 3, 4
"""Exit statuses of the process: Typst can't set the document; the machine has no fonts for it."""
_NO_FONTS = "No font of this machine has the letters of the text. Install one: fonts-noto-cjk has Chinese."
NOT_INSTALLED = (
    "PDF needs the extra `documents`, which is not installed. Install requirements/documents.txt of the release, or "
    "take .docx."
)


class TypesettingFailed(MoothallError):
    """A document could not be set: it took too long, or Typst refused it. Its sentence has no text of the document."""


class FontsMissing(TypesettingFailed):
    """This machine has no font for many letters of a document."""


class TypesettingOrder(msgspec.Struct, frozen=True, kw_only=True):
    """The order to the process."""

    memory: int = MAX_BYTES
    card: bool = False
    """Whether it is a card that is set, as PNG, and no document."""


def typst_version() -> str:
    """The version of Typst; empty where it isn't installed."""
    try:
        return version("typst")
    except PackageNotFoundError:
        return ""


async def typeset_apart(data: bytes, *, patience: float = MAX_SECONDS, order: TypesettingOrder | None = None) -> bytes:
    """Set a document, given as by `typeset_data`, in a process of its own, which may take `patience` seconds. Raises
    TypesettingFailed.
    """
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    try:
        process = await start_coder(
            "typesetting_child",
            order or TypesettingOrder(),
            package="moothall.adapters.record",
            stdin=pipe,
            stdout=pipe,
            stderr=nothing,
        )
    except OSError as error:
        raise TypesettingFailed(f"The PDF could not be set: no process can be started ({error.strerror}).") from None
    try:
        async with asyncio.timeout(patience):
            pdf, _ = await process.communicate(data)
    except TimeoutError:
        raise TypesettingFailed(f"Setting the PDF took longer than {patience:.0f} s, and was given up.") from None
    finally:
        signal_child(process, signal.SIGKILL)
        await to_the_end(_ended(process))
    if process.returncode == NO_FONTS:
        raise FontsMissing(_NO_FONTS)
    if process.returncode or not pdf:
        logger.warning("setting a document of %d bytes ended with %s", len(data), process.returncode)
        raise TypesettingFailed(f"The PDF could not be set: the process ended with {process.returncode}.")
    return pdf


async def _ended(process: asyncio.subprocess.Process) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):
        await process.communicate()


def typeset(data: bytes, *, fonts: Path | None = None, system_fonts: bool = True) -> bytes:
    """Set a document, given as by `typeset_data`, as PDF/UA-1. `fonts`: a folder of further fonts.

    A character that no font has is shown as `SQUARE`, which a note at the end explains. Raises FontsMissing when there
    are too many of them, and TypesettingFailed.
    """
    return set_with(data, known_fonts(fonts, system_fonts=system_fonts))


def known_fonts(fonts: Path | None = None, *, system_fonts: bool = True) -> typst.Fonts:
    """The fonts for a document, or several ones. Raises TypesettingFailed where Typst isn't installed."""
    try:
        import typst
    except ImportError:
        raise TypesettingFailed(NOT_INSTALLED) from None

    return typst.Fonts(include_system_fonts=system_fonts, font_paths=[] if fonts is None else [str(fonts)])


def set_with(data: bytes, known: typst.Fonts) -> bytes:
    """Set a document as `typeset` does, with these fonts."""
    import typst

    template = template_of("document")
    text = data.decode()
    unshown = unshown_in(text, known)
    for _ in range(ROUNDS):
        try:
            return compiled({"main.typ": template, "document.json": _with_squares(text, unshown).encode()}, known)
        except typst.TypstError as error:
            more = _unshown(error.diagnostic) - unshown
        if not more:
            break
        unshown |= more
    raise TypesettingFailed("The PDF could not be set: Typst refuses the document.")


def template_of(name: str) -> bytes:
    """A template, with the fonts before it."""
    return b"".join(Path(__file__).with_name(f"{each}.typ").read_bytes() for each in ("fonts", name))


def compiled(files: dict[str, bytes], fonts: typst.Fonts, *, ppi: float | None = None) -> bytes:
    """What Typst makes of `main.typ` among these files: PDF/UA-1, or PNG of `ppi` pixels an inch. Raises TypstError."""
    import typst

    form, standards = ("pdf", ["ua-1"]) if ppi is None else ("png", [])
    # Typst's annotations lack that the sources may be given by name.
    made = typst.compile(files, format=form, ppi=ppi, pdf_standards=standards, font_paths=fonts)  # type: ignore[call-overload]
    return bytes(made)


def unshown_in(text: str, fonts: typst.Fonts) -> set[str]:
    """The characters of a text for which there is no font."""
    import typst

    letters = sorted({each for each in text if not each.isascii() and unicodedata.category(each)[0] != "M"})
    try:
        compiled({"main.typ": _PROBE, "letters.json": msgspec.json.encode(letters)}, fonts)
    except typst.TypstError as error:
        return _unshown(error.diagnostic)
    return set()


def _unshown(diagnostic: str) -> set[str]:
    """The characters for which there is no font, from Typst's error, in which strings are escaped as in Rust."""
    texts = (_ESCAPED.sub(lambda code: chr(int(code[1], 16)), text) for text in _MISSING.findall(diagnostic))
    return {each for text in texts for each in text if not each.isascii()}


def _with_squares(data: str, unshown: set[str]) -> str:
    """The data with a square for each character that can't be shown. Raises FontsMissing."""
    if not unshown:
        return data
    texts = "".join(_texts(msgspec.json.decode(data)))
    letters = [each for each in texts if each.isalpha()]
    if sum(each in unshown for each in letters) > MOST_UNSHOWN * len(letters):
        raise FontsMissing(_NO_FONTS)
    found = msgspec.json.decode(data.translate(dict.fromkeys(map(ord, unshown), SQUARE)))
    return msgspec.json.encode({**found, "squares": True}).decode()


def _texts(data: object) -> Iterator[str]:
    """Yield the texts of a document or a part of it."""
    if isinstance(data, dict):
        if isinstance(text := data.get("text"), str):
            yield text
        data = list(data.values())
    if isinstance(data, list):
        for each in data:
            yield from _texts(each)


def typeset_data(document: StyledDocument, more: Iterable[bytes] = ()) -> bytes:
    """The document as the template reads it: JSON. `more`: paragraphs behind its own, each as by `typeset_block`."""
    return msgspec.json.encode(
        {
            **_words(document.title, document.language),
            "rtl": document.right_to_left,
            "title-rtl": begins_right_to_left(document.title),
            "contents": document.contents,
            "columns": document.columns,
            "states": document.states,
            "squares": False,
            "unshown": document.unshown,
            "mark": document.mark,
            "book": document.book,
            "blocks": [*(_block(block) for block in document.blocks), *map(msgspec.Raw, more)],
        }
    )


def typeset_block(block: StyledParagraph | ParagraphPair) -> bytes:
    """A paragraph as the template reads it: JSON."""
    return msgspec.json.encode(_block(block))


def _block(block: StyledParagraph | ParagraphPair | SideBySide) -> dict[str, object]:
    if isinstance(block, SideBySide):
        return {"beside": [[_block(each) for each in side] for side in block.sides]}
    if isinstance(block, ParagraphPair):
        heading = None if block.heading is None else _block(block.heading)
        sides = [[_block(each) for each in side] for side in block.sides]
        return {"heading": heading, "time": block.time, "sides": sides}
    return {
        **_words(block.text, block.language),
        "style": block.style,
        "rtl": block.right_to_left,
        "level": block.level,
        "time": block.time,
        "anchor": block.anchor,
        "link": block.link,
        "new-page": block.new_page,
        "with-next": block.with_next,
    }


def _words(text: str, language: str) -> dict[str, object]:
    """A text with the code of its language (ISO 639) and of its region (ISO 3166), both of which Typst may lack."""
    parts = language.replace("_", "-").split("-") if is_language(language) else []
    region = next((part.upper() for part in parts[1:] if len(part) == 2 and part.isalpha()), None)
    code = parts[0].lower() if parts and direction(language) != "auto" else None
    return {"text": breakable(text), "language": code, "region": region}


def breakable(text: str) -> str:
    """The text with places for breaks in words that are longer than a row: addresses, or what no recogniser meant."""
    return _LONG.sub(lambda word: _BREAK.join(_pieces(word[0])), text)


def _pieces(word: str) -> Iterator[str]:
    return (word[at : at + PIECE] for at in range(0, len(word), PIECE))
