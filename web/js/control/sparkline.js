// Draws a sparkline: a small curve of a figure over the last ten minutes. `linePath` is pure.

const SVG = 'http://www.w3.org/2000/svg';
const [WIDTH, HEIGHT] = [60, 16]; // of the drawing, in its own units; each value is one unit wide
const A_MINUTE = 6; // values in a minute
const EDGE = 1; // room above and below for the stroke

/**
 * The SVG path of `values`, the newest last and at the right end; null is a gap, and a value between two gaps becomes a
 * dot. The full height is the largest value, or `top` if that is larger.
 * @param {(?number)[]} values  @param {number} top
 */
export function linePath(values, top, [width, height] = [WIDTH, HEIGHT]) {
  const known = values.slice(-width);
  const most = Math.max(top, ...known.map((value) => value ?? 0));
  const y = (/** @type {number} */ value) => round(height - EDGE - (Math.max(0, value) * (height - 2 * EDGE)) / most);
  return known.map((value, n) => {
    if (value === null) return '';
    const x = width - known.length + n + 0.5;
    const [before, after] = [known[n - 1] ?? null, known[n + 1] ?? null];
    const alone = before === null && after === null ? 'h0.01' : '';
    return `${before === null ? 'M' : 'L'}${x} ${y(value)}${alone}`;
  }).join('');
}

/**
 * The height of a limit in the drawing, whose full height is `top`.
 * @param {number} limit  @param {number} top
 */
export const limitAt = (limit, top, height = HEIGHT) => round(height - EDGE - (limit * (height - 2 * EDGE)) / top);

/**
 * The last ten minutes, the newest first: [largest delay, last rate] of each minute; null where nothing is known.
 * Values are 10 s apart, the newest last.
 * @param {(?number)[]} delays  @param {number[]} rates  @returns {[?number, ?number][]}
 */
export function byMinute(delays, rates) {
  const minutes = Math.ceil(Math.max(delays.length, rates.length) / A_MINUTE);
  const within = (/** @type {(?number)[]} */ values, /** @type {number} */ n) => values.slice(Math.max(0, values.length - (n + 1) * A_MINUTE), Math.max(0, values.length - n * A_MINUTE));
  return Array.from({ length: minutes }, (_, n) => [span(within(delays, n))?.[1] ?? null, within(rates, n).at(-1) ?? null]);
}

/**
 * The least and the largest of the known values; null if there are none.
 * @param {(?number)[]} values  @returns {?[number, number]}
 */
export function span(values) {
  const known = values.flatMap((value) => value ?? []);
  return known.length ? [Math.min(...known), Math.max(...known)] : null;
}

/** @param {number} value */
const round = (value) => Math.round(value * 100) / 100;

/**
 * The drawing as an SVG element; `said` describes it for screen readers. A dashed line marks the `limit`, where there is
 * one.
 * @param {(?number)[]} values  @param {number} top  @param {string} said  @param {number} [limit]
 */
export function sparkline(values, top, said, limit) {
  const drawing = drawn('svg', { class: 'spark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': said });
  if (limit !== undefined) drawing.append(drawn('path', { class: 'limit', d: `M0 ${limitAt(limit, top)}H${WIDTH}` }));
  drawing.append(drawn('path', { d: linePath(values, top) }));
  return drawing;
}

/** @param {string} name  @param {Record<string, string>} attributes */
function drawn(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return /** @type {SVGElement} */ (made);
}
