"""What pages say of groups far away that take part. The keys are the English texts (`web/locales`, presence.po)."""

from __future__ import annotations

from collections.abc import Mapping

from moothall.adapters.pages.catalogues import Catalogue
from moothall.core.hubs.presence import HubNow, Hubs

TURN_MS = 8_000
"""How long a wall shows each of several; as in `web/js/display/with_us.js`."""


def hub_name(hub: str, titles: Mapping[str, str], ui: Catalogue) -> str:
    """What a group is called, one below another by way of that; `titles` by the names of hubs as dotted paths."""
    above, _, own = hub.rpartition(".")
    name = alone(titles.get(hub) or own)
    return ui.named("desk/hub.way", name=name, above=hub_name(above, titles, ui)) if above else name


def took_part(hubs: Hubs, ui: Catalogue) -> str:
    """Which groups have taken part, and the most people that were counted in each; empty where none has."""
    titles = {name: each.title for name, each in hubs.items()}
    named = [_with_people(hub_name(hub, titles, ui), each.most, ui) for hub, each in hubs.items()]
    return ui.text("Groups that take part: {names}", names=" · ".join(named)) if named else ""


def with_us(hubs: Hubs, ui: Catalogue, wall: int) -> str:
    """What a wall says of one of the groups that are there, at `wall` (Unix ms); empty where there is none."""
    here = [each for each in hubs.values() if each.here]
    return _is_with_us(here[wall // TURN_MS % len(here)], ui) if here else ""


def _is_with_us(each: HubNow, ui: Catalogue) -> str:
    name = alone(each.title)
    if not each.people:
        return ui.named("wall/with-us", name=name)
    return ui.named("wall/with-us.people", name=name, people=_people(each.people, ui))


def _with_people(name: str, people: int, ui: Catalogue) -> str:
    return f"{name} ({_people(people, ui)})" if people else name


def _people(people: int, ui: Catalogue) -> str:
    return ui.counted("{n} person", people)


def alone(name: str) -> str:
    """A name inside a sentence, whose direction is its own affair."""
    return f"\u2068{name}\u2069"
