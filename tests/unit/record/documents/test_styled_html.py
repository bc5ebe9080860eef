from __future__ import annotations

from moothall.record.documents.document import ParagraphPair, SideBySide, Style, StyledDocument, StyledParagraph
from moothall.record.documents.styled_html import write_styled_html


def test_a_document_is_one_page_that_asks_for_nothing() -> None:
    blocks = (
        StyledParagraph(style=Style.NOTICE, text="Binds <nobody>.", language="en"),
        ParagraphPair(),
        SideBySide(sides=((StyledParagraph(style=Style.WORDS, text="A view.", language="en"),),)),
        StyledParagraph(style=Style.HEADING, text="الوصول", language="ar", right_to_left=True, level=1),
    )
    for leftward in (False, True):
        document = StyledDocument(
            title="Water & more",
            language="ar" if leftward else "en",
            right_to_left=leftward,
            contents="",
            columns=(),
            blocks=blocks,
            states=("https://h/s/1/outcome",),
            unshown="",
            mark="" if leftward else "By a <machine>.",
        )
        page = write_styled_html(document, "p{}")
        assert f'dir="{"rtl" if leftward else "ltr"}">\n<head>' in page
        mark = "" if leftward else '<p class="notice">By a &lt;machine&gt;.</p>\n'
        assert f"<h1><bdi>Water &amp; more</bdi></h1>\n{mark}</header>" in page
        assert '<p class="notice" lang="en" xml:lang="en" dir="ltr">Binds &lt;nobody&gt;.</p>' in page
        assert '<h2 lang="ar" xml:lang="ar" dir="rtl">الوصول</h2>' in page
        assert '<p class="words" lang="en" xml:lang="en" dir="ltr">A view.</p>' in page
        assert "<footer><p><bdi>https://h/s/1/outcome</bdi></p></footer>" in page
        assert "default-src &#x27;none&#x27;; style-src &#x27;sha256-" in page
