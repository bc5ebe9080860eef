"""The menu of a session's texts: what is spoken, interpretations, translations, each by its language's own name; for a
translation also links to the original, to itself, and to both, line by line or side by side. And the list of files in
which a text can be taken home.

The menu is made of links alone, so that it needs no scripts. Scripts remember the language (`web/js/lib/choices.js`),
and redirect a reader whose address names no text to the text in that language (`web/js/lib/early.js`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from importlib.util import find_spec
from urllib.parse import urlencode

import msgspec
from babel.dates import format_date

from moothall.adapters.pages.catalogues import Catalogue, own_name
from moothall.adapters.questions.asking_texts import NUMBERED
from moothall.adapters.reading.page_address import BILINGUAL, FORMATS, TextAddresses
from moothall.adapters.reading.page_choices import SHOW
from moothall.adapters.reading.page_rows import gap_text, kind_of, label
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.ids import ChannelId
from moothall.core.kernel.languages import direction, same_language
from moothall.core.kernel.times import Zone, media_time
from moothall.core.sessions.state import Status
from moothall.core.views.captions import Line, ReaderChannel, Session
from moothall.record.citation.contents import Chapter, RecordContents, SpeakerIndex
from moothall.record.wrapping import beginning, plain

WAYS = {"": "Original", "translation": "Translation", "both": "Both", "side": "Side by side"}
"""Ways to read a translation, as values of the choice SHOW with their labels; the key of the original is empty, since
the original is another text.
"""


class Lacking(msgspec.Struct, frozen=True, kw_only=True):
    """What the translations of a session lack, for a reader of one of its texts, and where its words go for them."""

    missing: tuple[str, ...] = ()
    """Languages (BCP-47) of the record into which the session can't be translated."""
    making: bool = False
    """Whether the session is closed and older lines of this text are being translated."""
    services: tuple[str, ...] = ()
    """Services on somebody else's machines to which words of the session go now, as `model@host`."""


def menu(
    session: Session, address: TextAddresses, ui: Catalogue, zone: Zone, offered: Sequence[str] = ()
) -> list[dict[str, object]]:
    """The texts, grouped by kind, each with its name; empty when there is only one text, and no other can be
    requested.
    """
    if len(session.channels) < 2 and not offered:
        return []
    groups: list[dict[str, object]] = []
    for kind in ChannelKind:  # Enumeration order puts interpretations first.
        texts = [
            _text(name, channel, address, ui, zone)
            for name, channel in session.channels.items()
            if channel.kind is kind
        ]
        texts.sort(key=lambda text: bool(text["since"]))  # languages of record come first
        if texts:
            groups.append({"kind": kind.value, "title": ui.named(f"reader/menu.{kind}"), "texts": texts})
    return groups


def to_ask_for(session: Session, offered: Sequence[str], ui: Catalogue) -> list[dict[str, object]]:
    """Offered languages (BCP-47) into which a session isn't translated yet."""
    there = {
        tag.partition("-")[0].lower()
        for channel in session.channels.values()
        if channel.kind is ChannelKind.TRANSLATION
        for tag in channel.languages
    }
    return [
        {"tag": tag, "name": own_name(tag) or ui.language_name(tag), "direction": direction(tag)}
        for tag in offered
        if tag.partition("-")[0].lower() not in there
    ]


def not_here(lacking: Lacking, ui: Catalogue) -> list[dict[str, str]]:
    """Languages into which a session can't be translated, by their own names."""
    named = [(tag, own_name(tag)) for tag in lacking.missing]
    return [
        {"tag": tag, "language": tag if name else ui.language, "name": name or ui.language_name(tag)}
        for tag, name in named
    ]


def _text(
    name: ChannelId, channel: ReaderChannel, address: TextAddresses, ui: Catalogue, zone: Zone
) -> dict[str, object]:
    tag = channel.languages[0] if channel.languages else ""
    spoken = channel.kind is ChannelKind.FLOOR
    own = "" if spoken else own_name(tag)
    return {
        "address": address.page(channel=name),
        "own_pace": address.own_pace(channel=name),
        "name": ui.named("reader/menu.floor") if spoken else own or ui.language_name(tag),
        # A name that isn't the language's own is in the language of the page.
        "language": tag if own else "",
        "direction": direction(tag),
        "tag": "" if spoken else tag,
        "here": name == address.channel,
        "since": since(channel, ui, zone),
    }


def since(channel: ReaderChannel, ui: Catalogue, zone: Zone) -> str:
    """Since when an on-demand translation, which is no part of the record, is made, in words; "" for any other text."""
    if channel.of_record or channel.requested is None:
        return ""
    return ui.named("reader/menu.since", date=format_date(zone.at(channel.requested), "long", locale=ui.locale))


def ways(
    session: Session, address: TextAddresses, ui: Catalogue, *, own_pace: int | None = None
) -> list[dict[str, object]]:
    """Links from a translation to the original, to itself, and to both in one; empty for any other text.

    They lead to the session's page, or, when `own_pace` is given, to the page at one's own pace, from that line on.
    """
    original = address.page if own_pace is None else address.own_pace
    same = address.page if own_pace is None else partial(address.own_pace, own_pace)
    here, floor = session.channels.get(address.channel or ChannelId("")), spoken(session)
    if here is None or here.kind is not ChannelKind.TRANSLATION or floor is None:
        return []
    now = address.choices.get(SHOW, "translation")
    return [
        {
            "address": same(show=way) if way else original(channel=floor),
            "text": ui.text(key),
            "way": way,
            "here": way == now,
        }
        for way, key in WAYS.items()
    ]


def spoken(session: Session) -> ChannelId | None:
    """The channel of what is spoken, from which translations are made; None when there is none."""
    return next((name for name, each in session.channels.items() if each.kind is ChannelKind.FLOOR), None)


def of_translation(
    session: Session, address: TextAddresses, ui: Catalogue, lines: Sequence[Line]
) -> dict[str, str] | None:
    """What a page that shows `lines` of a translation says of them, and the address of what the first of them was made
    from; None for any other text.
    """
    floor = spoken(session)
    if kind_of(session, address.channel) is not ChannelKind.TRANSLATION or floor is None or not lines:
        return None
    original = TextAddresses(session.id, channel=floor, ui=address.ui)
    source = next((made.sources[0].segment for line in lines if (made := line.made_from)), None)
    return {
        "notice": label(session, address.channel, ui, lines),
        "original": original.page() if source is None else original.line(source),
    }


def in_place(
    session: Session, address: TextAddresses, instead: ChannelId | None, instead_of: ChannelId | None, ui: Catalogue
) -> dict[str, str] | None:
    """The notice that an interpreter is silent or has resumed, and the address to read at; with an empty text where the
    notice may be needed later, None where it never is.

    `instead` is the text to read in place of this text now; `instead_of` is the interpreter's text in place of which
    this text is read.
    """
    here, other = (
        session.channels.get(each) for each in (address.channel or ChannelId(""), instead_of or ChannelId(""))
    )
    if here is None or here.kind is ChannelKind.FLOOR:
        return None
    text, there = "", ""
    if session.status is Status.CLOSED:
        pass
    elif here.kind is ChannelKind.INTERPRETATION and instead is not None:
        text, there = "reader/instead.read", address.page(channel=instead, instead_of=address.channel)
    elif here.kind is ChannelKind.TRANSLATION and other is not None and other.kind is ChannelKind.INTERPRETATION:
        text, there = "reader/instead", ""
        if instead == instead_of:
            text, there = "reader/instead.back", address.page(channel=instead_of)
    return {"text": ui.named(text) if text else "", "address": there}


def in_own_language(session: Session, address: TextAddresses, ui: Catalogue) -> dict[str, str] | None:
    """The text in the language of the page, an interpretation before a translation, for somebody who reads what is
    spoken in other languages; None where there is none.
    """
    name = text_in(session, ui.language, address.channel)
    if name is None:
        return None
    tag = session.channels[name].languages[0]
    return {"address": address.page(channel=name), "name": own_name(tag) or ui.language_name(tag), "tag": tag}


def text_in(session: Session, language: str, here: ChannelId | None = None) -> ChannelId | None:
    """The text in a language, an interpretation before a translation, for somebody who reads what is spoken in the
    channel `here`; None where there is none, or where that language is spoken.
    """
    heard = session.channels.get(here or spoken(session) or ChannelId(""))
    if heard is None or heard.kind is not ChannelKind.FLOOR or _is_in(heard.languages, language):
        return None
    return _brought_into(session, language)


def text_for(session: Session, language: str) -> ChannelId | None:
    """The text for somebody who wants one language (BCP-47): what is spoken where nothing else is spoken, else an
    interpretation, else a translation, else what is spoken also in that language; None where there is none.
    """
    floor = spoken(session)
    heard = () if floor is None else session.channels[floor].languages
    brought = None if heard and all(same_language(tag, language) for tag in heard) else _brought_into(session, language)
    return brought or (floor if _is_in(heard, language) else None)


def _brought_into(session: Session, language: str) -> ChannelId | None:
    for kind in (ChannelKind.INTERPRETATION, ChannelKind.TRANSLATION):
        for name, channel in session.channels.items():
            if channel.kind is kind and _is_in(channel.languages[:1], language):
                return name
    return None


def _is_in(tags: Sequence[str], language: str) -> bool:
    return any(same_language(tag, language) for tag in tags)


def by_language(session: Session) -> str:
    """The text of each language, as a query `fr=fr&pt-br=mt-pt-br&pt=mt-pt-br`: by the full tag and by the language
    alone, an interpretation before a translation. What is spoken is left out, since everybody begins there.
    """
    found: dict[str, ChannelId] = {}
    for kind in (ChannelKind.INTERPRETATION, ChannelKind.TRANSLATION):
        for name, channel in session.channels.items():
            if channel.kind is kind and channel.languages:
                tag = channel.languages[0].lower()
                found.setdefault(tag, name)
                found.setdefault(tag.partition("-")[0], name)
    return urlencode(found)


@cache
def can_typeset() -> bool:
    """Whether PDF files can be made: whether Typst is installed, the extra `documents`."""
    return find_spec("typst") is not None


def downloads(session: Session, address: TextAddresses, ui: Catalogue, *, pdf: bool) -> list[dict[str, str]]:
    """Links to the files of a text, and of a translation beside its original; `pdf`: whether PDF can be made."""
    here, floor = session.channels.get(address.channel or ChannelId("")), spoken(session)
    made = [form for form in FORMATS if pdf or form != "pdf"]
    links = [{"address": address.record(form), "text": _format_name(form, ui)} for form in made]
    if here is None or here.kind is not ChannelKind.TRANSLATION or floor is None:
        return links
    return links + [
        {
            "address": address.record(form, channel=floor, beside=address.channel),
            "text": ui.text("{form}, the original beside it", form=_format_name(form, ui)),
        }
        for form in BILINGUAL
        if form in made
    ]


def _format_name(form: str, ui: Catalogue) -> str:
    return ui.named(f"page/format.{form}")


def contents_part(contents: RecordContents, address: TextAddresses, ui: Catalogue) -> dict[str, object] | None:
    """The values of `contents` for the template of a session's page; None where there is nothing to choose from."""
    if len(contents.chapters) < 2 and len(contents.speakers) < 2:
        return None
    return {
        "chapters": [_chapter(each, address, ui) for each in contents.chapters],
        "speakers": [_speaker(each, address, ui) for each in contents.speakers],
    }


def _chapter(each: Chapter, address: TextAddresses, ui: Catalogue) -> dict[str, object]:
    heading, words, language = "", each.words, each.language
    happening = each.happening
    if happening is not None:
        if happening.topic is not None:
            topic = happening.topic
            heading = ui.named("lines/policy-question", n=topic.number) if topic.number else ""
            words, language = plain(topic.title), ""
        elif happening.question is not None:
            question = happening.question
            heading = ui.text(NUMBERED[question.kind], n=question.number)
            words, language = beginning(plain(question.text)), question.language
        elif happening.poll is not None:
            heading = ui.text("Show of hands")
            words, language = beginning(plain(happening.poll.question)), happening.poll.language
        elif happening.gap is not None:
            heading, words = gap_text(happening.gap, ui), ""
    return {
        **_link(each.t, each.segment, address, ui),
        "heading": heading,
        "words": words,
        "language": language,
        "direction": direction(language),
    }


def _speaker(each: SpeakerIndex, address: TextAddresses, ui: Catalogue) -> dict[str, object]:
    return {"name": each.name, "turns": [_link(t, segment, address, ui) for t, segment in each.turns]}


def _link(t: int, segment: str, address: TextAddresses, ui: Catalogue) -> dict[str, object]:
    time = media_time(t)
    return {
        "time": time,
        "id": segment,
        "address": address.line(segment),
        "to_line": ui.named("reader/to-line", time=time),
    }
