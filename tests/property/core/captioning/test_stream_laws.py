"""Laws of text streams: readers have what a plain buffer with backspaces has, however the input is cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.captioning.stream import DELETES, Amend, Commit, Operation, Stream, StreamDraft, take, tick
from moothall.core.kernel.visible import visible

SIGNS = st.sampled_from(
    [*"ab ab ", "\x08", "\x7f", "\r", "\n", ".", "。", "」", "?", "\f", "\x1b", "Dr. ", "é", "mmmm "]
)
texts = st.lists(SIGNS, max_size=60).map("".join)
LAST = 10**9


class Readers:
    """What readers have been shown."""

    def __init__(self) -> None:
        self.lines: dict[int, str] = {}
        self.draft = ""

    def show(self, operations: tuple[Operation, ...]) -> None:
        for each in operations:
            match each:
                case Commit():
                    assert each.number not in self.lines
                    assert each.text
                    self.lines[each.number] = each.text
                case Amend():
                    assert self.lines[each.number] == each.before != each.text
                    self.lines[each.number] = each.text
                case StreamDraft():
                    assert not each.text or each.number not in self.lines
                    self.draft = each.text

    @property
    def whole(self) -> list[str]:
        return [text for _, text in sorted(self.lines.items()) if text]


def plain_buffer(text: str) -> str:
    buffer = ""
    for sign in text:
        if sign in DELETES:
            buffer = buffer[:-1]
        elif sign not in "\f\x1b":
            buffer += sign
    return buffer


def words(text: str) -> str:
    return "".join(visible(text).split())


@given(texts, st.data())
def test_readers_have_what_a_plain_buffer_has_however_the_input_is_cut(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    stream, readers = Stream(), Readers()
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        stream, operations = take(stream, text[start:end], 0)
        readers.show(operations)
        assert stream.buffer == plain_buffer(text[:end])
    uncut, seen = take(Stream(), text, 0)
    at_once = Readers()
    at_once.show(seen)
    assert uncut.buffer == stream.buffer
    assert [piece.raw for piece in uncut.lines] == [piece.raw for piece in stream.lines]
    for each, shown in ((stream, readers), (uncut, at_once)):
        ended, operations = tick(each, LAST)
        shown.show(operations)
        assert words("".join(shown.whole)) == words(plain_buffer(text))
        assert shown.draft == ""
        assert shown.whole == [piece.text for piece in ended.lines if piece.text]
        assert ended.due is None
    assert readers.whole == at_once.whole


@given(st.lists(st.tuples(texts, st.sampled_from([0, 300, 1_000, 5_000])), max_size=8))
def test_time_divides_lines_otherwise_and_changes_no_word(story: list[tuple[str, int]]) -> None:
    stream, readers, now, whole = Stream(), Readers(), 0, ""
    for text, later in story:
        stream, operations = take(stream, text, now)
        readers.show(operations)
        whole += text
        now += later
        while (due := stream.due) is not None and due <= now:
            stream, operations = tick(stream, due)
            readers.show(operations)
        assert stream.buffer == plain_buffer(whole)
        assert readers.draft == ("" if stream.tail.shown is not None else stream.tail.text)
    _, operations = tick(stream, LAST)
    readers.show(operations)
    assert words("".join(readers.whole)) == words(plain_buffer(whole))
