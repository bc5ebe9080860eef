"""The texts of an author's turn, on the author's page. The keys are the English texts (`web/locales`, typing.po)."""

from __future__ import annotations

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.questions import asking_texts
from moothall.core.rules.turns import MAX_TYPED
from moothall.services.questions.asking import Unasked
from moothall.services.questions.typing import Untyped

BEGIN = "Please begin within {time}."
BEGIN_LATE = "You can still begin."
LEFT = "Time left: {time}"
LEFT_OVER = "Your time is over. Please come to an end."
THRICE = "If you type, you have three times as long."
TYPED = "You type, and so you have three times as long."
UNRECORDED = "Nothing is recorded now: what you type is shown, and kept nowhere."
OVER = "It is not your turn any more. What still stands here was not sent."
AGAIN = "The line is slow. What you typed is sent again."
RECORDED = "Nothing was recorded when you wrote this, and now it is. Send it again if it may be kept."
BREAK = "There is a break: nothing was sent. Send it again when the break is over."
EMPTY = "Please write something, in at most {n} characters."
PUT_OFF = "Later: you have put it off"


def untyped(why: Untyped, ui: Catalogue) -> str:
    """Why nothing was taken of what somebody typed, as a sentence."""
    match why:
        case Untyped.TURN:
            return ui.text(OVER)
        case Untyped.RECORDED:
            return ui.text(RECORDED)
        case Untyped.TEXT:
            return ui.text(EMPTY, n=MAX_TYPED)
        case Untyped.OFTEN:
            return ui.text(asking_texts.SLOW)
        case Untyped.BREAK:
            return ui.text(BREAK)
        case Untyped.UNAVAILABLE:
            return ui.text(asking_texts.UNASKED[Unasked.UNAVAILABLE])


def around_time(key: str, ui: Catalogue) -> tuple[str, str]:
    """What stands before and behind the time in a text, so that a page can let the time run."""
    before, _, behind = ui.text(key, time="\0").partition("\0")
    return before, behind


def clock(ms: int) -> str:
    """A span of time as minutes and seconds, `1:05`; whole seconds, rounded up, so that it ends at 0:00."""
    seconds = -(-max(0, ms) // 1_000)
    return f"{seconds // 60}:{seconds % 60:02}"
