// The cards above the bar, which cover no line. One key moves the focus to the first card; Escape or its own button
// dismisses a card that needs no answer. Its text stays available under *What did I miss?*.

/**
 * Handle the cards of a bar.
 * @param {HTMLElement} bar
 * @param {() => Element} back  gives the line that is read, which gets the focus when a card is closed
 * @returns {() => void} moves the focus to the first card
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
