"""The doors of questions that a hub has as the centre has them: `room_doors` in `moothall_hub/pages/questions_door.py`.

It is short since it only names them, for the tests of the two pages on which they have to stand.
"""

from __future__ import annotations

SHARED = ("asking", "typing", "hands", "questions", "translations")
"""Their modules below `server/moothall/adapters/questions`, without the ending `_door`."""
