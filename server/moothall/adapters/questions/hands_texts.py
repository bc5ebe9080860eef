"""The texts of shows of hands. The keys are the English texts (`web/locales`, hands.po)."""

from __future__ import annotations

COUNTED = "Remote: {remote}. On site: {here}. Together: {sum}."
BEGUN = "A show of hands has begun: {question}"
OVER = "The show of hands is closed."

HANDS_DONE = {
    "did.open-poll": "Show of hands begun",
    "did.close-poll": "Show of hands closed",
    "did.count-room": "Hands on site counted",
}
"""What was done at a desk."""

LEADING_TEXTS = {
    "hands.wrong": "Write a question, and 2 to 8 different answers, one a line.",
    "hands.close": "Close the show of hands",
    "hands.again": "Open this show of hands again",
    "hands.remote": "Remote people",
    "hands.room": "Hands on site",
    "hands.sum": "Together",
    "hands.save": "Save the hands on site",
    "hands.counted": COUNTED,
}
"""What the script says on the page on which a discussion is led, by its names for it."""
