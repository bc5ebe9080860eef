"""Sets the card of a session with Typst: the picture that other sites show beside the address of its page.

It has the title, when and where the meeting takes place and how it stands, in the look of the house. Typst gets the
template beside this module and the card as data, as for documents.
"""

from __future__ import annotations

import msgspec

from moothall.adapters.record.typesetting import (
    NOT_INSTALLED,
    FontsMissing,
    TypesettingFailed,
    breakable,
    compiled,
    template_of,
    unshown_in,
)
from moothall.core.kernel.languages import direction, is_language, primary
from moothall.record.documents.document import begins_right_to_left

PX_PER_INCH = 72.0
"""A point of the template is a pixel."""
LONGEST = 200
"""Characters of a title that are shown."""


class SessionCard(msgspec.Struct, frozen=True, kw_only=True):
    """What a card shows."""

    language: str
    """BCP-47 tag of its words."""
    house: str
    """The conference's name."""
    colour: str
    """The accent, `#rrggbb`."""
    logo: bytes
    """The conference's logo as PNG; empty for none."""
    title: str
    title_language: str
    """BCP-47 tag of the title; empty where it is unknown."""
    facts: tuple[str, ...]
    """When and where it takes place."""
    state: str
    """How it stands, in words."""


def set_card(data: bytes) -> bytes:
    """Set a card, given as JSON, as PNG of 1200 by 630 pixels. What isn't a letter and has no font is left out. Raises
    FontsMissing when a letter has none, and TypesettingFailed.
    """
    try:
        import typst
    except ImportError:
        raise TypesettingFailed(NOT_INSTALLED) from None

    card = msgspec.json.decode(data, type=SessionCard)
    known = typst.Fonts(include_system_fonts=True)
    unshown = unshown_in("".join((card.house, card.title, *card.facts, card.state)), known)
    if any(each.isalpha() for each in unshown):
        raise FontsMissing("No font of this machine has the letters of the card.")
    files = {"main.typ": template_of("card"), "card.json": _values(card, unshown)}
    try:
        return compiled(files, known, ppi=PX_PER_INCH)
    except typst.TypstError:
        raise TypesettingFailed("The card could not be set: Typst refuses it.") from None


def _values(card: SessionCard, unshown: set[str]) -> bytes:
    """The card as the template reads it: JSON."""
    without = dict.fromkeys(map(ord, unshown))

    def shown(text: str) -> str:
        return breakable(" ".join(text.translate(without).split()))

    title = shown(card.title[:LONGEST]) + ("…" if len(card.title) > LONGEST else "")
    way = direction(card.title_language) if is_language(card.title_language) else "auto"
    return msgspec.json.encode(
        {
            "language": primary(card.language),
            "rtl": direction(card.language) == "rtl",
            "house": shown(card.house),
            "colour": card.colour,
            "logo": list(card.logo),
            "title": title,
            "title-language": None if way == "auto" else primary(card.title_language),
            "title-rtl": begins_right_to_left(title),
            "facts": [shown(fact) for fact in card.facts],
            "state": shown(card.state),
        }
    )
