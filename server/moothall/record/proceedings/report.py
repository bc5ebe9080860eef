"""The published report of a session where it stands beside the session's record: in proceedings and bundles."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from moothall.record.documents.document import Style, StyledDocument, StyledParagraph


class SessionReport(msgspec.Struct, frozen=True, kw_only=True, tag="report"):
    """The newest published version of a session's report, with what it cites as that reads when this is made."""

    title: str
    language: str
    """BCP-47 tag of the title and the report's own texts."""
    n: int
    """The version."""
    at: int
    """When it was published, Unix ms."""
    address: str
    """Its address at the server."""
    paragraphs: tuple[StyledParagraph, ...]
    """All of it but the title; the first says on whose responsibility it is."""
    data: bytes
    """The same as JSON."""

    def document(self, *, around: str, right_to_left: bool, contents: str, unshown: str) -> StyledDocument:
        """The report as a document of its own. `around`: the BCP-47 tag of the texts around it; the others as in
        `StyledDocument`.
        """
        return StyledDocument(
            title=self.title,
            language=around,
            right_to_left=right_to_left,
            contents=contents,
            columns=(),
            blocks=self.paragraphs,
            states=(self.address,),
            unshown=unshown,
        )


def report_blocks(report: SessionReport, heading: StyledParagraph) -> Iterator[StyledParagraph]:
    """Yield the paragraphs of a report below a heading, which has its title; its own headings are below that one."""
    yield heading
    for each in report.paragraphs:
        yield msgspec.structs.replace(each, level=each.level + heading.level) if each.style is Style.HEADING else each
