// Applies the size of a wall's text, in per cent of the usual size, from its address. Every wall loads this, with a
// meeting or without.

const { style, dataset } = document.documentElement;
style.setProperty('--zoom', String(Number(dataset.size) / 100));
