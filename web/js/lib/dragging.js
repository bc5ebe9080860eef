// Dragging an element of a page to another position. Pages that use it offer the same moves by keys.

/**
 * @param {HTMLElement} root  holds the items and their drop targets
 * @param {{type: string, item: (from: Element) => ?HTMLElement, place: (at: Element, event: DragEvent, item: HTMLElement) => ?HTMLElement,
 *          mark: (place: ?HTMLElement) => void, drop: (item: HTMLElement, place: HTMLElement) => void}} does
 *   `type`: type of the drag data, so that nothing else can be dropped; `item`: the element that is dragged when a drag
 *   begins at `from`, null for none; `place`: the drop target at `at`, null where the item can't go; `mark`: highlight
 *   the target, with null none; `drop`: called once when the item is dropped
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
