"""The texts of hubs' pages that stand in code. The keys are the English texts (`web/locales`, hubs.po)."""

from __future__ import annotations

from collections.abc import Mapping

from moothall.services.hubs.pairing import Unpaired


class HubText:
    """Keys of the sentences that the doors say."""

    NAME = "That name can't be taken: it is empty, too long, or another group has it."
    EXPECTED = "Write how many people are expected as a number."
    PEOPLE = "Write how many people are there as a number."
    NOTE = "A note has 1 to 10,000 characters."
    SURE = "Nothing was taken out: please say first that you want that."
    NOW = "People now: {n}"
    EXPECTING = "Expected: {n}"
    SEEN = "Last seen: {time}"
    NEVER = "Never seen yet"
    THERE = "Connected now"
    AWAY = "Not connected"
    GROUP = "From the group"
    COORDINATOR = "Coordinator: {name}"
    LINE = "Linked since {time}"
    DELAY = "Delay: {time}"
    BYTES = "{down} sent to it, {up} came from it"


UNPAIRED: Mapping[Unpaired, str] = {
    Unpaired.WORDS: "These are not six of our words. Please look at the sheet again.",
    Unpaired.UNKNOWN: (
        "These words are not known: they were used, replaced, or are more than a week old. Please ask for new ones."
    ),
    Unpaired.OFTEN: "That came very often. Please wait a minute.",
}
"""Why nobody was let in."""
TOLD: Mapping[Unpaired, str] = {
    Unpaired.WORDS: "These are not six of our words. Look at the sheet again.",
    Unpaired.UNKNOWN: "These words are not known: they were used, replaced, or are more than a week old.",
    Unpaired.OFTEN: "Too many words were tried. Wait a minute.",
}
"""The same for programs, in English."""
