"""Texts about a meeting on pages of readers, desks and hubs: how a line was translated, the quality of a text, and
which groups take part from far away.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from babel.numbers import format_decimal

from moothall.adapters.pages.catalogues import NO_BREAK, Catalogue
from moothall.core.events.lines import MadeFrom
from moothall.core.hubs.presence import HubNow, HubsPresent
from moothall.core.kernel.languages import WRITTEN_TOGETHER, primary
from moothall.core.sessions.roughness import rough_languages
from moothall.core.translation.routes import languages_of
from moothall.core.views.quality import Quality
from moothall.services.translation.text_translation import Reach

AND = "\u00a0\u00b7 "
"""Between facts in a row: the point stays in the row of what stands before it; as in `web/js/desk/quality.js`."""
HEARD_PERCENT = 2
"""Languages with a smaller share of the words, in per cent, are not named: a word or two were mistaken for that
language.
"""
TURN_MS = 8_000
"""How many ms a wall shows each of several groups; the same as in `web/js/display/with_us.js`."""
LATE_MIN = 120_000
"""Delay of a text from which on it is told in minutes, in ms."""
_SERVICE = re.compile(r"(?:^|, )service (\S+) ")


def services_of(route: str) -> tuple[str, ...]:
    """The services on somebody else's machines over which a route leads, as `model@host`."""
    return tuple(_SERVICE.findall(route))


def made_text(made: MadeFrom, ui: Catalogue) -> str:
    """The sentence about a line's translation: from which language and through which others, and whether it gives the
    gist only.
    """
    return route_text(made.route, ui, rough=made.rough)


def route_text(route: str, ui: Catalogue, *, rough: bool) -> str:
    """The sentence of `made_text` for any text that was translated by that route."""
    first, *through = [ui.language_name(tag) for tag in languages_of(route)] or [""]
    hops = {"language": first, "through": ui.listed(through)}
    if rough:
        return ui.named("reader/made.rough-through" if through else "reader/made.rough", **hops)
    return ui.named("reader/made.through" if through else "reader/made", **hops)


def reach_part(reach: Reach, ui: Catalogue) -> dict[str, object]:
    """The values of the template macro `translation`: whether a translator is connected, its directions, and the
    missing languages.
    """

    def named(source: str, target: str) -> str:
        name = ui.language_name(target)
        return ui.named("control/rough", language=name) if target in reach.rough.get(source, ()) else name

    return {
        "nobody": "" if reach.connected else ui.named("control/translatorless"),
        "ways": [
            ui.named(
                "control/into",
                language=ui.language_name(source),
                others=ui.listed([named(source, target) for target in others]),
            )
            for source, others in reach.ways.items()
        ],
        "missing": reach.missing,
    }


def recognition_lines(errors: Mapping[str, Mapping[str, float]], ui: Catalogue) -> list[str]:
    """For each model, of 100 words how many come out wrong in which language (`Recognising.errors`), and in which its
    text is rough.
    """

    def named(tag: str, wrong: float) -> str:
        name = f"{ui.language_name(tag)}{NO_BREAK}{wrong:.0f}"
        return ui.text("{language} (characters)", language=name) if primary(tag) in WRITTEN_TOGETHER else name

    found = []
    for model, of_model in sorted(errors.items()):
        name = alone(model)
        measured = ui.listed([named(*each) for each in _by_name(of_model, ui)])
        found.append(
            ui.text(
                "With {model} about so many of 100 words come out wrong, in clean recordings: {languages}.",
                model=name,
                languages=measured,
            )
        )
        if rough := rough_languages(of_model):
            found.append(
                ui.text(
                    "With {model} the text is rough in these languages, and not for quoting: {languages}. Only a "
                    "person makes a record of it: somebody who captions the meeting, or who checks the text.",
                    model=name,
                    languages=ui.listed(sorted(map(ui.language_name, rough), key=str.casefold)),
                )
            )
    return found


def rough_text(tags: Sequence[str], ui: Catalogue) -> list[str]:
    """The sentence, in a few words, that text in these languages is rough; none where there is none."""
    named = ui.listed(map(ui.language_name, tags))
    return [ui.named("display/rough", languages=named)] if tags else []


def _by_name(errors: Mapping[str, float], ui: Catalogue) -> list[tuple[str, float]]:
    return sorted(errors.items(), key=lambda each: ui.language_name(each[0]).casefold())


def quality_line(quality: Quality | None, ui: Catalogue, *, staff: bool = False) -> str:
    """The line about the quality of a text; empty without figures. `staff`: whether it includes what the machine
    corrected by itself.
    """
    if quality is None:
        return ""
    facts = []
    if quality.delay is not None:
        seconds = {"half": _seconds(quality.delay.p50, ui), "most": _seconds(quality.delay.p95, ui)}
        facts.append(ui.named("staff/quality.delay", **seconds))
    if quality.gaps:
        facts.append(ui.named("staff/quality.gaps", n=quality.gaps))
    lines, corrected = quality.lines, quality.corrected
    people = "corrected" if corrected.by_person else "uncorrected"
    facts.append(ui.named(f"staff/quality.{people}", n=_percent(corrected.by_person, lines)))
    if staff and corrected.by_machine:
        facts.append(ui.named("staff/quality.by-machine", n=_percent(corrected.by_machine, lines)))
    facts.append(ui.named("staff/quality.rate", n=quality.words_a_minute))
    heard = [tag for tag, n in quality.languages.items() if 100 * n >= HEARD_PERCENT * quality.words]
    facts.append(ui.listed(map(ui.language_name, heard)))
    return AND.join(facts)


def delay_told(ms: int) -> tuple[str, int]:
    """A delay as it is told (`delayOf` in web/js/lib/standing.js): the end of the name of its text, and the number."""
    return ("", (ms + 500) // 1000) if ms < LATE_MIN else ("-min", (ms + 30_000) // 60_000)


def _seconds(ms: int, ui: Catalogue) -> str:
    """Tenths of a second, rounded up, since the sentence says *within*."""
    return str(format_decimal(-(-ms // 100) / 10, "0.0", locale=ui.locale))


def _percent(some: int, of: int) -> int:
    """A whole percentage; at least 1 unless `some` is 0."""
    return max(min(some, 1), (200 * some + of) // (2 * of))


def group_name(hub: str, titles: Mapping[str, str], ui: Catalogue) -> str:
    """A group's name; for a hub below another with the name of the hub above. `titles` are keyed by the hubs' dotted
    paths.
    """
    above, _, own = hub.rpartition(".")
    name = alone(titles.get(hub) or own)
    return ui.named("desk/hub.way", name=name, above=group_name(above, titles, ui)) if above else name


def took_part(hubs: HubsPresent, ui: Catalogue) -> str:
    """The groups that have taken part, each with the largest head count; empty when there are none."""
    titles = {name: each.title for name, each in hubs.items()}
    named = [_with_people(group_name(hub, titles, ui), each.most, ui) for hub, each in hubs.items()]
    return ui.text("Groups that take part: {names}", names=AND.join(named)) if named else ""


def with_us(hubs: HubsPresent, ui: Catalogue, wall: int) -> str:
    """The wall's text about one of the groups that are present, chosen by `wall` (Unix ms); empty when none is."""
    here = [each for each in hubs.values() if each.here]
    return _is_with_us(here[wall // TURN_MS % len(here)], ui) if here else ""


def _is_with_us(each: HubNow, ui: Catalogue) -> str:
    name = alone(each.title)
    if not each.people:
        return ui.named("wall/with-us", name=name)
    return ui.named("wall/with-us.people", name=name, people=_people(each.people, ui))


def _with_people(name: str, people: int, ui: Catalogue) -> str:
    return f"{name} ({_people(people, ui)})" if people else name


def _people(people: int, ui: Catalogue) -> str:
    return ui.counted("{n} person", people)


def alone(name: str) -> str:
    """Isolate a name inside a sentence, so that its writing direction doesn't affect the sentence (U+2068, U+2069)."""
    return f"\u2068{name}\u2069"
