"""`/recommendations`: one line for each recommendation of the commissioning document, with its figure year by year.

The figures are those of the yearly reports (`core/attendance/report.py`). The table itself is a file of the operator.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web

from moothall.adapters.attendance import files
from moothall.adapters.pages.people_in_words import people_in_words
from moothall.adapters.pages.request_context import HttpProblem, html, language, refusal
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import ErrorText
from moothall.core.attendance.recommendations import (
    NOT_MEASURED,
    Recommendation,
    RecommendationRow,
    rows,
)
from moothall.core.kernel.errors import StorageUnavailable
from moothall.services.attendance.reports import AttendanceReports, CountPublished

MOST_YEARS = 10
"""Years of the table, the newest. Overflow: earlier ones are in the files alone."""


@dataclass(eq=False, repr=False, kw_only=True)
class RecommendationsDoor:
    """Handlers of the page and its files. `published` returns what was published and sent, by year."""

    pages: Pages
    reports: AttendanceReports
    table: tuple[Recommendation, ...]
    published: CountPublished

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/recommendations", self.page),
            web.get("/recommendations.csv", self.as_csv),
            web.get("/recommendations.json", self.as_json),
        ]

    async def page(self, request: web.Request) -> web.Response:
        """The table as a page."""
        ui = language(self.pages, request)
        try:
            found, years = await self._rows()
        except StorageUnavailable:
            return refusal(HttpProblem(503, ErrorText.UNAVAILABLE), self.pages, ui)
        shown = years[:MOST_YEARS]
        lines = [
            {
                "id": row.recommendation.id,
                "section": row.recommendation.section,
                "words": row.recommendation.words,
                "link": row.recommendation.link,
                "figure": ""
                if (figure := row.recommendation.figure) is None
                else ui.named(f"attendance/figure.{figure}"),
                "years": [people_in_words(row.years[year], 0, ui) for year in shown if year in row.years],
            }
            for row in found
        ]
        text = self.pages.render(
            "attendance/recommendations.html",
            ui=ui,
            query=ui.query,
            lines=lines,
            years=shown,
            in_language=lambda tag: f"/recommendations?{urlencode({'ui': tag})}",
        )
        return html(text, ui)

    async def as_csv(self, request: web.Request) -> web.Response:
        """The table as CSV."""
        return await self._file(request, files.recommendations_csv, "csv")

    async def as_json(self, request: web.Request) -> web.Response:
        """The table as JSON: `{"recommendations": [{"id", "section", "words", "figure", "link", "years"}]}`."""
        return await self._file(request, _json, "json")

    async def _file(
        self,
        request: web.Request,
        written: Callable[[tuple[RecommendationRow, ...], tuple[int, ...]], bytes],
        ending: str,
    ) -> web.Response:
        try:
            found, years = await self._rows()
        except StorageUnavailable:
            return refusal(HttpProblem(503, ErrorText.UNAVAILABLE), self.pages, language(self.pages, request))
        return files.file(written(found, years), f"recommendations.{ending}", own=False)

    async def _rows(self) -> tuple[tuple[RecommendationRow, ...], tuple[int, ...]]:
        years = await self.reports.years()
        return rows(self.table, years, await self.published()), tuple(year.year for year in years)


def _json(found: tuple[RecommendationRow, ...], _: tuple[int, ...]) -> bytes:
    lines = [
        {
            "id": row.recommendation.id,
            "section": row.recommendation.section,
            "words": row.recommendation.words,
            "figure": NOT_MEASURED if row.recommendation.figure is None else row.recommendation.figure.value,
            "link": row.recommendation.link,
            "years": {str(year): {"least": each.least, "most": each.most} for year, each in row.years.items()},
        }
        for row in found
    ]
    return files.as_json({"recommendations": lines})
