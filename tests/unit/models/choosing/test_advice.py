from __future__ import annotations

from moothall_models.choosing.advice import Candidate, absent, advise, said_of
from moothall_models.choosing.measuring import RoomsCarried
from moothall_models.manifest import FolderSource, Model, ModelFile, Task


def model(name: str, size: int, languages: tuple[str, ...] = ("en", "ar", "zh"), **errors: float) -> Model:
    return Model(
        name=name,
        task=Task.RECOGNISE,
        languages=languages,
        licence="MIT",
        errors=dict(errors),
        files=(ModelFile(name="model.bin", size=size, sha256="0" * 64),),
        sources=(FolderSource(path="/srv"),),
    )


def carried(rooms: int, late: int | None = None) -> RoomsCarried:
    return RoomsCarried(rooms=rooms, late=2 * rooms if late is None else late, speech_ms=60_000, ran_ms=9_000)


def here(each: Model, rooms: int) -> Candidate:
    return Candidate(model=each, here=True, carried=carried(rooms))


def away(each: Model) -> Candidate:
    return Candidate(model=each, here=False)


BASE = here(model("base", 150, ar=41.7, en=8.8, zh=12.9), 4)
TINY = here(model("tiny", 75, ("en",), en=10.8), 9)
SMALL = away(model("small", 480))


def test_what_a_model_carries_is_said() -> None:
    assert said_of(BASE, 2) == (
        "base: 4 rooms at a time on 2 cores, 8 when text may be some seconds late. "
        "1 s of speech takes 0.15 s of one core."
    )
    one = Candidate(model=BASE.model, here=True, carried=carried(1, 1))
    assert said_of(one, 1) == "base: one room at a time on 1 cores. 1 s of speech takes 0.15 s of one core."
    assert "can't keep up with one room. 1 s of speech takes 0.15 s" in said_of(here(BASE.model, 0), 2)
    assert said_of(Candidate(model=BASE.model, here=True, trouble="It is damaged."), 2) == "base: It is damaged."
    assert "too little speech was heard" in said_of(Candidate(model=BASE.model, here=True), 2)


def test_the_model_with_the_fewest_errors_that_carries_the_rooms_is_taken() -> None:
    both = (TINY, BASE, SMALL)
    assert advise(both, "en", 1) == (
        "en: take base, which this machine carries for 4 rooms. About 9 of 100 words come out wrong."
    )
    assert advise(both, "en", 6).startswith("en: take tiny, which this machine carries for 9 rooms. About 11 of 100")
    assert advise(both, "en-GB", 1).startswith("en-GB: take base")
    assert "About 13 of 100 characters come out wrong." in advise(both, "zh", 1)


def test_a_language_with_many_errors_is_called_rough_and_what_mends_it_is_named() -> None:
    said = advise((BASE, TINY, SMALL), "ar", 1)
    assert "About 42 of 100 words come out wrong, more than 20: its text is rough, and not for quoting." in said
    assert said.endswith("small may mend that, being larger; nobody has measured it in ar.")
    good = away(model("large", 1_600, ar=12.0))
    better = away(model("larger", 3_000, ar=9.0))
    assert "larger (9 of 100), large (12 of 100) mends that" in advise((BASE, good, better), "ar", 1)
    two = advise((BASE, SMALL, away(model("turbo", 1_600))), "ar", 1)
    assert "small and turbo may mend that" in two
    assert advise((BASE, TINY), "ar", 1).endswith("A service may, or a person who writes.")


def test_what_nobody_has_measured_is_said_so_and_comes_last() -> None:
    unknown = here(model("ours", 900), 3)
    assert advise((unknown, BASE), "ar", 1).startswith("ar: take base")
    said = advise((unknown, TINY), "ar", 1)
    assert said.startswith(
        "ar: take ours, which this machine carries for 3 rooms. How many words come out wrong nobody"
    )


def test_where_nothing_can_be_taken_it_is_said_why() -> None:
    assert advise((BASE, TINY), "sw", 1).startswith("sw: no model of the list knows it.")
    assert "doesn't carry 12 rooms; the most is tiny, which this machine carries for 9 rooms." in advise(
        (BASE, TINY), "en", 12
    )
    assert "no model that knows ar was measured here" in advise((SMALL, TINY), "ar", 1)
    assert "the most is base, which this machine carries for no room" in advise((here(BASE.model, 0),), "ar", 1)


def test_what_is_not_here_is_named_where_it_knows_the_language() -> None:
    assert absent((BASE, TINY, SMALL), ("ar",)).startswith("Not here, so not measured: small. `moothall models fetch")
    assert absent((BASE, SMALL), ()).startswith("Not here, so not measured: small.")
    assert absent((BASE, SMALL), ("sw",)) == ""
    assert absent((BASE, TINY), ("ar",)) == ""
