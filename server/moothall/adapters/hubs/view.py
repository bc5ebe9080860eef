"""View data of the pages about hubs: values for their templates."""

from __future__ import annotations

from collections.abc import Callable

from babel.numbers import format_decimal
from babel.units import format_unit

from moothall.adapters.hubs.texts import HubText
from moothall.adapters.pages.catalogues import Catalogue
from moothall.core.hubs.entry import Hub
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.times import Zone
from moothall.services.hubs.links import Connected

HOUR_MS = 3_600_000
MEGABYTE = 1_000_000


def moment(ms: int, zone: Zone, ui: Catalogue) -> str:
    """A date and time from Unix ms, in the reader's language."""
    return ui.moment(zone.at(ms))


def hours(ms: int, ui: Catalogue) -> str:
    """A duration in hours, with one decimal below 10 h."""
    number = ms / HOUR_MS
    return format_decimal(number, "#,##0.#" if number < 10 else "#,##0", locale=ui.locale)


def place(hub: Hub, country: str | None = None) -> str:
    """A hub's location for the public: institution, city and country, as far as known. `country`: its translated
    name.
    """
    details = hub.details
    return ", ".join(each for each in (details.institution, details.city, country or details.country) if each)


def public_row(hub: Hub, people: int | None, ui: Catalogue, country: str | None = None) -> dict[str, object]:
    """A hub for the public: never its coordinator, its machine, or when it was last seen. `country`: its country's name
    in the language of `ui`.
    """
    return {
        "title": hub.title,
        "place": place(hub, country),
        "languages": ui.listed(ui.language_name(tag) for tag in hub.details.languages),
        "people": "" if people is None else ui.text(HubText.NOW, n=people),
        "hours": hours(hub.here_ms, ui),
        "most": format_decimal(max(hub.most, people or 0), locale=ui.locale),
        "people_hours": hours(hub.people_ms, ui),
    }


def staff_row(hub: Hub, people: int | None, ui: Catalogue, *, here: bool, zone: Zone) -> dict[str, object]:
    """A hub for the secretariat. `here`: whether it is connected now."""
    expected = hub.details.expected
    return {
        **public_row(hub, people, ui),
        "name": hub.name,
        "here": here,
        "state": ui.text(HubText.THERE if here else HubText.AWAY),
        "seen": ui.text(HubText.NEVER) if hub.seen is None else ui.text(HubText.SEEN, time=moment(hub.seen, zone, ui)),
        "expected": "" if expected is None else ui.text(HubText.EXPECTING, n=expected),
        "coordinator": hub.details.coordinator
        and ui.text(HubText.COORDINATOR, name=f"\u2068{hub.details.coordinator}\u2069"),
        "machine": "" if not hub.digest else " · ".join(each for each in (hub.machine, hub.node) if each),
        "paired": "" if hub.paired is None else moment(hub.paired, zone, ui),
    }


def link_row(
    link: Connected | None, meeting: Callable[[SessionId], str], ui: Catalogue, *, zone: Zone
) -> dict[str, str]:
    """The state of the connection of a hub's machine, for the secretariat; all values are empty where it isn't
    connected.
    """
    if link is None:
        return {"linked": "", "bytes": "", "follows": "", "release": ""}
    since = ui.text(HubText.LINKED, time=moment(link.since, zone, ui))
    delay = "" if link.round_trip is None else ui.text(HubText.DELAY, time=_delay(link.round_trip, ui))
    titles = (meeting(session).strip() or session for session in link.sessions)
    return {
        "linked": " · ".join(each for each in (since, delay) if each),
        "bytes": ui.text(HubText.BYTES, down=_amount(link.bytes_sent, ui), up=_amount(link.bytes_received, ui)),
        "follows": ", ".join(f"\u2068{title}\u2069" for title in titles),
        "release": link.release,
    }


def _delay(ms: int, ui: Catalogue) -> str:
    return format_unit(ms / 1_000, "second", "narrow", "0.0", locale=ui.locale)


def _amount(count: int, ui: Catalogue) -> str:
    if count < MEGABYTE:
        return format_unit(-(-count // 1_000), "kilobyte", "short", locale=ui.locale)
    return format_unit(count / MEGABYTE, "megabyte", "short", "#,##0.0", locale=ui.locale)


def fields(hub: Hub, ui: Catalogue) -> dict[str, str]:
    """The initial values of a hub's form."""
    details = hub.details
    return {
        "title": hub.title,
        "city": details.city,
        "country": details.country,
        "institution": details.institution,
        "coordinator": details.coordinator,
        "languages": ui.listed(ui.language_name(tag) for tag in details.languages),
        "zone": details.zone,
        "expected": "" if details.expected is None else str(details.expected),
        "unlisted": "yes" if details.unlisted else "",
    }
