"""How a line was translated, and what can be translated, in words."""

from __future__ import annotations

import re

from moothall.adapters.pages.catalogues import Catalogue
from moothall.core.events.types import MadeFrom
from moothall.services.translation.text_translation import Reach

_DIRECTION = re.compile(r"(?:^| )([A-Za-z0-9-]+)>[A-Za-z0-9-]+(?:,|$)")


def languages_of(route: str) -> tuple[str, ...]:
    """The languages (BCP-47) that a text was in before it was in its last, the first one first."""
    return tuple(_DIRECTION.findall(route))


def made_text(made: MadeFrom, ui: Catalogue) -> str:
    """How a line was translated: from which language and through which others, or that it gives the gist only."""
    return route_text(made.route, ui, rough=made.rough)


def route_text(route: str, ui: Catalogue, *, rough: bool) -> str:
    """The sentence of `made_text` for any text that was translated by that route."""
    first, *through = [ui.language_name(tag) for tag in languages_of(route)] or [""]
    if rough:
        return ui.named("reader/made.rough", language=first)
    if through:
        return ui.named("reader/made.through", language=first, through=", ".join(through))
    return ui.named("reader/made", language=first)


def reach_part(reach: Reach, ui: Catalogue) -> dict[str, object]:
    """What the macro `translation` needs: whether anybody translates, from what into what, and what is missing."""
    return {
        "nobody": "" if reach.connected else ui.named("control/translatorless"),
        "ways": [
            ui.named("control/into", language=ui.language_name(source), others=", ".join(map(ui.language_name, others)))
            for source, others in reach.ways.items()
        ],
        "missing": reach.missing,
    }
