"""Laws of the caption bridge: what the server has at the end is what was typed, however often the line breaks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.captioning.stream import Stream, take
from moothall.wire.captioning.link import Answer, Begin, Unsent, answered, begun, broken, next_post, typed

PIECES = st.text(alphabet="ab \x08\f", max_size=6)


@given(st.lists(st.tuples(PIECES, st.sampled_from(["post", "lost", "unheard", "restarted", "later"])), max_size=20))
def test_nothing_comes_twice_and_nothing_is_left_out(story: list[tuple[str, str]]) -> None:
    unsent, server, taken = Unsent(), Stream(), 0
    whole = ""
    for text, what in [*story, ("", "post"), ("", "post")]:
        unsent = typed(unsent, text)
        whole += text
        if not unsent.known:
            unsent, again = begun(unsent, Begin(seq=taken))
        else:
            again = None
        if again is None:
            unsent, again = next_post(unsent)
        if again is None:
            continue
        if what == "lost":
            unsent = broken(unsent)
            continue
        if what == "later":
            unsent = answered(unsent, Answer(seq=again.seq, kept=False, again=True))
            assert unsent.posted == again
            unsent = broken(unsent)
            continue
        assert again.seq > taken
        server, _ = take(server, again.text, 0)
        taken = again.seq
        if what == "unheard":
            unsent = broken(unsent)
            continue
        unsent = answered(unsent, Answer(seq=again.seq))
        if what == "restarted":
            unsent, taken = broken(unsent), 0
    if unsent.known:
        unsent, post = next_post(unsent)
        if post is not None:
            server, _ = take(server, post.text, 0)
    assert server.buffer == take(Stream(), whole, 0)[0].buffer
