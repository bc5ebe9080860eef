"""Finds where the machine's words continue after a person's: how many of the recognised words the person had written
already.

Whoever writes what is said word for word leaves an end that stands in the recognised text too. It is searched by
letters only, since a person and a recogniser differ in case, punctuation and spaces, and decides at once.

Whoever writes in words of their own leaves words out and replaces others, and a recogniser mishears some. There all of
what is known is weighed for each place at which the person's words may end: which words both texts have, in the best
alignment of whole words (Smith and Waterman, Identification of common molecular subsequences, 1981), also with the
parts of the last sentence the other way round; whether a sentence or a pause ends there, as a sentence that a person
wrote stands for a sentence that was said; and how long after it was said the person's last line was complete. Words of
which nothing was written cost a place points, names and numbers more, so that the machine rather says something in its
own words once more than that nobody has read it. Behind the last common word one sentence may end, and no name or
number stands that nobody has written: what nothing was written of is not left out. Of places that are nearly as good
the first is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from operator import itemgetter

from moothall.core.captioning.control_tokens import Join
from moothall.core.captioning.sentences import CLOSERS, MARKS
from moothall.core.events.lines import Word
from moothall.core.kernel.letters import letters

LENGTHS = (48, 32, 20)
"""How many letters of the end of the written text are searched, the most reliable number first. Fewer are searched only
where no more were written."""
SHORTEST = 8
"""Fewer letters than this are not reliable."""
MOST_TOKENS = 24
"""How many words of the end of the written text are aligned."""
HEAVIEST = 6
"""A word that both texts have counts ten points for each of its letters, up to so many."""
LITTLE = 4
"""Words of so many letters count as those of three, since most of them stand in any text."""
LEAST_ALIKE = 4
"""Words of which the first letters are the same, so many at least and half of the longer word, are forms of one word
(`question`, `questions`)."""
MISHEARD = 5
"""Longer words that differ in one place only, by no more than each fifth of their letters, are one word, misheard or
mistyped."""
UNHEARD = 10
"""The cost of a written word that was not heard, in points."""
UNWRITTEN = 5
"""The cost of a heard word that was not written; less, since whoever writes in other words leaves much out."""
UNWRITTEN_NAME = 20
"""The same of a name or a number, which is rather said twice than not at all. Names are words with a capital letter
within a sentence."""
OTHER = 12
"""The cost of a heard word in whose place another one was written; more than `UNHEARD`, since nobody can tell whether
the recogniser missed the last word that was written."""
TURNED = 40
"""The cost of the last sentence in another order."""
EARLIER = 3
"""The cost of a heard word in front of the written text."""
AT_END = 20
"""Points for the end of a heard sentence where the written text ends with one."""
AT_PAUSE = 10
"""Points for a comma or a pause there."""
PAUSE_MS = 300
"""From this length on a silence between two words is a pause, in ms."""
NEARLY = 8
"""Places with so many points less than the best are nearly as good: less than the shortest word counts."""
SPREAD_MS = 2_000
"""How far lines are commonly from the usual delay, in ms."""
TOO_LATE = 5
"""The cost of a place that was said so much later than the usual delay says; a quarter of it at half of that, and as
much again for each further half."""
TOO_EARLY = 2
"""The same of one that was said earlier; less, since behind it words are said again, and behind one that is too late
they are lost."""
BREATHS = tuple(",;:،؛、，")  # noqa: RUF001
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\uabff\uf900-\ufaff\U00020000-\U0003ffff"
"""Letters of writing without spaces between words."""
_TOKEN = re.compile(rf"[{_UNSPACED}]\W*|[^{_UNSPACED}]+")  # What is no letter or digit is a mark here.


def continued(join: Join, heard: Sequence[Word], *, more: bool = False) -> int | None:
    """How many of the words `heard` are already in the text that is joined; None where that isn't known yet.

    Words from `join.t` on were said after that text was sent, such as after a break: they count as written only where
    its end was heard letter by letter. `more`: further words follow, of which some may have been said before that.
    """
    count = _exact(join.typed, [word.text for word in heard])
    if count is not None or more:
        return count
    within = sum(1 for _ in takewhile(lambda word: word.t0 < join.t, heard))
    count = _begun(join.typed, [word.text for word in heard[:within]])
    return _likeliest(join, heard, within) if count is None else count


def _exact(typed: str, heard: Sequence[str]) -> int | None:
    """How many of the words `heard` are already in `typed`, where the end of it was heard letter by letter; else None.

    Of several such ends the first is taken, so that no word after it is lost. A word counts as written if at least half
    of its letters come before the end.
    """
    tail = letters(typed)
    words = [letters(word) for word in heard]
    text = "".join(words)
    for length in sorted({min(length, len(tail)) for length in LENGTHS}, reverse=True):
        at = text.find(tail[-length:])
        if length >= SHORTEST and at >= 0:
            return _words_before(words, at + length)
    return None


def _begun(typed: str, heard: Sequence[str]) -> int | None:
    """How many of the words `heard` are already in `typed`, where they begin within its last words; else None."""
    tail, text, found = letters(typed), "", None
    for count, word in enumerate(heard, 1):
        text += letters(word)
        if len(text) >= SHORTEST and tail.endswith(text):
            found = count
    return found


def _words_before(words: Sequence[str], end: int) -> int:
    """How many words come before letter number `end`, with at least half of their letters."""
    at, count = 0, 0
    for n, word in enumerate(words, 1):
        if word and at + len(word) <= 2 * end - at:
            count = n
        elif word:
            break
        at += len(word)
    return count


def _likeliest(join: Join, heard: Sequence[Word], within: int) -> int:
    """How many of the first `within` words `heard` are most likely already in the text, by its words, sentences and
    time.
    """
    ours = list(_tokens(join.typed))
    theirs = [(n, token) for n, word in enumerate(heard[:within], 1) for token in _tokens(word.text)]
    counts = [0, *(count for count, _ in theirs)]
    alike = {word: [_alike(word, token) for _, token in theirs] for word in ours[-MOST_TOKENS:]}
    known = {*ours, *(token for at, (_, token) in enumerate(theirs) if any(row[at] for row in alike.values()))}
    new = [token not in known and _names(heard, count) for count, token in theirs]
    costs = [UNWRITTEN_NAME if each else UNWRITTEN for each in new]
    sentence = _ends_with(join.typed, MARKS)
    common = _alignments([alike[word] for word in ours[-MOST_TOKENS:]], costs)
    for turned in _turned(join.typed, ours) if sentence else ():
        other = _alignments([alike[word] for word in turned], costs)
        common = [max(one, (points - TURNED, last)) for one, (points, last) in zip(common, other, strict=True)]
    places = list[tuple[int, int, int]]()
    for at, (count, (points, last)) in enumerate(zip(counts, common, strict=True)):
        ends = any(_ended(heard, word) for word in range(max(1, counts[last]), count))
        if not ends and not any(new[last:at]):
            end = heard[count - 1].t1 if count else heard[0].t0 if heard else join.said
            ending = _ending(heard, count, sentence=sentence)
            places.append((points + ending - _off(end - join.said), ending, count))
    most, ending, _ = max(places, key=itemgetter(0))
    return next(count for points, its, count in places if points >= most - NEARLY and its >= ending)


def _turned(typed: str, ours: Sequence[str]) -> Iterator[Sequence[str]]:
    """The end of the written words `ours` of a text with the parts of its last sentence the other way round, for each
    place between two of them.
    """
    *before, last = typed.split()
    count = len(list(_tokens(" ".join([*takewhile(lambda word: not _ends_with(word, MARKS), reversed(before)), last]))))
    if count <= MOST_TOKENS:
        for cut in range(1, count):
            yield [*ours[:-count], *ours[cut - count :], *ours[-count : cut - count]][-MOST_TOKENS:]


def _names(heard: Sequence[Word], count: int) -> bool:
    """Whether the last of so many heard words is a number, or a name by its capital letter within a sentence."""
    text = heard[count - 1].text.strip()
    within = count > 1 and not _ends_with(heard[count - 2].text, MARKS)
    return letters(text).isdecimal() or (within and len(text) > 1 and text[0].isupper())


def _ended(heard: Sequence[Word], count: int) -> bool:
    """Whether a sentence ends behind so many heard words, by its mark or a pause."""
    return _ends_with(heard[count - 1].text, MARKS) or _pauses(heard, count)


def _pauses(heard: Sequence[Word], count: int) -> bool:
    """Whether there is a pause behind so many heard words."""
    return 0 < count < len(heard) and heard[count].t0 - heard[count - 1].t1 >= PAUSE_MS


def _ending(heard: Sequence[Word], count: int, *, sentence: bool) -> int:
    """The points of the place behind so many heard words as an end of a sentence."""
    last = heard[count - 1].text if count else ""
    if not sentence:
        return 0
    if _ends_with(last, MARKS):
        return AT_END
    return AT_PAUSE if _ends_with(last, BREATHS) or _pauses(heard, count) else 0


def _ends_with(text: str, marks: tuple[str, ...]) -> bool:
    """Whether a text ends with one of the marks, also in quotation marks or brackets."""
    return text.rstrip().rstrip(CLOSERS).endswith(marks)


def _off(late: int) -> int:
    """The cost of a place that was said so many ms later than the usual delay says, or earlier."""
    off = abs(late)
    cost = off * off if off < SPREAD_MS else (2 * off - SPREAD_MS) * SPREAD_MS
    return (TOO_LATE if late > 0 else TOO_EARLY) * cost // SPREAD_MS**2


def _tokens(text: str) -> Iterator[str]:
    """The words of a text as they are compared; in writing without spaces its letters, and numbers and foreign words
    between them.
    """
    for word in text.split():
        yield from _TOKEN.findall(letters(word))


def _alignments(alike: Sequence[Sequence[int]], costs: Sequence[int]) -> list[tuple[int, int]]:
    """For each number of heard words, from none on, the points of the best alignment of the end of the written words
    with the end of so many, and how many of them end with the last common one.

    `alike`: for each written word the points of each heard one; `costs`: those of the heard ones as unwritten.
    """
    row = [(-EARLIER * n, 0) for n in range(len(costs) + 1)]
    for points in alike:
        before, row = row, [(0, 0)]
        for n, ((above, at), (diagonal, across)) in enumerate(zip(before[1:], before, strict=False)):
            both = (diagonal + points[n], n + 1) if points[n] else (diagonal - max(OTHER, costs[n]), across)
            row.append(max((above - UNHEARD, at), (row[-1][0] - costs[n], row[-1][1]), both))
    return row


def _alike(word: str, other: str) -> int:
    """The points of two words as the same one; 0 where they are different ones."""
    shorter, longer = sorted((len(word), len(other)))
    if word == other:
        return 10 * min(shorter - (shorter == LITTLE), HEAVIEST)
    same = next((n for n in range(shorter) if word[n] != other[n]), shorter)
    if same >= LEAST_ALIKE and 2 * same >= longer:
        return 10 * (min(same, HEAVIEST) - 1)
    alike = same + next((n for n in range(shorter - same) if word[-1 - n] != other[-1 - n]), shorter - same)
    near = shorter > LEAST_ALIKE and word[-1] == other[-1] and (longer - alike) * MISHEARD <= longer
    return 10 * (LEAST_ALIKE - 1) if near else 0
