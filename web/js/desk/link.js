// The connection of a staff page: a plain Socket.IO client that joins again after each interruption and sends
// unanswered requests again. Each act has an id, so that the server carries it out once even if it gets it twice.

import { io } from '../../vendor/socket.io.esm.min.js';
import { frameGauges } from '../lib/staff_frame.js';
import { CONNECT, LOOK, Watch } from '../lib/watch.js';

/** @typedef {import('../../vendor/socket.io.esm.min.js').Socket} Socket */

const PATIENCE = 15000; // ms to wait for an answer before sending again; closing a meeting may take a minute
const SPREAD = 5000; // ms over which pages with a silent connection spread their attempts
const AGAIN = 1500; // ms until a request that can't be stored yet is sent again
const LATER = new Set(['busy', 'unavailable']);

/** A new id for an act. */
export const newId = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(9));
  return `d${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
};

/**
 * Send a request. If the server refuses it with a warning (`first_know`), ask the user whether to do it anyway, and
 * send it again.
 *
 * @param {import('../lib/words.js').Words} words  @param {(anyway: boolean) => Promise<Answer>} does
 * @param {(know: Know) => Values} values  for the placeholders of the question
 */
export async function knowing(words, does, values = (know) => know) {
  const answer = await does(false);
  const know = answer.refusal?.first_know;
  if (!know) return answer;
  return confirm(words.text(`first.${know.kind}`, values(know))) ? does(true) : answer;
}

export class DeskLink {
  /** @type {Map<string, {event: string, data: Record<string, unknown>, done: (answer: Answer) => void, on?: ?Socket}>} */
  #pending = new Map(); // by event and id; `on`: the connection over which the request was sent
  #joined = false;
  #watch = new Watch();
  /** @type {?Socket} */
  #beside = null; // a second connection, tried while the first is silent
  #tried = 0; // when that was opened, by performance.now()
  #timer = 0; // until it is opened
  #page = newId(); // the server counts connections of one page as one desk

  /**
   * @param {string} namespace
   * @param {() => {after?: ?string, trends?: 'changed'}} wish  gives the message with which to join, at each connection
   * @param {{joined: (state: Answer) => void, told: (...told: Told) => void,
   *          stands: (how: LinkState, waiting: number) => void}} ears
   */
  constructor(namespace, wish, ears) {
    this.wish = wish;
    this.ears = ears;
    /** @type {LinkState} */
    this.how = 'lost';
    this.namespace = namespace;
    this.socket = this.#dial();
    setInterval(() => this.#look(), LOOK);
    for (const woken of ['online', 'pageshow']) addEventListener(woken, () => this.#watch.wake(performance.now()));
    document.addEventListener('visibilitychange', () => this.#watch.wake(performance.now()));
  }

  /** Open a connection. */
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
      this.#watch.begin(performance.now()); // the next server may be of a release without pulses
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
      else if (this.#joined && body.head > Number(this.wish().after?.split(':')[1])) this.join(); // an event was lost
    });
    return socket;
  }

  /** @param {?Socket} socket */
  #drop(socket) {
    socket?.off();
    socket?.offAny();
    socket?.disconnect();
  }

  /** Replace the silent connection by the second one. */
  #change() {
    this.#drop(this.socket);
    if (this.#beside) this.socket = this.#beside;
    this.#beside = null;
    this.#joined = false;
  }

  /**
   * A message came: the connection is alive, and a second one isn't needed.
   * @param {number} [every]  ms until the next is due
   */
  #heard(every) {
    this.#watch.hear(performance.now(), every);
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#drop(this.#beside);
    this.#beside = null;
    if (this.#joined && this.how === 'lost') this.#stand('open');
  }

  /**
   * Where no message comes for too long though the connection seems open, report it as lost and try a second one beside
   * it.
   */
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

  /** Join the session, or join again: for another text, or because a frame is missing. */
  join() {
    this.#joined = false;
    // Handled in the callback, not through a promise: with HTTP polling the next messages may come in the same
    // response, and would be handled before the promise's continuation.
    const { socket } = this;
    const wish = { ...this.wish(), page: this.#page };
    socket.timeout(PATIENCE).emit('join', wish, (error, answer) => socket === this.socket && this.#welcome(error ? null : answer));
  }

  /** Handle the answer to joining; null: none came in time. @param {?Answer} answer */
  #welcome(answer) {
    if (!answer) { // after an interruption it joins on reconnecting
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
   * Send a request. Resolves to its answer, however often the connection is lost meanwhile; the request is then sent
   * again.
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
   * Send a message that matters only now: once, and not at all while the connection is lost.
   * @param {string} event  @param {Record<string, unknown>} data
   */
  tell(event, data) {
    if (this.#joined && this.socket.connected) this.socket.emit(event, data);
  }

  /** Send a pending request over this connection until it is answered. @param {string} key  event and id */
  async #send(key) {
    const [item, { socket }] = [this.#pending.get(key), this];
    if (!item || item.on === socket) return;
    item.on = socket;
    const answer = await this.#ask(item.event, item.data);
    if (item.on !== socket || !this.#pending.has(key)) return; // sent over another connection meanwhile
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

  /** Note and report the state of the connection. @param {LinkState} how */
  #stand(how) {
    this.how = how;
    if (how !== 'open') frameGauges(null); // the old ones may be wrong
    this.ears.stands(how, this.#pending.size);
  }
}
