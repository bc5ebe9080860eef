from __future__ import annotations

import json

from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.core.reports.drafting import LONGEST, LONGEST_LINE, MOST_SENTENCES, drafting_request, read_draft
from moothall.core.reports.quotable import QuotableLine

TEXTS = ("We want lower prices in schools.", "The ministry can't pay for it.", "x" * (LONGEST_LINE + 5))
LINES = tuple(
    QuotableLine(segment=SegmentId(f"l{n}"), text=text, language="en", channel=ChannelId("floor"))
    for n, text in enumerate(TEXTS, 1)
)


def answer(*rows: str) -> bytes:
    return json.dumps({"choices": [{"message": {"content": "\n".join(rows)}, "finish_reason": "stop"}]}).encode()


def drafted(*rows: str) -> list[tuple[str, list[str]]]:
    return [(each.text, [line.segment for line in each.lines]) for each in read_draft(answer(*rows), LINES)]


def test_the_request_has_the_numbered_lines_and_no_more_of_one_than_the_limit() -> None:
    body = json.loads(drafting_request("m", LINES))
    assert (body["model"], body["temperature"], body["stream"]) == ("m", 0, False)
    assert body["messages"][0]["role"] == "system"
    assert body["messages"][1]["content"].splitlines() == [
        f"[1] {TEXTS[0]}",
        f"[2] {TEXTS[1]}",
        f"[3] {'x' * LONGEST_LINE}",
    ]


def test_sentences_are_kept_whose_words_are_in_a_line_that_they_name() -> None:
    assert drafted(
        "Here is the draft:",
        "- [1] Speakers asked for “lower prices”.",
        "[2, 1]  All heard that “the ministry can't pay”,  and want “lower prices”.",
        "[1] Speakers asked for “lower prices”.",
    ) == [
        ("Speakers asked for “lower prices”.", ["l1"]),
        ("All heard that “the ministry can't pay”, and want “lower prices”.", ["l1", "l2"]),
    ]


def test_what_quotes_nothing_or_wrongly_is_dropped() -> None:
    assert (
        drafted(
            "[1] Speakers want lower prices.",
            "[1] Speakers asked for “higher prices”.",
            "[1] They heard that “the ministry can't pay”.",
            "[2] They heard that the ministry can't “pay for it”.",
            "[0] “lower prices”",
            "[4] “lower prices”",
            "[1] “lower prices” " + "x" * LONGEST,
            "“lower prices”",
        )
        == []
    )


def test_no_more_sentences_are_kept_than_the_limit() -> None:
    assert len(drafted(*(f"[1] No. {n}: “lower prices”" for n in range(MOST_SENTENCES + 3)))) == MOST_SENTENCES


def test_what_is_no_chat_completion_has_no_sentences() -> None:
    for wrong in (b"", b"<html>", b"{}", b'{"choices": []}', b'{"choices": [{"message": {"content": null}}]}'):
        assert read_draft(wrong, LINES) == ()
