"""Which text of the catalogues stands for what on the staff's pages. The keys are the English texts."""

from __future__ import annotations

from moothall.adapters.admin.texts import ROLES as ALL_ROLES
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.pages.door_texts import KINDS as REPORTS
from moothall.adapters.pages.presence_texts import NAME_TEXTS
from moothall.adapters.pages.quality_texts import QUALITY_TEXTS
from moothall.adapters.pages.texts import ACCEPTED, CHANNEL_NAMES, GAPS, MENDED, ORIGINS, STANDING, STATES
from moothall.adapters.pages.translation_texts import REACH_TEXTS
from moothall.adapters.questions.page_hands import HANDS_DONE
from moothall.core.events.question_parts import Standing
from moothall.core.events.types import Tag
from moothall.core.kernel.actors import Role
from moothall.core.session.state import Status

WALL_TEXTS = {
    "key.wall": "Clear the wall",
    "did.clear-wall": "Wall cleared",
    "did.restore-wall": "Wall shown again",
    "wall.cleared": "The walls are empty",
}
"""What the scripts of a meeting's staff pages say of the walls, by their names for it (`web/locales`, wall.po)."""
CONTROL_WALL_TEXTS = {
    "clear": "Clear the wall",
    "cleared": "The walls are empty: {place}",
    "uncleared": "The walls could not be cleared: {place}",
}
"""What the script of the overview says of them."""

ROLES: dict[Role, str] = {role: key for role, key in ALL_ROLES.items() if role not in (Role.HUB, Role.READER)}
"""What somebody is there for."""

STANDINGS = {
    Standing.CHECKED: "Being checked",
    Standing.QUEUED: "In the queue",
    Standing.CALLED: "Now",
    Standing.ANSWERED: "Answered",
    Standing.LATER: "Later",
    Standing.DECLINED: "Not taken",
    Standing.JOINED: "Joined",
    Standing.TO_WRITE: "To be answered in writing",
    Standing.WRITTEN: "Answered in writing",
    Standing.TO_REPORT: "Passed on to those who write the report",
    Standing.CLOSED: "Closed without an answer",
    Standing.WITHDRAWN: "Taken back by its author",
}
"""Where a question stands, for those who run the meeting and in its record."""

ALARMS = {
    "no-sound": "No sound for {n} s. Check the mixer's output and the cable to the laptop.",
    "muted": "The sound is digital silence, for {n} s now. Is the microphone muted, or the wrong input chosen?",
    "no-source": "On for {n} min without sound or text. Open the microphone page, or write by hand.",
    "no-words": "People speak, but no words came for {n} s. If it lasts, start the writing machine again.",
    "no-machine": "No writing machine is connected. Start one, or write by hand.",
    "machine-away": (
        "The writing machine is away for the moment. The sound is kept, and its text comes once it is back."
    ),
    "key-refused": (
        "A service that writes refuses the key. Put the right one into the key file: it is read and tried again within"
        " 5 min."
    ),
    "no-language": "No writing machine here knows the language. Start one with a model for it, or write by hand.",
    "wrong-language": (
        "This doesn't sound like {expected}, but like {heard}. "
        "If so, choose it under “They speak” on the meeting's page."
    ),
    "no-room": (
        "The writing machines are full. The sound is kept, and its text comes once one of them has time: "
        "start another one, or close a meeting that is over."
    ),
    "nearly-full": (
        "The writing machines have no time to spare. More texts that they take, all of them later: {n}. "
        "Start another one before the next meeting."
    ),
    "late": "The text is {n} s late. Close other programs on the machine that writes, or choose a smaller model.",
    "stopped": (
        "This meeting failed too often and saves nothing more. Start the server again: its text and sound are kept."
    ),
    "sound-stopped": (
        "The sound of a text failed too often. Start the microphone again; "
        "if that doesn't help, start the server again."
    ),
    "begun-again": "Begun again after a fault, in the last 10 min: {n}. If it goes on, tell whoever runs the server.",
    "unsaved": "Words can't be saved. Free some space on the disk; they are kept until then.",
    "disk": "{n} MB of disk are left. Free some space before it is full.",
    "reports": "{n} of {all} readers report a fault. Look at what they say.",
    "beside": "“{title}” is on in the same place. Close one of them: a microphone sends to one only.",
    "opened-beside": (
        "{who} has opened “{title}” in the same place. Close one of them: a microphone sends to one only."
    ),
    "ends-soon": "{n} min left until the planned end. Tell the chair.",
    "ends-now": "The planned end has come. Close it, or start the next one elsewhere.",
    "over": "Over time by {n} min. Close it, or start the next one elsewhere.",
    "off-long": "Not recorded for {n} min. Ask whether it should still be so.",
    "unread": (
        "A question or comment that may be rude has waited for {n} min to be read. Look at it on the moderator's page."
    ),
    "hubs-cut": "Groups that are cut off: {n}. Ask the chair whether to wait for them.",
    "break-speech": "They are speaking: end the break?",
    "quiet": "Nobody has spoken for {n} min. If it is a break, begin one.",
}
"""What has to be seen to, with the remedy; the keys are the kinds of `services/control/alarms.py`."""

TAGS = {Tag.AGREED: "Agreed", Tag.DIVERGING: "Views differ", Tag.OPTION: "Option"}
"""What a line is marked as for the report."""

FIRST_KNOW = {
    "first.beside": (
        "“{title}” is on in the same place, and a microphone sends to one of them only. Open it all the same?"
    ),
    "first.called": "{who} called no. {n} {s} s ago. Call no. {m} instead?",
    "first.nobody": "Somebody else",
    "overridden": "{who} called no. {n} instead of no. {m}, which you had called.",
}
"""What is to be known before something is done, and who did it all the same."""

KIND_TEXTS = {f"kind.{kind.value}": key for kind, key in CHANNEL_NAMES.items()}
"""What a text is called."""
LINE_TEXTS = {
    "line.open": "Connected",
    "line.lost": "Reconnecting: nothing will be missed",
    "line.shut": "Your link does not open this page any more",
}
"""How the page's own line is."""

DESK_TEXTS = {
    **{f"stands.{standing.value}": key for standing, key in STANDINGS.items()},
    "number": "No. {n}",
    **WALL_TEXTS,
    **NAME_TEXTS,
    **{f"tag.{tag.value}": key for tag, key in TAGS.items()},
    **{f"key.{tag.value}": key for tag, key in TAGS.items()},
    "tag.none": "Under no question",
    "tag.other": "Under another question",
    "asked.number": "No. {n}",
    "tag.asked": "Passed on to those who write the report",
    "key.question": "Next policy question",
    "key.untag": "Take the mark away",
    "key.policy": "Policy question {n}",
    "did.tag-line": "Line marked: {text}",
    "did.untag": "Mark taken away",
    "did.list-policy-questions": "Policy questions changed",
    **{f"standing.{name}": key for name, key in STANDING.items()},
    **{f"origin.{origin.value}": key for origin, key in ORIGINS.items()},
    **{f"gap.{reason}": key for reason, key in GAPS.items()},
    **{f"role.{role.value}": key for role, key in ROLES.items()},
    **{f"report.{kind.value}": key for kind, key in REPORTS.items()},
    **{f"alarm.{kind}": key for kind, key in ALARMS.items()},
    **QUALITY_TEXTS,
    **HANDS_DONE,
    "mended": MENDED,
    "accepted": ACCEPTED,
    **KIND_TEXTS,
    "select": "Pick",
    "correct": "Correct",
    "edit.label": "The line's text: Enter saves, Esc gives up",
    "edit.conflict": "The line was changed meanwhile. It now reads:",
    "edit.mine": "Save mine",
    "edit.theirs": "Keep theirs",
    "edit.gone": "The line is not here any more",
    "save": "Save",
    "cancel": "Cancel",
    "hear": "Hear it",
    "hear.none": "There is no sound of this line",
    "remove.lines": "Remove the picked lines for good?",
    "remove.speaker": "Remove all words of {name} for good?",
    "remove.span": "Remove what was said from {from} to {to} for good?",
    "remove.times": "The first time has to come before the second. Write them as 4:05 or 1:04:05.",
    "removed": "Removed for good",
    "nobody": "Nobody named",
    "unnamed": "Speaker not named",
    "you": "you",
    "undo": "Undo",
    "undone": "Undone",
    "undo.changed": "Not undone: the lines were changed in the other meeting since. Move them back from there.",
    "detected": "Detected by itself",
    "report": "{n} of {all} readers: {what}",
    "answer.seen": "Seen",
    "answer.mended": "Mended",
    "proposals": "Waiting: {n}",
    "off": "Not recorded since {time}. Nothing of it is kept.",
    "end-break": "End the break",
    "overrun.soon": "{n} min left until the planned end",
    "overrun.over": "Over time by {n} min",
    "overrun.now": "The planned end has come",
    "unrecorded": "Not recorded",
    "unsaved": "Not yet saved",
    **LINE_TEXTS,
    "line.waiting": "Saving: {n}",
    "key.speaker": "Speaker {n}",
    "key.nobody": "Nobody named",
    "key.correct": "Correct the newest line",
    "key.write": "Write a line",
    "key.undo": "Undo the last act",
    "did.open": "Started",
    "did.pause": "Break began",
    "did.resume": "Break ended",
    "did.close": "Closed",
    "did.reopen": "Opened again",
    "did.not-recorded": "Not recorded from here",
    "did.recorded": "Recorded again",
    "did.introduce": "Speaker added: {text}",
    "did.take-floor": "Speaks: {name}",
    "did.assign": "Lines given to: {name}",
    "did.correct": "Corrected: {text}",
    "did.type": "Written: {text}",
    "did.accept": "Accepted as proposed: {text}",
    "did.note": "Note: {text}",
    "did.hub-note": "Note to a group: {text}",
    "note.confirm": "I have read it",
    "note.read": "Read by: {names}",
    "note.to": "For: {name}",
    "note.new": "New note: {text}",
    "note.hub": "Group: {name}",
    "did.ask": "Question added: {text}",
    "did.reword": "Spelling mended: {text}",
    "did.flag": "Question marked",
    "did.unflag": "Question marked as fine",
    "did.write-answer": "Answered in writing: {text}",
    "did.arrange-queue": "Queue arranged by hand",
    "did.order-queue": "Queue ordered by another rule",
    "did.limit-turns": "Speaking time changed",
    "did.limit-asking": "Changed who may ask",
    "did.term": "Preferred: {text}",
    "did.term-away": "Taken away: {text}",
    "did.term-abroad": "In other languages: {text}",
    "term.twice": "Corrected twice: {text}",
    "term.prefer": "Prefer it",
    "term.leave": "Leave it",
    "term.away": "Take away",
    "term.again": "Prefer again",
    "term.any": "Any language",
    "term.from.desk": "Added here",
    "term.from.speaker": "Of a speaker",
    "term.from.title": "In the title",
    "term.from.file": "From a file",
    "term.abroad": "In other languages",
    "term.keep": "Not translated",
    "term.save": "Save",
    "terms.all": "All of them: {n}",
    "terms.out": "More than the machine can take: the last {n} are left out.",
    "did.force-language": "They speak: {language}",
    "did.move-away": "Lines moved to another meeting",
    "next": "Close, and start “{title}”",
    "left-out": "Planned before that, and not begun: {titles}",
    **FIRST_KNOW,
    "refused.forbidden": "Your link may not do this",
    "refused.unknown": "That is not here any more",
    "refused.invalid": "That can't be done so",
    "refused.conflict": "It does not fit what has happened meanwhile",
    "gone-on": AdminText.QUICKER,
    "gone-on.nobody": AdminText.QUICKER_NOBODY,
    "refused.break": "There is a break: nothing is written until it is ended.",
    "refused.stale": "Somebody was faster: look again",
    "refused.busy": "It can't be saved at the moment",
    "refused.unavailable": "It can't be saved at the moment",
}
"""What the scripts of a meeting's staff page say, by their names for it."""
PICKED = "{n} line picked"
"""The key of the counted text above the picked lines."""
ACCEPTED_LINES = "{n} line accepted as proposed"
"""The key of the counted text of what was done with a second pass's proposals."""
CONCERNED = "{n} line goes, whole or in part."
"""The key of the counted text in the question before a span is removed."""

CONTROL_TEXTS = {
    **CONTROL_WALL_TEXTS,
    **{f"alarm.{kind}": key for kind, key in ALARMS.items()},
    **{f"report.{kind.value}": key for kind, key in REPORTS.items()},
    **{f"role.{role.value}": key for role, key in ROLES.items()},
    **QUALITY_TEXTS,
    **REACH_TEXTS,
    "quality": "The text so far",
    "report": "{n} of {all} readers: {what}",
    "as-of": "As of {time}",
    "ago": "{n} s ago",
    "ago-min": "{n} min ago",
    "none": "none yet",
    "heard": "{heard}, expected {expected}",
    "nobody": "nobody",
    "idle": "Nothing is on here now",
    "next": "Next: {title}",
    "well": "Nothing to see to",
    "urgent": "Urgent",
    "look": "Look at it",
    "mine": "I see to it",
    "seen": "{name} sees to it",
    "open": "Open the page of this meeting",
    "empty": "No meeting is on at the moment.",
    "sound": "Last sound",
    "level": "How loud it is",
    "dead": "digital silence for {n} s",
    "no-delay": "no sound comes",
    "machine-fault": "The machine that all meetings run on",
    "words": "Last words",
    "rate": "Words a minute",
    "delay": "Delay",
    "late": "{n} s late",
    "language": "Language",
    "here": "Who works here now",
    "readers": "Readers",
    "disk": "Free disk: {free} of {all} GB",
    "machines": "Writing machines connected: {n}",
    **{f"state.{status.value}": key for status, key in STATES.items() if status is not Status.ABSENT},
    "off": "Not recorded",
    **KIND_TEXTS,
    **LINE_TEXTS,
}
"""What the overview says, on the server and in the browser."""

STRANGER = "This page is for the staff. Open the link that you were given."
NO_SESSION = "There is no meeting at this address. It may have another address, or not be open to you."

REFINEMENT_TEXTS = {
    **DESK_TEXTS,
    "fate.m": "Most words would change: listen first",
    "fate.t": "A person has written in this line",
    "fate.a": "Reads as proposed now",
    "fate.l": "Left as it is",
    "fate.c": "Changed since: it can't be accepted any more",
    "fate.g": "The line is not here any more",
    "stands": "As it stands",
    "stood": "As it stood",
    "proposed": "As proposed",
    "now": "It now reads:",
    "accept": "Accept",
    "leave": "Leave as it is",
    "back": "Decide again",
    "done.accept": "Accepted",
    "done.leave": "Left as it is",
    "done.back": "Waits again",
    "none": "Nothing is proposed for this meeting.",
    "by": "Heard once more by {model}, {time}",
    "count.waiting": "Waiting: {n}",
    "count.accepted": "Accepted: {n}",
    "count.left": "Left: {n}",
    "count.past": "Changed since: {n}",
    "key.accept": "Accept the line",
    "key.leave": "Leave the line as it is",
    "key.hear": "Hear the line",
    "key.next": "Next line that waits",
    "key.before": "Line that waits before",
}
"""What the scripts of the page of a second pass's proposals say."""
ACCEPTING = "Accept the {n} line that nobody has touched"
"""The key of the counted text on the button that accepts many."""
