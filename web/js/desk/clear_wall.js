// The button *Clear the wall*, the same on every staff page that has it.

import { at } from '../lib/nodes.js';

/**
 * Connect the page's button; returns the function that clears the wall, for a key.
 * @param {(...commands: Command[]) => Promise<Answer>} act  @param {import('../lib/words.js').Words} words  @param {(text: string) => void} say
 */
export function clearsWall(act, words, say) {
  const clear = async () => {
    const answer = await act({ do: 'clear-wall' });
    if (!answer.refusal) say(words.text('wall.cleared'));
  };
  at('ClearWall').addEventListener('click', clear);
  return clear;
}
