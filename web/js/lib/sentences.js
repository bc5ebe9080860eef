// Finds the ends of sentences in text that is being typed: finished sentences are sent, the rest can still be edited.
// Pure. The rules are those of server/moothall/core/captioning/sentences.py; tests/support/captioning/sentences.json
// tests both.

export const LONGEST = 600; // characters; a longer sentence is cut after its last space, or exactly there
export const TITLES = new Set('dr hr jr m mlle mm mme mr mrs ms prof sr sra srta st vs г ул см т д'.split(' '));

// After one of MARKS white space ends the sentence. After a full-width mark (WIDE) nobody types a space: there the next
// character ends it.
const [MARKS, WIDE, CLOSERS] = ['.!?…؟۔।', '。！？｡', `"')\\]}»”’」』）】`];
const END = `[${MARKS}${WIDE}]+[${CLOSERS}]*(?=\\s)|[${MARKS}${WIDE}]*[${WIDE}][${CLOSERS}]*(?=[^${MARKS}${WIDE}${CLOSERS}])`;

/**
 * Whether a full stop belongs to the word before it: a title, an initial, "e.g", "No" before a figure, or a number that
 * begins a list item. While only white space follows "No", the function assumes that a figure will come.
 * @param {string} before  @param {string} behind
 */
function shortened(before, behind) {
  const [word] = /[\p{L}\p{N}.]*$/u.exec(before) ?? [''];
  return TITLES.has(word.toLowerCase()) || (/^\p{Lu}$/u.test(word) && word !== 'I') || /^(?:\p{L}\.)+\p{L}$/u.test(word)
    || (/^n[or]$/i.test(word) && /^\s*(?:[0-9]|$)/u.test(behind)) || (/^[0-9]{1,2}$/.test(word) && before.trim() === word);
}

/**
 * The length of the first finished line of a text; 0 while none has ended.
 * @param {string} text  @param {boolean} rows  @param {number} longest
 */
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
 * Split a text into the sentences that have ended and the rest, which is still being typed.
 * @param {string} text  @param {{rows?: boolean, longest?: number}} [how]  `rows`: whether a line break ends a line as well
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

/** The text in one row: each run of white space, line breaks included, becomes one space. @param {string} text */
export const oneLine = (text) => text.replace(/\s+/gu, ' ').trim();
