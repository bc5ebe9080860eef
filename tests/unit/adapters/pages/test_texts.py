from __future__ import annotations

import re

import pytest

from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import CARD, Pages
from moothall.adapters.pages.texts import card_part, report_part
from moothall.core.kernel.ids import SessionId
from moothall.core.sessions.state import Status
from moothall.core.views.captions import Session

PAGES = Pages(find_web_folder())
EN = PAGES.catalogues["en"]


def card(status: Status, title: str = "Plenary", date: str | None = "24 November 2025") -> dict[str, str]:
    """The meta elements of a card by name."""
    session = Session(id=SessionId("plenary"), title=title, status=status)
    image = "https://hall.example.org" + PAGES.static.address(CARD)
    part = card_part(session, date, EN, address="https://hall.example.org/s/plenary", image=image)
    html = PAGES.render("panels/_cards.html", ui=EN, title=title, card=part)
    return dict(re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)">', html))


def test_a_card_says_what_somebody_passes_on() -> None:
    found = card(Status.OPEN)
    assert found["og:title"] == "Plenary"
    assert found["og:description"] == found["description"]
    assert found["description"] == "24 November 2025 · Read along live: what is said in this meeting, as text."
    assert found["og:url"] == "https://hall.example.org/s/plenary"
    assert re.fullmatch(r"https://hall\.example\.org/static/\w+/card\.png", found["og:image"])
    assert found["twitter:card"] == "summary_large_image"
    assert card(Status.CLOSED, date=None)["description"] == "What was said in this meeting, as text."


def test_a_title_cannot_leave_its_place() -> None:
    assert card(Status.OPEN, '"><script>')["og:title"] == "&#34;&gt;&lt;script&gt;"


def test_the_picture_is_one_that_networks_take() -> None:
    file = PAGES.static.get(CARD)
    assert file is not None
    assert file.type == "image/png"
    assert file.body.startswith(b"\x89PNG")
    width, height = (int.from_bytes(file.body[at : at + 4], "big") for at in (16, 20))
    assert (width, height) == (1200, 630)


@pytest.mark.parametrize(("asked", "query"), [("en", "?ui=en"), (None, "")])
def test_the_form_goes_where_reports_are_taken(asked: str | None, query: str) -> None:
    part = report_part(SessionId("plenary"), "fr", PAGES.catalogues.choose(asked, "en"))
    assert part["action"] == "/s/plenary/report" + query
    html = PAGES.render("panels/_report.html", ui=EN, report=part)
    assert '<input type="hidden" name="channel" value="fr">' in html
    assert html.count("<button") == 5
    assert '<details class="report" id="Report">' in html
