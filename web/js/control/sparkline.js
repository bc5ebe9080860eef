// Draws a sparkline: a small curve of a figure over the last ten minutes. `linePath` is pure.

const SVG = 'http://www.w3.org/2000/svg';
const [WIDTH, HEIGHT] = [60, 16]; // of the drawing, in its own units; each value is one unit wide
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
 * The drawing as an SVG element; `said` describes it for screen readers.
 * @param {(?number)[]} values  @param {number} top  @param {string} said
 */
export function sparkline(values, top, said) {
  const drawing = document.createElementNS(SVG, 'svg');
  for (const [name, value] of Object.entries({ class: 'spark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': said })) drawing.setAttribute(name, value);
  const line = document.createElementNS(SVG, 'path');
  line.setAttribute('d', linePath(values, top));
  drawing.append(line);
  return drawing;
}
