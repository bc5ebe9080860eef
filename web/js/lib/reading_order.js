// The order of lines and the speakers' names above them, as in server/moothall/core/views/reading_order.py. Pure.

const EARLY = 200; // ms by which a line may begin before the one above it and still stay below it

/**
 * Whether a line that begins at `t0` goes above an existing line that begins at `above`; both are media ms.
 * @param {number} t0  @param {number} above
 */
export const goesBefore = (t0, above) => t0 + EARLY < above;

/** The speaker of the line above, as the reader sees it. `then` is called for the lines from the top down. */
export class Turn {
  name = '';
  named = false; // whether anybody has been named so far
  apart = true; // whether there is a gap above the next line, or nothing, or another voice begins there

  /**
   * The heading of the next line, whose speaker is shown as `name`: whether a turn begins there, and the name to show;
   * "" where the page has to say that nobody is named, null where it shows no name. `changes`: somebody else speaks
   * after it.
   * @param {string} name  @param {boolean} [changes]
   */
  then(name, changes = false) {
    this.named ||= name !== '';
    const begins = this.apart || name !== this.name;
    [this.name, this.apart] = [name, changes];
    return { begins, name: begins && this.named ? name : null };
  }
}
