"""Which text of the catalogues stands for what in a record that is taken home, and where it says no."""

from __future__ import annotations

from babel.dates import format_date

from moothall.adapters.desks.desk_texts import STANDINGS
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.presence_texts import took_part
from moothall.adapters.pages.quality_texts import quality_line
from moothall.adapters.pages.texts import ACCEPTED, GAPS, MENDED, ORIGINS, SEALS
from moothall.adapters.pages.translation_texts import made_text
from moothall.adapters.questions.asking_texts import NUMBERED, REMOVED, STANDS, TURN_ENDED, figures
from moothall.adapters.reading.page_menu import since
from moothall.adapters.reading.page_rows import channel_name, text_notice
from moothall.core.events.question_parts import Standing
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.times import UTC_ZONE, Zone
from moothall.core.views.captions import Channel
from moothall.core.views.reading_order import NOT_RECORDED
from moothall.record.model import Record
from moothall.record.wording import AskedWording, Wording

NOTICE = (
    "Written as people spoke, for the most part by a machine, and with mistakes. "
    "It is an aid to follow the meeting, not official minutes."
)
"""Of what is spoken. What is interpreted or translated says what its page says."""
TEXTS = {
    "title": "Meeting without a title",
    "so_far": "The meeting goes on: this is its text up to {time}.",
    "version": "To cite or check this text: {version}",
    "not_recorded": GAPS[NOT_RECORDED],
    "not_recorded_since": "Not recorded since {start}",
    "break_since": "Break since {start}",
    "unnamed": "Speaker not named",
    "mended": MENDED,
    "accepted": ACCEPTED,
    "skip": "Skip to the text",
    "contents": "Contents by time",
    "show_sources": "Show the source of each line",
}
"""Fields of `Wording` and the keys of their texts."""

ASKED_TEXTS = {
    "heading": "Questions and comments",
    "joined": STANDS[Standing.JOINED],
    "asked_at": "Asked at {time}",
    "answered_at": "Answered at {time}",
    "answered": "See the answer in the text",
    "answer": "The answer",
    "removed": REMOVED,
    "left": STANDS[Standing.CLOSED],
    "ended": TURN_ENDED,
}
"""The same of `AskedWording`."""


class RecordErrorText:
    """Keys of the sentences for what went wrong."""

    FORM = "This address is not right: a record ends with “.vtt”, “.srt”, “.txt”, “.html” or “.json”."
    SWITCH = "This address is not right: “{name}” must be “0” or “1”."
    LANGUAGE = "This meeting has no text in that language. Choose one of those that it has."
    BUSY = "Many people take records home at the moment. Please try again in a minute."


def wording(record: Record, ui: Catalogue, zone: Zone = UTC_ZONE) -> Wording:
    """What a record says in the language of the interface; its date is that of `zone`."""
    channel = Channel(kind=record.kind, languages=record.languages)
    known = record.session.channels.get(record.channel, channel)
    opened = record.session.opened
    languages = ", ".join(ui.language_name(tag) for tag in record.languages)
    about = (
        "" if opened is None else format_date(zone.at(opened), "long", locale=ui.locale),
        channel_name(channel, ui),
        languages,
        since(known, ui, zone),
        took_part(record.session.hubs, ui),
    )
    return Wording(
        language=ui.language,
        direction=ui.direction,
        about=tuple(fact for fact in about if fact),
        quality=quality_line(record.quality, ui),
        origins={origin: ui.text(key) for origin, key in ORIGINS.items()},
        translated=lambda made: made_text(made, ui),
        gaps={reason: ui.text(key) for reason, key in GAPS.items()},
        seals={version: ui.text(key) for version, key in SEALS.items()},
        notice=ui.text(NOTICE if record.kind is ChannelKind.FLOOR else text_notice(record.session, record.channel)),
        asked=AskedWording(
            figures=tuple(figures(record.figures, ui)),
            kinds={kind: ui.text(key) for kind, key in NUMBERED.items()},
            standings={standing: ui.text(key) for standing, key in STANDINGS.items()},
            **{field: ui.text(key) for field, key in ASKED_TEXTS.items()},
        ),
        **{field: ui.text(key) for field, key in TEXTS.items()},
    )
