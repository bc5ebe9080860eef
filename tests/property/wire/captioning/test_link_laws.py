"""Laws of the caption bridge: in the end the server has what was typed, however often the connection breaks."""

from __future__ import annotations

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.captioning.stream import Stream, take
from moothall.wire.captioning.link import Begin, PostAnswer, Unsent, answered, begun, broken, mark, next_post, typed

PIECES = st.text(alphabet="ab \x08\f", max_size=6)
WHAT = st.sampled_from(["post", "lost", "unheard", "restarted", "later", "another", "unheard, another"])


@given(st.lists(st.tuples(PIECES, WHAT), max_size=20))
def test_nothing_comes_twice_and_nothing_is_left_out(story: list[tuple[str, str]]) -> None:
    """`another`: another program of the same link posts meanwhile, under the bridge's next numbers."""
    unsent, server, taken = Unsent(), Stream(), 0
    seen: list[str] = []
    whole = ""
    for text, what in [*story, ("", "post"), ("", "post"), ("", "post")]:
        unsent = typed(unsent, text)
        whole += text
        if not unsent.known:
            unsent, again = begun(unsent, Begin(seq=taken, taken=tuple(seen)))
        else:
            again = None
        if again is None:
            unsent, again = next_post(unsent)
        if what == "another":
            taken += 1
            seen.append(mark(taken, b"of another"))
        if again is None:
            continue
        if what == "lost":
            unsent = broken(unsent)
            continue
        if what == "later":
            unsent = answered(unsent, PostAnswer(seq=again.seq, kept=False, again=True))
            assert unsent.posted == again
            unsent = broken(unsent)
            continue
        if again.seq <= taken:  # The server ends the line.
            unsent = broken(unsent)
            continue
        server, _ = take(server, again.text, 0)
        taken = again.seq
        seen.append(mark(taken, sha256(again.body).digest()))
        if what.startswith("unheard"):
            unsent = broken(unsent)
            if what != "unheard":
                taken += 1
                seen.append(mark(taken, b"of another"))
            continue
        unsent = answered(unsent, PostAnswer(seq=again.seq))
        if what == "restarted":
            unsent, taken, seen = broken(unsent), 0, []
    if unsent.known:
        unsent, post = next_post(unsent)
        if post is not None:
            server, _ = take(server, post.text, 0)
    assert server.buffer == take(Stream(), whole, 0)[0].buffer
