// A word that is wrong in many lines, replaced in all of them: whole words only, and the case of the first letter stays. Pure.

const MOST = 50; // commands that one act may hold
const FEW = 4; // words that are taken for one name
const MOST_BYTES = 40000; // of the texts of one act: a message holds 64 KiB
// Between these letters there are no spaces: what stands beside a word is no part of it.
const UNSPACED = '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}';
const LETTER = `(?![${UNSPACED}])[\\p{L}\\p{N}\\p{M}_]`;

/** @param {string} text */
const escaped = (text) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** A word as itself, and with its first letter in the other case. @param {string} word */
function cases(word) {
  const [first] = word;
  const [lower, upper] = [first.toLowerCase(), first.toUpperCase()];
  return { first, rest: word.slice(first.length), other: first === lower ? upper : lower };
}

/**
 * What gives a text with a word replaced: the same text where it isn't in it.
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
 * What was changed in a text, in whole words: `from` became `to`. Null where nothing was, or more than four words.
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
 * The lines in which a word would be replaced, and how they would read: as many as one act takes, how many are left for
 * the next, and how many are left out since somebody is just correcting them.
 * @param {DeskLine[]} lines  finished ones  @param {string} from  @param {string} to  @param {Set<string>} busy
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
