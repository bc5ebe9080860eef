from __future__ import annotations

from moothall.core.programme.agenda import AgendaPart, Block, WrittenPart, blocks, written


def test_paragraphs_and_lists_are_told_apart() -> None:
    text = "One line\nand its next.\n\nTopics:\n- Access\n* Rights\n•  Power \n\n- Alone\nBehind it\n\n\n-no item\n- \n"
    assert blocks(text) == (
        Block(("One line and its next.",)),
        Block(("Topics:",)),
        Block(("Access", "Rights", "Power"), is_list=True),
        Block(("Alone",), is_list=True),
        Block(("Behind it",)),
        Block(("-no item -",)),
    )
    assert blocks(" \n\n ") == ()


def test_a_part_is_read_in_ones_language_else_in_the_first_that_has_it() -> None:
    texts = {"en": {AgendaPart.THEME: "Water"}, "fr": {AgendaPart.THEME: "Eau", AgendaPart.TOPICS: "Prix"}}
    order = ("ar", "en", "fr")
    assert written(texts, AgendaPart.THEME, "fr", order) == WrittenPart("fr", "Eau")
    assert written(texts, AgendaPart.THEME, "es", order) == WrittenPart("en", "Water")
    assert written(texts, AgendaPart.TOPICS, "en", order) == WrittenPart("fr", "Prix")
    assert written(texts, AgendaPart.EMERGING, "en", order) is None
