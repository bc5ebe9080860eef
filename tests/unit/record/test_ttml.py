from __future__ import annotations

import re
from xml.etree.ElementTree import Element

import msgspec
import pytest

from moothall.core.kernel.ids import ChannelId
from moothall.record.cues import cues_of
from moothall.record.ttml import write_ttml
from moothall.record.wording import Options
from support.record.golden import ARABIC, CHAIR, NAMES, PARTS, golden_records
from support.record.trees import TT, TTM, TTS, XML, said, tree
from support.sessions.record_maker import FLOOR, WORDING, Telling, meeting


def captions(root: Element) -> list[Element]:
    return list(root.iter(f"{TT}p"))


def written(channel: ChannelId = FLOOR, **options: bool) -> Element:
    return tree(write_ttml(golden_records()[channel], WORDING, Options(**options)))


def test_a_file_of_two_lines() -> None:
    told = Telling("A --> B")
    told.spoken("Is 3 < 5 & 7 > 2?", 3_599_000, name='Ms. Añez & "<co>"')
    told.line("شكرا.", 3_700_000, 3_701_000, language="ar")
    text = write_ttml(told.record(), WORDING, Options())
    assert text[text.index("<metadata>") : text.index("<styling>")] == (
        "<metadata>\n<ttm:title>A --&gt; B</ttm:title>\n"
        "<ttm:desc>24 November 2025 · As spoken · The meeting goes on, up to 1:01:41.</ttm:desc>\n"
        "<ttm:desc>Written by a machine.</ttm:desc>\n<ttm:desc>State: k3j9x2:10</ttm:desc>\n"
        '<ttm:agent xml:id="speaker-1" type="person"><ttm:name type="full">Ms. Añez &amp; &quot;&lt;co&gt;&quot;'
        "</ttm:name></ttm:agent>\n</metadata>\n"
    )
    assert text[text.index("<body") :] == (
        '<body region="bottom" style="rows">\n<div>\n'
        '<p xml:id="line-floor-1-4" begin="00:59:59.000" end="01:00:02.100" ttm:agent="speaker-1">'
        '<span style="boxes">Ms. Añez &amp; &quot;&lt;co&gt;&quot;: Is 3 &lt; 5 &amp; 7 &gt; 2?</span></p>\n'
        '<p xml:id="line-floor-1-8" begin="01:01:40.000" end="01:01:41.000" xml:lang="ar" tts:direction="rtl">'
        '<span style="boxes">\u2068Speaker not named\u2069: شكرا.</span></p>\n'
        '<p xml:id="notice-0" begin="01:01:41.000" end="01:01:42.776" ttm:role="x-notice">'
        '<span style="boxes">[The meeting goes on, up to 1:01:41.]</span></p>\n'
        "</div>\n</body>\n</tt>\n"
    )


@pytest.mark.parametrize("channel", PARTS)
def test_it_has_the_cues_of_webvtt(channel: ChannelId) -> None:
    found = captions(written(channel))
    cues = cues_of(golden_records()[channel], WORDING, Options())
    assert [said(each).replace("\ufffd", "") for each in found] == [
        re.sub("[\ufffe\uffff]", "", "\n".join(cue.lines)) for cue in cues
    ]
    names = [each.get(f"{XML}id", "") for each in found]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][A-Za-z0-9_.-]*", name) for name in names)


def test_every_speaker_is_an_agent() -> None:
    root = written()
    agents = {each.get(f"{XML}id"): each.findtext(f"{TTM}name") for each in root.iter(f"{TTM}agent")}
    assert set(agents.values()) >= set(NAMES)
    first = captions(root)[0]
    assert agents[first.get(f"{TTM}agent")] == CHAIR
    assert not list(written(speakers=False).iter(f"{TTM}agent"))


def test_a_text_from_right_to_left_says_so() -> None:
    root = written(ARABIC)
    assert root.get(f"{XML}lang") == "ar"
    assert {each.get(f"{TTS}direction") for each in captions(root) if each.get(f"{TTM}role") is None} == {"rtl"}
    assert {each.get(f"{XML}lang") for each in captions(root) if each.get(f"{TTM}role")} == {"en"}


def test_sources_stand_with_their_lines() -> None:
    sources = [each.findtext(f"{TT}metadata/{TTM}desc") for each in captions(written(sources=True))]
    assert "Written by a machine · Mended by a person" in sources
    assert None in sources  # a notice
    assert not any(list(each.iter(f"{TTM}desc")) for each in captions(written()))


def test_a_machines_translation_says_so_in_a_caption() -> None:
    wording = msgspec.structs.replace(WORDING, label="Translated by a machine")
    told = meeting().record()
    captions_of = captions(tree(write_ttml(told, wording, Options())))
    assert said(captions_of[-1]) == "[Translated by a machine]"  # The first words come too early for it.
    assert captions_of[-1].get(f"{XML}id") == "notice-label"
    assert captions_of[-1].get(f"{TTM}role") == "x-notice"


def test_a_language_that_is_no_tag_is_undetermined() -> None:
    told = Telling(languages=("x>y",))
    told.line("Hm.", 0, 900, language="x>y")
    root = tree(write_ttml(told.record(), WORDING, Options()))
    assert root.get(f"{XML}lang") == ""
    assert captions(root)[0].get(f"{XML}lang") == "und"
