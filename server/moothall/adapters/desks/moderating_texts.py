"""Which text of the catalogues stands for what on the pages on which questions are brought on. The keys are English."""

from __future__ import annotations

from moothall.adapters.desks.desk_texts import DESK_TEXTS, STANDINGS
from moothall.adapters.pages.presence_texts import PRESENCE_TEXTS
from moothall.adapters.questions.about_texts import BALANCE_TEXTS
from moothall.adapters.questions.asking_texts import TURN_ENDED
from moothall.adapters.questions.page_hands import LEADING_TEXTS
from moothall.core.events.question_parts import Kind, Order
from moothall.core.questions.order import Why

KINDS = {Kind.QUESTION: "A question", Kind.COMMENT: "A comment", Kind.REQUEST: "Asks to speak"}
WHY = {
    Why.ARRANGED: "Put here by a person",
    Why.ARRIVAL: "In the order of arrival",
    Why.PLACE: "Their place has waited longest",
    Why.NEWCOMER: "Has had no turn yet",
    Why.AGAIN: "Has had a turn: others come first",
    Why.SUPPORT: "Wanted by more people",
}
ORDERS = {
    Order.ARRIVAL: ("In the order of arrival", "Whoever asked first comes first."),
    Order.ALTERNATE: (
        "Places take turns",
        "People on site, remote people and groups take turns; in each place whoever asked first comes first.",
    ),
    Order.NEWCOMERS: ("Newcomers first", "Whoever has had no turn in this meeting comes before those who had one."),
    Order.SUPPORT: ("Most wanted first", "What most people would ask too comes first."),
}
"""The rules of the queue, each with what it means."""
REASONS = (
    "Asked already",
    "Not about this subject",
    "There is no time left",
    "Nobody here can answer it",
    "It is rude",
    "It breaks the rules of this meeting",
)
"""Why something is not taken, ready to be chosen."""
FLAGS = {"blocked-word": "May be rude: read it first", "reported": "Reported by readers", "abuse": "Marked as rude"}
SIFTING = {
    "kinds": [(kind.value, key) for kind, key in KINDS.items()],
    "standings": [(standing.value, key) for standing, key in STANDINGS.items()],
    "flags": list(FLAGS.items()),
}
"""What can be looked for, each with its text."""

MODERATING_TEXTS = {
    **DESK_TEXTS,
    **BALANCE_TEXTS,
    **LEADING_TEXTS,
    **PRESENCE_TEXTS,
    **{f"wants.{kind.value}": key for kind, key in KINDS.items()},
    **{f"why.{why.value}": key for why, key in WHY.items()},
    **{f"order.{order.value}": name for order, (name, _) in ORDERS.items()},
    **{f"means.{order.value}": meaning for order, (_, meaning) in ORDERS.items()},
    **{f"flag.{flag}": key for flag, key in FLAGS.items()},
    "flag": "Look at it",
    "pick": "Pick no. {n}",
    "from.room": "On site",
    "from.remote": "Remote",
    "from.hub": "Group: {name}",
    "asked.before": "Asked before the meeting began",
    "asked.now": "Asked just now",
    "asked.min": "Asked {n} min ago",
    "said": "The speaker was saying:",
    "answered-at": "Answered here:",
    "received": "As it was written:",
    "given": "Name as it was given:",
    "over": "The meeting is over: nobody can be called any more.",
    "answer": "Answered in writing:",
    "reason": "Not taken, because {reason}",
    "joined": "Joined with a similar question (no. {n})",
    "support": "Others who would ask it: {n}",
    "aside": "Not counted, since too many came from one address: {n}",
    "lately": "Choices in the last minute: {n}, from so many addresses: {m}",
    "crowd": (
        "Being checked, from one address: {n}, no. {first} to {last}. "
        "Many people may sit there together, or a program sends them."
    ),
    "crowd.decline": "Not taken, all of them",
    "older": "Show older ones: {n} more, {checked} of them being checked",
    "after-close": "Came after the close",
    "translated": "Translated by a machine",
    "untranslated": "No machine here translates this into the language of this page",
    "new": "New",
    "new.said": "New: no. {n}",
    "alike": "Likely the same: no. {n}",
    "alike.join": "Join them",
    "more": "More",
    "act.approve": "Approve",
    "act.hold": "Check again",
    "act.decline": "Not taken",
    "act.call": "Call",
    "act.answered": "Answered",
    "act.write": "Answer in writing",
    "act.to-write": "To be answered in writing",
    "act.report": "For the report",
    "act.later": "Later",
    "act.restore": "Restore",
    "act.reword": "Mend the spelling",
    "act.join": "Join with another",
    "act.flag": "Mark as rude",
    "act.unflag": "Nothing is wrong with it",
    "left-out": "Left out, since each has to be read alone: no. {n}",
    "act.up": "Up",
    "act.down": "Down",
    "act.first": "Put first",
    "act.remove": "Remove for good",
    "remove.asked": "Remove the words of no. {n} for good?",
    "gone": "What was written here was removed for good.",
    "key.next": "Next one",
    "key.before": "The one before",
    "key.pick": "Pick",
    "picked": "Picked: {n}",
    "shown": "Shown: {n} of {all}",
    "none": "Nothing here",
    "nothing-now": "Nothing is being asked now",
    "limit.none": "No limit",
    "limit.min": "{n} min",
    "timer.over": "Over time",
    "turn.wait": "Waits for its author: {time}",
    "turn.longer": "Its author needs longer: {time}",
    "turn.nobody": "Nobody has begun",
    "turn.typed": "Types: has three times as long",
    "own.later": "Put off by its author",
    "own.queued": "Its author is ready again",
    "left": "Left: {n}",
    "taken-first": "Nothing has its turn now. Press “Call the next” first.",
    "answered-first": "No. {n} still has its turn. Press “Answered” or “Later” first.",
    "turn.ended": TURN_ENDED,
}
"""What the scripts say, by their names for it."""
