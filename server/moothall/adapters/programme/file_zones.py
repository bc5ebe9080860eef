"""Time zones as a calendar file names them: names of IANA or of Windows, or zones that the file defines (VTIMEZONE)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from io import StringIO

from icalendar import Component
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from moothall.adapters.programme.recurrence import is_rule_of_days
from moothall.core.kernel.errors import ProgrammeError
from moothall.core.programme.times import YEARS, Zones, zone_of

MOST_DEFINITIONS = 20
"""The most zones of a file that are built from their definitions."""
MOST_PARTS = 200
"""The most clock changes, with or without a rule, in one definition."""


class FileZones:
    """The time zones that a file names."""

    def __init__(self, definitions: Iterable[Component], zones: Zones) -> None:
        """`definitions`: the file's VTIMEZONE components; `zones` finds a zone by its IANA name."""
        self._definitions = {str(each["TZID"]): each for each in definitions if "TZID" in each}
        self._zones = zones
        self._built: dict[str, tzinfo] = {}

    def find(self, name: str, where: str = "") -> tuple[str, tzinfo]:
        """Return the IANA name of a zone, and the zone; the name is empty when only the file defines the zone.

        IANA's rules take precedence over a definition in the file, which often holds those of a single year. Raises
        ProgrammeError, whose sentence begins with `where`.
        """
        for known in (name, WINDOWS_TO_OLSON.get(name, "")):
            zone = self._zones(known) if known else None
            if zone is not None:
                return known, zone
        if name not in self._definitions:
            return name, zone_of(name, self._zones, where)
        if name not in self._built:
            if len(self._built) == MOST_DEFINITIONS:
                raise ProgrammeError(f"The file uses more than {MOST_DEFINITIONS} time zones that it defines itself.")
            self._built[name] = _built(self._definitions[name], name)
        return "", self._built[name]


def _built(definition: Component, name: str) -> tzinfo:
    from dateutil.tz import tzical

    parts = definition.subcomponents
    rules = [each["RRULE"] for each in parts if "RRULE" in each]
    try:
        if len(parts) > MOST_PARTS or not all(map(is_rule_of_days, rules)):
            raise ValueError
        zone: tzinfo | None = tzical(StringIO(definition.to_ical().decode())).get()
        if zone is None or datetime(YEARS[0], 1, 1, tzinfo=UTC).astimezone(zone).utcoffset() is None:
            raise ValueError
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        msg = f"The time zone '{name[:60]}' that the file defines can't be read; name one as Africa/Nairobi."
        raise ProgrammeError(msg) from error
    return zone
