"""Parses XML files of strangers into a tree: without document types, entities of their own or anything from outside.

Expat reads nothing but what it is given; a document type, in which entities would be declared, is an error here. So no
entity can grow, and none can name a file or an address.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from moothall.core.kernel.errors import ImportRefused

DEEPEST = 100
"""Elements within elements."""
MOST_NODES = 400_000
"""Elements and texts of a file."""
XML = "http://www.w3.org/XML/1998/namespace"
_SEPARATOR = " "


@dataclass(eq=False)
class XmlNode:
    """An element."""

    space: str
    """The namespace of its name; empty for none."""
    name: str
    """The name without its namespace."""
    row: int
    """The line of the file at which it begins."""
    given: dict[str, str]
    """The attributes; names in a namespace are `NAMESPACE name`."""
    parts: list[XmlNode | str] = field(default_factory=list)

    def get(self, name: str, space: str = "") -> str:
        """The value of an attribute, without spaces around it; empty where there is none."""
        return self.given.get(f"{space}{_SEPARATOR}{name}" if space else name, "").strip()

    def any_space(self, name: str) -> str:
        """The value of an attribute of this name in any namespace."""
        for key, value in self.given.items():
            if key.rpartition(_SEPARATOR)[2] == name:
                return value.strip()
        return ""

    @property
    def children(self) -> Iterator[XmlNode]:
        """Yield the elements directly within."""
        return (part for part in self.parts if isinstance(part, XmlNode))

    def all(self, name: str) -> Iterator[XmlNode]:
        """Yield the elements of this name at any depth, in the order of the file."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            if node.name == name:
                yield node
            waiting += reversed([*node.children])

    def first(self, name: str) -> XmlNode | None:
        """The first element of this name at any depth; None where there is none."""
        return next(self.all(name), None)

    def text(self, *without: str) -> str:
        """All text within, at any depth; without the elements of these names. A `br` or `eol` is a line feed."""
        said: list[str] = []
        waiting: list[XmlNode | str] = [self]
        while waiting:
            node = waiting.pop()
            if isinstance(node, str):
                said.append(node)
            elif node.name in ("br", "eol"):
                said.append("\n")
            elif node.name not in without:
                waiting += reversed(node.parts)
        return "".join(said)


def parsed(text: str) -> XmlNode:
    """The root element of an XML document. Raises ImportRefused."""
    return _Builder().build(text)


class _Builder:
    def __init__(self) -> None:
        self._open: list[XmlNode] = []
        self._root: XmlNode | None = None
        self._nodes = 0
        self._parser = expat.ParserCreate("utf-8", _SEPARATOR)
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._said
        self._parser.StartDoctypeDeclHandler = self._doctype

    def build(self, text: str) -> XmlNode:
        try:
            self._parser.Parse(text.encode("utf-8", "replace"), True)
        except expat.ExpatError as error:
            raise ImportRefused(f"This is no XML: {expat.ErrorString(error.code)}.", error.lineno) from error
        assert self._root is not None  # noqa: S101  # expat refuses a document without an element
        return self._root

    def _begin(self, name: str, given: dict[str, str]) -> None:
        self._count()
        space, _, own = name.rpartition(_SEPARATOR)
        node = XmlNode(space, own, self._parser.CurrentLineNumber, given)
        if len(self._open) >= DEEPEST:
            raise ImportRefused(f"More than {DEEPEST} elements stand within one another.", node.row)
        if self._open:
            self._open[-1].parts.append(node)
        else:
            self._root = node
        self._open.append(node)

    def _end(self, _: str) -> None:
        self._open.pop()

    def _said(self, text: str) -> None:
        self._count()
        self._open[-1].parts.append(text)

    def _count(self) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise ImportRefused(f"The file has more than {MOST_NODES} elements.", self._parser.CurrentLineNumber)

    def _doctype(self, *_: object) -> None:
        raise ImportRefused(
            "Document types aren't read, since they may declare entities. Save the file without one.",
            self._parser.CurrentLineNumber,
        )
