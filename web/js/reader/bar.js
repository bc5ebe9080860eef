// Keeps the focused element in view above the bar of buttons that covers the lower edge of the window (WCAG 2.4.11).

/**
 * Set the CSS variable `--bar` to the bar's height at each change of its size, and scroll the focused element above it.
 * @param {HTMLElement} bar
 */
export function keepClear(bar) {
  new ResizeObserver(() => {
    document.documentElement.style.setProperty('--bar', `${bar.offsetHeight}px`);
    const focused = document.activeElement;
    if (!focused || focused === document.body || bar.contains(focused)) return;
    const { top, bottom, height } = focused.getBoundingClientRect();
    const end = bar.getBoundingClientRect().top;
    // An element higher than half of the window, such as the log of lines, is being read: it stays where it is.
    if (top < innerHeight && bottom > end && height < innerHeight / 2) {
      focused.scrollIntoView({ block: 'nearest', behavior: 'instant' });
    }
  }).observe(bar, { box: 'border-box' });
}

/**
 * Move the focus to the log of lines; scroll the log up where it begins below the upper third of the window.
 * @param {HTMLElement} log
 */
export function focusOn(log) {
  log.focus({ preventScroll: true });
  if (log.getBoundingClientRect().top > innerHeight / 3) log.scrollIntoView({ block: 'start', behavior: 'instant' });
}
