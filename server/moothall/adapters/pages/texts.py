"""Which text of the catalogues stands for what. The keys are the English texts (`web/locales`)."""

from __future__ import annotations

from moothall.adapters.pages.translation_texts import TEXTS as MADE_TEXTS
from moothall.core.events.types import ChannelKind, GapReason, Origin, SealVersion, SoundKept
from moothall.core.session.state import Status
from moothall.core.views.reading_order import BREAK, BREAK_SET_BACK, NOT_RECORDED

ORIGINS = {
    Origin.MACHINE: "Written by a machine",
    Origin.PERSON: "Written by a person",
    Origin.INTERPRETER: "Interpreter",
    Origin.SPEAKER: "Typed by the speaker",
    Origin.TRANSLATED: "Translated by a machine",
}
MENDED = "Mended by a person"
ACCEPTED = "Mended by the machine, accepted by a person"
"""What is said of a line in which a person accepted what a machine proposed, and wrote nothing."""
GAPS: dict[str, str] = {
    GapReason.SOURCE_LOST: "No text from {start} to {end}: the sound was lost",
    GapReason.ENGINE_LOST: "No text from {start} to {end}: the writing machine was away",
    GapReason.OVERLOAD: "No text from {start} to {end}: the writing machine could not keep up",
    GapReason.STORAGE: "No text from {start} to {end}: it could not be saved",
    GapReason.UNHEARD: "No text from {start} to {end}: the writing machine had no answer",
    NOT_RECORDED: "Not recorded from {start} to {end}",
    BREAK: "Break from {start} to {end}",
    BREAK_SET_BACK: "Break from {start}. Text from {end}, before the break was ended",
}
"""Why a span has no text; the keys are a `Gap`'s reasons."""
SEALS = {SealVersion.RAW: "As it came", SealVersion.CHECKED: "Checked", SealVersion.FINAL: "Final"}
STANDS = {Status.ABSENT: "before", Status.CREATED: "before", Status.PAUSED: "break", Status.CLOSED: "closed"}
"""How a session stands of which no words are awaited; the values are keys of STANDING."""
STATES = {
    Status.ABSENT: "Not begun",
    Status.CREATED: "Not begun",
    Status.OPEN: "Live",
    Status.PAUSED: "Break",
    Status.CLOSED: "Closed",
}

STANDING = {
    "before": "The meeting has not begun. Its text will appear here.",
    "waiting": "Live, waiting for the first words",
    "live": "Live, last words {n} s ago",
    "live-min": "Live, last words {n} min ago",
    "silence": "Silence: nobody is speaking",
    "late": "Text delayed {n} s",
    "soundless": "No sound arrives",
    "lost": "Reconnecting: nothing will be missed",
    "offline": "No network: nothing will be missed once it is back",
    "back": "Nothing missed",
    "unsaved": "The newest words are not yet saved",
    "last-words": "The last words are coming",
    "break": "Break. The text goes on when the meeting does.",
    "closed": "Closed: this is the record",
}
"""How things stand, in words; the keys are those of `web/js/lib/standing.js`."""
INTERPRETER_STANDING = {
    "silence": "Silence: the interpreter is not speaking",
    "soundless": "No sound arrives from the interpreter",
}
"""What takes the place of STANDING's where an interpreter speaks."""

NOTICES = {
    ChannelKind.FLOOR: (
        "A machine writes this text as people speak, and it makes mistakes. The text is kept as the record of the"
        " meeting."
    ),
    ChannelKind.INTERPRETATION: (
        "A machine writes what the interpreter says, and both can be wrong: what counts is what the speaker said. The"
        " text is kept as the record of the meeting."
    ),
    ChannelKind.TRANSLATION: (
        "A machine translates this text, and it makes mistakes: what counts is what the speaker said. The text is kept"
        " as the record of the meeting."
    ),
}
"""What a text is and what it isn't."""
ON_DEMAND = (
    "A machine translates this text because somebody asked for it, and it makes mistakes: what counts is what the"
    " speaker said. It is no part of the record of the meeting."
)
"""What stands in place of NOTICES' where a translation is not of record."""
SHORT = {
    ChannelKind.FLOOR: "Written by a machine, with mistakes, and kept",
    ChannelKind.INTERPRETATION: "Written by a machine, with mistakes, and kept",
    ChannelKind.TRANSLATION: "Translated by a machine, with mistakes, and kept",
}
"""The same where there is little room."""
SHORT_ON_DEMAND = "Translated by a machine, with mistakes"
SOUND = {
    SoundKept.NONE: "No sound is kept.",
    SoundKept.UNTIL_CHECKED: "The sound is kept until the text has been checked, for 30 days at most.",
    SoundKept.PUBLISHED: "The sound is kept and published with the text.",
}
"""What becomes of the sound."""
FORMAT_TEXTS = {
    "vtt": "Subtitles (WebVTT)",
    "srt": "Subtitles (SRT)",
    "txt": "Plain text",
    "html": "Web page, complete in one file",
    "json": "Data (JSON)",
}
"""What a text can be taken home as, by the ending of its address."""
YOUNG_PEOPLE = "Young people take part: no sound and no full names are kept."
REHEARSAL = "This is a rehearsal: none of it stays."

WAITING = "Being translated"
"""What is said of a line that stands there in the original until its translation comes."""
INSTEAD = "The interpreter is silent: this is a machine translation until they go on"
"""What is said to whoever was brought from an interpreter's text to the translation."""
INSTEAD_READ = "The interpreter is silent: read the machine translation until they go on"
"""The same to whoever was not."""
INSTEAD_BACK = "The interpreter goes on: back to the interpreter"
"""And to whoever was, once that is over."""

TO_LINE = "Line at {time}"
"""What the link is called that a line's time is."""
UNNAMED = "Speaker not named"
"""Over a line of nobody who is named, where somebody was before."""
SCRIPT_TEXTS = {
    **{f"standing.{name}": key for name, key in STANDING.items()},
    **{f"origin.{origin.value}": key for origin, key in ORIGINS.items()},
    **{f"gap.{reason}": key for reason, key in GAPS.items()},
    **{f"seal.{seal.value}": key for seal, key in SEALS.items()},
    **MADE_TEXTS,
    "mended": MENDED,
    "accepted": ACCEPTED,
    "earlier": "Earlier lines",
    "earlier.loading": "Loading earlier lines",
    "earlier.failed": "Earlier lines did not load. Try again",
    "unnamed": UNNAMED,
    "to-line": TO_LINE,
    "untitled": "Meeting without a title",
    "title.live": "Live text",
    "title.record": "Record",
    "unrecorded": "Not recorded: what is said now is kept nowhere",
    "recorded": "What is said is kept again",
    "place": "My place",
    "copy": "Copy quote",
    "copied.address": "Address copied",
    "copied.quote": "Quote copied",
    "copied.nothing": "It could not be copied",
    "held": "Text waits {n} s",
    "held.not": "The text does not wait",
    "hear": "When you hear “{text}” in your video, press the button.",
    "hear.nothing": "Wait for the next line, then try again.",
    "menu": "Text to read",
    "menu.floor": "As spoken",
    "menu.interpretation": "Interpreter",
    "menu.translation": "Machine translation",
    "menu.since": "Made on demand since {date}",
    "waiting": WAITING,
    "instead": INSTEAD,
    "instead.read": INSTEAD_READ,
    "instead.over": "The interpreter goes on",
    "instead.back": INSTEAD_BACK,
}
"""What the scripts say, by their names for it."""
NEW_LINES = "{n} new line"
"""The key of the counted text on the button."""


class ErrorText:
    """Keys of the sentences for what went wrong."""

    NO_SESSION = "There is no meeting at this address. It may have another address, or not be open to you."
    NO_CHANNEL = "This meeting has no such text. Choose one of those that it has."
    NOT_HERE = "This text does not come to this computer now. Choose another, or ask whoever coordinates your group."
    LONG = "That was too long to be read. Please write less."
    LANGUAGE = "A translation into that language can't be made here at the moment."
    NOTHING = "There is nothing at this address."
    BEFORE = "This address is not right: “before” must be the number of a line, 1 or more."
    FROM = "This address is not right: “from” must be the number of a line, 1 or more."
    FEED = "This address is not right: “feed” must be “live” or “lines”."
    METHOD = "This address can't be used in this way."
    REQUEST = "The request could not be understood."
    OURS = "Something went wrong on our side. It has been noted; please try again."
    UNAVAILABLE = "The text can't be reached at the moment. Please try again in a minute."
    SLOW = "It took too long to arrive. Please send it again."
    BROKEN = "The record of this meeting is damaged and can't be shown. Please tell whoever runs this server."
