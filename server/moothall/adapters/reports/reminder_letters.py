"""The letters that remind those who write a report of its deadline. They have the address of the room, and no key to
it: whoever gets one opens the room with their own link.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from moothall.adapters.pages.meeting_texts import alone
from moothall.adapters.pages.templates import Pages
from moothall.core.kernel.ids import SessionId
from moothall.services.outcomes.reminding import RapporteurAddress
from moothall.services.outcomes.sending import Letter


class ReminderText:
    """Keys of the sentences of a letter."""

    DUE = "The report of “{title}” is due: {time}"
    WHERE = "It is written here: {address}"
    WHY = "The secretariat entered your address for this reminder. It is deleted when the report is published."


@dataclass(eq=False, repr=False, kw_only=True)
class ReminderLetters:
    """Writes letters. `public`: the server's public address; `title_of` returns the title of a meeting, or nothing."""

    pages: Pages
    title_of: Callable[[SessionId], str]
    public: str

    async def write(self, to: RapporteurAddress) -> Letter:
        """The letter to somebody who writes a report."""
        ui, zone = self.pages.catalogues[to.language], self.pages.zone()
        title = self.title_of(to.session).strip() or to.session
        time = f"{ui.moment(zone.at(to.due))} ({zone.name})"
        due = ui.text(ReminderText.DUE, title=alone(title), time=time)
        where = ui.text(ReminderText.WHERE, address=f"{self.public}/report/{to.session}")
        return Letter(due, f"{due}\n\n{where}\n\n{ui.text(ReminderText.WHY)}\n")
