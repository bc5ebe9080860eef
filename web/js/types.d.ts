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
  readonly previousElementSibling: HTMLElement | null;
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

/** The fields of a form on *Ask or comment*, by name. */
type FormFields = Record<string, string>;

/** A form of questions that is kept in the browser until it has been sent. */
interface KeptForm {
  action: string;
  fields: FormFields;
  label?: string;
  /** When it was written, Unix ms. */
  at: number;
  /** Why it was not taken; empty while it waits. */
  wrong?: string;
}

/** What the server answered to a form: the page with its address, and whether the form was taken, or came too often. */
interface Sent {
  taken: boolean;
  often: boolean;
  address: string;
  page: Document;
}

/** A question of a hub's room, kept in the browser until the meeting has it. */
interface Carried {
  session: string;
  fields: FormFields;
  at: number;
  page: string;
}

// Of service workers, which the types of pages leave out.
interface ExtendableEvent extends Event {
  waitUntil(done: Promise<unknown>): void;
}
interface FetchEvent extends ExtendableEvent {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface WindowEventMap {
  install: ExtendableEvent;
  fetch: FetchEvent;
}
declare function skipWaiting(): Promise<void>;

/** Elements that a template of web/pages has, by id, where more has to be known of them than that they are elements. */
interface Parts {
  Asked: WithData<'events' | 'position'>;
  Allow: HTMLButtonElement;
  Data: HTMLScriptElement;
  Along: HTMLInputElement;
  Carried: WithData<'text'>;
  Choices: HTMLFormElement;
  Coordinator: WithData<'looks'>;
  Device: HTMLSelectElement;
  Earlier: HTMLAnchorElement;
  HandingWrong: WithData<'text'>;
  Hands: WithData<'counted'>;
  HandsSaid: WithData<'begun' | 'over'>;
  HearNow: HTMLButtonElement;
  HereWall: WithData<'ask'>;
  HowIRead: HTMLDetailsElement;
  Hub: WithData<'now' | 'many' | 'note'>;
  HubLine: WithData<'ask' | 'session' | 'lost' | 'kind'>;
  Known: HTMLInputElement;
  Kept: WithData<'kept' | 'sent' | 'waits' | 'away'>;
  Video: HTMLDetailsElement;
  Handing: HTMLDetailsElement & WithData<'session'>;
  HandingAddress: HTMLInputElement;
  /** Of the page of a text; a list at desks. */
  Keys: HTMLFormElement;
  KeysOn: HTMLInputElement;
  Limit: HTMLSelectElement;
  LineNow: WithData<'lost'>;
  Note: HTMLTextAreaElement;
  NowAsked: WithData<'more'>;
  Number: HTMLInputElement;
  Questions: WithData<'events' | 'position'>;
  Raised: WithData<'begun' | 'over'>;
  Sound: HTMLDetailsElement;
  Start: HTMLButtonElement;
  Stop: HTMLButtonElement;
  Stopped: HTMLAnchorElement;
  Answer: HTMLDialogElement;
  Decline: HTMLDialogElement;
  Join: HTMLDialogElement;
  Rest: HTMLDialogElement;
  Reword: HTMLDialogElement;
  Sure: HTMLDialogElement;
  Under: HTMLSelectElement;
  Words: HTMLTextAreaElement;
}

/** An element whose template gives it these attributes `data-…`. */
type WithData<Names extends string> = HTMLElement & { readonly dataset: DOMStringMap & Record<Names, string> };

type At = <Id extends string>(id: Id) => Id extends keyof Forms ? Form<Forms[Id]> : Id extends keyof Parts ? Parts[Id] : HTMLElement;

type Only = <Selector extends string>(selector: Selector, within?: ParentNode) => Found<Selector>;

type MakeElement = <Name extends keyof HTMLElementTagNameMap>(
  name: Name, attributes?: Record<string, unknown>, ...children: (Node | string)[]
) => HTMLElementTagNameMap[Name];

/** What a line of a translation was made from. */
interface MadeFrom {
  sources: [segment: string, revision: number][];
  model?: string;
  route?: string;
  /** By a translator that is known to be no more than rough. */
  rough?: boolean;
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
  asked?: number | null;
}

interface Session {
  id: string;
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
  words: { text: string; p?: number }[];
  base_revision: number;
  note?: string;
  to?: string | null;
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
  asked?: number | null;
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

/** A message of the low-data stream: the position after it, then lines, events and signals in order. */
type Batch = [position: number, ...BatchPart[]] & { sent?: undefined; events?: undefined; snapshot?: undefined };
type BatchPart = LogEvent | Signal | string | number | (string | number | null)[];

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

/** What the page of a text begins with (server/moothall/adapters/reading/session_page.py). */
interface ReaderData extends Texts {
  epoch: string;
  offset: number;
  channel: string;
  session: Session;
  growing: Line | null;
  now: number;
  spoke: number | null;
  date: string;
  /** Of the conference: ms ahead of UTC, how an ISO time says that, and its name. */
  zone: [ahead: number, offset: string, name: string];
  /** Whether a translation of the whole is being made. */
  making: boolean;
  base: string;
  query: string;
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
  /** The name as it was given. */
  given: string;
  /** When it was asked, media ms; null or 0 before the meeting. */
  t: number | null;
  /** The line that was said then. */
  said: { segment: string; text: string; language: string } | null;
  support: number;
  after_close: boolean;
  /** With which it was joined. */
  into: string;
  reason: string;
  /** Whether its author took it out or back. */
  own: boolean;
  /** The line at which it was answered. */
  segment: string | null;
  /** An answer in writing. */
  answer: string;
  answer_language: string;
}

/** A show of hands as desks are told of it. */
interface Poll {
  id: string;
  number: number;
  question: string;
  language: string;
  options: string[];
  open: boolean;
  remote: number[];
  room: number[];
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
  polls: Poll[];
  /** Whether only browsers that keep a cookie may ask. */
  known: boolean;
}

// What staff pages are told and send: docs/reference/desk-socket.md.

/** A line as desks see it: with the corrections so far, on which the next is based. */
interface DeskLine extends Omit<Line, 'number' | 'accepted'> {
  accepted?: boolean;
  revision: number;
}

interface DeskFrame extends Omit<Frame, 'snapshot'> {
  snapshot?: Omit<Snapshot, 'lines'> & { lines: DeskLine[] };
}

/** What a frame changed, as `DeskState` says it. */
interface DeskChange {
  /** A frame is missing. */
  lost: boolean;
  /** All of it is another. */
  whole: boolean;
  session: boolean;
  notes: boolean;
  /** Ids of lines that changed. */
  lines: Set<string>;
}

/** Who sits at a page of the staff. */
interface Seat {
  seat: string;
  role: string;
  label: string;
  name: string;
}

/** Something to do: `do` says what; docs/reference/desk-socket.md says which fields each has. */
interface Command {
  do: string;
  text?: string;
  name?: string;
  term?: string;
  speaker?: string | null;
  tag?: string | null;
  language?: string | null;
  languages?: string[];
  standing?: string;
  interventions?: string[];
  intervention?: string;
  accepted?: boolean;
  wanted?: boolean;
  keep?: boolean;
  written?: Record<string, string>;
  flags?: string[];
  [more: string]: unknown;
}

/** What was done at once. */
interface Act {
  id: string;
  at: number;
  by: Seat;
  commands: Command[];
  /** Numbers of the questions in it, by their ids. */
  numbers?: Record<string, number>;
  /** What undoes it; nothing where nothing does. */
  undo: Command[];
  undone: boolean;
}

/** A note; of the staff, or where there is a `hub` from or to that group. */
interface Note {
  at: number;
  by: string;
  text: string;
  note: string;
  to?: string | null;
  hub?: string;
  read?: string[];
}

/** What to know before something is done all the same. */
type Know = { kind: string; who: string; number: number; seconds: number };

/** Why something was not done. */
interface Refusal {
  code: string;
  first_know?: Know;
  /** Who was quicker to go on to another meeting. */
  gone_on?: { who: string; title: string };
  /** How the line reads now. */
  segment?: Pick<DeskLine, 'revision' | 'words' | 'text'>;
}

/** The fields of all answers; only those that belong to what was asked are there, and none beside a refusal. */
interface Answer extends Board {
  refusal?: Refusal;
  seat: string;
  now: number;
  channel: string;
  acts: Act[];
  may: string[];
  notes: Note[];
  words: Record<string, [text: string, certainty: number][]>;
  presence: Seat[];
  news: DeskNews;
  session: string;
  lines: number;
  run: string;
  fates: string;
  model: string;
  at: number;
  rows: Proposal[];
  text: string;
  items: Question[];
  more: QuestionNews['more'];
}

interface Alarm {
  kind: string;
  urgent: boolean;
  values: Record<string, string>;
  /** Who sees to it. */
  by?: string | null;
}

/** A correction that a second pass proposes; times are media ms. */
interface Proposal {
  /** Its number among all. */
  n: number;
  segment: string;
  channel: string;
  t0: number;
  t1: number;
  language: string;
  /** Who said it; empty where nobody is named. */
  name: string;
  /** The line in pieces, each with whether it differs. */
  old: [text: string, differs: boolean][];
  /** The same as proposed. */
  new: [text: string, differs: boolean][];
  /** How it reads, where it was changed since. */
  now: string | null;
}

interface Term {
  term: string;
  language: string;
  source: string;
  keep: boolean;
  /** How it is written, by language. */
  written: Record<string, string>;
}

interface TermNews {
  terms: Term[];
  more: number;
  too_many: number;
  away: string[];
  proposed: string[];
  into: string[];
}

interface OutcomeTag {
  question: string | null;
  tag: string;
}

interface OutcomeLine {
  segment: string;
  channel: string;
  t0: number;
  text: string;
  language: string;
  speaker: string | null;
  tags: OutcomeTag[];
}

interface OutcomeNews {
  questions: { id: string; text: string }[];
  lines: OutcomeLine[];
  asked: { number: number; text: string; language: string; name: string }[];
}

interface HubNews {
  names: string[];
  notes: Note[];
  titles: Record<string, string>;
  stands: HubStand[];
}

/** How a group stands; `people` is null where they were not counted, `since` Unix ms. */
interface HubStand {
  hub: string;
  people: number | null;
  here: boolean;
  since: number;
}

/** What readers report: how many of how many, by kind. */
interface ReportNews {
  readers: number;
  kinds: Record<string, { count: number; answer: string | null }>;
}

/** What is told beside the text, by name: null where there is nothing to tell. */
interface DeskNews {
  reports: ReportNews | null;
  alarm: Alarm[] | null;
  overrun: { minutes: number } | null;
  following: { session: string | null; title: string; left_out: string[] } | null;
  quality: import('./desk/quality.js').Quality | null;
  proposals: { run: string; fates: string } | null;
  terms: TermNews | null;
  hubs: HubNews | null;
  outcome: OutcomeNews | null;
  interventions: QuestionNews;
  balance: BalanceNews | null;
  'set-aside': SetAside | null;
  lately: Lately | null;
  crowds: Crowd[] | null;
}

/** Ballots of a flood that don't count, by question and by show of hands. */
interface SetAside {
  support: Record<string, number>;
  hands: Record<string, number>;
}

/** Ballots of the last minute, and from how many addresses. */
interface Lately {
  support: Record<string, [ballots: number, addresses: number]>;
  hands: Record<string, [ballots: number, addresses: number]>;
}

/** Many questions from one address, and the first and last of their numbers. */
interface Crowd {
  place: string;
  count: number;
  numbers: [first: number, last: number];
}

/** Who is heard: by place, and by what people say of themselves. */
interface BalanceNews {
  origins: (BalanceRow & { origin: string })[];
  unheard: { origin: string; waiting: number; minutes: number }[];
  groups: { dimension: string; rows: (BalanceRow & { cell: string })[] }[];
}

/** Figures of those who are heard; null where there is none, or none that may be shown. */
type BalanceRow = Record<'people' | 'received' | 'taken' | 'turns' | 'heard' | 'answered' | 'spoken' | 'minutes' | 'wait', number | null>;

/** A card of the page of all meetings; ages are seconds. */
interface Card {
  key: string;
  session: string;
  place: string;
  title: string;
  status: string;
  off: boolean;
  alarms: Alarm[];
  here: Seat[];
  channels: Record<string, [kind: string, language: string]>;
  readers: Record<string, number>;
  reports: Record<string, number>;
  following: string | null;
  dead: number;
  sound: number | null;
  words: number | null;
  lag: number;
  rate: number;
  heard: string | null;
  expected: string | null;
  quality: import('./desk/quality.js').Quality | null;
}

/** The page of all meetings. */
interface Board {
  cards: Card[];
  house: { at: number; engines: number; disk_free: number | null; disk_all: number; alarms: Alarm[] };
  translation: { connected: boolean; ways: Record<string, string[]>; missing: string[] };
}

/** What is told over the line of a staff page: an event's name and its body. */
type Told =
  | [event: 'pulse', body: Pulse]
  | [event: 'frame', body: DeskFrame]
  | [event: 'presence', body: Seat[]]
  | [event: 'acted', body: Act]
  | [event: 'forgotten', body: string[]]
  | [event: 'overridden', body: { by: Seat; number: number; instead: number }]
  | [event: 'levels', body: Record<string, number | null>]
  | [event: 'cards', body: Board]
  | { [Name in keyof DeskNews]: [event: Name, body: DeskNews[Name]] }[keyof DeskNews];

/** How the line stands. */
type LineState = 'open' | 'lost' | 'shut';

/** What a staff page of a meeting begins with (server/moothall/adapters/desks/desk_door.py). */
interface DeskData extends Texts {
  session: string;
  channel: string;
  role: string;
  base: string;
  zone: string;
  /** Whether there is sound of a line to be heard. */
  clip: boolean;
  names: boolean;
  tongues: string[];
  /** Other meetings, to which lines may be moved. */
  others: [session: string, title: string][];
}

/** What is to be removed for good. */
type Removes =
  | { type: 'lines'; segments: string[] }
  | { type: 'speaker'; speaker: string; name: boolean }
  | { type: 'span'; t0: number; t1: number }
  | { type: 'interventions'; interventions: string[] };

/** The fields of forms, by the form's id; where several pages have a form of that id, of all of them. */
interface Forms {
  Add: { text: HTMLTextAreaElement; name: HTMLInputElement; language: HTMLSelectElement };
  AddSpeaker: { name: HTMLInputElement };
  AddTerm: { term: HTMLInputElement; language: HTMLSelectElement };
  Bell: { name: HTMLInputElement; bell: HTMLInputElement };
  Called: { name: HTMLInputElement };
  Force: { language: HTMLSelectElement };
  Give: { speaker: HTMLSelectElement; session: HTMLSelectElement };
  HandsAsk: { question: HTMLInputElement; options: HTMLTextAreaElement; language: HTMLSelectElement; quiet: HTMLInputElement };
  LeaveNote: { text: HTMLInputElement; to: HTMLSelectElement };
  RemoveOf: { speaker: HTMLSelectElement; named: HTMLInputElement };
  RemoveSpan: { from: HTMLInputElement; to: HTMLInputElement };
  Rule: { order: RadioNodeList };
  Set: { people: HTMLInputElement; form: HTMLInputElement };
  Sift: Record<'text' | 'place' | 'kind' | 'standing' | 'flag' | 'language', HTMLSelectElement>;
  Step: { people: HTMLInputElement };
  Typing: { line: HTMLInputElement };
  Write: { form: HTMLInputElement; note: HTMLInputElement; text: HTMLTextAreaElement; language: HTMLSelectElement };
}

/** What the page of all meetings begins with (server/moothall/adapters/desks/control_door.py). */
interface ControlData extends Texts {
  zone: string;
}
