"""The map of a document: for each policy question its messages as a table, and the same as a picture."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from markupsafe import Markup

from moothall.adapters.outcomes.document_rows import ParagraphRow
from moothall.adapters.outcomes.document_texts import SINGLE
from moothall.adapters.pages.catalogues import Catalogue
from moothall.core.events.outcome_parts import MessageKind, ParagraphStyle
from moothall.core.pictures.outcome_map import MapPoint, outcome_map


class MapRow(msgspec.Struct, frozen=True, kw_only=True):
    """A message in the table."""

    row: ParagraphRow
    says: str
    """What kind of message it is, in words."""


class QuestionMap(msgspec.Struct, frozen=True, kw_only=True):
    """A policy question with its messages."""

    heading: ParagraphRow
    rows: tuple[MapRow, ...]
    svg: Markup


def question_maps(rows: Sequence[ParagraphRow], ui: Catalogue) -> Sequence[QuestionMap]:
    """The maps of the policy questions of a document, in its order; those without a message have an empty table."""
    found: list[QuestionMap] = []
    for heading in rows:
        if heading.style is ParagraphStyle.HEADING and heading.level == 1 and heading.question:
            table = [
                MapRow(row=each, says=ui.text(SINGLE[MessageKind(each.kind)]))
                for each in rows
                if each.kind and each.question == heading.question
            ]
            svg = outcome_map([_point(each) for each in table], rtl=ui.direction == "rtl")
            # core.pictures makes it of numbers and escaped texts.
            found.append(QuestionMap(heading=heading, rows=tuple(table), svg=Markup(svg)))  # noqa: S704
    return found


def _point(each: MapRow) -> MapPoint:
    cited = next((one.address for one in each.row.citations if one.address), "")
    return MapPoint(
        label=f"{each.row.n}. {each.says}",
        kind=each.row.kind,
        address=cited or f"#row-{each.row.n}",
        session=each.row.title,
        groups=each.row.holders,
    )
