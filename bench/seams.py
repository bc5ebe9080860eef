#!/usr/bin/env python3
"""Where the machine continues after captioners: words that are missing, stand twice, or are said again otherwise.

    .venv/bin/python bench/seams.py [--lag 4] [--seed 0] [--show | --held-out]

Each line of what was written is once the last one before the machine is put on air. The lines are paired by hand with
what was said (`bench/seams/*.txt`), or made of the sample session: word for word, or in the other words of
`on_air.py --paraphrase`, in lines of 6 to 11 words that end anywhere. A line is sent `--lag` seconds after its last
word, give or take one, and the pace of the whole text differs by up to another. The machine hears from 9 s before that.
The sample session's words are those that whisper-base heard live; those of the other texts are made: 5 % of the
words are others, 2 % are missing, and every fifth sentence has no end. `--held-out`: instead those texts in which
nobody looks for what is wrong.

Counted by seam, without little words: *missing* is a word that neither text has, *twice* one that the captioner had
written and the machine writes again, *again* one that the captioner had said in other words and the machine says too.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple

# The code shared with the tests is no package, so its folder has to be on the path before the next imports.
sys.path.extend(str(Path(__file__).resolve().parents[1] / name) for name in ("server", "hubs", "models", "tests"))

from moothall.core.captioning.control_tokens import BACK_MS, TAIL, Join
from moothall.core.captioning.seam import continued
from moothall.core.events.lines import Word
from moothall.core.kernel.letters import letters
from on_air import in_other_words
from scoring import markdown

FOLDER = Path(__file__).with_name("seams")
BEHIND_MS = 12_000
"""How much of what follows is looked at."""
PAUSES_MS = {",": 100, ":": 300, ".": 500, "?": 500, "!": 500}
LOOKED_AT, HELD_OUT = ("workshop", "atelier"), ("council", "hearing", "coop", "senate")
LITTLE = frozenset(letters(word) for word in (FOLDER / "little.txt").read_text(encoding="utf-8").split())
"""Words without which a text says the same, of the three languages."""


class Pair(NamedTuple):
    """What was said, and what a captioner wrote of it."""

    said: str
    written: str


class Seam(NamedTuple):
    """The end of what was written, what the machine hears there, and how many of these words were written of."""

    lines: Sequence[str]
    heard: Sequence[Word]
    covered: int
    sent: int


class Found(NamedTuple):
    """The words that are wrong at a seam."""

    missing: Sequence[str]
    twice: Sequence[str]
    again: Sequence[str]


def pairs_of(name: str) -> list[Pair]:
    """Return the pairs of a file."""
    rows = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [Pair(*row.split(" | ")) for row in rows if " | " in row]


def sample_heard() -> list[Word]:
    """Return the sample session as it was heard."""
    rows = (FOLDER / "heard.txt").read_text(encoding="utf-8").splitlines()[1:]
    return [Word(f" {text}", int(t0), int(t1)) for t0, t1, text in (row.split(" ") for row in rows)]


def made(pairs: Sequence[Pair], chance: random.Random) -> list[Word]:
    """Return words as they might be heard of pairs that nobody has spoken."""
    said, t, found = [word for pair in pairs for word in pair.said.split()], 1_000, list[Word]()
    for word in said:
        end = t + round((55 * len(word) + 130) * chance.uniform(0.85, 1.2))
        luck, text = chance.random(), word
        if luck < 0.07:
            text = chance.choice(said).rstrip(".,?!:") + (word[-1] if word[-1] in PAUSES_MS else "")
        if text[-1] in ".?!" and chance.random() < 0.2:
            text = text[:-1] + chance.choice([",", ""])
        if luck >= 0.02 and letters(text):
            found.append(Word(f" {text}", t, end))
        t = end + round(PAUSES_MS.get(word[-1], 0) * chance.uniform(0.6, 1.4))
    return found


def cut(pairs: Sequence[Pair], chance: random.Random, *, paraphrase: bool) -> list[Pair]:
    """Return the same in lines that end anywhere, written word for word or in other words."""
    said, found = [word for pair in pairs for word in pair.said.split()], list[Pair]()
    while said:
        line, said = said[: (many := chance.randint(6, 11))], said[many:]
        plain = [word.strip(".,?!:").lower() for word in line]
        found.append(Pair(" ".join(line), " ".join(in_other_words(plain) if paraphrase else line)))
    return found


def ends(pairs: Sequence[Pair], heard: Sequence[Word]) -> list[int]:
    """Return how many of the heard words lie before the end of each pair."""
    said = [(n, letters(word)) for n, pair in enumerate(pairs) for word in pair.said.split() if letters(word)]
    same = SequenceMatcher(None, [word for _, word in said], [letters(word.text) for word in heard], autojunk=False)
    there = {block.a + n: block.b + n for block in same.get_matching_blocks() for n in range(block.size)}
    found = list[int]()
    for number in range(len(pairs)):
        last = max(at for at, (n, _) in enumerate(said) if n == number)
        before = max((at for at in there if at <= last), default=-1)
        after = min((at for at in there if at > last), default=len(said))
        begin, end = there.get(before, -1), there.get(after, len(heard))
        found.append(begin + 1 + round((end - begin - 1) * (last - before) / max(1, after - before - 1)))
    return found


def seams(pairs: Sequence[Pair], heard: Sequence[Word], lag: float, chance: random.Random) -> Iterator[Seam]:
    """Return the seams behind each line but the first."""
    pace, sent = chance.uniform(-1, 1), 0
    for number, end in enumerate(ends(pairs, heard)):
        late = min(8.0, max(1.2, chance.gauss(lag + pace, 1.0)))
        sent = max(sent + 400, heard[max(0, end - 1)].t1 + round(1_000 * late))
        near = [n for n, word in enumerate(heard) if sent - BACK_MS <= word.t0 and word.t1 <= sent + BEHIND_MS]
        if number and near and near[-1] >= end:
            lines = [pair.written for pair in pairs[: number + 1]]
            yield Seam(lines, [heard[n] for n in near], max(0, end - near[0]), sent)


def continues(seam: Seam) -> int:
    """Return how many words the machine leaves out; its words come one by one."""
    join = Join(" ".join(seam.lines)[-TAIL:], seam.sent)
    for n, word in enumerate(seam.heard, 1):
        more = n < len(seam.heard) and word.t1 < seam.sent
        count = continued(join, seam.heard[:n], more=more)
        if count is not None:
            return count
    raise AssertionError


def judged(seam: Seam, count: int) -> Found:
    """Return what is wrong with a place."""
    words = [letters(word.text) for word in seam.heard]
    written = {letters(word) for line in seam.lines[-2:] for word in line.replace("-", " ").split()}
    again = [word for word in words[count : seam.covered] if word not in LITTLE]
    missing = [word for word in words[seam.covered : count] if word not in LITTLE]
    return Found(missing, [word for word in again if word in written], [word for word in again if word not in written])


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--lag", type=float, default=4.0, help="seconds by which lines are late")
    parser.add_argument("--seed", type=int, default=0)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--show", action="store_true", help="print each seam with a word missing or twice")
    which.add_argument("--held-out", action="store_true", help="the texts in which nobody looks for what is wrong")
    given = parser.parse_args()
    chance = random.Random(given.seed)  # noqa: S311  # a simulation
    sets = list[tuple[str, list[Pair], list[Word]]]()
    if not given.held_out:
        sample, heard = pairs_of("sample.txt"), sample_heard()
        sets += [("sample session, by hand", sample, heard)]
        sets += [("the same, lines cut anywhere", cut(sample, chance, paraphrase=True), heard) for _ in range(3)]
        sets += [("the same, word for word", cut(sample, chance, paraphrase=False), heard) for _ in range(3)]
    for name in HELD_OUT if given.held_out else LOOKED_AT:
        pairs = pairs_of(f"{name}.txt")
        sets.append((f"{name}, by hand", pairs, made(pairs, chance)))
        exact = cut(pairs, chance, paraphrase=False)
        sets.append((f"{name}, word for word", exact, made(exact, chance)))
    counts = dict[str, list[int]]()
    for name, pairs, words in sets:
        row = counts.setdefault(name, [0] * 7)
        for seam in seams(pairs, words, given.lag, chance):
            found = judged(seam, count := continues(seam))
            row[0] += 1
            row[1] += bool(found.missing or found.twice)
            for at, each in enumerate(found, 2):
                row[at] += len(each)
            row[5] += bool(found.again)
            row[6] += not any(found)
            if given.show and (found.missing or found.twice):
                marked = [
                    f"{word.text}{'|' * (n == seam.covered)}{'*' * (n == count)}"
                    for n, word in enumerate(seam.heard, 1)
                ]
                print(f"{name}: {' / '.join(seam.lines[-2:])[-90:]}\n   {''.join(marked)[:220]}\n   {found}")
    head = ["text", "seams", "wrong", "words missing", "twice", "again", "seams with these", "right in all"]
    print(markdown(head, [[name, *map(str, row)] for name, row in counts.items()]))


if __name__ == "__main__":
    main()
