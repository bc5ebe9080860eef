"""Texts of the hubs' pages that are in code. The English texts are the message keys (`web/locales`, hubs.po)."""

from __future__ import annotations

from collections.abc import Mapping

from moothall.services.hubs.pairing import PairingRefusal


class HubText:
    """Message keys of the sentences that handlers show."""

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
    LINKED = "Linked since {time}"
    DELAY = "Delay: {time}"
    BYTES = "{down} sent to it, {up} came from it"


UNPAIRED: Mapping[PairingRefusal, str] = {
    PairingRefusal.WORDS: "These are not six of our words. Please look at the sheet again.",
    PairingRefusal.UNKNOWN: (
        "These words are not known: they were used, replaced, or are more than a week old. Please ask for new ones."
    ),
    PairingRefusal.OFTEN: "That came very often. Please wait a minute.",
}
"""For people: why pairing failed."""
TOLD: Mapping[PairingRefusal, str] = {
    PairingRefusal.WORDS: "These are not six of our words. Look at the sheet again.",
    PairingRefusal.UNKNOWN: "These words are not known: they were used, replaced, or are more than a week old.",
    PairingRefusal.OFTEN: "Too many words were tried. Wait a minute.",
}
"""For programs, in English: why pairing failed."""
