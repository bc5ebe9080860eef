// Applies the reader's stored choices before the first paint; choices in the address win. Until the page's own script
// runs, a live page shows only its newest lines. If that script doesn't load in time, it shows all of them.

const PATIENCE = 15000; // ms for the page's own script to load
document.documentElement.dataset.starting = 'yes';
setTimeout(() => delete document.documentElement.dataset.starting, PATIENCE);

try {
  const kept = JSON.parse(localStorage.getItem('moothall.choices') ?? 'null') ?? {};
  const root = document.documentElement;
  for (const name of ['read', 'size', 'spacing', 'theme', 'font', 'sources', 'say', 'show']) {
    if (typeof kept[name] === 'string') root.dataset[name] ??= kept[name];
  }
  const beside = localStorage.getItem('moothall.beside'); // whether the reader left the questions open (js/reader/beside.js)
  if (beside) root.dataset.beside = beside;
  // The page lists its texts only where the address names none. An address with a hash points into the text that is
  // shown.
  const texts = new URLSearchParams(root.dataset.texts);
  const text = texts.get(kept.language) ?? texts.get(kept.language?.split('-')[0]);
  if (text && !location.hash) {
    const address = new URL(location.href);
    address.searchParams.set('channel', text);
    root.hidden = true;
    location.replace(address);
  }
} catch {
  // There is nothing to apply: storage is closed, or another program wrote into it.
}
