// Something of a page is dragged to another place of it. Whatever is moved so can be moved by keys as well.

/**
 * @param {HTMLElement} root  what is dragged and where it goes are in it
 * @param {{type: string, item: (from: Element) => ?HTMLElement, place: (at: Element, event: DragEvent, item: HTMLElement) => ?HTMLElement,
 *          mark: (place: ?HTMLElement) => void, drop: (item: HTMLElement, place: HTMLElement) => void}} does
 *   `type` of the data, so that no other thing can be dropped; `item`: what is dragged where a drag begins; `place`: where it would go,
 *   null where it can't; `mark` shows that, and with null no more
 */
export function dragging(root, { type, item, place, mark, drop }) {
  /** @type {?HTMLElement} */
  let dragged = null;
  /** @param {DragEvent} event */
  const found = (event) => (dragged && event.target instanceof Element ? place(event.target, event, dragged) : null);
  root.addEventListener('dragstart', ({ target, dataTransfer }) => {
    dragged = target instanceof Element ? item(target) : null;
    if (!dragged || !dataTransfer) return;
    dataTransfer.setData(type, '');
    dataTransfer.effectAllowed = 'move';
  });
  root.addEventListener('dragend', () => {
    dragged = null;
    mark(null);
  });
  root.addEventListener('dragover', (event) => {
    const at = found(event);
    mark(at);
    if (at) event.preventDefault();
  });
  root.addEventListener('drop', (event) => {
    const [at, moved] = [found(event), dragged];
    mark(null);
    if (!at || !moved) return;
    event.preventDefault();
    drop(moved, at);
  });
}
