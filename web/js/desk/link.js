// The line of a staff page: a stock Socket.IO client that joins again after each cut, and sends again what was not
// answered. Every act has an id of its own, so that one that is sent twice is done once.

import { io } from '../../vendor/socket.io.esm.min.js';
import { frameGauges } from '../lib/staff_frame.js';
import { CONNECT, LOOK, Watch } from '../lib/watch.js';

/** @typedef {import('../../vendor/socket.io.esm.min.js').Socket} Socket */

const PATIENCE = 15000; // ms for an answer, then it is sent again; a meeting's last words may take a minute
const SPREAD = 5000; // ms over which pages whose line went silent try a new one
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
 * @param {import('../lib/words.js').Words} words  @param {(anyway: boolean) => Promise<Answer>} does
 * @param {(know: Know) => Values} values  for the places in the question
 */
export async function knowing(words, does, values = (know) => know) {
  const answer = await does(false);
  const know = answer.refusal?.first_know;
  if (!know) return answer;
  return confirm(words.text(`first.${know.kind}`, values(know))) ? does(true) : answer;
}

export class DeskLink {
  /** @type {Map<string, {event: string, data: Record<string, unknown>, done: (answer: Answer) => void, on?: ?Socket}>} */
  #pending = new Map(); // id → {event, data, done, on}: `on` which connection it was sent
  #joined = false;
  #watch = new Watch();
  /** @type {?Socket} */
  #beside = null; // a connection that is tried, since nothing comes over this one
  #tried = 0; // when
  #timer = 0; // until it is
  #page = newId(); // two connections of one page are one desk

  /**
   * @param {string} namespace
   * @param {() => {after?: ?string, trends?: 'changed'}} wish  what to join with, asked for at each connection
   * @param {{joined: (state: Answer) => void, told: (...told: Told) => void,
   *          stands: (how: LineState, waiting: number) => void}} ears
   */
  constructor(namespace, wish, ears) {
    this.wish = wish;
    this.ears = ears;
    /** @type {LineState} */
    this.how = 'lost';
    this.namespace = namespace;
    this.socket = this.#dial();
    setInterval(() => this.#look(), LOOK);
    for (const woken of ['online', 'pageshow']) addEventListener(woken, () => this.#watch.wake(performance.now()));
    document.addEventListener('visibilitychange', () => this.#watch.wake(performance.now()));
  }

  #dial() {
    const socket = io(this.namespace, { reconnectionDelay: 300, reconnectionDelayMax: 5000, timeout: 10000, forceNew: true });
    socket.on('connect', () => {
      if (socket === this.#beside) this.#change();
      this.#heard();
      this.join();
    });
    socket.on('disconnect', (why) => {
      if (socket !== this.socket) return;
      this.#joined = false;
      this.#watch.begin(performance.now()); // the server that it comes back to may have no pulses
      this.#stand('lost');
      if (why === 'io server disconnect') setTimeout(() => socket.connect(), AGAIN);
    });
    socket.on('connect_error', (error) => {
      if (socket !== this.socket) return;
      const status = error.context?.status;
      this.#stand(status === 401 || status === 403 ? 'shut' : 'lost');
    });
    socket.onAny((...told) => {
      const [event, body] = told;
      if (socket !== this.socket) return;
      this.#heard(event === 'pulse' ? body.every : undefined);
      if (event === 'gauges') frameGauges(body ?? null);
      else if (event !== 'pulse') this.ears.told(...told);
      else if (this.#joined && body.head > Number(this.wish().after?.split(':')[1])) this.join(); // something was lost
    });
    return socket;
  }

  /** @param {?Socket} socket */
  #drop(socket) {
    socket?.off();
    socket?.offAny();
    socket?.disconnect();
  }

  /** Go on over the connection that was tried. */
  #change() {
    this.#drop(this.socket);
    if (this.#beside) this.socket = this.#beside;
    this.#beside = null;
    this.#joined = false;
  }

  /** Something came. @param {number} [every] */
  #heard(every) {
    this.#watch.hear(performance.now(), every);
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#drop(this.#beside);
    this.#beside = null;
    if (this.#joined && this.how === 'lost') this.#stand('open');
  }

  /** Where nothing comes for too long, though nothing says that the line is cut, try a new one beside it. */
  #look() {
    const now = performance.now();
    if (this.#watch.silent(now) === null || !this.socket.connected) return;
    this.#stand('lost');
    if (this.#beside !== null && now - this.#tried > CONNECT) {
      this.#drop(this.#beside);
      this.#beside = null;
    }
    if (this.#beside !== null || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#tried = performance.now();
      this.#beside = this.#dial();
    }, SPREAD * Math.random());
  }

  /** Join, or join anew: with another text, or because a frame is missing. */
  join() {
    this.#joined = false;
    // Taken in at once, not in a promise: over polling what is told next may come in the same answer, and would be
    // taken in before it.
    const { socket } = this;
    const wish = { ...this.wish(), page: this.#page };
    socket.timeout(PATIENCE).emit('join', wish, (error, answer) => socket === this.socket && this.#welcome(error ? null : answer));
  }

  /** @param {?Answer} answer */
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
    frameGauges(answer.news?.gauges ?? null);
    for (const id of [...this.#pending.keys()]) this.#send(id);
  }

  /**
   * Have something done; comes back with the answer, however often the line is cut meanwhile.
   * @param {string} event  @param {Record<string, unknown>} data  @returns {Promise<Answer>}
   */
  request(event, data = {}) {
    const id = data.id ?? newId();
    return new Promise((done) => {
      this.#pending.set(`${event}:${id}`, { event, data, done });
      if (this.#joined) this.#send(`${event}:${id}`);
      this.#stand(this.how);
    });
  }

  /**
   * Tell something of the moment: once, and not at all while the line is cut.
   * @param {string} event  @param {Record<string, unknown>} data
   */
  tell(event, data) {
    if (this.#joined && this.socket.connected) this.socket.emit(event, data);
  }

  /** @param {string} key */
  async #send(key) {
    const [item, { socket }] = [this.#pending.get(key), this];
    if (!item || item.on === socket) return;
    item.on = socket;
    const answer = await this.#ask(item.event, item.data);
    if (item.on !== socket || !this.#pending.has(key)) return; // It went over another one meanwhile.
    item.on = null;
    if (answer && !LATER.has(answer.refusal?.code ?? '')) {
      this.#pending.delete(key);
      this.#stand(this.how);
      item.done(answer);
    } else if (this.#joined) {
      setTimeout(() => this.#joined && this.#send(key), answer ? AGAIN : 0);
    }
  }

  /** The answer, or null when none came. @param {string} event  @param {Record<string, unknown>} data  @returns {Promise<?Answer>} */
  #ask(event, data) {
    return new Promise((done) => {
      this.socket.timeout(PATIENCE).emit(event, data, (error, answer) => done(error ? null : answer));
    });
  }

  /** @param {LineState} how */
  #stand(how) {
    this.how = how;
    if (how !== 'open') frameGauges(null); // what stood there may be old
    this.ears.stands(how, this.#pending.size);
  }
}
