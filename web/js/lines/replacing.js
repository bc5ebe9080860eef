// Replaces a wrong word in all lines: whole words only, and the case of the first letter is kept. Pure.

const MOST = 50; // commands in one act at most
const FEW = 4; // words at most that count as one name
const MOST_BYTES = 40000; // of all texts in one act, in UTF-8: a message holds 64 KiB
// These scripts write no spaces between words: their letters beside a word don't belong to it.
const UNSPACED = '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}';
const LETTER = `(?![${UNSPACED}])[\\p{L}\\p{N}\\p{M}_]`;

/** A text as a pattern that matches just it. @param {string} text */
const escaped = (text) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** The first letter of a word, the rest of it, and the first letter in the other case. @param {string} word */
function cases(word) {
  const [first] = word;
  const [lower, upper] = [first.toLowerCase(), first.toUpperCase()];
  return { first, rest: word.slice(first.length), other: first === lower ? upper : lower };
}

/**
 * A function that replaces the word `from` in a text; without that word it returns the same text. An empty `to` deletes
 * the word.
 * @param {string} from  @param {string} to  @returns {(text: string) => string}
 */
export function replacer(from, to) {
  const word = from.trim();
  if (!word) return (text) => text;
  const { first, rest, other } = cases(word);
  const starts = [...new Set([first, other])].map(escaped).join('|');
  const begins = new RegExp(`^${LETTER}`, 'u').test(word) ? `(?<!${LETTER})` : '';
  const last = [...word].at(-1) ?? '';
  const ends = new RegExp(`^${LETTER}`, 'u').test(last) ? `(?!${LETTER}|['’](?!s(?!${LETTER}))\\p{L})` : '';
  const becomes = to.trim();
  const wanted = new RegExp(`${becomes ? '' : '\\s?'}${begins}(?:${starts})${escaped(rest)}${ends}`, 'gu');
  return (text) => text.replace(wanted, (found) => {
    if (!becomes || found.startsWith(first)) return becomes;
    const [initial] = becomes;
    return (/^\p{Lu}/u.test(found) ? initial.toUpperCase() : initial.toLowerCase()) + becomes.slice(initial.length);
  });
}

/**
 * The change between two texts in whole words: `from` became `to`. Null for no change, an insertion, or more than FEW
 * words.
 * @param {string} before  @param {string} after
 */
export function changedWords(before, after) {
  const [old, fresh] = [before, after].map((text) => text.split(/\s+/).filter(Boolean));
  let head = 0;
  while (head < old.length && head < fresh.length && old[head] === fresh[head]) head += 1;
  let tail = 0;
  while (tail < old.length - head && tail < fresh.length - head && old[old.length - 1 - tail] === fresh[fresh.length - 1 - tail]) tail += 1;
  const [from, to] = [old, fresh].map((words) => words.slice(head, words.length - tail));
  if (!from.length || Math.max(from.length, to.length) > FEW) return null;
  const bare = (/** @type {string[]} */ words) => words.join(' ').replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
  return bare(from) ? { from: bare(from), to: bare(to) } : null;
}

/**
 * The lines in which a word would be replaced. `rows`: lines with their new texts, as many as one act takes; `more`:
 * how many are left for the next act; `held`: how many are left out because somebody is correcting them.
 * @param {DeskLine[]} lines  finished lines  @param {string} from  @param {string} to  @param {Set<string>} busy
 */
export function replacements(lines, from, to, busy) {
  /** @type {{line: DeskLine, text: string}[]} */
  const rows = [];
  let bytes = 0, more = 0, held = 0;
  const replaced = replacer(from, to);
  for (const line of lines) {
    const text = replaced(line.text);
    if (text === line.text) continue;
    if (busy.has(line.segment)) {
      held += 1;
      continue;
    }
    bytes += new TextEncoder().encode(text).length;
    if (more || rows.length >= MOST || bytes > MOST_BYTES) more += 1;
    else rows.push({ line, text });
  }
  return { rows, more, held };
}
