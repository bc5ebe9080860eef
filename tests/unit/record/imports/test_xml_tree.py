from __future__ import annotations

import pytest

from moothall.core.kernel.errors import ImportRefused
from moothall.record.imports.xml_tree import DEEPEST, MOST_NODES, XML, parsed


def test_a_tree_has_names_attributes_and_texts() -> None:
    root = parsed('<a xmlns="urn:x" xmlns:y="urn:y" y:b=" 1 "><c xml:lang="ar">t<br/>u</c><d>v</d></a>')
    assert (root.space, root.name, root.get("b", "urn:y"), root.any_space("b"), root.any_space("z")) == (
        "urn:x",
        "a",
        "1",
        "1",
        "",
    )
    first = root.first("c")
    assert first is not None
    assert first.get("lang", XML) == "ar"
    assert root.text() == "t\nuv"
    assert root.text("d") == "t\nu"
    assert [node.name for node in root.children] == ["c", "d"]
    assert root.first("nothing") is None


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://example.org/"> %x;]><a/>',
    ],
)
def test_document_types_are_refused(text: str) -> None:
    with pytest.raises(ImportRefused, match="Document types aren't read"):
        parsed(text)


def test_entities_of_nobody_are_no_xml() -> None:
    with pytest.raises(ImportRefused, match="Line 2: This is no XML: undefined entity"):
        parsed("<a>\n&x;</a>")


def test_nothing_and_what_is_not_closed_are_no_xml() -> None:
    for text in ("", "<a>", "x"):
        with pytest.raises(ImportRefused):
            parsed(text)


def test_deep_and_large_files_are_refused() -> None:
    with pytest.raises(ImportRefused, match="within one another"):
        parsed("<a>" * (DEEPEST + 1))
    with pytest.raises(ImportRefused, match="elements"):
        parsed("<a>" + "<b/>" * MOST_NODES + "</a>")
