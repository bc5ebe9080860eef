// In which order lines stand, and under whose name: as server/moothall/core/views/reading_order.py. Pure.

const EARLY = 200; // ms by which a line may begin before the one above it and still stand behind it

/**
 * Whether a line that begins at `t0` stands before one that is there already and begins at `above`.
 * @param {number} t0  @param {number} above
 */
export const goesBefore = (t0, above) => t0 + EARLY < above;

/** Whose words the line above is, as far as the reader was told. */
export class Turn {
  name = '';
  named = false; // whether anybody has been named so far
  apart = true; // whether something else stands between, or nothing above

  /**
   * What stands over the next line, whose speaker is shown as `name`: "" where it has to be said that nobody is named.
   * @param {string} name
   */
  then(name) {
    this.named ||= name !== '';
    const begins = this.apart || name !== this.name;
    [this.name, this.apart] = [name, false];
    return { begins, name: begins && this.named ? name : null };
  }
}
