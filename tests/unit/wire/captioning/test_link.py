from __future__ import annotations

from hashlib import sha256

from moothall.wire.captioning.link import (
    MOST_POST,
    MOST_UNSENT,
    Begin,
    Characters,
    PostAnswer,
    Unsent,
    answered,
    begun,
    broken,
    left,
    mark,
    next_post,
    typed,
)


def test_deletes_take_away_what_waits_and_else_are_sent() -> None:
    assert typed(Unsent(), "a\fb\x08\x08\x08c\x08").waiting == "\x08"


def test_posts_are_bounded_and_one_waits_for_its_answer() -> None:
    unsent, none = begun(typed(Unsent(), "x" * (MOST_POST + 1)), Begin(seq=7))
    assert none is None
    unsent, post = next_post(unsent)
    assert post == Characters(seq=8, text="x" * MOST_POST)
    assert next_post(unsent) == (unsent, None)
    assert answered(unsent, PostAnswer(seq=7)) == unsent
    assert unsent.size == MOST_POST + 1
    unsent = answered(unsent, PostAnswer(seq=8))
    assert unsent.size == 1
    assert typed(unsent, "y" * MOST_UNSENT).full
    assert next_post(broken(unsent))[1] is None


def test_a_server_that_has_forgotten_the_numbers_gets_the_post_with_the_next() -> None:
    posted = Unsent(posted=Characters(seq=3, text="a"), seq=3)
    ours = mark(3, sha256(b"a").digest())
    assert begun(posted, Begin(seq=3, taken=(ours,)))[1] is None
    assert begun(posted, Begin(seq=9, taken=(ours, mark(9, b"of another"))))[1] is None
    assert begun(posted, Begin(seq=3, taken=(mark(3, b"of another"),)))[1] == Characters(seq=4, text="a")
    assert begun(posted, Begin(seq=2))[1] == Characters(seq=3, text="a")
    assert begun(posted, Begin(seq=9))[1] == Characters(seq=10, text="a")


def test_to_a_restarted_server_the_bridge_says_to_what_its_deletes_belong() -> None:
    unsent, _ = begun(typed(Unsent(), "One\nTwpp"), Begin(seq=0))
    unsent = answered(next_post(unsent)[0], PostAnswer(seq=1))
    unsent = answered(next_post(typed(unsent, "\x08"))[0], PostAnswer(seq=2))
    assert unsent.accepted == "One\nTwp"
    same, _ = begun(broken(typed(unsent, "\x08o")), Begin(seq=2))
    assert next_post(same)[1] == Characters(seq=3, text="\x08o")
    anew, _ = begun(broken(typed(unsent, "\x08o")), Begin(seq=0))
    anew, post = next_post(anew)
    assert post == Characters(seq=1, text="\x08o", behind="One\nTwp")
    again, sent = begun(broken(anew), Begin(seq=0))
    assert sent == post, "its answer was lost"
    assert next_post(typed(answered(again, PostAnswer(seq=1)), "\x08x"))[1] == Characters(seq=2, text="\x08x")
    plain, _ = begun(broken(typed(unsent, "more")), Begin(seq=0))
    assert next_post(plain)[1] == Characters(seq=1, text="more")
    assert answered(again, PostAnswer(seq=1, kept=False, sentence="A break.")).accepted == ""


def test_what_is_left_reads_as_it_was_typed() -> None:
    assert left(typed(Unsent(posted=Characters(seq=1, text="\x08One tw")), "\x08wo. \x08")) == "One two."
    assert left(Unsent()) == ""
