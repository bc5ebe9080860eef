// The rows of a wall go up by scrolling inside their box, so that none is laid out anew, and whole ones only are seen.

const SLACK = 1; // px

/** @param {DOMRectList} rects  @param {number} edge */
const beyond = (rects, edge) => Math.max(0, ...[...rects].filter(({ top, bottom }) => top < edge - SLACK && bottom > edge + SLACK).map(({ bottom }) => bottom - edge));

/** Show the end of the text, from the first row on that has room. @param {HTMLElement} box */
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
      cut = Math.max(cut, beyond(range.getClientRects(), top));
    }
  }
  box.style.setProperty('--cut', `${cut}px`);
}
