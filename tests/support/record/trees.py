"""Reads the record's files of XML and ZIP with the standard library, which shares no code with the writers."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

TT, TTM, TTS = (
    "{http://www.w3.org/ns/ttml}",
    "{http://www.w3.org/ns/ttml#metadata}",
    "{http://www.w3.org/ns/ttml#styling}",
)
AKN, OURS = "{http://docs.oasis-open.org/legaldocml/ns/akn/3.0}", "{urn:moothall:record:1}"
XHTML, OPF = "{http://www.w3.org/1999/xhtml}", "{http://www.idpf.org/2007/opf}"
XML = "{http://www.w3.org/XML/1998/namespace}"


def unpacked(data: bytes) -> bytes:
    """Return what a file of the record says: that of all its parts where it is an archive."""
    if not data.startswith(b"PK"):
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return b"\n".join(map(archive.read, archive.namelist()))


def tree(text: str | bytes) -> Element:
    """Return the root of a document; raises ParseError where it isn't well-formed."""
    return ElementTree.fromstring(text)  # noqa: S314  # our own


def language_of(root: Element, element: Element) -> str:
    """Return the language that holds for an element, from its own `xml:lang` or that of an element around it."""
    above = {child: parent for parent in root.iter() for child in parent}
    at: Element | None = element
    while at is not None:
        if (tag := at.get(f"{XML}lang")) is not None:
            return tag
        at = above.get(at)
    return ""


def said(element: Element) -> str:
    """Return an element's own text with that of `span` and `br` in it, without metadata or remarks."""
    return "".join(_said(element))


def _said(element: Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        name = child.tag.rpartition("}")[2]
        if name == "br":
            yield "\n"
        elif name == "span":
            yield from _said(child)
        yield child.tail or ""
