"""Sentences of readers' pages that are in no template, and the values of two parts of these pages: the form of reports,
and the description that other sites show of a shared address. The keys are the English texts (`web/locales`).
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.event_data import DescribedEvent, event_data
from moothall.core.events.types import Access
from moothall.core.kernel.ids import SessionId
from moothall.core.sessions.state import Status
from moothall.core.views.captions import Session
from moothall.services.sessions.reports import ReportKind


class ErrorText:
    """Keys of the sentences that say why a request failed."""

    NO_SESSION = "There is no meeting at this address. It may have another address, or not be open to you."
    STAFF = "This page is for the staff. Open the link that you were given."
    NO_CHANNEL = "This meeting has no such text. Choose one of those that it has."
    NOT_HERE = "This text does not come to this computer now. Choose another, or ask whoever coordinates your group."
    LONG = "That was too long to be read. Please write less."
    LANGUAGE = "A translation into that language can't be made here at the moment."
    NOTHING = "There is nothing at this address."
    BEFORE = "This address is not right: “before” must be the number of a line, 1 or more."
    FROM = "This address is not right: “from” must be the number of a line, 1 or more."
    FEED = "This address is not right: “feed” must be “live” or “lines”."
    METHOD = "This address can't be used in this way."
    REQUEST = "The request could not be understood."
    OURS = "Something went wrong on our side. It has been noted; please try again."
    UNAVAILABLE = "The text can't be reached at the moment. Please try again in a minute."
    SLOW = "It took too long to arrive. Please send it again."
    CROWDED = "Many people are opening this page at once. It opens by itself in {n} s."
    AWAY = "The meeting can't be reached at the moment. This page opens by itself in {n} s."
    BROKEN = "The record of this meeting is damaged and can't be shown. Please tell whoever runs this server."


class DoorText:
    """Keys of the sentences that doors show."""

    CHOICE = "This address is not right: “{name}” can't be “{value}”."
    REPORT = "What you sent could not be understood. Please use the form on the page of the meeting."
    ORIGIN = "This was sent from a page that is not ours, so nothing was done with it."
    MANY = "Many readers have reported this already."
    OFTEN = "That came very often. Please wait a minute."
    TRANSLATING = "So many texts are being translated that this one has to wait. Please try again in a minute."
    DESCRIPTION = "Read along live: what is said in this meeting, as text."
    RECORD_DESCRIPTION = "What was said in this meeting, as text."


HUB_LINE: Mapping[str, str] = {
    "unpaired": "This computer is not connected to any meeting yet.",
    "beginning": "This computer is connecting to the meeting. What is here can be read meanwhile.",
    "good": "The connection to the meeting is good.",
    "down": "The connection has been down since {time}. What is here stays; it goes on by itself.",
    "fenced": "Another computer has taken the place of this one. What is here stays; nothing new comes.",
    "refused": "The meeting does not let this computer in at the moment. What is here stays.",
    "absent": ErrorText.NOT_HERE,
    "full": "This computer can't store anything at the moment. What is here stays; it goes on by itself.",
    "filling": "The connection is back: you read what is said now. What was said meanwhile is still coming.",
    "checking": "The connection is back. What came last is being checked.",
    "stopped": "The copy here differs from the meeting's record, so nothing more of it is shown.",
}
"""What the status bar of a hub's pages says of its connection, by kind; keys of the catalogues."""


def report_part(session: SessionId, channel: str, ui: Catalogue, *, opened: bool = False) -> dict[str, object]:
    """The values of `report` for the template `_report.html`: the form's address, and the kinds of report.

    `opened`: whether the choices are shown at once.
    """
    return {
        "action": f"/s/{quote(session)}/report" + ui.query,
        "channel": channel,
        "opened": opened,
        "kinds": [{"name": kind.value, "text": ui.named(f"staff/report.{kind}")} for kind in ReportKind],
    }


def card_part(session: Session, date: str | None, ui: Catalogue, *, address: str, image: str) -> dict[str, str]:
    """The values of `card` for the template `_cards.html`: what other sites show of a page whose address is shared.

    `date` is the session's day in words; `address` and `image` are absolute addresses. What programs read, `data` and
    `oembed`, is there for a record that everybody may read alone: the page of live text goes over poor connections.
    """
    closed = session.status is Status.CLOSED
    said = ui.text(DoorText.RECORD_DESCRIPTION if closed else DoorText.DESCRIPTION)
    data, oembed = "", ""
    if closed and session.access is Access.PUBLIC and not address.startswith("/"):
        title = session.title.strip() or ui.text("Meeting without a title")
        event = DescribedEvent(
            address=address, title=title, languages=session.languages, starts=session.opened, record=True
        )
        data, oembed = event_data(event), f"/oembed?{urlencode({'url': address})}"
    return {
        "description": f"{date} · {said}" if date else said,
        "address": address,
        "image": image,
        "data": data,
        "oembed": oembed,
    }
