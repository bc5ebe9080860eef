"""What the staff's pages say of the walls. The keys are the English texts (`web/locales`, wall.po)."""

from __future__ import annotations

WALL_TEXTS = {
    "key.wall": "Clear the wall",
    "did.clear-wall": "Wall cleared",
    "did.restore-wall": "Wall shown again",
    "wall.cleared": "The walls are empty",
}
"""What the scripts of a meeting's staff pages say, by their names for it."""
CONTROL_WALL_TEXTS = {
    "clear": "Clear the wall",
    "cleared": "The walls are empty: {place}",
    "uncleared": "The walls could not be cleared: {place}",
}
"""What the script of the overview says."""
