"""The texts of what people may say of themselves. The keys are the English texts (`web/locales`, balance.po)."""

from __future__ import annotations

from moothall.core.questions.statements import YES, Dimension, Gender, Group, Region

ASKS = {
    Dimension.GROUP: "Stakeholder group",
    Dimension.REGION: "Regional group of the United Nations",
    Dimension.GENDER: "Gender",
    Dimension.FIRST: "It is my first time at this meeting",
    Dimension.YOUNG: "I am a young person",
    Dimension.DISABILITY: "I am a person with a disability",
}
"""What is asked, or what is ticked."""
CELLS: dict[Dimension, dict[str, str]] = {
    Dimension.GROUP: {
        Group.GOVERNMENT: "Government",
        Group.PARLIAMENT: "Parliament",
        Group.INTERGOVERNMENTAL: "Intergovernmental",
        Group.CIVIL_SOCIETY: "Civil society",
        Group.BUSINESS: "Business",
        Group.TECHNICAL: "Technical community",
        Group.ACADEMIA: "Academia",
        Group.MEDIA: "Media",
    },
    Dimension.REGION: {
        Region.AFRICA: "African States",
        Region.ASIA_PACIFIC: "Asia-Pacific States",
        Region.EASTERN_EUROPE: "Eastern European States",
        Region.LATIN_AMERICA: "Latin American and Caribbean States",
        Region.WESTERN_EUROPE: "Western European and other States",
        Region.OTHER: "Another region",
    },
    Dimension.GENDER: {Gender.WOMAN: "Woman", Gender.MAN: "Man", Gender.OTHER: "Another gender"},
    Dimension.FIRST: {YES: "First time here"},
    Dimension.YOUNG: {YES: "Youth"},
    Dimension.DISABILITY: {YES: "People with a disability"},
}
"""What may be said, as it is chosen and as it stands in the tables."""
TABLES = {
    Dimension.GROUP: "By stakeholder group",
    Dimension.REGION: "By region",
    Dimension.GENDER: "By gender",
    Dimension.FIRST: "First time or not",
    Dimension.YOUNG: "Youth",
    Dimension.DISABILITY: "People with a disability",
}
NOT_SAID = "Not said"

BALANCE_TEXTS = {
    **{f"heard.{dimension.value}": key for dimension, key in TABLES.items()},
    **{f"heard.{dimension.value}.{cell}": key for dimension, cells in CELLS.items() for cell, key in cells.items()},
    "heard.places": "By place",
    "heard.people": "People",
    "heard.received": "Asked",
    "heard.taken": "Had their turn",
    "heard.turns": "Turns",
    "heard.answered": "Answered",
    "heard.spoken": "Speaking time",
    "heard.wait": "Waited",
    "heard.not-said": NOT_SAID,
    "heard.hidden": "Not shown",
    "unheard": "{place}: {waiting} waiting, none had their turn for {minutes} min",
}
"""What the pages on which questions are brought on say of who is heard, by the scripts' names for it."""
