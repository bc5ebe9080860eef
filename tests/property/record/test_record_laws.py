"""Whatever is said, the files can be read, and reading returns what was said."""

from __future__ import annotations

import re
import unicodedata
from html.parser import HTMLParser

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from moothall.record.akn import write_akn
from moothall.record.cues import RIGHT_TO_LEFT_MARK, stamp
from moothall.record.epub import write_epub
from moothall.record.html import write_html
from moothall.record.json import Document, write_json
from moothall.record.model import Record
from moothall.record.subtitles import write_srt, write_vtt
from moothall.record.text import write_text
from moothall.record.ttml import write_ttml
from moothall.record.wording import Options
from moothall.record.wrapping import LINE, captions, lines, pieces, width
from support.record.trees import AKN, TT, XHTML, said, tree
from support.sessions.caption_readers import Shown, read_srt, read_vtt
from support.sessions.record_maker import HOSTILE, WORDING, records

OPTIONS = st.builds(Options, speakers=st.booleans(), times=st.booleans(), sources=st.booleans(), marks=st.booleans())
FEWER = settings(max_examples=min(100, settings().max_examples))
"""Each example is a whole record."""
LOOKALIKES = str.maketrans("‹›｛｝＼∶\uffff", "<>{}\\:\ufffd")  # noqa: RUF001  # as it is written


def letters(text: str) -> str:
    """A text without its spaces, which a break in a line may take away."""
    return "".join(each for each in text if not each.isspace())


def said_in(cues: list[Shown]) -> dict[str, str]:
    """What the cues of each line say together."""
    said: dict[str, str] = {}
    for cue in cues:
        if not cue.id.startswith("notice:"):
            line = cue.id.partition("/")[0]
            said[line] = said.get(line, "") + letters("".join(cue.lines))
    return said


@given(records(), OPTIONS)
@FEWER
def test_webvtt_can_be_read_and_says_what_was_said(record: Record, options: Options) -> None:
    cues = read_vtt(write_vtt(record, WORDING, options))
    assert all(len(cue.lines) <= 2 and max(map(width, cue.lines)) <= LINE for cue in cues)
    said = said_in(cues)
    assert said.keys() == {line.segment for line in record.lines}
    for line in record.lines:
        # What stands before it is the name of the speaker.
        found, wanted = said[line.segment], letters(line.text).replace("\uffff", "\ufffd")
        if options.marks:
            found, wanted = (text.replace(RIGHT_TO_LEFT_MARK, "") for text in (found, wanted))
        assert found.endswith(wanted)
        assert options.speakers or found == wanted
    assert all(not cue.voice for cue in cues) or options.speakers


@given(records(), OPTIONS)
@FEWER
def test_subrip_can_be_read_and_says_the_same(record: Record, options: Options) -> None:
    cues = read_srt(write_srt(record, WORDING, options))
    same = read_vtt(write_vtt(record, WORDING, options))
    assert [(cue.t0, cue.t1) for cue in cues] == [(cue.t0, cue.t1) for cue in same]
    # A text may hold the look-alikes themselves.
    shown = [tuple(line.translate(LOOKALIKES) for line in cue.lines) for cue in cues]
    said = [tuple(line.translate(LOOKALIKES) for line in cue.lines) for cue in same]
    assert [mine[-len(yours) :] for mine, yours in zip(shown, said, strict=True)] == said
    above = {mine[: -len(yours)] for mine, yours in zip(shown, said, strict=True)} - {()}
    assert above <= ({(f"({WORDING.source(line)})",) for line in record.lines} if options.sources else set())


@given(records(), OPTIONS)
@FEWER
def test_plain_text_has_each_line_in_order(record: Record, options: Options) -> None:
    text = write_text(record, WORDING, options)
    assert not any(unicodedata.category(each) == "Cc" for each in text.replace("\n", ""))
    rows = iter(text.split("\n"))
    for line in record.lines:
        assert any(row == line.text or row.endswith(f"] {line.text}") for row in rows), line.text


@given(records(), OPTIONS)
@FEWER
def test_json_is_the_document(record: Record, options: Options) -> None:
    read = msgspec.json.decode(write_json(record, WORDING, options), type=Document)
    assert [(line.id, line.text) for line in read.lines] == [(line.segment, line.text) for line in record.lines]
    assert read.position == record.position


class _Reading(HTMLParser):
    """What an HTML file holds of lines, and whether its elements close as they open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.lines: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self._line = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        given = dict(attrs)
        assert not any(name.startswith("on") or name in ("src", "style", "srcdoc") for name in given)
        self.ids += [name for name in [given.get("id")] if name]
        if tag in ("meta", "input"):
            return
        self.open.append(tag)
        self._line = tag == "p" and "dir" in given
        if self._line:
            self.lines.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self._line = False

    def handle_data(self, data: str) -> None:
        if self._line:
            self.lines[-1] += data


@given(records(), OPTIONS)
@FEWER
def test_html_holds_each_line_and_no_markup_but_its_own(record: Record, options: Options) -> None:
    read = _Reading()
    read.feed(write_html(record, WORDING, options, "body { color: red }"))
    read.close()
    assert read.open == []
    assert read.lines == [line.text for line in record.lines]
    assert read.tags <= {
        "html", "head", "meta", "title", "style", "body", "a", "header", "h1", "h2", "h3", "bdi", "p", "label", "input",
        "nav", "ol", "li", "main", "section", "div", "footer",
    }  # fmt: skip
    assert len(read.ids) == len(set(read.ids))


REPLACED = re.compile("[\ud800-\udfff\ufffe\uffff]")


def replaced(text: str) -> str:
    """A text as XML can hold it."""
    return REPLACED.sub("\ufffd", text)


@given(records(), OPTIONS)
@FEWER
def test_ttml_is_well_formed_and_has_the_cues_of_webvtt(record: Record, options: Options) -> None:
    found = list(tree(write_ttml(record, WORDING, options)).iter(f"{TT}p"))
    cues = read_vtt(write_vtt(record, WORDING, options))
    assert [said(each) for each in found] == [replaced("\n".join(cue.lines)) for cue in cues]
    assert [(each.get("begin"), each.get("end")) for each in found] == [
        (stamp(cue.t0, "."), stamp(cue.t1, ".")) for cue in cues
    ]


@given(records(), OPTIONS)
@FEWER
def test_a_debate_is_well_formed_and_has_each_line(record: Record, options: Options) -> None:
    found = [each for each in tree(write_akn(record, WORDING, options)).iter(f"{AKN}p") if each.get("wId")]
    assert [(each.get("wId"), each.text) for each in found] == [
        (f"line-{line.segment}", replaced(line.text) + " " * options.sources) for line in record.lines
    ]


@given(records(), OPTIONS)
@FEWER
def test_the_pages_of_a_book_are_well_formed_and_have_each_line(record: Record, options: Options) -> None:
    files = write_epub(record, WORDING, options)
    pages = {name: tree(text) for name, text in files.items() if text.startswith("<?xml")}
    assert len(pages) == len(files) - 2
    lines = [
        each.text
        for page in pages.values()
        for block in page.iter(f"{XHTML}div")
        for each in block.iter(f"{XHTML}p")
        if each.get("dir")
    ]
    assert lines == [replaced(line.text) for line in record.lines]


@given(HOSTILE)
def test_pieces_joined_are_the_text_and_fit_in_a_line(text: str) -> None:
    text = " ".join(text.split(" ")).strip(" ")
    found = pieces(text)
    assert "".join(found) == text
    assert all(width(piece.rstrip(" ")) <= LINE for piece in found)
    spans = captions(found, lambda first, last: last - first < 30)
    assert [first for first, _ in spans] == [0, *(last for _, last in spans)][: len(spans)]
    assert [last for _, last in spans][-1:] == [len(found)][: len(spans)]
    for first, last in spans:
        assert 0 < last - first < 30
        rows = lines(found[first:last])
        assert 1 <= len(rows) <= 2
        assert " ".join(rows).replace(" ", "") == "".join(found[first:last]).replace(" ", "")
        assert all(width(row) <= LINE for row in rows)
