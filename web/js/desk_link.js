// The line of a staff page: a stock Socket.IO client that joins again after each cut, and sends again what was not
// answered. Every act has an id of its own, so that one that is sent twice is done once.

import { io } from '../vendor/socket.io.esm.min.js';

const PATIENCE = 15000; // ms for an answer, then it is sent again; a meeting's last words may take a minute
const AGAIN = 1500; // ms until something that can't be stored yet is sent again
const LATER = new Set(['busy', 'unavailable']);

/** A new id for an act. */
export const newId = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(9));
  return `d${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
};

/**
 * Have something done; where there is something to know first, ask whether to do it all the same.
 *
 * @param {import('./words.js').Words} words  @param {(anyway: boolean) => Promise<object>} does
 * @param {(know: object) => object} values  for the places in the question
 */
export async function knowing(words, does, values = (know) => know) {
  const answer = await does(false);
  const know = answer.refusal?.first_know;
  if (!know) return answer;
  return confirm(words.text(`first.${know.kind}`, values(know))) ? does(true) : answer;
}

export class DeskLink {
  #pending = new Map(); // id → {event, data, done}
  #joined = false;

  /**
   * @param {string} namespace
   * @param {() => object} wish  what to join with, asked for at each connection
   * @param {{joined: (state: object) => void, told: (event: string, body: object) => void,
   *          stands: (how: 'open'|'lost'|'shut', waiting: number) => void}} ears
   */
  constructor(namespace, wish, ears) {
    this.wish = wish;
    this.ears = ears;
    this.how = 'lost';
    this.socket = io(namespace, { reconnectionDelay: 300, reconnectionDelayMax: 5000, timeout: 10000 });
    this.socket.on('connect', () => this.join());
    this.socket.on('disconnect', (why) => {
      this.#joined = false;
      this.#stand('lost');
      if (why === 'io server disconnect') setTimeout(() => this.socket.connect(), AGAIN);
    });
    this.socket.on('connect_error', (error) => {
      const status = error.context?.status;
      this.#stand(status === 401 || status === 403 ? 'shut' : 'lost');
    });
    this.socket.onAny((event, body) => this.ears.told(event, body));
  }

  /** Join, or join anew: with another text, or because a frame is missing. */
  join() {
    this.#joined = false;
    // Taken in at once, not in a promise: over polling what is told next may come in the same answer, and would be
    // taken in before it.
    this.socket.timeout(PATIENCE).emit('join', this.wish(), (error, answer) => this.#welcome(error ? null : answer));
  }

  #welcome(answer) {
    if (!answer) { // Where the line was cut it joins when that is back.
      if (this.socket.connected) setTimeout(() => this.socket.connected && !this.#joined && this.join(), AGAIN);
      return;
    }
    if (answer.refusal) {
      if (LATER.has(answer.refusal.code)) setTimeout(() => this.socket.connected && this.join(), AGAIN);
      else this.#stand('shut');
      return;
    }
    this.#joined = true;
    this.ears.joined(answer);
    this.#stand('open');
    for (const id of [...this.#pending.keys()]) this.#send(id);
  }

  /** Have something done; comes back with the answer, however often the line is cut meanwhile. */
  request(event, data = {}) {
    const id = data.id ?? newId();
    return new Promise((done) => {
      this.#pending.set(`${event}:${id}`, { event, data, done });
      if (this.#joined) this.#send(`${event}:${id}`);
      this.#stand(this.how);
    });
  }

  async #send(key) {
    const item = this.#pending.get(key);
    if (!item || item.sending) return;
    item.sending = true;
    const answer = await this.#ask(item.event, item.data);
    item.sending = false;
    if (answer && !LATER.has(answer.refusal?.code)) {
      this.#pending.delete(key);
      this.#stand(this.how);
      item.done(answer);
    } else if (this.#joined) {
      setTimeout(() => this.#joined && this.#send(key), answer ? AGAIN : 0);
    }
  }

  /** The answer, or null when none came. */
  #ask(event, data) {
    return new Promise((done) => {
      this.socket.timeout(PATIENCE).emit(event, data, (error, answer) => done(error ? null : answer));
    });
  }

  #stand(how) {
    this.how = how;
    this.ears.stands(how, this.#pending.size);
  }
}
