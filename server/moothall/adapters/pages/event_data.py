"""Sessions as schema.org `Event`s in JSON-LD, for search engines and catalogues: on the agenda, and on a record's page.

Pages have it as a data block, which is no script: browsers neither run it nor load anything for it, so the policy of
our pages allows it (CSP 3 §4.2.3 concerns scripts alone).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from markupsafe import Markup

from moothall.adapters.pages.templates import script_json

_HELD, _CANCELLED = "https://schema.org/EventScheduled", "https://schema.org/EventCancelled"
_ONLINE, _MIXED = "https://schema.org/OnlineEventAttendanceMode", "https://schema.org/MixedEventAttendanceMode"
FORMS = {"html": "text/html", "txt": "text/plain", "vtt": "text/vtt", "json": "application/json"}
"""The formats of a record that are named, with their media types."""


class DescribedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a session."""

    address: str
    """URL of its page, without a query."""
    title: str
    languages: tuple[str, ...]
    """BCP-47 tags of the languages that are spoken."""
    starts: int | None = None
    """Unix ms."""
    ends: int | None = None
    """Unix ms."""
    place: str = ""
    """The room's title; empty for none."""
    cancelled: bool = False
    record: bool = False
    """Whether its record can be had."""


def event_data(*events: DescribedEvent) -> Markup:
    """The JSON-LD of events, for a data block of the type `application/ld+json`. Events without a time, which
    schema.org doesn't have, are left out; empty where no event is left.
    """
    made = [_event(event, event.starts) for event in events if event.starts is not None]
    return script_json({"@context": "https://schema.org", "@graph": made}) if made else Markup("")


def _event(event: DescribedEvent, starts: int) -> dict[str, object]:
    online = {"@type": "VirtualLocation", "url": event.address}
    place = [{"@type": "Place", "name": event.place, "address": event.place}] if event.place else []
    made: dict[str, object] = {
        "@type": "Event",
        "@id": event.address,
        "url": event.address,
        "name": event.title,
        "startDate": _moment(starts),
        "eventStatus": _CANCELLED if event.cancelled else _HELD,
        "eventAttendanceMode": _MIXED if event.place else _ONLINE,
        "location": [*place, online] if place else online,
        "isAccessibleForFree": True,
    }
    if event.ends is not None and event.ends > starts:
        made["endDate"] = _moment(event.ends)
    if event.languages:
        made["inLanguage"] = list(event.languages)
    if event.record:
        made["recordedIn"] = _record(event)
    return made


def _record(event: DescribedEvent) -> dict[str, object]:
    files: Sequence[dict[str, str]] = [
        {"@type": "MediaObject", "contentUrl": f"{event.address}/record.{form}", "encodingFormat": kind}
        for form, kind in FORMS.items()
    ]
    return {"@type": "DigitalDocument", "name": event.title, "url": event.address, "encoding": files}


def _moment(ms: int) -> str:
    return datetime.fromtimestamp(ms // 1000, UTC).isoformat().replace("+00:00", "Z")
