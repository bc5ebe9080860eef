"""A reader's page as its scripts make it, for the style guide, which shows pages without scripts."""

from __future__ import annotations

import msgspec

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.templates import Pages
from moothall.adapters.reading.catch_up import render_catch_up
from moothall.adapters.reading.page_address import TextAddresses
from moothall.adapters.styles.style_samples import NOW, sample_poll, sample_questions, sample_sentence, sample_snapshot
from moothall.core.events.lines import MadeFrom, Origin, SourceSegment
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId, SpeakerId
from moothall.core.views.captions import Line, ReaderChannel, Snapshot
from moothall.core.views.reading_order import Gap

BESIDE = ChannelId("mt-beside")
"""The translation of the samples, in the language of the page."""


def scripted(text: str, state: str, ui: Catalogue, pages: Pages) -> str:
    """The page as its scripts make it in this state."""
    opened, left = {'class="side sheet"': 'class="side sheet open"'}, ui.text("Left out, to keep up: {n}", n=2)
    changes: dict[str, dict[str, str]] = {
        "sheet": opened,
        "chapters": {"<details>\n<summary>": "<details open>\n<summary>"},
        "acts": {
            'id="Jump" hidden': 'id="Jump"',
            'id="Fresh" hidden>': f'id="Fresh">{ui.counted("{n} new line", 3)}',
            'id="GoToPlace" hidden': 'id="GoToPlace"',
            'id="Unsaved" hidden': 'id="Unsaved"',
            'id="Unrecorded" hidden': 'id="Unrecorded"',
            '<p class="text" dir="auto"></p>': f'<p class="text" dir="auto">{sample_sentence(ui)}</p>',
        },
        "away": {'class="away" hidden': 'class="away"'},  # as js/questions/asks_waiting.js shows it
        "missed": {**opened, 'id="MissedHere" hidden>': f'id="MissedHere">{_missed(ui, pages)}'},
        "voice": {  # as js/reader/voice.js does while it reads
            **opened,
            'class="scripted" id="Voice"': 'class="scripted" id="Voice" open',
            f'id="VoiceOn">{ui.text("Start")}': f'id="VoiceOn">{ui.text("Stop reading")}',
            'id="VoicePause" hidden': 'id="VoicePause"',
            'id="VoiceSaid" role="status">': f'id="VoiceSaid" role="status">{left}',
        },
    }
    for before, after in changes.get(state, {}).items():
        text = text.replace(before, after, 2)  # the first two, which are those of the text
    if state == "acts":  # as js/panels/bookmark.js and quote.js mark lines
        place, quoted = (f'<span class="flag">{ui.named("reader/place")}</span>', _quoting(ui))
        first, second, *others = text.split('<p class="about">')
        text = '<p class="about">'.join([first, place + second, quoted + others[0], *others[1:]])
        text = text.replace('<li class="line', '<li class="place line', 1)
    return text


def _quoting(ui: Catalogue) -> str:
    button, link = (ui.named(f"reader/{name}") for name in ("copy", "cite"))
    return f'<button type="button" class="quiet">{button}</button> <a class="cite" href="#">{link}</a> '


def _missed(ui: Catalogue, pages: Pages) -> str:
    """What js/panels/catch_up.js shows beside the text: who speaks, what is asked, the last lines, what happened."""
    snapshot, questions = sample_snapshot(SessionId("missed"), ui), sample_questions("named", ui)
    session = msgspec.structs.replace(
        snapshot.session, speaking=SpeakerId("e"), gaps=(Gap(t0=20_000, t1=30_000, reason="not-recorded"),)
    )
    text = render_catch_up(
        pages,
        msgspec.structs.replace(snapshot, session=session),
        msgspec.structs.replace(questions, polls=(sample_poll(ui),)),
        TextAddresses(session.id, channel=None, ui=ui.chosen or None),
        ui,
        now=NOW,
    )
    return text[text.index('<div class="missed"') : text.index("</main>")]


def with_original(snapshot: Snapshot, ui: Catalogue, other: Catalogue) -> tuple[Snapshot, tuple[Line, ...]]:
    """The lines of the snapshot as a translation, all but the last, and the lines in the `other` language from which
    they were made.
    """
    session = snapshot.session
    texts = (line for line in snapshot.lines if line.t1 is not None)
    said = tuple(
        msgspec.structs.replace(line, language=other.language, origin=Origin.MACHINE, text=sample_sentence(other))
        for line in texts
    )
    made = tuple(
        msgspec.structs.replace(
            line,
            segment=SegmentId(f"{line.segment}-{BESIDE}"),
            language=ui.language,
            origin=Origin.TRANSLATED,
            text=sample_sentence(ui),
            made_from=MadeFrom(sources=(SourceSegment(line.segment, 0),), route="sample"),
        )
        for line in said[:-1]
    )
    channel = ReaderChannel(kind=ChannelKind.TRANSLATION, languages=(ui.language,), of_record=True)
    session = msgspec.structs.replace(session, channels={**session.channels, BESIDE: channel})
    return msgspec.structs.replace(snapshot, session=session, lines=made), said
