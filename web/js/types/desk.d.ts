// What staff pages are told and send: docs/reference/desk-socket.md. For the type check alone: no page loads it.

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

/** What the audio door says besides a kind: whose sending goes on, or who else sends since when (Unix ms). */
interface LineNews {
  session?: string;
  by?: string;
  since?: number;
}

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
  desk: string;
  role: string;
  label: string;
  name: string;
  /** The line that is open in its box at that desk. */
  correcting?: string | null;
  /** The public id of the link with which they came. */
  link?: string;
}

/** A line of somebody who was not on air. */
interface OfferedLine {
  segment: string;
  text: string;
  language: string;
  speaker: string | null;
  t: number;
  /** The public name of the outside tool that sent it; empty unless one did. */
  tool: string;
}

/** Who is on air in a text. */
interface ChannelAir {
  source: 'machine' | 'person' | 'tool' | 'respeaker';
  /** The public id of their link. */
  holder: string;
  name: string;
  token: number;
  /** Why they write nothing: `gone` or `quiet`; empty where all is well. */
  silent: '' | 'gone' | 'quiet';
  offered: OfferedLine[];
  /** What the machine had heard and not written when a person took over, until a line is written. */
  heard: { text: string; language: string } | null;
}

/** What else words in doubt may be: by text, line, and place of the word in it. */
type ReadingNews = Record<string, Record<string, Record<number, string[]>>>;

/** By text. */
type AirNews = Record<string, ChannelAir>;

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
  status?: string;
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
  desk: string;
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
  /** Abbreviations of the link. */
  list: Record<string, string>;
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
  presence: HubStand[];
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
  gauges: Gauges | null;
  reports: ReportNews | null;
  alarm: Alarm[] | null;
  overrun: { minutes: number } | null;
  'next-session': { session: string | null; title: string; left_out: string[] } | null;
  quality: import('../desk/quality.js').Quality | null;
  proposals: { run: string; fates: string } | null;
  terms: TermNews | null;
  hubs: HubNews | null;
  outcome: OutcomeNews | null;
  air: AirNews | null;
  readings: ReadingNews | null;
  interventions: QuestionNews;
  balance: BalanceNews | null;
  'set-aside': SetAside | null;
  lately: Lately | null;
  crowds: Crowd[] | null;
}

/** A card of the page of all meetings; ages are seconds. */
interface Card {
  key: string;
  session: string;
  place: string;
  title: string;
  status: string;
  off: boolean;
  /** How it stands, in one word. */
  stands: string;
  /** When the last words came, Unix ms, where it is silent. */
  silent_since: number | null;
  /** Each 10 s of the last ten minutes, the newest last: s, and words a minute; left out where they are as they were told last. */
  delays?: (number | null)[];
  rates?: number[];
  alarms: Alarm[];
  here: Seat[];
  /** Who is on air; empty: the machine. */
  on_air: string;
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
  quality: import('../desk/quality.js').Quality | null;
}

/** The page of all meetings. */
interface Board {
  cards: Card[];
  overview: { at: number; engines: number; disk_free: number | null; disk_all: number; alarms: Alarm[] };
  translation: { connected: boolean; ways: Record<string, string[]>; missing: string[] };
}

/** What is told over the line of a staff page: an event's name and its body. */
/** What the frame of a meeting's pages shows of it: services/control/control_room.py. */
interface Gauges {
  level: number | null;
  late: number;
  readers: number;
}

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
  /** The public id of the link with which whoever sits here came. */
  link: string;
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

/** What the page of all meetings begins with (server/moothall/adapters/desks/control_door.py). */
interface ControlData extends Texts {
  zone: string;
}
