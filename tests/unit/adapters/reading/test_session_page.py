from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from html import unescape
from zoneinfo import ZoneInfo

import msgspec
import pytest

from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages, script_json
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.reading.page_address import TextAddresses
from moothall.adapters.reading.page_choices import SHOWN, chosen
from moothall.adapters.reading.page_menu import Lacking
from moothall.adapters.reading.page_rows import channel_name, label, label_of, standing
from moothall.adapters.reading.session_page import OlderPage, OwnPace, PageParts, SessionPage, SessionState
from moothall.core.events.lines import MadeFrom, Origin, SourceSegment, Word
from moothall.core.events.types import ChannelKind, GapReason, SealVersion, SoundKept, VoicesTold
from moothall.core.hubs.presence import HubNow
from moothall.core.kernel.ids import ChannelId, Epoch, SegmentId, SessionId, SpeakerId
from moothall.core.kernel.times import Zone
from moothall.core.sessions.state import Status
from moothall.core.views.captions import Line, ReaderChannel, Session, Snapshot
from moothall.core.views.reading_order import Gap

PAGES = Pages(find_web_folder())
EN = PAGES.catalogues["en"]
FLOOR = ChannelId("floor")
NOON = 1_764_000_000_000


def line(n: int, text: str = "Text.", **fields: object) -> Line:
    made = Line(
        segment=SegmentId(f"s{n}"), t0=n * 1_000, t1=n * 1_000 + 900, language="en", origin=Origin.MACHINE, text=text
    )
    return msgspec.structs.replace(made, **fields)


def snapshot(*lines: Line, before: int | None = None, **fields: object) -> Snapshot:
    session = Session(id=SessionId("plenary"), title="Plenary", status=Status.OPEN, opened=NOON, clock=(0, NOON))
    session = msgspec.structs.replace(session, **fields)
    return Snapshot(epoch=Epoch("e1"), offset=7, feed="floor.live", session=session, lines=lines, before=before)


def render(
    seen: Snapshot,
    language: str = "en",
    *,
    channel: ChannelId = FLOOR,
    ui_chosen: bool = False,
    older: OlderPage | None = None,
    query: dict[str, str] | None = None,
    named: bool = True,
    lacking: Lacking | None = None,
) -> str:
    address = TextAddresses(
        seen.session.id, channel=channel, ui=language if ui_chosen else None, choices=chosen(query or {})
    )
    ui = PAGES.catalogues.choose(language if ui_chosen else None, language)
    parts = PageParts(address=address, ui=ui, named=named, lacking=lacking or Lacking())
    return SessionPage(PAGES).render_session(seen, parts, SessionState(older=older), now=NOON + 10_000)


def data(html: str) -> dict[str, object]:
    found = re.search(r'id="Data">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    value: dict[str, object] = json.loads(found[1])
    return value


def shown(html: str) -> str:
    """The page's words, without markup."""
    body = re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


def test_data_blocks_cannot_end_themselves() -> None:
    value = {"a": "</script><!-- & \u2028"}
    text = str(script_json(value))
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == value


def test_every_line_says_its_language_time_speaker_and_source() -> None:
    html = render(
        snapshot(
            line(61, speaker=SpeakerId("amina")),
            line(62, "Deux.", language="fr", speaker=SpeakerId("amina"), mended=True),
            line(63, "ثلاثة", language="ar", origin=Origin.INTERPRETER),
            line(64, "Four.", mended=True, accepted=True),
            speakers={SpeakerId("amina"): "Amina"},
        )
    )
    assert '<li class="line" id="s61" data-n="0" data-t0="61000" data-origin="machine" data-speaker="amina">' in html
    assert '<li class="line again" id="s62"' in html
    assert html.count('<p class="speaker unnamed">Speaker not named</p>') == 1
    assert '<li class="line again" id="s64"' in html
    assert '<p class="text" lang="fr" dir="ltr">Deux.</p>' in html
    assert '<p class="text" lang="ar" dir="rtl">ثلاثة</p>' in html
    assert '<time datetime="2025-11-24T16:01:01Z" title="2025-11-24 16:01:01 UTC">1:01</time>' in html
    assert '<a class="time" href="#s63" aria-label="Line at 1:03">' in html
    assert html.count("Mended by a person</span>") == 1
    assert html.count("Mended by the machine, accepted by a person</span>") == 1
    assert '<span class="source">Interpreter</span>' in html


def test_the_open_line_stands_after_the_log_and_lines_without_text_do_not_show() -> None:
    html = render(
        snapshot(line(1), line(2, " "), line(3, "never ended", t1=None), line(4, " Growing", t1=None, words=1))
    )
    log, _, after = html.partition('id="Growing"')
    assert re.findall(r'<li class="[^"]*" id="(s\d)"', log) == ["s1", "s3"]
    assert ">Growing</p>" in after
    assert data(html)["growing"] is not None
    assert data(html)["total"] == 4


def test_what_the_scripts_need_is_there() -> None:
    html = render(snapshot(line(5), before=400))
    assert 'data-position="e1:7"' in html
    found = data(html)
    assert {name: found[name] for name in ("epoch", "offset", "total", "base", "query", "spoke")} == {
        "epoch": "e1",
        "offset": 7,
        "total": 401,
        "base": "/s/plenary",
        "query": "channel=floor",
        "spoke": NOON + 5_900,
    }
    assert 'href="/s/plenary?channel=floor&amp;before=400#Log"' in html


@pytest.mark.parametrize(
    ("fields", "kind", "values"),
    [
        ({"status": Status.CREATED}, "before", {}),
        ({"status": Status.PAUSED}, "break", {}),
        ({"status": Status.CLOSED}, "closed", {}),
        ({"clock": None}, "waiting", {}),
        ({}, "live", {"n": 4}),
        ({"clock": (5_000, NOON + 6_000)}, "live", {"n": 3}),
        ({"clock": (0, NOON - 120_000)}, "live-min", {"n": 2}),
        ({"clock": (0, NOON + 60_000)}, "live", {"n": 1}),
    ],
)
def test_how_it_stands(fields: dict[str, object], kind: str, values: dict[str, int]) -> None:
    assert standing(snapshot(line(5), before=None, **fields), NOON + 10_000) == (kind, values)


def test_nothing_said_yet() -> None:
    assert standing(snapshot(), NOON) == ("waiting", {})


@pytest.mark.parametrize(("status", "kind"), [(Status.PAUSED, "last-words"), (Status.CLOSED, "closed")])
def test_last_words_are_awaited_until_it_is_closed(status: Status, kind: str) -> None:
    assert standing(snapshot(line(5), before=None, status=status), NOON, last_awaited=True) == (kind, {})


def test_groups_far_away_are_named_with_the_most_people_that_were_there() -> None:
    kisumu = HubNow(title="Kisumu & co", people=20, most=23, here=False, since=NOON)
    html = render(snapshot(line(1), hubs={"kisumu": kisumu}))
    assert "Groups that take part: \u2068Kisumu &amp; co\u2069 (23 people)" in html
    assert "Groups that take part" not in render(snapshot(line(1)))


def test_gaps_stand_where_they_belong() -> None:
    gaps = (
        Gap(t0=500, t1=900, reason=GapReason.SOURCE_LOST),
        Gap(t0=1_950, t1=1_990, reason=GapReason.OVERLOAD),
        Gap(t0=9_000, t1=70_000, reason=GapReason.STORAGE),
    )
    seen = snapshot(line(1), line(2), line(3), gaps=gaps)
    assert re.findall(r'id="(s\d)"|class="gap" data-t0="(\d+)"', render(seen)) == [
        ("", "500"), ("s1", ""), ("", "1950"), ("s2", ""), ("s3", ""), ("", "9000"),
    ]  # fmt: skip
    assert "No text from 0:09 to 1:10: it could not be saved" in render(seen)
    middle = OlderPage(lines=(line(1), line(2)), start=200, total=500, until=3_000)
    assert re.findall(r'class="gap" data-t0="(\d+)"', render(seen, older=middle)) == ["1950"]
    assert "No text from 0:00" in render(snapshot(gaps=gaps[:1]))


NOT_RECORDED = (Gap(t0=1_950, t1=62_000, reason="not-recorded"), Gap(t0=2_000, t1=2_100, reason=GapReason.OVERLOAD))


def test_what_was_not_recorded_stands_in_the_text_as_in_the_files_on_one_of_its_pages() -> None:
    fact = "Not recorded from 0:01 to 1:02"
    html = render(snapshot(line(1), line(2), gaps=NOT_RECORDED))
    # In the order of the record: what is missing stands before the line that begins with it.
    assert re.findall(r'id="(s\d)"|class="gap" data-t0="(\d+)"', html) == [
        ("s1", ""),
        ("", "1950"),
        ("", "2000"),
        ("s2", ""),
    ]
    assert fact in shown(html)
    seen = snapshot(line(2), before=2, gaps=NOT_RECORDED)
    assert fact not in shown(render(seen)), "it lies before the first line of this page"
    assert fact in shown(render(seen, older=OlderPage(lines=(line(0), line(1)), start=0, total=3, until=2_000)))
    translated = snapshot(line(1, language="fr"), gaps=NOT_RECORDED)
    assert fact in shown(render(translated, channel=ChannelId("mt-fr")))


@pytest.mark.parametrize("language", PAGES.catalogues.languages)
def test_what_was_not_recorded_is_said_in_every_language(language: str) -> None:
    ui = PAGES.catalogues[language]
    said = ui.text("Not recorded from {start} to {end}", start="0:01", end="1:02")
    assert language == "en" or said != "Not recorded from 0:01 to 1:02"
    assert said in shown(render(snapshot(line(1), gaps=NOT_RECORDED), language))


def test_pages_of_older_lines_lead_on_and_back_and_need_no_script() -> None:
    seen = snapshot(line(450), before=450)
    html = render(
        seen, "fr", ui_chosen=True, older=OlderPage(lines=tuple(map(line, range(200, 400))), start=200, total=651)
    )
    assert re.findall(r"<script [^>]*/(\w+).js", html) == ["early"], "what is remembered of the colours holds here too"
    assert "?channel=floor&amp;ui=fr&amp;before=200#Log" in html
    assert "?channel=floor&amp;ui=fr&amp;before=600" in html
    assert '<a class="brand" href="/?ui=fr">' in html
    last = render(seen, older=OlderPage(lines=tuple(map(line, range(400, 600))), start=400, total=651))
    assert "Later lines" not in last
    assert "Newest text" in last
    first = render(seen, older=OlderPage(lines=(line(1),), start=0, total=651))
    assert 'id="Older" hidden' in first


def test_a_closed_meeting_is_a_record() -> None:
    html = render(snapshot(line(1), status=Status.CLOSED, seal=SealVersion.FINAL))
    assert "Closed: this is the record · Final" in shown(html)
    assert "Plenary \N{EN DASH} Record" in html
    assert "<noscript>" not in html
    assert "Delay the text to match my video" not in html
    assert "Something wrong?" not in html


def test_several_texts_can_be_chosen_from() -> None:
    channels = {
        FLOOR: ReaderChannel(kind=ChannelKind.FLOOR, languages=("en",)),
        ChannelId("fr"): ReaderChannel(kind=ChannelKind.INTERPRETATION, languages=("fr",)),
        ChannelId("es"): ReaderChannel(kind=ChannelKind.TRANSLATION, languages=("es",)),
    }
    html = render(snapshot(line(1), channels=channels))
    assert '<a href="/s/plenary?channel=floor" aria-current="page">As spoken</a>' in html
    assert '<a href="/s/plenary?channel=fr" lang="fr" dir="ltr" hreflang="fr">Français</a>' in html
    assert channel_name(channels[ChannelId("es")], PAGES.catalogues["ar"]) == "ترجمة: الإسبانية"
    assert channel_name(ReaderChannel(kind=ChannelKind.FLOOR, languages=()), EN) == "As spoken"
    assert '<nav class="texts"' not in render(snapshot(line(1), channels={FLOOR: channels[FLOOR]}))
    offered = '<a href="/s/plenary?channel=es" hreflang="es">En su idioma: Español</a>'
    assert offered in render(snapshot(line(1), channels=channels), "es", named=False)
    assert offered not in render(snapshot(line(1), channels=channels), "es"), "they have chosen what is spoken"


@pytest.mark.parametrize("language", PAGES.catalogues.languages)
def test_the_page_in_every_language(language: str) -> None:
    ui = PAGES.catalogues[language]
    html = render(snapshot(line(1)), language)
    assert f'<html lang="{language}" dir="{ui.direction}">' in html
    notice = next(key for key in ui.keys if key.startswith("A machine writes this text"))
    assert ui.text(notice) in shown(html)
    assert data(html)["ui"] == language


def test_nothing_inline() -> None:
    html = render(snapshot(line(1)))
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", html)
    scripts = re.findall(r"<script([^>]*)>", html)
    assert [script for script in scripts if "src=" not in script] == [' type="application/json" id="Data"']


def test_the_address_says_how_the_text_is_read_and_links_keep_it() -> None:
    query = {"read": "two", "size": "150", "theme": "yellow", "font": "comic", "spacing": "wide", "sources": "yes"}
    html = render(snapshot(line(1), before=400), query=query)
    opening = re.search(r"<html([^>]*)>", html)
    assert opening is not None
    assert dict(re.findall(r'data-(\w+)="(\w+)"', opening[1])) == {n: v for n, v in query.items() if n != "font"}
    for name in ("read", "size", "theme", "spacing"):
        kept = re.findall(rf'<select name="{name}" .*?</select>', html, re.DOTALL)
        assert re.findall(r'value="(\w+)" selected', kept[0]) == [query[name]]
    assert re.findall(r'value="(\w+)" selected', html)[4] == "serif", "what can't be read chooses nothing"
    assert 'name="sources" id="Sources" value="yes" checked' in html
    for link in ("before=400", "/s/plenary/read?"):
        found = re.search(rf'href="([^"]*{re.escape(link)}[^"]*)"', html)
        assert found is not None
        assert all(f"{name}={value}" in found[1] for name, value in query.items() if name != "font")
    assert '<input type="hidden" name="channel" value="floor">' in html
    assert "data-" not in re.findall(r"<html[^>]*>", render(snapshot(line(1))))[0], "as usual, or as is remembered"


def test_an_older_name_of_low_data_still_works() -> None:
    assert chosen({"feed": "lines"}) == {"read": "low"}
    assert chosen({"feed": "lines", "read": "two"}) == {"read": "two"}
    assert chosen({"feed": "live", "size": "999", "nonsense": "x"}) == {}
    assert set(chosen(dict.fromkeys(SHOWN, "yes"))) == {"sources", "braille"}


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "No sound is kept."),
        ({"sound": SoundKept.UNTIL_CHECKED}, "until the text has been checked, for 30 days at most."),
        ({"sound": SoundKept.PUBLISHED}, "The sound is kept and published with the text."),
        ({"young_people": True}, "Young people take part: no sound and no full names are kept."),
        ({"rehearsal": True}, "This is a rehearsal: none of it stays."),
        ({"status": Status.CREATED}, "A machine writes this text as people speak, and it makes mistakes."),
        ({"voices": {FLOOR: VoicesTold.CHANGES}}, "keeps nothing of that; it recognises nobody by their voice."),
        ({"voices": {ChannelId("fr"): VoicesTold.KNOWN}}, "it recognises only voices of people who agreed"),
        ({"voices_so_far": VoicesTold.KNOWN, "status": Status.CLOSED}, "only voices of people who agreed"),
    ],
)
def test_what_the_text_is_and_what_is_kept_is_said(fields: dict[str, object], sentence: str) -> None:
    assert sentence in shown(render(snapshot(line(1), before=None, **fields)))


def test_of_voices_it_is_said_right_behind_how_the_text_is_made_and_only_while_they_are_measured() -> None:
    said = "A machine measures where one voice ends and another begins"
    on = render(snapshot(line(1), voices={FLOOR: VoicesTold.CHANGES}))
    made, voices = re.findall(r"<p>(A machine [^<]*)</p>", on)
    assert made.startswith("A machine writes this text")
    assert voices.startswith(said)
    assert f"<p>{said}" not in render(snapshot(line(1), voices_so_far=VoicesTold.CHANGES))
    assert data(on)["voices"] == {each: EN.named(f"page/voices.{each}") for each in VoicesTold}


def test_each_kind_of_text_has_its_notice_and_its_silence() -> None:
    channels = {
        FLOOR: ReaderChannel(kind=ChannelKind.FLOOR, languages=("en",)),
        ChannelId("fr"): ReaderChannel(kind=ChannelKind.INTERPRETATION, languages=("fr",)),
        ChannelId("es"): ReaderChannel(kind=ChannelKind.TRANSLATION, languages=("es",)),
    }
    seen = snapshot(line(1), channels=channels)
    interpreted = render(seen, channel=ChannelId("fr"))
    assert "A machine writes what the interpreter says" in shown(interpreted)
    assert "A machine translates this text" in shown(render(seen, channel=ChannelId("es")))
    texts = data(interpreted)["texts"]
    assert isinstance(texts, dict)
    assert texts["standing.silence-since"] == "The interpreter has been silent since {time}"
    assert texts["standing.silence"] == "Silence: the interpreter is not speaking"
    assert texts["standing.soundless"] == "No sound arrives from the interpreter"
    spoken = data(render(seen))["texts"]
    assert isinstance(spoken, dict)
    assert spoken["standing.silence"] == "Silence: nobody is speaking"


def test_while_nothing_is_kept_a_banner_stands() -> None:
    banner = r'<p class="banner" id="NotRecorded"( hidden)?>Not recorded: what is said now is kept nowhere</p>'
    assert re.findall(banner, render(snapshot(line(1), not_recorded=7_000))) == [""]
    assert re.findall(banner, render(snapshot(line(1)))) == [" hidden"]


def test_struck_lines_are_not_shown() -> None:
    html = render(snapshot(line(1), line(2, gone=True), line(3, "struck while it grew", t1=None, gone=True)))
    assert re.findall(r'<li class="[^"]*" id="(s\d)"', html) == ["s1"]
    assert "struck" not in html.partition('id="Data"')[0]
    assert data(html)["growing"] is None
    assert data(html)["total"] == 3


def test_the_text_can_be_taken_home() -> None:
    html = render(snapshot(line(1)), channel=ChannelId("fr"))
    forms = re.findall(r'href="/s/plenary/record\.(\w+)\?channel=fr"', html)
    assert forms == ["vtt", "srt", "ttml", "txt", "html", "docx", "pdf", "epub", "json", "akn"]


def test_the_sound_is_there_only_where_it_is_published() -> None:
    assert "<audio" not in render(snapshot(line(1)))
    seen = snapshot(line(1))
    parts = PageParts(address=TextAddresses(seen.session.id, channel=FLOOR), ui=EN)
    html = SessionPage(PAGES).render_session(seen, parts, SessionState(sound_address="/s/plenary/sound"), now=NOON)
    assert re.search(r'<audio [^>]*src="/s/plenary/sound"', html)


def test_translations_that_are_drafts_say_so() -> None:
    assert "These interface texts are a draft translation." not in render(snapshot(line(1)), "en")
    assert "Les textes de cette interface sont une traduction provisoire." in render(snapshot(line(1)), "fr")


def test_before_a_meeting_begins_its_page_says_so_in_place_of_lines_and_when_that_is_planned() -> None:
    begins, told = SessionState(begins=NOON), "It is planned for Mon 24 Nov, 16:00. Times are UTC."
    seen = snapshot(status=Status.CREATED)
    parts = PageParts(address=TextAddresses(seen.session.id, channel=FLOOR), ui=EN)

    def said(state: SessionState, seen: Snapshot) -> str:
        return shown(SessionPage(PAGES).render_session(seen, parts, state, now=NOON - 60_000))

    assert f"Its text will appear here. {told}" in said(begins, seen)
    paris = Zone("Europe/Paris", ZoneInfo("Europe/Paris"))
    there = SessionPage(Pages(find_web_folder(), zone=lambda: paris))
    october = shown(there.render_session(seen, parts, begins, now=NOON - 40 * 86_400_000))
    assert "It is planned for Mon 24 Nov, 17:00. Times are Paris time, UTC+1." in october, "by the clock of that day"
    assert "It is planned" not in said(SessionState(), seen), "nobody has said when"
    assert "It is planned" not in said(begins, snapshot(line(1))), "it is on"


def own_pace(
    start: int,
    following: int,
    total: int,
    *lines: Line,
    language: str = "en",
    choices: Mapping[str, str] | None = None,
    words: Mapping[SegmentId, Sequence[Word]] | None = None,
    gaps: tuple[Gap, ...] = (),
    since: int | None = None,
    until: int | None = None,
) -> str:
    seen = OwnPace(
        lines=tuple(enumerate(lines, start)), start=start, following=following, total=total, since=since, until=until
    )
    session = snapshot(speakers={SpeakerId("amina"): "Amina"}, gaps=gaps).session
    address = TextAddresses(session.id, channel=FLOOR, choices=chosen({"theme": "dark"} | dict(choices or {})))
    parts = PageParts(address=address, ui=PAGES.catalogues[language])
    return SessionPage(PAGES).render_own_pace(session, seen, parts, {} if words is None else words)


def test_at_one_s_own_pace() -> None:
    amina = SpeakerId("amina")
    html = own_pace(
        20, 40, 74, line(20, speaker=amina), line(21, "ثلاثة", language="ar", speaker=amina), *map(line, range(22, 40))
    )
    assert "Lines 21 to 40 of 74" in shown(html)
    assert '<a class="button" href="/s/plenary/read?channel=floor&amp;theme=dark&amp;from=41" rel="next">' in html
    assert "Next lines (34 more)" in shown(html)
    assert "No sound is kept." in shown(html), "what is kept is said on every page"
    assert re.findall(r'from=(\d+)">([\w ]+)</a>', html) == [
        ("1", "Previous lines"),
        ("55", "Newest lines"),
        ("21", "Read by braille"),
        ("21", "Say where the machine was not sure"),
    ]
    assert 'from=21" rel="bookmark">Link to this place' in html
    assert '<p class="text" lang="ar" dir="rtl">ثلاثة</p>' in html
    assert '<li class="line again" id="s21"' in html
    assert 'action="/s/plenary/read"' in html
    assert '<input type="hidden" name="from" value="21">' in html
    assert "aria-live" not in html
    assert "http-equiv" not in html, "it never moves by itself"
    last = own_pace(60, 74, 74, *map(line, range(60, 74)))
    assert "Next lines" not in last
    assert re.search(r'from=41">Previous lines', last)
    empty = own_pace(74, 74, 74)
    assert "There are no more lines yet." in shown(empty)
    assert "Lines 75" not in empty


def test_words_that_the_recogniser_was_not_sure_of_are_told_in_words_to_who_asks() -> None:
    """In the language of the page, whatever the line is in: a sign says nothing on a braille display."""
    words = {SegmentId("s1"): [Word(" Good", 0, 1), Word(" day", 1, 2, 0.2), Word(" all.", 2, 3)]}
    asked = {"uncertain": "yes", "braille": "yes"}
    html = own_pace(0, 3, 3, line(0), line(1, "Good day all."), line(2), language="es", choices=asked, words=words)
    told = '>Text. Good <u>day</u> <bdi class="unsure" lang="es">(dudoso)</bdi> all. Text.</p>'
    assert told in html, "a turn is one paragraph"
    assert "«(dudoso)» sigue a las palabras" in shown(html)
    assert 'braille=yes&amp;uncertain=yes&amp;from=1" rel="bookmark"' in html, "links keep it"
    assert '<input type="hidden" name="uncertain" value="yes">' in html
    bare = own_pace(0, 2, 2, line(0), line(1))
    assert "unsure" not in bare
    assert 'uncertain=yes&amp;from=1">Say where the machine was not sure</a>' in bare


def test_where_no_words_are_known_nobody_is_told_that_some_are_marked() -> None:
    address = TextAddresses(snapshot().session.id, channel=FLOOR, choices=chosen({"uncertain": "yes"}))
    seen = OwnPace(lines=tuple(enumerate([line(1)])), start=0, following=1, total=1, since=0, until=None)
    html = SessionPage(PAGES).render_own_pace(snapshot().session, seen, PageParts(address=address, ui=EN), None)
    assert "unsure" not in html
    assert "machine was not sure" not in html


def test_what_was_not_recorded_stands_also_where_one_reads_at_one_s_own_pace() -> None:
    fact = "Not recorded from 0:01 to 1:02"
    assert fact in shown(own_pace(0, 1, 2, line(1), gaps=NOT_RECORDED, until=2_000))
    assert fact not in shown(own_pace(1, 2, 2, line(2), gaps=NOT_RECORDED, since=2_000))
    assert fact not in shown(own_pace(2, 2, 2, gaps=NOT_RECORDED, since=2_000))


@pytest.mark.parametrize("language", PAGES.catalogues.languages)
@pytest.mark.parametrize("key", [value for name, value in vars(ErrorText).items() if name.isupper()])
def test_every_error_is_a_sentence_in_every_language(language: str, key: str) -> None:
    ui = PAGES.catalogues[language]
    assert ui.text(key) in unescape(PAGES.render_error(404, key, ui=ui))
    assert ui.text(key).endswith((".", "。"))


@pytest.mark.parametrize(
    ("route", "said"), [("b 1 en>es", False), ("b 1 en>pt, apertium-es-pt 1 pt>es", True)], ids=["straight", "through"]
)
def test_a_translation_that_came_through_another_language_says_so_on_its_page(route: str, said: bool) -> None:
    source = SourceSegment(segment=SegmentId("s0"), revision=0)
    seen = snapshot(line(1, language="es", made_from=MadeFrom(sources=(source,), route=route)), line(2))
    html = render(seen, channel=ChannelId("mt-es"))
    head = html.partition('class="notice"')[2].partition("</div>")[0]
    assert ("Translated by a machine from English through Portuguese" in head) is said


@pytest.mark.parametrize(
    ("ui", "said"),
    [
        ("en", "not official: it may be wrong. It is kept · Through Portuguese · The gist only"),
        ("es", "puede contener errores y se conserva · Pasando por: portugués · Solo a grandes rasgos"),
    ],
)
def test_a_translation_that_gives_the_gist_only_says_so_on_its_page_and_in_its_label(ui: str, said: str) -> None:
    source = SourceSegment(segment=SegmentId("s0"), revision=0)
    through, straight = "b 1 en>pt, apertium-es-pt 1 pt>es", "b 1 en>es"
    seen = snapshot(line(1, language="es", made_from=MadeFrom(sources=(source,), route=straight, rough=True)))
    head = render(seen, channel=ChannelId("mt-es")).partition('class="notice"')[2].partition("</div>")[0]
    assert "Translated by a machine from English: the gist only" in head
    lines = [line(1, language="es", made_from=MadeFrom(sources=(source,), route=through, rough=True))]
    channels = {ChannelId("mt-es"): ReaderChannel(kind=ChannelKind.TRANSLATION, languages=("es",), of_record=True)}
    session = msgspec.structs.replace(seen.session, channels=channels)
    assert label(session, ChannelId("mt-es"), PAGES.catalogues[ui], lines).endswith(said)


def test_rough_lines_say_so_and_the_page_and_its_label_name_their_languages() -> None:
    lines = [line(1, language="ar", rough=True), line(2, language="ru", rough=True, mended=True), line(3)]
    seen = snapshot(*lines)
    html = render(seen)
    assert "many words wrong in these languages: Arabic. Their text is rough" in html
    assert html.count('data-heard-rough="true"') == 2, "that of a person is rough again once it is undone"
    assert html.count('data-rough="true"') == html.count('"source">Written by a machine: rough, not for quoting') == 1
    ui = PAGES.catalogues["es"]
    floor = ChannelId("floor")
    assert label(seen.session, floor, ui, lines).endswith(" · Aproximado, no para citar: árabe")
    assert label_of(seen.session, floor, ui, lines, "").endswith(" · Aproximado, no para citar: árabe")
    assert label_of(seen.session, floor, ui, lines[2:], "") == ""
    assert "rough" not in render(snapshot(line(3))).partition("<main")[2].partition("<script")[0]


def test_a_service_to_which_words_go_is_named_on_the_pages_of_the_meeting() -> None:
    """On that of a translation also by its last line, as at a hub, which knows no more."""
    said = "A service outside translates words of this meeting: some-model@api.example.org"
    route = "bergamot 0.2.0 pt>en, service some-model@api.example.org en>ar"
    made = MadeFrom(sources=(SourceSegment(segment=SegmentId("s0"), revision=0),), route=route)
    assert said in render(snapshot(line(1, language="ar", made_from=made), line(2)), channel=ChannelId("mt-ar"))
    page, lacking = snapshot(line(1)), Lacking(services=("some-model@api.example.org",))
    assert said in render(page, lacking=lacking)
    assert "A service outside" not in render(page)
