"""What a form asks people of themselves, and what they answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from moothall.adapters.pages.catalogues import Catalogue
from moothall.core.questions.statements import YES, Dimension, Statement

PREFIX = "about-"
"""Of the fields' names."""
APART = frozenset({Dimension.YOUNG, Dimension.DISABILITY})
"""What stands by itself in the form."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A question of which one answer is chosen, or a box that is ticked where there are no options."""

    name: str
    """Of its field."""
    text: str
    options: tuple[tuple[str, str, bool], ...] = ()
    """Value, text, and whether it is chosen."""
    chosen: bool = False
    apart: bool = False


def about_fields(choices: Mapping[Dimension, Sequence[str]], given: Statement, ui: Catalogue) -> list[Choice]:
    """The fields as they were filled in, `given` as from `about_given`; where it says nothing, nothing is chosen."""
    return [
        Choice(
            name=f"{PREFIX}{each.value}",
            text=ui.named(f"asking/about.{each}"),
            options=()
            if tuple(may) == (YES,)
            else tuple(
                (value, ui.named(f"moderation/heard.{each}.{value}"), given.get(each) == value) for value in may
            ),
            chosen=given.get(each) == YES,
            apart=each in APART,
        )
        for each, may in choices.items()
    ]


def about_given(form: Mapping[str, str]) -> Statement:
    """What was answered, of a form's fields; the service that keeps it checks it."""
    return {each: value for each in Dimension if (value := form.get(f"{PREFIX}{each.value}", ""))}
