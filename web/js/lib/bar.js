// The bar lies on the end of the window and grows with its buttons. What has the focus is scrolled above it (WCAG 2.4.11).

/** @param {HTMLElement} bar */
export function keepClear(bar) {
  new ResizeObserver(() => {
    document.documentElement.style.setProperty('--bar', `${bar.offsetHeight}px`);
    const focused = document.activeElement;
    if (!focused || focused === document.body || bar.contains(focused)) return;
    const { top, bottom, height } = focused.getBoundingClientRect();
    const end = bar.getBoundingClientRect().top;
    // What is higher than half of the window is something to read.
    if (top < innerHeight && bottom > end && height < innerHeight / 2) {
      focused.scrollIntoView({ block: 'nearest', behavior: 'instant' });
    }
  }).observe(bar, { box: 'border-box' });
}

/** Give the text the focus, in view. @param {HTMLElement} log */
export function focusOn(log) {
  log.focus({ preventScroll: true });
  if (log.getBoundingClientRect().top > innerHeight / 3) log.scrollIntoView({ block: 'start', behavior: 'instant' });
}
