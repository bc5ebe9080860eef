"""The texts of the page on which a computer is connected, by their English wording (`web/locales`, hub_line.po)."""

from __future__ import annotations

from moothall_hub.pairing.pairing import Unpaired

SPEAKS = "This computer speaks for {title}, at {address}."
TAKEN = "Another computer speaks for {title} now, at {address}. With new words this one can take its place again."
PROBLEMS = {
    Unpaired.ADDRESS: "This is no address. Write it as it stands on your sheet.",
    Unpaired.WORDS: "These are not six of the words that are given out. Look for one that is written wrong.",
    Unpaired.UNKNOWN: "These words are not known there, or were used already. Ask for new ones.",
    Unpaired.OFTEN: "Too many words were tried from here. Wait a minute, then try again.",
    Unpaired.NOBODY: "Nobody answers at this address. Is it written right, and is there a line?",
    Unpaired.STRANGE: "What answers at this address does not know how to connect a computer like this one.",
}
NO_TITLE = "A group needs a name with letters or figures. Words are shown once; ask for new ones."
WORDS_FOR = "Six words for {title}: {words}"
SPAN = "From {start} to {end}"
"""Over what was missed, media times."""
