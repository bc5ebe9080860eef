"""How a line was translated, and what can be translated, in words."""

from __future__ import annotations

import re

from moothall.adapters.pages.catalogues import Catalogue
from moothall.core.events.types import MadeFrom
from moothall.services.translation.text_translation import Reach

DIRECT = "Translated by a machine from {language}"
THROUGH = "Translated by a machine from {language} through {through}"
ROUGH = "Translated by a machine from {language}: the gist only"
TEXTS = {"made": DIRECT, "made.through": THROUGH, "made.rough": ROUGH}
"""The same for the scripts, by their names for it (`web/js/reader/other_text.js`)."""
_DIRECTION = re.compile(r"(?:^| )([A-Za-z0-9-]+)>[A-Za-z0-9-]+(?:,|$)")

NOBODY = "No translator is connected."
INTO = "{language} into {others}"
REACH_TEXTS = {"translatorless": NOBODY, "into": INTO}
"""What the staff is told of translation; the same for the scripts, by their names for it (`web/js/desk/control.js`)."""


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
        return ui.text(ROUGH, language=first)
    if through:
        return ui.text(THROUGH, language=first, through=", ".join(through))
    return ui.text(DIRECT, language=first)


def reach_part(reach: Reach, ui: Catalogue) -> dict[str, object]:
    """What the macro `translation` needs: whether anybody translates, from what into what, and what is missing."""
    return {
        "nobody": "" if reach.connected else ui.text(NOBODY),
        "ways": [
            ui.text(INTO, language=ui.language_name(source), others=", ".join(map(ui.language_name, others)))
            for source, others in reach.ways.items()
        ],
        "missing": reach.missing,
    }
