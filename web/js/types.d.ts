// Shapes that scripts share, for the type check of `make check` alone: no page loads this file.

/** Values for the {places} of a text. */
type Values = Record<string, string | number | undefined>;

/** The texts of a page, as `Catalogue.script` gives them. */
interface Texts {
  ui: string;
  texts: Record<string, string>;
  /** By CLDR category. */
  counted: Record<string, Record<string, string>>;
}

/** A form with its fields by name. */
type Form<Fields> = HTMLFormElement & { readonly elements: HTMLFormControlsCollection & Fields };

/** What a selector finds, by the tag of its last part: `a[href]` an anchor, `.note` some element. */
type Found<Selector extends string> = Tagged<LastPart<Selector>>;
type LastPart<Selector> = Selector extends `${string} ${infer Rest}` ? LastPart<Rest> : Selector;
type Tagged<Part> = Part extends `${infer Tag}${'.' | '#' | '[' | ':'}${string}` ? Tagged<Tag>
  : Part extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[Part] : HTMLElement;

// The pages are HTML throughout: no part that a script looks for is of another namespace.
interface ParentNode {
  querySelector<Selector extends string>(selectors: Selector): Found<Selector> | null;
  querySelectorAll<Selector extends string>(selectors: Selector): NodeListOf<Found<Selector>>;
}

interface Element {
  closest<Selector extends string>(selectors: Selector): Found<Selector> | null;
}

interface HTMLElement {
  readonly children: HTMLCollectionOf<HTMLElement>;
  readonly firstElementChild: HTMLElement | null;
  readonly lastElementChild: HTMLElement | null;
  readonly nextElementSibling: HTMLElement | null;
}

interface Document {
  readonly activeElement: HTMLElement | null;
}

interface SubmitEvent {
  readonly target: HTMLFormElement;
}

interface MouseEvent {
  readonly target: HTMLElement;
}

interface KeyboardEvent {
  readonly target: HTMLElement;
}

interface FocusEvent {
  readonly target: HTMLElement;
}

/** What the page of a microphone begins with (server/moothall/adapters/desks/microphone_door.py). */
interface MicrophoneData extends Texts {
  base: string;
  title: string;
  /** Whether it goes along with a room from meeting to meeting. */
  follows: boolean;
  zone: string;
  /** Tag and direction of each text. */
  languages: Record<string, [tag: string, direction: string]>;
}

/** A tenth of a second of sound: its samples, and how loud it is. */
interface Piece {
  pcm: Int16Array<ArrayBuffer>;
  rms: number;
  peak: number;
}

/** Of the browser's audio thread, which the types of pages leave out. */
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare const sampleRate: number;
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

/** What the audio door says besides a kind: whose sending goes on, or who else sends since when (Unix ms). */
interface LineNews {
  session?: string;
  by?: string;
  since?: number;
}

/** What the page of a display begins with (server/moothall/adapters/displays/display_door.py). */
interface DisplayData extends Texts {
  epoch: string;
  offset: number;
  session: Session;
  lines: Line[];
  /** Whether what was cleared is left out. */
  wall: boolean;
  events: string;
  now: number;
  spoke: number | null;
  look: Record<string, number> & { color: string; back: number };
}

/** What a page of questions keeps until it has been sent: a form's fields, and why it was not taken. */
interface KeptForm {
  action: string;
  fields: Record<string, string>;
  label?: string;
  /** When it was written, Unix ms. */
  at: number;
  /** Empty while it waits. */
  wrong: string;
}

/** A question of a hub's room, kept in the browser until the meeting has it. */
interface Carried {
  session: string;
  fields: Record<string, string>;
  at: number;
  page: string;
}

/** Elements that a template of web/pages has, by id, where more has to be known of them than that they are elements. */
interface Parts {
  Allow: HTMLButtonElement;
  Data: HTMLScriptElement;
  Device: HTMLSelectElement;
  Handing: HTMLDetailsElement;
  HandingAddress: HTMLInputElement;
  Note: HTMLTextAreaElement;
  Number: HTMLInputElement;
  Set: Form<{ people: HTMLInputElement; form: HTMLInputElement }>;
  Start: HTMLButtonElement;
  Step: Form<{ people: HTMLInputElement }>;
  Stop: HTMLButtonElement;
  Typing: Form<{ line: HTMLInputElement }>;
  Words: HTMLTextAreaElement;
  Write: Form<{ form: HTMLInputElement; note: HTMLInputElement; text: HTMLTextAreaElement }>;
}

type At = <Id extends string>(id: Id) => Id extends keyof Parts ? Parts[Id] : HTMLElement;

type MakeElement = <Name extends keyof HTMLElementTagNameMap>(
  name: Name, attributes?: Record<string, unknown>, ...children: (Node | string)[]
) => HTMLElementTagNameMap[Name];

/** What a line of a translation was made from. */
interface MadeFrom {
  sources: [segment: string, revision: number][];
  model?: string;
  route?: string;
}

/** A segment as readers see it (server/moothall/core/views/captions.py); times are media ms. */
interface Line {
  segment: string;
  /** Its place in the whole text, from 0. */
  number: number;
  t0: number;
  t1: number | null;
  language: string;
  origin: string;
  speaker: string | null;
  text: string;
  words: number;
  mended: boolean;
  accepted: boolean;
  gone: boolean;
  /** It came long after it was said, and is no news. */
  late?: boolean;
  made_from?: MadeFrom;
}

/** A line as a batch of the low-data door tells it. */
type SpeltLine = Pick<Line, 'number' | 'segment' | 't0' | 'language' | 'origin' | 'speaker' | 'mended' | 'accepted' | 'text'>;

/** A span without text. */
interface Gap {
  t0: number;
  t1: number;
  reason: string;
}

/** How a hub stands in a session, for walls. */
interface HubStatus {
  hub: string;
  here: boolean;
  title: string;
  people: number;
}

interface Channel {
  kind: string;
  languages: string[];
  of_record?: boolean;
  asked?: string | null;
}

interface Session {
  status: string;
  title: string;
  languages: string[];
  access: string;
  sound: string;
  young_people: boolean;
  rehearsal: boolean;
  speakers: Record<string, string>;
  channels: Record<string, Channel>;
  gaps: Gap[];
  opened: number | null;
  clock: [t: number, wall: number] | null;
  paused: number | null;
  not_recorded: number | null;
  speaking: string | null;
  forced: string | null;
  seal: string | null;
  hubs?: Record<string, HubStatus>;
  /** From where on walls show the text, ms of the session; null or nothing: all of it. */
  wall_cleared?: number | null;
}

/** The fields of all events that readers get; docs/reference/events.md says which event has which. */
interface EventBody {
  type: string;
  intervention: string;
  number?: number;
  standing: string;
  question: string;
  /** A show of hands is over without a result. */
  void?: boolean;
  /** How many would ask the same, by intervention. */
  counts: Record<string, number>;
  poll: string;
  remote: number[];
  room: number[];
  /** A group far away, and how it stands. */
  hub: string;
  here: boolean;
  people: number;
  segment: string;
  segments: string[];
  channel: string;
  speaker: string;
  name: string;
  t: number;
  t0: number;
  t1: number;
  wall: number;
  language: string;
  languages: string[];
  origin: string;
  text: string;
  tail: string;
  first: number;
  words: { text: string }[];
  machine: boolean;
  accepted?: boolean;
  made_from?: MadeFrom;
  title: string;
  access: string;
  sound?: string;
  young_people: boolean;
  rehearsal?: boolean;
  kind: string;
  of_record?: boolean;
  asked?: string | null;
  reason: string;
  version: string;
}

interface LogEvent {
  offset: number;
  at: number;
  by: string;
  body: EventBody | null;
}

/** The fields of all signals that readers get (server/moothall/core/signals.py). */
interface Signal {
  kind: string;
  segment: string;
  first: number;
  text: string;
  language: string;
  t0: number;
  sound: string;
  lag: number;
  awaited: boolean;
  instead: string | null;
}

interface Snapshot {
  epoch: string;
  offset: number;
  session: Session;
  lines: Line[];
  before?: number;
}

/** A message of the stream of events. */
interface Frame {
  0?: number;
  snapshot?: Snapshot;
  prev?: number;
  events?: LogEvent[];
  signals?: Signal[];
  sent: number;
}

interface Pulse {
  every: number;
  head: number;
  /** At a hub: whether its own line to the meeting is dead. */
  lost?: boolean;
}

interface DocumentEventMap {
  pulse: CustomEvent<Pulse>;
}

/** What a frame changed, as `Reader` says it. */
interface Change {
  /** A frame is missing: ask again from `position`. */
  lost: boolean;
  /** What is on the screen belongs to another text. */
  cleared: boolean;
  snapshot: boolean;
  /** What to tell of, in order: a gap, or whether what is said is kept from here on. */
  notices: (Gap | boolean)[];
  session: boolean;
  /** Somebody else has the floor. */
  speaking: boolean;
  gaps: boolean;
  /** Ids of lines that changed. */
  lines: Set<string>;
  /** Ids of lines that are in the text no more. */
  gone: Set<string>;
  /** Lines have other numbers than before. */
  moved: boolean;
}

/** A connection, and the offset up to which it has been read. */
type Source = EventSource & { seen: number };

/** A field of the form of choices: a check box or a list, as `type` says. */
type Field = HTMLInputElement & Pick<HTMLSelectElement, 'options' | 'selectedIndex' | 'length'>;

/** Gives a language's name by its BCP-47 tag. */
type Tongue = (tag: string) => string;

/** What a batch of the low-data door tells. */
type News = SpeltLine | LogEvent | Signal;

/** A question, comment or request as desks are told of it (docs/reference/desk-socket.md); times are media ms. */
interface Question {
  id: string;
  number: number;
  kind: string;
  standing: string;
  since: number;
  flags: string[];
  removed?: boolean;
  origin: string;
  language: string;
  text: string;
  received: string;
  name: string;
}

/** What desks are told of questions: all of it, where `whole`, else what changed. */
interface QuestionNews {
  whole: boolean;
  items: Question[];
  gone: string[];
  more: { before: number; count: number; checked: number } | null;
  queue: { intervention: string; why: string }[];
  /** Ids of what is likely the same, the first that came first. */
  alike: string[][];
  arranged: string[];
  order: string;
  called: string | null;
  /** Since when a turn goes on. */
  turn: number | null;
  limit: number;
  time: number;
  typed: boolean;
  begin: number | null;
  longer: boolean;
  polls: object[];
  /** Whether only browsers that keep a cookie may ask. */
  known: boolean;
}
