// Messages between staff pages and the server (docs/reference/desk-socket.md). Only for the type check: no page loads
// this file.

/** The data in the page of a microphone (server/moothall/adapters/desks/microphone_door.py). */
interface MicrophoneData extends Texts {
  base: string;
  title: string;
  /** Whether the page follows a room from meeting to meeting. */
  follows: boolean;
  zone: string;
  /** Tag and direction of each text. */
  languages: Record<string, [tag: string, direction: string]>;
  /** The sentence about what is kept of the sound, by the meeting's setting. */
  kept: Record<string, string>;
}

/** A tenth of a second of sound: its samples at 16 kHz, and its level (RMS and peak, from 0 to 1). */
interface Piece {
  pcm: Int16Array<ArrayBuffer>;
  rms: number;
  peak: number;
}

/**
 * Details in messages of the audio door: the session to which sound is sent, or who else sends since when (Unix ms).
 */
interface AudioLinkNews {
  session?: string;
  by?: string;
  since?: number;
}

/** A line as desks get it, with its number of corrections, on which the next correction is based. */
interface DeskLine extends Omit<Line, 'number' | 'accepted'> {
  accepted?: boolean;
  revision: number;
  /** The line from which it was split. */
  part_of?: string;
}

interface DeskFrame extends Omit<Frame, 'snapshot'> {
  snapshot?: Omit<Snapshot, 'lines'> & { lines: DeskLine[] };
}

/** What a frame has changed, as `DeskState` reports it. */
interface DeskChange {
  /** A frame is missing. */
  lost: boolean;
  /** The whole state was replaced. */
  whole: boolean;
  session: boolean;
  notes: boolean;
  /** Ids of lines that changed. */
  lines: Set<string>;
}

/** Somebody at a staff page. */
interface Seat {
  desk: string;
  role: string;
  label: string;
  name: string;
  /** Id of the line that is open in the editor there. */
  correcting?: string | null;
  /** The public id of their role link. */
  link?: string;
}

/** A line by somebody who was not on air. */
interface OfferedLine {
  segment: string;
  text: string;
  language: string;
  speaker: string | null;
  t: number;
  /** The public name of the outside tool that sent it; empty unless one did. */
  tool: string;
}

/** Who is on air in a channel. */
interface ChannelAir {
  source: 'machine' | 'person' | 'tool' | 'respeaker';
  /** The public id of their link. */
  holder: string;
  name: string;
  token: number;
  /** Why the holder writes nothing: `gone` or `quiet`; empty where all is well. */
  silent: '' | 'gone' | 'quiet';
  offered: OfferedLine[];
  /** Words that the machine had heard but not written when a person took over; null once a line is written. */
  heard: { text: string; language: string } | null;
}

/** Other readings of words in doubt, by channel, line, and index of the word in the line. */
type ReadingNews = Record<string, Record<string, Record<number, string[]>>>;

/** Who is proposed as the speaker of lines, and who agreed that their voice is recognised. */
interface VoiceNews {
  agreed: string[];
  learnt: string[];
  /** No further voice is recognised. */
  full: boolean;
  proposals: { segment: string; speaker: string; by: string }[];
}

/** By channel. */
type AirNews = Record<string, ChannelAir>;

/** A command; docs/reference/desk-socket.md says which fields each kind (`do`) has. */
interface Command {
  do: string;
  text?: string;
  name?: string;
  term?: string;
  title?: string;
  question?: string | null;
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
  forms?: Record<string, Record<string, string>>;
  flags?: string[];
  [more: string]: unknown;
}

/** An act: commands that were carried out together; `at` is Unix ms. */
interface Act {
  id: string;
  at: number;
  by: Seat;
  commands: Command[];
  /** Numbers of the questions in it, by their ids. */
  numbers?: Record<string, number>;
  /** The commands that undo it; empty if nothing can. */
  undo: Command[];
  undone: boolean;
}

/** A note among the staff, or with `hub` one from or to that hub; `at` is Unix ms. */
interface Note {
  at: number;
  by: string;
  text: string;
  note: string;
  to?: string | null;
  hub?: string;
  read?: string[];
}

/** A warning before an act: the user decides whether to do it anyway. */
type Know = { kind: string; who: string; number: number; seconds: number; minutes: number };

/** Why a request was refused. */
interface Refusal {
  code: string;
  first_know?: Know;
  /** Who has gone on to another meeting first, and its title. */
  gone_on?: { who: string; title: string };
  /** The present state of the line. */
  segment?: Pick<DeskLine, 'revision' | 'words' | 'text'>;
}

/** The fields of all answers. An answer has only those that belong to its request, and a refusal has no other field. */
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
  /** Of a translation: by which route it came, and whether it gives the gist only. */
  route: string;
  rough: boolean;
  /** Abbreviations of the role link. */
  list: Record<string, string>;
  items: Question[];
  more: QuestionNews['more'];
}

interface Alarm {
  kind: string;
  urgent: boolean;
  values: Record<string, string>;
  /** Who sees to the alarm. */
  by?: string | null;
}

/** A correction that a second pass proposes; times are media ms. */
interface Proposal {
  /** Its number among all proposals, from 0. */
  n: number;
  segment: string;
  channel: string;
  t0: number;
  t1: number;
  language: string;
  /** Who said it; empty where nobody is named. */
  name: string;
  /** The line in pieces, each with whether it differs from the proposal. */
  old: [text: string, differs: boolean][];
  /** The proposed line in pieces. */
  new: [text: string, differs: boolean][];
  /** The present text, if the line was changed since. */
  now: string | null;
}

interface Term {
  term: string;
  language: string;
  source: string;
  keep: boolean;
  /** The term's wording in translations, by language. */
  written: Record<string, string>;
  /** Other forms of these, by language and the name of the form. */
  forms: Record<string, Record<string, string>>;
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
  asked: { number: number; text: string; language: string; name: string; question: string | null }[];
}

interface HubNews {
  names: string[];
  notes: Note[];
  titles: Record<string, string>;
  presence: HubStand[];
}

/** The presence of a hub; `people` is null where they were not counted, `since` is Unix ms. */
interface HubStand {
  hub: string;
  people: number | null;
  here: boolean;
  since: number;
}

/** Readers' reports, by kind, and the number of readers. */
interface ReportNews {
  readers: number;
  kinds: Record<string, { count: number; answer: string | null }>;
}

/** What is taken up, and how long (ms) the meeting was at each topic up to media ms `until`. */
interface TopicNews {
  questions: { id: string; text: string }[];
  now: Topic | null;
  times: { question: string | null; number: number; title: string; ms: number }[];
  until: number;
  /** Whether the time of the present topic goes on. */
  runs: boolean;
}

/** News for desks besides the text, by the event's name; null where there is nothing to report. */
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
  /** The offset of the report's log; null while it isn't in use. */
  draft: { offset: number } | null;
  topics: TopicNews | null;
  air: AirNews | null;
  readings: ReadingNews | null;
  voices: VoiceNews | null;
  interventions: QuestionNews;
  balance: BalanceNews | null;
  'set-aside': SetAside | null;
  lately: Lately | null;
  crowds: Crowd[] | null;
}

/** A card of the control room; ages are in seconds. */
interface Card {
  key: string;
  session: string;
  place: string;
  title: string;
  status: string;
  off: boolean;
  /** Its status in one word. */
  stands: string;
  /** When the last words came, Unix ms, where it is silent. */
  silent_since: number | null;
  /**
   * Delays (s) and rates (words a minute) for each 10 s of the last ten minutes, the newest last; sent only when they
   * have changed.
   */
  delays?: (number | null)[];
  rates?: number[];
  alarms: Alarm[];
  here: Seat[];
  /** Who is on air; empty for the machine. */
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

/** The content of the control room. */
interface Board {
  cards: Card[];
  overview: { at: number; engines: number; disk_free: number | null; disk_all: number; alarms: Alarm[] };
  translation: { connected: boolean; ways: Record<string, string[]>; missing: string[]; rough?: Record<string, string[]> };
}

/**
 * The figures in the frame of a meeting's staff pages: level, delay of the text, readers
 * (services/control/control_room.py).
 */
interface Gauges {
  level: number | null;
  late: number;
  readers: number;
}

/** A message from the server to a staff page: an event's name and its body. */
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

/** The state of a staff page's connection; `shut`: the server has refused it for good. */
type LinkState = 'open' | 'lost' | 'shut';

/** The data in a staff page of a meeting (server/moothall/adapters/desks/desk_door.py). */
interface DeskData extends Texts {
  session: string;
  channel: string;
  role: string;
  /** The public id of our role link. */
  link: string;
  base: string;
  zone: string;
  /** Whether the sound of lines can be played. */
  clip: boolean;
  names: boolean;
  languages: string[];
  /** Other meetings, to which lines may be moved. */
  others: [session: string, title: string][];
}

/** What to remove for good; times are media ms. */
type Removes =
  | { type: 'lines'; segments: string[] }
  | { type: 'speaker'; speaker: string; name: boolean }
  | { type: 'span'; t0: number; t1: number }
  | { type: 'interventions'; interventions: string[] };

/** The data in the page of the control room (server/moothall/adapters/desks/control_door.py). */
interface ControlData extends Texts {
  zone: string;
}
