// Cards lie above the bar, on no line. One key reaches the first of them; Escape, or its own button, closes what doesn't need
// an answer. What it said stays under *What did I miss?*.

/**
 * @param {HTMLElement} bar
 * @param {() => Element} back  what gets the focus then: the line that is read
 * @returns {() => void} gives the first card the focus
 */
export function cards(bar, back) {
  /** @param {?HTMLElement} card */
  function close(card) {
    if (card?.matches('.raised')) card.hidden = true;
    const line = /** @type {HTMLElement} */ (back());
    if (!line.hasAttribute('tabindex')) line.tabIndex = -1;
    line.focus({ preventScroll: true });
  }

  bar.addEventListener('click', ({ target }) => target.closest('.dismiss') && close(target.closest('.raised')));
  bar.addEventListener('submit', (event) => {
    if (!event.target.matches('.raised form')) return;
    event.preventDefault();
    import('../questions/asks_too.js').then(({ send }) => send(event.target));
  });
  bar.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    close(event.target.closest('.raised'));
  });
  return () => [...bar.querySelectorAll('.your-turn a, .raised:not([hidden]) a, .instead:not([hidden]) a')][0]?.focus();
}
