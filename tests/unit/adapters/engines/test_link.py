from __future__ import annotations

from moothall.adapters.engines.link import EngineTokens, Holder

OWN, BIG, WORDS = Holder("child", own=True, translates=True), Holder("big"), Holder("words", translates=True)


class Link:
    """One that was let in."""

    def __init__(self, token: str, holder: Holder) -> None:
        self.token = token
        self.holder = holder
        self.cut_off = False

    def cut(self) -> None:
        self.cut_off = True


def test_links_are_cut_whose_token_is_gone_or_is_for_something_else() -> None:
    tokens = EngineTokens("own", OWN, {"a": BIG, "b": WORDS})
    assert tokens() == {"own": OWN, "a": BIG, "b": WORDS}
    links = [Link("own", OWN), Link("a", BIG), Link("b", WORDS), Link("c", BIG)]
    tokens.admitted.update(links)
    tokens.change({"a": BIG, "b": Holder("words"), "own": BIG})
    assert tokens()["own"] == OWN
    assert [each.cut_off for each in links] == [False, False, True, True]
