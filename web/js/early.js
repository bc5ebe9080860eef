// Applies what this reader chose before, ahead of the first paint. What the address says wins.

try {
  const kept = JSON.parse(localStorage.getItem('moothall.choices')) ?? {};
  for (const name of ['read', 'size', 'spacing', 'theme', 'font', 'sources', 'say']) {
    if (typeof kept[name] === 'string') document.documentElement.dataset[name] ??= kept[name];
  }
} catch {
  // Nothing is remembered here: storage is closed, or somebody else wrote into it.
}
