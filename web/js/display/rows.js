// Scrolls a wall's rows inside their box, so that no row is laid out again, and hides a row that is cut by the upper
// edge.

const SLACK = 1; // px

/**
 * The px by which a row that crosses the edge reaches below it, with the room before the next row, into which letters of
 * another font may reach; 0 for none.
 * @param {DOMRectList} rects  @param {number} edge  @param {number} lineHeight
 */
const beyond = (rects, edge, lineHeight) => Math.max(0, ...[...rects].filter(({ top, bottom }) => top < edge - SLACK && bottom > edge + SLACK)
  .map(({ bottom, height }) => bottom + Math.max(0, lineHeight - height) - edge));

/** Scroll to the end; `--cut` is the height in px of the row to hide. @param {HTMLElement} box */
export function toEnd(box) {
  box.classList.add('follows');
  box.scrollTop = box.scrollHeight;
  const { top } = box.getBoundingClientRect();
  const first = [...box.children].find((each) => each.getBoundingClientRect().bottom > top + SLACK);
  let cut = 0;
  if (first && first.getBoundingClientRect().top < top - SLACK) {
    const range = document.createRange();
    for (const part of first.children) {
      range.selectNodeContents(part);
      cut = Math.max(cut, beyond(range.getClientRects(), top, parseFloat(getComputedStyle(part).lineHeight)));
    }
  }
  box.style.setProperty('--cut', `${cut}px`);
}
