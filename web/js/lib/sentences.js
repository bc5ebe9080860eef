// Where sentences end in what is being typed: what ends is sent, and what is behind it stays the typist's. Pure.
// The rules are those of server/moothall/core/captioning/sentences.py; tests/support/captioning/sentences.json holds cases of both.

export const LONGEST = 600; // characters without an end of a sentence: there they are cut behind the last space, or where they are
export const TITLES = new Set('dr hr jr m mlle mm mme mr mrs ms prof sr sra srta st vs г ул см т д'.split(' '));

// Behind a mark of these a space ends the sentence; behind a full-width one, after which nobody types a space, the next character does.
const [MARKS, WIDE, CLOSERS] = ['.!?…؟۔।', '。！？｡', `"')\\]}»”’」』）】`];
const END = `[${MARKS}${WIDE}]+[${CLOSERS}]*(?=\\s)|[${MARKS}${WIDE}]*[${WIDE}][${CLOSERS}]*(?=[^${MARKS}${WIDE}${CLOSERS}])`;

/**
 * Whether a full stop belongs to the word before it: of a title, an initial, "e.g", "No" with its figure, or a number that begins a list.
 * Whether a figure follows is known once anything but white space does.
 * @param {string} before  @param {string} behind
 */
function shortened(before, behind) {
  const [word] = /[\p{L}\p{N}.]*$/u.exec(before) ?? [''];
  return TITLES.has(word.toLowerCase()) || (/^\p{Lu}$/u.test(word) && word !== 'I') || /^(?:\p{L}\.)+\p{L}$/u.test(word)
    || (/^n[or]$/i.test(word) && /^\s*(?:[0-9]|$)/u.test(behind)) || (/^[0-9]{1,2}$/.test(word) && before.trim() === word);
}

/** How much of a text is a line by now; 0: it goes on. @param {string} text  @param {boolean} rows  @param {number} longest */
function lineOf(text, rows, longest) {
  const [long] = new RegExp(`^[^]{${longest}}`, 'u').exec(text) ?? [''];
  for (const { 0: mark, index } of text.matchAll(new RegExp(rows ? `${END}|\n` : END, 'gu'))) {
    const end = index + mark.length;
    if (long && end >= long.length) break;
    if (mark !== '.' || !shortened(text.slice(0, index), text.slice(end))) return end;
  }
  return long.search(/\s\S*$/u) + 1 || long.length;
}

/**
 * The sentences that have ended in a text, and the rest, which still belongs to whoever types it.
 * @param {string} text  @param {{rows?: boolean, longest?: number}} [how]  `rows`: whether a row's end ends a line as well
 * @returns {{ended: string[], rest: string}}
 */
export function sentences(text, { rows = false, longest = LONGEST } = {}) {
  /** @type {string[]} */
  const ended = [];
  let rest = text;
  for (let end = lineOf(rest, rows, longest); end; end = lineOf(rest, rows, longest)) {
    ended.push(oneLine(rest.slice(0, end)));
    rest = rest.slice(end).trimStart();
  }
  return { ended: ended.filter(Boolean), rest };
}

/** A text as it becomes a line: without rows of its own. @param {string} text */
export const oneLine = (text) => text.replace(/\s+/gu, ' ').trim();
