"""Numbers of people in words, for the pages about attendance and for the figures of a meeting."""

from __future__ import annotations

from babel.numbers import format_decimal

from moothall.adapters.pages.catalogues import Catalogue
from moothall.core.attendance.ranges import PeopleRange

UNKNOWN = "Not counted"
AT_LEAST = "at least {n}"
BETWEEN = "{least} to {most}"
FEWER = "fewer than {n}"


def people_in_words(people: PeopleRange | None, fewest: int, ui: Catalogue) -> str:
    """A number of people; None: it is too small to be told, since it is below `fewest` or could be."""
    if people is None:
        return ui.text(FEWER, n=number(fewest, ui))
    if not people.known:
        return ui.text(UNKNOWN)
    if people.most is None:
        return ui.text(AT_LEAST, n=number(people.least, ui))
    if people.exact:
        return number(people.least, ui)
    return ui.text(BETWEEN, least=number(people.least, ui), most=number(people.most, ui))


def number(value: float, ui: Catalogue) -> str:
    """A number as the language writes it."""
    return str(format_decimal(value, "#,##0.#", locale=ui.locale))


def as_cells(people: PeopleRange | None) -> tuple[str, str, str]:
    """A number of people as three cells of a table: at least, at most, and what is to be said of it.

    In the last is `hidden`, where so few are not told, `unknown`, or nothing.
    """
    if people is None:
        return "", "", "hidden"
    if not people.known:
        return "", "", "unknown"
    return str(people.least), "" if people.most is None else str(people.most), ""
