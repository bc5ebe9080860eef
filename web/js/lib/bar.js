// The bar lies on the end of the window and grows with its buttons. The browser is told how high it is, so that it scrolls
// what gets the focus above it; and what it came to lie on by growing is scrolled above it here (WCAG 2.4.11).

/** @param {HTMLElement} bar */
export function keepClear(bar) {
  new ResizeObserver(() => {
    document.documentElement.style.setProperty('--bar', `${bar.offsetHeight}px`);
    const focused = document.activeElement;
    if (focused === document.body || bar.contains(focused)) return;
    const { top, bottom, height } = focused.getBoundingClientRect();
    const end = bar.getBoundingClientRect().top;
    // What is higher than half of the window is no button or link, but something to read: it stays where it is.
    if (top < innerHeight && bottom > end && height < innerHeight / 2) {
      focused.scrollIntoView({ block: 'nearest', behavior: 'instant' });
    }
  }).observe(bar, { box: 'border-box' });
}

/** Give what is there to read the focus, and have it in view: the window may stand above it, or the bar before it. */
export function focusOn(log) {
  log.focus({ preventScroll: true });
  if (log.getBoundingClientRect().top > innerHeight / 3) log.scrollIntoView({ block: 'start', behavior: 'instant' });
}
