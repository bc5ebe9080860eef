"""The texts in a downloaded record, and the sentences with which its addresses refuse."""

from __future__ import annotations

from babel.dates import format_date

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.meeting_texts import made_text, quality_line, took_part
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.questions.asking_texts import NUMBERED, figures
from moothall.adapters.reading.page_menu import since
from moothall.adapters.reading.page_rows import (
    channel_name,
    label_of,
    original_of,
    rough_notice,
    text_notice,
    voices_notice,
    ways_of,
)
from moothall.core.events.lines import Origin
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.events.types import ChannelKind, GapReason, SealVersion
from moothall.core.kernel.times import UTC_ZONE, Zone
from moothall.core.views.captions import ReaderChannel
from moothall.core.views.reading_order import BREAK, BREAK_SET_BACK, NOT_RECORDED
from moothall.record.model import Record
from moothall.record.wording import AskedWording, Wording
from moothall.services.sessions.records import NotThere

NOTICE = (
    "Written as people spoke, for the most part by a machine, and with mistakes. "
    "It is an aid to follow the meeting, not official minutes."
)
"""How a record of the floor was made. An interpretation or a translation has the notice of its page."""


class RecordErrorText:
    """Keys of the sentences that say why a request failed."""

    FORM = "This address is not right: a record ends with one of these: {forms}"
    SWITCH = "This address is not right: “{name}” must be “0” or “1”."
    LANGUAGE = "This meeting has no text in that language. Choose one of those that it has."
    NO_PDF = (
        "This server makes no PDF files: whoever runs it has not installed the extra “documents”. "
        "Take the text as “.docx” or “.html”; both can be printed."
    )
    PDF_FAILED = (
        "The PDF file could not be made, or it took too long. "
        "Please try again later, or take the text as “.docx” or “.html”."
    )
    NO_FONTS = (
        "The PDF file cannot be made: this server has no font for the letters of this text. "
        "Take the text as “.docx” or “.html”."
    )
    BESIDE_FORM = "Two texts beside each other can be had as “.html”, “.docx” or “.pdf” alone."
    BESIDE_SAME = "This address is not right: “beside” must name another text of the meeting than the first."
    NO_LINES = "This text has no such words, or more of them than can be quoted at once."
    NO_STATE = "This server doesn't have that state of the text. Its record may have been restored from a copy."
    NO_VERSION = "There is no such version of this text."
    REMOVED = "These words were removed from the record."
    TIME = "This address is not right: a time is written like “4:05” or “1:04:05”."
    GOES_ON = "This meeting is not over. Its record can be taken home in one file once it is closed."
    NO_BUNDLE = "No meeting that everybody may read took place then."
    BUNDLING = "The file is being made. It comes by itself as soon as it is done, within a few minutes."
    BUNDLE_FAILED = "The file could not be made. Please try again later, or take the meetings of one day."
    NO_PROCEEDINGS_PDF = (
        "This server makes no PDF files: whoever runs it has not installed the extra “documents”. "
        "Take the book as “.epub”."
    )
    PROCEEDINGS_FONTS = (
        "The PDF file cannot be made: this server has no font for the letters of these texts. Take the book as “.epub”."
    )
    PROCEEDINGS_FAILED = (
        "The PDF file could not be made: it has too many meetings, or it took too long. "
        "Take those of one day, or the book as “.epub”."
    )
    NO_LANGUAGE = "This address is not right: “language” must be the short name of a language, such as “fr” or “pt-BR”."
    NO_TEXT_IN = "None of these meetings has a text in this language. Take the book without “language”: as spoken."
    BUSY = "Many people take records home at the moment. Please try again in a minute."


NOT_THERE = {
    NotThere.SESSION: ErrorText.NO_SESSION,
    NotThere.CHANNEL: ErrorText.NO_CHANNEL,
    NotThere.HERE: ErrorText.NOT_HERE,
    NotThere.LANGUAGE: RecordErrorText.LANGUAGE,
}
"""The sentence for each reason why there is no record."""


def wording(record: Record, ui: Catalogue, zone: Zone = UTC_ZONE, public: str = "") -> Wording:
    """The texts of a record in the language of the interface; the date is by the clock of `zone`. `public`: the
    server's public address, without a path.
    """
    channel = ReaderChannel(kind=record.kind, languages=record.languages)
    known = record.session.channels.get(record.channel, channel)
    opened = record.session.opened
    spoken = record.kind is ChannelKind.FLOOR and not record.session.imported
    original = original_of(record.session, record.channel, public=public)
    made = ui.text(NOTICE) if spoken else text_notice(record.session, record.channel, ui)
    leads = (ui.text("The original: {address}", address=original),) if original else ()
    name, languages = channel_name(channel, ui), ui.listed(ui.language_name(tag) for tag in record.languages)
    about = (
        "" if opened is None else format_date(zone.at(opened), "long", locale=ui.locale),
        name,
        "" if languages in name else languages,  # a translation has its language in its name
        since(known, ui, zone),
        took_part(record.session.hubs, ui),
        *rough_notice(record.lines, ui),
        *ways_of((line.made_from for line in record.lines if line.made_from is not None), ui),
    )
    return Wording(
        language=ui.language,
        direction=ui.direction,
        name=name,
        unshown=ui.text("□ stands for a character that cannot be shown here. The other files have it."),
        about=tuple(fact for fact in about if fact),
        quality=quality_line(record.quality, ui),
        origins={origin: ui.named(f"lines/origin.{origin}") for origin in Origin},
        tool=ui.named("lines/tool"),
        respoken=ui.named("lines/respoken"),
        rough=ui.named("lines/rough"),
        translated=lambda made: made_text(made, ui),
        gaps={reason: ui.named(f"lines/gap.{reason}") for reason in (*GapReason, NOT_RECORDED, BREAK, BREAK_SET_BACK)},
        seals={version: ui.named(f"reader/seal.{version}") for version in SealVersion},
        label=label_of(record.session, record.channel, ui, record.lines, original),
        notice=ui.sentences((made, *voices_notice(record.session.voices_so_far, ui), *leads)),
        original=original,
        asked=AskedWording(
            figures=tuple(figures(record.figures, ui)),
            kinds={kind: ui.text(key) for kind, key in NUMBERED.items()},
            statuses={status: ui.named(f"desk/stands.{status}") for status in InterventionStatus},
            **ui.group("record-asked"),
        ),
        **ui.group("record"),
    )
