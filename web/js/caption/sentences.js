// Where sentences end in what is being typed: what ends is sent, and what is behind it stays the typist's. Pure.

export const LONGEST = 600; // characters without an end of a sentence: from there on what stands before the last space is sent

// Behind a mark of these a space ends the sentence; behind a full-width one, after which nobody types a space, the next character does.
const END = /(?:[.!?…؟۔।]+[)\]}"'”’»]*(?=\s)|[。！？｡]+[」』”’）)]*(?=[^。！？｡」』”’）)]))/gu;
const TITLES = new Set(['dr', 'hr', 'jr', 'm', 'mlle', 'mm', 'mme', 'mr', 'mrs', 'ms', 'prof', 'sr', 'sra', 'srta', 'st', 'vs', 'г', 'ул', 'см', 'т', 'д']);

/**
 * Whether a full stop belongs to the word before it: of a title, an initial, "e.g", "No" with its figure, or a number that begins a list.
 * @param {string} before  @param {string} behind
 */
function shortened(before, behind) {
  const [word] = /[\p{L}\p{N}.]+$/u.exec(before) ?? [''];
  return TITLES.has(word.toLowerCase()) || (/^\p{Lu}$/u.test(word) && word !== 'I') || /^(?:\p{L}\.)+\p{L}$/u.test(word)
    || (/^n[or]$/i.test(word) && /^\s*\d/.test(behind)) || (/^\d{1,2}$/.test(word) && before.trim() === word);
}

/**
 * The sentences that have ended in a text, and the rest, which still belongs to whoever types it.
 * @param {string} text  @returns {{ended: string[], rest: string}}
 */
export function sentences(text) {
  /** @type {string[]} */
  const ended = [];
  let from = 0;
  for (const { 0: mark, index } of text.matchAll(END)) {
    const end = index + mark.length;
    if (mark === '.' && shortened(text.slice(from, index), text.slice(end))) continue;
    ended.push(oneLine(text.slice(from, end)));
    from = end;
  }
  let rest = text.slice(from);
  const space = rest.length > LONGEST ? rest.lastIndexOf(' ') : -1;
  if (space > 0) {
    ended.push(oneLine(rest.slice(0, space)));
    rest = rest.slice(space);
  }
  return { ended: ended.filter(Boolean), rest: ended.length ? rest.trimStart() : rest };
}

/** A text as it becomes a line: without rows of its own. @param {string} text */
export const oneLine = (text) => text.replace(/\s+/gu, ' ').trim();
