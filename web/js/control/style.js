// Shows a tile of the control room in each state, on the page of styles.

import { Tiles } from './tiles.js';
import { Words } from '../lib/words.js';
import { at, only } from '../lib/nodes.js';

/** @type {ControlData & { cards: Card[] }} */
const data = JSON.parse(at('Data').textContent);
const none = () => {};
const tiles = new Tiles(data, new Words(data), { big: false, hears: () => false, listen: none, mine: none, machine: none, clear: none });
for (const card of data.cards) {
  const tile = tiles.show(card);
  if (card.session) only('.meter', tile).style.setProperty('--level', card.dead ? '0%' : '70%');
  at(`Tile-${card.key}`).append(tile);
}
