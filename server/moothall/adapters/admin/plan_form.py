"""The form of a meeting's plan: its fields, their parsing, and conflicts where two people changed the same field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from moothall.adapters.admin.request import AdminProblem
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.admin.view import when
from moothall.adapters.pages.catalogues import Catalogue
from moothall.core.events.types import Access, SoundKept, VoiceUse
from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.kernel.errors import ProgrammeError
from moothall.core.kernel.times import Zone
from moothall.core.programme.changes import MeetingPlan
from moothall.core.programme.plan import RoomId
from moothall.core.programme.times import moment
from moothall.core.sessions.who_speaks import VoicesMeasured, voice_uses, within
from moothall.services.programme.meeting_plan import Differing
from moothall.services.programme.programme import Programme

LONGEST_TITLE = 500
LONGEST_BASE = 20_000
"""The most characters of `base`, the plan from which a form was made."""
FORM_TIME = "%Y-%m-%dT%H:%M"
"""The format of `<input type=datetime-local>`, in the time zone that the page names."""
SOUND = (SoundKept.UNTIL_CHECKED, SoundKept.NONE, SoundKept.PUBLISHED)
"""What may be kept of the sound, in the order of the list."""


class VoiceChoice(StrEnum):
    """What a choice has measured of voices, by its name in the list."""

    BOTH = "both"
    CHANGES = "changes"
    NAMES = "names"
    NONE = "none"


_VOICES = {
    VoicesMeasured(changes=True, learnt=True): VoiceChoice.BOTH,
    VoicesMeasured(changes=True): VoiceChoice.CHANGES,
    VoicesMeasured(learnt=True): VoiceChoice.NAMES,
    VoicesMeasured(): VoiceChoice.NONE,
}


def plan_fields(plan: MeetingPlan, zone: Zone, ui: Catalogue) -> dict[str, str]:
    """The initial values of the form's fields; `base` holds the plan from which the form is made, as JSON."""
    return {
        "title": plan.title,
        "languages": ", ".join(ui.language_name(tag) for tag in plan.languages),
        "starts": form_time(plan.starts, zone),
        "ends": form_time(plan.ends, zone),
        "place": plan.room or "",
        "access": plan.access.value,
        "sound": plan.sound.value,
        "voice_use": plan.voice_use.value,
        "base": msgspec.json.encode(plan).decode(),
    }


def form_time(at: int | None, zone: Zone) -> str:
    """A time (Unix ms) in the format of a field; empty for None."""
    return "" if at is None else zone.at(at).strftime(FORM_TIME)


def base_of(given: Mapping[str, str], now: MeetingPlan) -> MeetingPlan:
    """The plan from which a form was made; `now` where the form doesn't hold it. Raises AdminProblem where it can't be
    read.
    """
    text = given.get("base", "")
    if not text:
        return now
    try:
        return read_json(text[:LONGEST_BASE], MeetingPlan)
    except Unreadable as error:
        raise AdminProblem(400, AdminText.FORM) from error


def wanted_plan(given: Mapping[str, str], base: MeetingPlan, languages: Sequence[str], zone: Zone) -> MeetingPlan | str:
    """The plan that a form asks for, or the key of a sentence that says what is wrong. `languages`: parsed from the
    form.

    A field that is missing has its value in `base`. Raises AdminProblem for a choice that isn't offered.
    """
    title = " ".join(given.get("title", base.title).split())
    if not 0 < len(title) <= LONGEST_TITLE:
        return AdminText.TITLE
    starts, ends = (time_of(given, name, getattr(base, name), zone) for name in ("starts", "ends"))
    if isinstance(starts, str) or isinstance(ends, str):
        return AdminText.TIMES
    try:
        access, sound = Access(given.get("access", base.access)), SoundKept(given.get("sound", base.sound))
        voice_use = VoiceUse(given.get("voice_use", base.voice_use))
    except ValueError as error:
        raise AdminProblem(400, AdminText.CONFLICT) from error
    return MeetingPlan(
        title=title,
        languages=tuple(languages),
        room=RoomId(given.get("place", base.room or "")) or None,
        starts=starts,
        ends=ends,
        access=access,
        sound=sound,
        voice_use=voice_use,
    )


def time_of(given: Mapping[str, str], name: str, before: int | None, zone: Zone) -> int | str | None:
    """A field's time in Unix ms, None where the field is empty; the key of a sentence where it is no time.

    An unchanged field keeps the exact time `before`: its seconds, and which of the two equal hours it is when clocks go
    back.
    """
    if name not in given:
        return before
    text = given[name].strip()[:30]
    if text == form_time(before, zone):
        return before
    try:
        return moment(text, zone.rules, name) if text else None
    except ProgrammeError:
        return AdminText.TIMES


def choices(
    programme: Programme, ui: Catalogue, voices: VoicesMeasured, now: VoiceUse = VoiceUse.ALLOWED
) -> dict[str, list[dict[str, str]]]:
    """The options of the form's lists. `voices`: what the house allows; `now`: what the session has chosen."""
    measured = [(use, _VOICES[each]) for use, each in voice_uses(voices, now).items()]
    return {
        "voice_use": [{"value": use.value, "name": ui.named(f"admin/voices.{name}")} for use, name in measured],
        "access": [{"value": each.value, "name": ui.named(f"admin/access.{each}")} for each in Access],
        "sound": [{"value": each.value, "name": ui.named(f"admin/sound.{each}")} for each in SOUND],
        "places": [{"value": room.id, "name": room.title} for room in programme.rooms()],
    }


def losses(now: MeetingPlan, wanted: MeetingPlan) -> dict[str, str]:
    """What readers or the recording of a meeting that is on would lose by a change, by a name for the form: sentences
    to be confirmed.
    """
    narrower = list(Access).index(wanted.access) > list(Access).index(now.access)
    found = dict[str, str]()
    if narrower:
        found[f"access:{wanted.access}"] = (
            AdminText.CUTS_TO_LINK if wanted.access is Access.LINK else AdminText.CUTS_TO_STAFF
        )
    if wanted.sound is SoundKept.NONE is not now.sound:
        found["sound:none"] = AdminText.ERASES_SOUND
    return found


def saved_by_others(
    found: Differing | None, programme: Programme, ui: Catalogue, voices: VoicesMeasured
) -> dict[str, str]:
    """What somebody else has saved in the meantime, by the names of the form's fields; empty strings where nothing
    differs.
    """
    said = dict.fromkeys(("title", "languages", "place", "starts", "ends", "access", "sound", "voice_use"), "")
    if found is None:
        return said
    now, zone = found.now, programme.zone()
    room = None if now.room is None else programme.room(now.room)
    values = {
        "title": ("title", now.title),
        "languages": ("languages", ", ".join(ui.language_name(tag) for tag in now.languages)),
        "room": ("place", "" if room is None else room.title),
        "starts": ("starts", when(now.starts, None, ui, zone)),
        "ends": ("ends", when(now.ends, None, ui, zone)),
        "access": ("access", ui.named(f"admin/access.{now.access}")),
        "sound": ("sound", ui.named(f"admin/sound.{now.sound}")),
        "voice_use": ("voice_use", ui.named(f"admin/voices.{_VOICES[within(voices, now.voice_use)]}")),
    }
    return said | {field: text or "\N{EN DASH}" for field, text in (values[name] for name in found.fields)}
