"""The texts of asking, of the status of a question, and of an author's turn. The keys are the English texts
(`web/locales`, asking.po and typing.po).
"""

from __future__ import annotations

from moothall.adapters.pages.catalogues import Catalogue
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.questions.limits import MOST_OPEN
from moothall.core.questions.listing import Listing, QuestionCounts
from moothall.core.questions.order import Why
from moothall.core.rules.questions import MAX_NAME, MAX_TEXT
from moothall.core.rules.turns import MAX_TYPED
from moothall.services.questions.asking import RejectedQuestion
from moothall.services.questions.author_view import InRoom, Own, OwnAct, QuestionStage, RefusedAct
from moothall.services.questions.typing import Untyped

KINDS = {
    InterventionKind.QUESTION: "A question",
    InterventionKind.COMMENT: "A comment",
    InterventionKind.REQUEST: "I'd like to speak",
}
YOURS = {
    InterventionKind.QUESTION: "Your question (no. {n})",
    InterventionKind.COMMENT: "Your comment (no. {n})",
    InterventionKind.REQUEST: "Your wish to speak (no. {n})",
}
YOURS_HERE = "What you asked (no. {n} of your group)"
"""The heading in a hub's room, until the meeting has given the question a number."""
REJECTED = {
    RejectedQuestion.TEXT: "Please write your question or comment, in 1 to {text} characters.",
    RejectedQuestion.NAME: "A name has at most {name} characters.",
    RejectedQuestion.OVER: "The meeting is over and takes no more questions or comments.",
    RejectedQuestion.CANCELLED: "The meeting is cancelled and takes no questions or comments.",
    RejectedQuestion.FULL: "So many questions and comments have come that no more are taken.",
    RejectedQuestion.REQUESTED: "You have asked to speak already and wait for your turn.",
    RejectedQuestion.MANY: "{open} of yours are still waiting. Please send more once one has had its turn.",
    RejectedQuestion.ADDRESS: (
        "Too many questions and comments from your network are waiting. Please try again later."
    ),
    RejectedQuestion.COOKIE: (
        "This meeting takes questions only from browsers that keep a cookie. "
        "Allow cookies for this page, open it again, and send it once more."
    ),
    RejectedQuestion.HUB: "The link of that group doesn't work here any more. If you send this again, it is your own.",
    RejectedQuestion.UNAVAILABLE: (
        "It can't be kept at the moment. What you wrote still stands here: please send it again in a minute."
    ),
}
STANDS = {
    InterventionStatus.CHECKED: "Being checked",
    InterventionStatus.QUEUED: "In the queue",
    InterventionStatus.CALLED: "Now: it is your turn",
    InterventionStatus.ANSWERED: "Answered",
    InterventionStatus.LATER: "Later",
    InterventionStatus.DECLINED: "Not taken, because {reason}",
    InterventionStatus.JOINED: "Joined with a similar question (no. {n})",
    InterventionStatus.TO_WRITE: "To be answered in writing",
    InterventionStatus.WRITTEN: "Answered in writing",
    InterventionStatus.TO_REPORT: "Passed on to those who write the report",
    InterventionStatus.CLOSED: "The meeting ended before its turn came",
    InterventionStatus.WITHDRAWN: "You have taken it back",
}
WHERE = {
    QuestionStage.HERE: "Kept here. The coordinator of your group reads it first.",
    QuestionStage.WAITING: "Waiting for the connection",
    QuestionStage.ARRIVED: "At the meeting, being checked",
    QuestionStage.REFUSED: "The meeting did not take it, because:",
    QuestionStage.JOINED: "Joined with a similar question of your group (no. {n})",
    QuestionStage.KEPT: "It stays in your group and is not passed on.",
    QuestionStage.WITHDRAWN: "You have taken it back",
}
"""Status of a question of a hub's room, in words for its author, while the meeting has not published a status."""
ON_ITS_WAY = "On its way to the meeting"
"""The status in place of waiting while the uplink works."""
LATE = "It came too late: the meeting was over."
ACTS = {
    OwnAct.BACK: "Take it back",
    OwnAct.LATER: "Not now, later",
    OwnAct.READY: "I'm ready again",
    OwnAct.AGAIN: "Ask it after all",
    OwnAct.LONGER: "I need longer",
    None: "What you have typed",
}
"""The acts of authors, as their buttons name them; None: a typed line."""
ACT_WAITS = "{act}: this waits for the connection to the meeting."
ACT_REFUSED = "{act}: the meeting did not take it, because:"
NUMBERED = {
    InterventionKind.QUESTION: "Question no. {n}",
    InterventionKind.COMMENT: "Comment no. {n}",
    InterventionKind.REQUEST: "Wish to speak no. {n}",
}
WHYS = {
    Why.ARRANGED: "Whoever chairs the meeting has put it here.",
    Why.ARRIVAL: "It stands here because of the time at which it came.",
    Why.SIDE: "The place where it comes from has had no turn for longest.",
    Why.NEWCOMER: "Whoever asks this has had no turn yet.",
    Why.AGAIN: "Whoever asks this has had a turn, and others come first.",
    Why.SUPPORT: "More people would ask this than the next one in the queue.",
}
"""Why a question is at its position in the queue."""
ELSEWHERE = {
    InterventionStatus.CALLED: "Now",
    InterventionStatus.DECLINED: "Not taken",
    InterventionStatus.WITHDRAWN: "Taken back by its author",
}
"""Statuses whose words for others differ from those for the author."""
TURN_ENDED = "It had its turn when the meeting ended"
"""The status of a question that had its turn when the meeting was closed."""
NOW_ASKED = "Now: {what}"
"""The heading of what is asked now, for everybody."""
NOW_ELSEWHERE = "Now: no. {n}. Its words stand under “Questions and comments” as soon as they are here."
"""The heading while kind and words of the question have not arrived."""
AFTER_CLOSE = "It came after the meeting was closed. Those who run the meeting can answer it in writing."
UNDECIDED = "The meeting is over. Those who run it say what becomes of it, and then it stands here."
OWN = "You asked this yourself, or what it was joined with: others may say that they would ask it too."
SUPPORT = "{n} would ask this too"
"""A counted text."""
RECEIVED = "Received: {n}."
ANSWERED = "Answered: {n}."
CHECKED = "Being checked: {n}."
ASIDE = "Joined with others, not taken, or taken back: {n}."
WAITED = "Half of those who had their turn waited no longer than this: {wait}."
BEFORE = "{n} before you"
"""A counted text."""
NEXT = "you are next"
DECLINED = "Not taken"
"""The status when the reason was removed, and for everybody but the author."""
REMOVED = "What was written here was removed for good."
MINUTES = "about {n} minute"
"""A counted text."""
SOON = "less than a minute"
IN_QUEUE = "In the queue: {place}"
IN_QUEUE_FOR = "In the queue: {place}, {wait}"
REMOTE_ASKER = "remote, in {language}"
"""The asker, when they gave no name."""
BUSY = "Too much still waits to be passed on, so this was not done. Please try again later."
SLOW = "That came very often. What you wrote still stands here: please send it again in a minute."


def rejected_text(why: RejectedQuestion, ui: Catalogue) -> str:
    """The sentence that says why a question was not taken."""
    return ui.text(REJECTED[why], text=MAX_TEXT, name=MAX_NAME, open=MOST_OPEN)


def yours(own: Own, ui: Catalogue) -> str:
    """The heading of an intervention on its author's pages."""
    if own.in_room is not None:
        return ui.text(YOURS_HERE, n=own.in_room.number)
    return ui.text(YOURS[own.intervention.kind], n=own.intervention.number)


def stands(own: Own, ui: Catalogue) -> str:
    """The status of an intervention in words for its author."""
    each = own.intervention
    if own.in_room is not None:
        return _in_room(own.in_room, ui)
    match each.status:
        case InterventionStatus.CALLED if own.over:
            return ui.text(TURN_ENDED)
        case _ if own.undecided:
            return ui.text(STANDS[InterventionStatus.CLOSED])
        case InterventionStatus.QUEUED if own.ahead is not None:
            place = ui.counted(BEFORE, own.ahead) if own.ahead else ui.text(NEXT)
            if own.wait is None:
                return ui.text(IN_QUEUE, place=place)
            return ui.text(IN_QUEUE_FOR, place=place, wait=about(own.wait, ui))
        case InterventionStatus.DECLINED:
            return ui.text(STANDS[each.status], reason=each.reason) if each.reason else ui.text(DECLINED)
        case InterventionStatus.JOINED:
            return ui.text(STANDS[each.status], n="?" if own.into is None else own.into)
        case _:
            return ui.text(STANDS[each.status])


def _in_room(room: InRoom, ui: Catalogue) -> str:
    if room.where is QuestionStage.WAITING and room.up:
        return ui.text(ON_ITS_WAY)
    if room.where is QuestionStage.REFUSED and room.late:
        return ui.text(LATE)
    key = WHERE[room.where]
    return (
        ui.text(key, n="?" if room.into is None else room.into) if room.where is QuestionStage.JOINED else ui.text(key)
    )


def waits(act: OwnAct | None, ui: Catalogue) -> str:
    """The sentence that says that an author's act waits for the uplink."""
    return ui.text(ACT_WAITS, act=ui.text(ACTS[act]))


def act_refused(refused: RefusedAct, ui: Catalogue) -> str:
    """The sentence that says that an author's act was refused; the meeting's own sentence follows it."""
    return ui.text(ACT_REFUSED, act=ui.text(ACTS[refused.act]))


def stands_for_others(own: Own, ui: Catalogue) -> str:
    """The status of an intervention in words for somebody who may know as much as its author."""
    status = own.intervention.status
    others = {InterventionStatus.CALLED, InterventionStatus.WITHDRAWN} - (
        {InterventionStatus.CALLED} if own.over else set()
    )
    return ui.text(ELSEWHERE[status]) if status in others else stands(own, ui)


def goes_on(own: Own, ui: Catalogue) -> str:
    """The status of the intervention with which this one was joined; empty when it wasn't joined. Why the other was not
    taken is shown only to its own author.
    """
    into = own.goes_on
    if into is None:
        return ""
    each = into.intervention
    said = ELSEWHERE.get(each.status)
    there = stands(into, ui) if said is None else ui.text(said)
    return f"{ui.text(NUMBERED[each.kind], n=each.number)}: {there}"


def hint(own: Own, ui: Catalogue) -> str:
    """What the author should know besides the status; empty for nothing."""
    if own.undecided:
        return ui.text(UNDECIDED)
    waits = own.intervention.status is InterventionStatus.TO_WRITE
    return ui.text(AFTER_CLOSE) if own.intervention.after_close and waits else ""


def figures(found: QuestionCounts, ui: Catalogue) -> list[str]:
    """Sentences: how many interventions were received and answered, and how long they waited; none before the first.

    A count of zero is left out.
    """
    if not found.received:
        return []
    said = [_counts(ui, (RECEIVED, found.received), (ANSWERED, found.answered))]
    return said if found.wait is None else [*said, ui.text(WAITED, wait=about(found.wait, ui))]


def figures_of_list(found: Listing, ui: Catalogue) -> list[str]:
    """The sentences of `figures`, and those that say where the interventions are that no list shows."""
    said, *more = [*figures(found.figures, ui), ""]
    elsewhere = _counts(ui, (CHECKED, found.checked), (ASIDE, found.aside))
    return [ui.sentences(filter(None, (said, elsewhere))), *filter(None, more)] if said else []


def _counts(ui: Catalogue, *counts: tuple[str, int]) -> str:
    """The sentences that say how many, without those that would say zero."""
    return ui.sentences(ui.text(text, n=n) for text, n in counts if n)


def about(ms: int, ui: Catalogue) -> str:
    """An approximate duration: whole minutes, from ten minutes on in steps of five."""
    minutes = round(ms / 60_000)
    if minutes >= 10:
        minutes = 5 * round(minutes / 5)
    return ui.counted(MINUTES, minutes) if minutes else ui.text(SOON)


BEGIN = "Please begin within {time}."
BEGIN_LATE = "You can still begin."
LEFT = "Time left: {time}"
LEFT_OVER = "Your time is over. Please come to an end."
UNRECORDED = "Nothing is recorded now: what you type is shown, and kept nowhere."
OVER = "It is not your turn any more. What still stands here was not sent."
RECORDED = "Nothing was recorded when you wrote this, and now it is. Send it again if it may be kept."
NOT_RECORDED = (
    "Nothing is recorded now, and nothing is sent. Your words stay in the box: send them when recording goes on."
)
"""The sentence at a hub, where nothing is taken while nothing is recorded."""
BREAK = "There is a break: nothing was sent. Send it again when the break is over."
EMPTY = "Please write something, in at most {n} characters."
PUT_OFF = "Later: you have put it off"


_UNTYPED = {
    Untyped.TURN: OVER,
    Untyped.RECORDED: RECORDED,
    Untyped.NOT_RECORDED: NOT_RECORDED,
    Untyped.TEXT: EMPTY,
    Untyped.OFTEN: SLOW,
    Untyped.BREAK: BREAK,
    Untyped.UNAVAILABLE: REJECTED[RejectedQuestion.UNAVAILABLE],
}


def untyped(why: Untyped, ui: Catalogue) -> str:
    """The sentence that says why nothing that somebody typed was taken."""
    return ui.text(_UNTYPED[why], n=MAX_TYPED)


def around_time(key: str, ui: Catalogue) -> tuple[str, str]:
    """The parts of a text before and after its time, so that a page can update the time between them."""
    before, _, behind = ui.text(key, time="\0").partition("\0")
    return before, behind


def clock(ms: int) -> str:
    """Format a duration as minutes and seconds, `1:05`; rounded up to whole seconds, so that it ends at 0:00."""
    seconds = -(-max(0, ms) // 1_000)
    return f"{seconds // 60}:{seconds % 60:02}"
