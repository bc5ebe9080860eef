"""Which model to take for a language: of those that the machine carries, the one with the fewest errors. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from moothall.core.kernel.languages import WRITTEN_TOGETHER, primary, same_language
from moothall.core.sessions.roughness import rough_above
from moothall_models.choosing.measuring import RoomsCarried
from moothall_models.manifest import Model


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A model that may be chosen."""

    model: Model
    here: bool
    """Whether its files are on this machine."""
    carried: RoomsCarried | None = None
    """What was measured; None: nothing."""
    trouble: str = ""
    """Why it could not be measured; empty when it was, or isn't here."""

    def knows(self, language: str) -> bool:
        """Whether the model knows a language (BCP-47)."""
        return any(same_language(language, own) for own in self.model.languages)

    def errors(self, language: str) -> float | None:
        """Of 100 words of a language how many come out wrong; None: nobody has measured it."""
        return next((wrong for tag, wrong in self.model.errors.items() if same_language(language, tag)), None)

    def carries(self, rooms: int) -> bool:
        """Whether this machine carries so many rooms with it, as far as was measured."""
        return self.carried is not None and self.carried.rooms >= rooms


def said_of(candidate: Candidate, workers: int) -> str:
    """The line of a model that is here: what this machine carries with it."""
    name, carried = candidate.model.name, candidate.carried
    if candidate.trouble:
        return f"{name}: {candidate.trouble}"
    if carried is None:
        return f"{name}: too little speech was heard to tell. Measure again when this machine does less."
    cost = f"1 s of speech takes {carried.share:.2f} s of one core"
    if not carried.rooms:
        return f"{name}: this machine can't keep up with one room. {cost[0].upper()}{cost[1:]}."
    rooms = _rooms(carried.rooms)
    later = f", {carried.late} when text may be some seconds late" if carried.late > carried.rooms else ""
    return f"{name}: {rooms} at a time on {workers} cores{later}. {cost[0].upper()}{cost[1:]}."


def absent(candidates: Sequence[Candidate], languages: Sequence[str]) -> str:
    """The line of models that are not here and know one of the languages, or any; empty when there are none."""
    names = [
        each.model.name
        for each in candidates
        if not each.here and (not languages or any(each.knows(language) for language in languages))
    ]
    if not names:
        return ""
    return (
        f"Not here, so not measured: {', '.join(names)}. `moothall models fetch NAME` gets one; then ask again, since "
        f"larger models carry fewer rooms."
    )


def advise(candidates: Sequence[Candidate], language: str, rooms: int) -> str:
    """What to take for a language when `rooms` rooms are to be heard at a time; some sentences."""
    knowing = [each for each in candidates if each.knows(language)]
    if not knowing:
        return f"{language}: no model of the list knows it. A service may (docs/how-to/other-models.md)."
    able = [each for each in knowing if each.carries(rooms)]
    if not able:
        return f"{language}: {_unable(knowing, language, rooms)}"
    chosen = min(able, key=lambda each: _rank(each, language))
    wrong = chosen.errors(language)
    taken = f"{language}: take {chosen.model.name}, {_carried(chosen)}."
    if wrong is None:
        return f"{taken} How many words come out wrong nobody has measured.{_mends(knowing, chosen, language)}"
    told = f" {_wrong(wrong, language)}"
    if wrong <= rough_above(language):
        return f"{taken}{told}"
    above = f", more than {rough_above(language):.0f}: its text is rough, and not for quoting"
    return f"{taken}{told[:-1]}{above}.{_mends(knowing, chosen, language)}"


def _rank(candidate: Candidate, language: str) -> tuple[bool, float, int]:
    """The fewest errors first; what nobody has measured last, and of that the largest first."""
    wrong = candidate.errors(language)
    return wrong is None, wrong or 0.0, -candidate.model.size


def _mends(knowing: Sequence[Candidate], chosen: Candidate, language: str) -> str:
    """Which other models have few enough errors in a language, or may have; with a leading space."""
    others = [each for each in knowing if each is not chosen]
    good: Mapping[str, float] = {
        each.model.name: wrong
        for each in others
        if (wrong := each.errors(language)) is not None and wrong <= rough_above(language)
    }
    if good:
        named = ", ".join(f"{name} ({wrong:.0f} of 100)" for name, wrong in sorted(good.items(), key=lambda it: it[1]))
        return f" {named} mends that, on a machine that carries it."
    unknown = sorted((each for each in others if each.errors(language) is None), key=lambda each: each.model.size)
    larger = [each.model.name for each in unknown if each.model.size > chosen.model.size]
    if larger:
        return f" {_listed(larger)} may mend that, being larger; nobody has measured it in {language}."
    return " No other model of the list mends that. A service may, or a person who writes."


def _unable(knowing: Sequence[Candidate], language: str, rooms: int) -> str:
    measured = [each for each in knowing if each.carried is not None]
    if not measured:
        return f"no model that knows {language} was measured here."
    most = max(measured, key=lambda each: each.carried.rooms if each.carried is not None else 0)
    return (
        f"this machine doesn't carry {_rooms(rooms)}; the most is {most.model.name}, {_carried(most)}. More cores "
        f"carry more, also those of another machine (docs/how-to/remote-engine.md)."
    )


def _carried(candidate: Candidate) -> str:
    return f"which this machine carries for {_rooms(0 if candidate.carried is None else candidate.carried.rooms)}"


def _rooms(many: int) -> str:
    return {0: "no room", 1: "one room"}.get(many, f"{many} rooms")


def _wrong(wrong: float, language: str) -> str:
    unit = "characters" if primary(language) in WRITTEN_TOGETHER else "words"
    return f"About {wrong:.0f} of 100 {unit} come out wrong."


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
