"""Which text of the catalogues the microphone page shows when. The keys are the English texts (`web/locales`)."""

from __future__ import annotations

from moothall.core.events.types import SoundKept

SOUND_KEPT = {
    SoundKept.NONE: "The sound itself is not kept.",
    SoundKept.UNTIL_CHECKED: "The sound itself is kept until the text has been checked, 30 days at most.",
    SoundKept.PUBLISHED: "The sound itself is published with the text.",
}

VERDICTS = {
    "off": "The microphone is not on yet",
    "waiting": "Say something, as loud as in the meeting",
    "dead": "Nothing is heard. Is it the wrong input, or muted?",
    "hum": "A sound is heard, but nobody who speaks. Is it the wrong input?",
    "quiet": "Too quiet: move the microphone nearer, or turn it up",
    "loud": "Too loud: move the microphone away, or turn it down",
    "ready": "Ready: speech is heard well",
}
"""What is said of the level; the keys are those of `web/js/microphone/level.js`."""

STANDS = {
    "stopped": "Nothing is sent",
    "connecting": "Connecting",
    "sending": "Sending",
    "cut": "No connection. {n} s are kept here, and will be sent as soon as there is one.",
    "late": "Sending. {n} s that were kept here are on their way.",
    "finishing": "Sending what is left: {n} s",
    "over": "The meeting is closed. Nothing more is sent.",
    "idle": "No meeting is on here. Nothing is sent or kept until one begins.",
    "held": "Somebody else sends the sound of this text, since {time}.",
    "held.by": "{who} sends the sound of this text, since {time}.",
    "replaced": "Somebody else has taken over, and nothing is sent from here any more.",
    "forbidden": "Your link is not good for sending this. Open it again, or ask for a new one.",
    "unknown": "There is no such meeting or text any more. Load the page again.",
    "refused": "The server did not understand this page. Load it again.",
    "dropped": "Without a connection for more than 10 minutes: the oldest {n} s could not be kept and are lost.",
}
"""How the sending stands."""

TROUBLES = {
    "denied": "The browser may not use the microphone. Allow it for this page in the browser's settings.",
    "none": "No microphone was found. Plug one in, then choose it.",
    "busy": "The microphone can't be opened. Another program may be using it.",
    "unplugged": "The microphone is gone. Plug it in again, or choose another one.",
    "insecure": "Browsers open microphones only for pages with https. Ask for this page's address with https.",
    "old": "This browser is too old to send sound. Use a newer one.",
}
"""What keeps the microphone from being opened."""

SCRIPT_TEXTS = {
    **{f"verdict.{name}": key for name, key in VERDICTS.items()},
    **{f"stands.{name}": key for name, key in STANDS.items()},
    **{f"trouble.{name}": key for name, key in TROUBLES.items()},
    "device": "Input {n}",
    "awake": "The screen is kept on meanwhile.",
    "asleep": "Keep this screen on and this page in front: the browser does not do it by itself.",
    "heard.heard": "Speech is recognised.",
    "heard.unheard": "No speech is recognised at the moment.",
    "heard.late": "The text is {n} s late.",
    "heard.soundless": "No sound arrives.",
    "heard.break": "A break is on: nothing of what is said now becomes text.",
    "heard.off": "Not recorded: nothing of what is said now is kept.",
    "heard.before": "The meeting has not begun.",
    "heard.closed": "The meeting is closed. Nothing more is sent.",
    "heard.unknown": "What becomes of the sound is not known at the moment.",
    "meeting.live": "Live",
    "meeting.break": "Break",
    "meeting.off": "Not recorded",
    "meeting.before": "Not begun",
    "meeting.closed": "Closed",
}
"""What the script says, by its names for it."""


INTERPRETERS = (
    "ar", "bn", "de", "en", "es", "fa", "fr", "ha", "hi", "id", "it", "ja", "ko", "nl", "pl", "pt", "ru", "sw", "ta",
    "th", "tr", "uk", "ur", "vi", "zh",
)  # fmt: skip
"""Languages that an interpreter's text is offered in."""


class Sentence:
    """Keys of the sentences for who may not be here."""

    STRANGER = "This page is for those who send the sound of a meeting. Open the link that you were given."
    NOT_ADDED = "The text could not be added: it is there already, or the meeting can't be reached at the moment."
    NO_MEETING = "There is no such meeting, or your link is not good for it."
