// The size of a wall's text, in per cent of the usual, as its address says: on every wall, with a meeting or without.

const { style, dataset } = document.documentElement;
style.setProperty('--zoom', String(Number(dataset.size) / 100));
