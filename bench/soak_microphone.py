"""A microphone of the soak: sends a script's sound, again and again, to a room's door, through every cut.

The sound is `moothall.testing.scripted`: each word has a level of its own, so the server's own engine, a process with
the scripted recogniser, hears exactly what was said, at next to no cost. All else is as in a meeting: pieces, spool,
engine link, policy, words as they come.
"""

from __future__ import annotations

import random

from moothall.adapters.sound.sender import Sender
from moothall.testing.scripted import Script, render

WORDS = 300
"""Words of the script, which lasts about two minutes."""


class Microphone(Sender):
    """A sender that belongs to a room, whichever session is on."""

    def __init__(self, address: str, token: str, room: str, script: Script, chance: random.Random) -> None:
        super().__init__([address], token, f"/room/{room}/audio", render(script), chance)
