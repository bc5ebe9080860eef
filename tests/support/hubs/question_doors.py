"""The doors of questions that hubs share with the centre: `room_doors` in `moothall_hub/pages/questions_door.py`.

This module is short since it only names them, for the tests of the two pages that must list them.
"""

from __future__ import annotations

SHARED = ("asking", "typing", "hands", "opinions", "questions", "translations")
"""Their modules below `server/moothall/adapters/questions`, without the suffix `_door`."""
