// *Clear the wall*: one press, the same on every page of the staff that has it.

import { at } from '../lib/nodes.js';

/**
 * Have the page's button clear the walls; gives what does it, for a key.
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
