"""A document of styled paragraphs as one HTML file, which needs no script and asks the network for nothing.

A module by itself, beside those for the other forms: what a paragraph is has been written for EPUB already.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from moothall.record.documents.document import StyledDocument, in_one_column
from moothall.record.documents.styled_epub import written_mark, written_paragraph
from moothall.record.html import policy


def write_styled_html(document: StyledDocument, style: str) -> str:
    """The document as an HTML file with its style sheet in it. It has no columns."""
    return "".join(_written(document, style))


def _written(document: StyledDocument, style: str) -> Iterator[str]:
    title, way = escape(document.title), "rtl" if document.right_to_left else "ltr"
    yield f'<!doctype html>\n<html lang="{escape(document.language)}" dir="{way}">\n<head>\n'
    yield '<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(policy(style))}">\n'
    yield '<meta name="color-scheme" content="light dark">\n'
    yield f"<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n"
    yield f"<header>\n<h1><bdi>{title}</bdi></h1>\n{written_mark(document)}</header>\n<main>\n"
    yield from map(written_paragraph, in_one_column(document.blocks))
    states = "".join(f"<p><bdi>{escape(each)}</bdi></p>" for each in document.states)
    yield f"</main>\n<footer>{states}</footer>\n</body>\n</html>\n"
