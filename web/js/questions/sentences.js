// Where what somebody types falls into lines. Pure.

const LONG = 300; // characters after which a line ends at a space, though its sentence doesn't
const END = /[.!?\u2026\u061f\u06d4\u0964]+["'\u2019\u201d\u00bb)\]]*\s|[\u3002\uff01\uff1f]["\u201d\u300d\u300f\uff09]*|\n/gu;
const INITIAL = /(^|[\s.])\p{L}\.$/u; // the point of J. S. Mill ends no sentence

/** The sentences that have ended, and the text behind them that is still written. @param {string} text */
export function sentences(text) {
  /** @type {string[]} */
  const done = [];
  let from = 0;
  const take = (/** @type {number} */ to) => {
    const line = text.slice(from, to).trim();
    if (line) done.push(line);
    from = to;
  };
  for (const match of text.matchAll(END)) {
    const to = match.index + match[0].length;
    if (match[0] === '\n' || !INITIAL.test(text.slice(from, to).trimEnd())) take(to);
  }
  while (text.length - from > LONG) {
    const space = text.lastIndexOf(' ', from + LONG);
    take(space > from ? space + 1 : from + LONG);
  }
  return { done, rest: text.slice(from) };
}
