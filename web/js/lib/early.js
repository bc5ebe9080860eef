// Applies what this reader chose before, ahead of the first paint. What the address says wins. Until the page's own script
// runs, a page that grows shows its newest lines alone; should that script not come, all of them.

const PATIENCE = 15000; // ms
document.documentElement.dataset.starting = 'yes';
setTimeout(() => delete document.documentElement.dataset.starting, PATIENCE);

try {
  const kept = JSON.parse(localStorage.getItem('moothall.choices') ?? 'null') ?? {};
  const root = document.documentElement;
  for (const name of ['read', 'size', 'spacing', 'theme', 'font', 'sources', 'say', 'show']) {
    if (typeof kept[name] === 'string') root.dataset[name] ??= kept[name];
  }
  // Only an address without a text says which there are; one with a place in a text means that text.
  const texts = new URLSearchParams(root.dataset.texts);
  const text = texts.get(kept.language) ?? texts.get(kept.language?.split('-')[0]);
  if (text && !location.hash) {
    const address = new URL(location.href);
    address.searchParams.set('channel', text);
    root.hidden = true;
    location.replace(address);
  }
} catch {
  // Nothing is remembered here: storage is closed, or somebody else wrote into it.
}
