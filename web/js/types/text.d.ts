// The text of a meeting as scripts get it. Only for the type check: no page loads this file.

/** The data in the page of a display (server/moothall/adapters/displays/display_door.py). */
interface DisplayData extends Texts {
  epoch: string;
  offset: number;
  session: Session;
  lines: Line[];
  /** Whether text that was cleared is left out. */
  wall: boolean;
  events: string;
  now: number;
  spoke: number | null;
  /** What the text is, without the way of a translation. */
  notice: string;
  look: Record<string, number> & { color: string; back: number };
}

/** The origin of a translated line: its source lines, the model and the route. */
interface MadeFrom {
  sources: [segment: string, revision: number][];
  model?: string;
  route?: string;
  /** Whether the translator is known to be only rough. */
  rough?: boolean;
  /** Whether that ends with the seal of a record that was checked. */
  until_checked?: boolean;
}

/** A segment as readers see it (server/moothall/core/views/captions.py); times are media ms. */
interface Line {
  segment: string;
  /** Its position in the whole text, from 0. */
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
  /** It came long after it was said, and does not count as new. */
  late?: boolean;
  made_from?: MadeFrom;
  /** The public name of the outside tool that sent it. */
  tool?: string;
  /** A machine heard a respeaker. */
  respoken?: boolean;
  /** Somebody else speaks after it, named or not. */
  voice_changes?: boolean;
  /** A machine gets many words wrong in its language. */
  rough?: boolean;
  /** The line from which it was split while this page was open. */
  part_of?: string;
  /** Where the words stand of which the recogniser was not sure: UTF-16 indexes of the text. */
  doubts?: [at: number, end: number][];
}

/** A line as it is in a message of the low-data stream. */
type SpeltLine = Pick<Line, 'number' | 'segment' | 't0' | 'language' | 'origin' | 'speaker' | 'mended' | 'accepted' | 'text' | 'tool' | 'rough' | 'voice_changes'>;

/** A span without text. */
interface Gap {
  t0: number;
  t1: number;
  reason: string;
}

/** The presence of a hub in a session, for walls. */
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
  requested?: number | null;
}

/** What a meeting took up: a policy question, a free heading, or nothing; `t` in media ms. */
interface Topic {
  t: number;
  question: string | null;
  number: number;
  title: string;
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
  /** What was taken up, one after the other; absent where nothing was. */
  topics?: Topic[];
  paused: number | null;
  not_recorded: number | null;
  speaking: string | null;
  forced: string | null;
  /** Who is on air: `machine`, `person`, `tool` or `respeaker`; absent while only the machine has ever been on air. */
  on_air?: string;
  /** The public name of the outside tool that is on air. */
  tool?: string;
  seal: string | null;
  /** Why the meeting is cancelled, maybe empty; null or absent: it is not cancelled. */
  cancelled?: string | null;
  hubs?: Record<string, HubStatus>;
  /** The media time in ms from which on walls show the text; null or absent: all of it. */
  wall_cleared?: number | null;
  /** What is measured of voices, by channel: `changes` or `known`; absent while nothing is. */
  voices?: Record<string, string>;
  /** The most that was measured of voices at any time; absent where nothing ever was. */
  voices_so_far?: string;
}

/** The fields of all events that readers get; docs/reference/events.md says which event has which. */
interface EventBody {
  type: string;
  intervention: string;
  number?: number;
  status: string;
  question: string;
  /** The policy questions as they are listed now. */
  questions?: { id: string; text: string }[];
  /** The options of a show of hands; with `quiet`, its numbers are shown only once it is closed. */
  options: string[];
  quiet?: boolean;
  /** The show of hands is over without a result. */
  void?: boolean;
  /** How many would ask the same, by the intervention's id. */
  counts: Record<string, number>;
  poll: string;
  remote: number[];
  room: number[];
  /** A hub, and its presence. */
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
  word: number;
  part_of?: string;
  note?: string;
  to?: string | null;
  machine: boolean;
  accepted?: boolean;
  unmended?: boolean;
  made_from?: MadeFrom;
  source: string;
  tool?: string;
  respoken?: boolean;
  rough?: boolean;
  title: string;
  access: string;
  sound?: string;
  voice_use?: string;
  voices?: string;
  young_people: boolean;
  rehearsal?: boolean;
  kind: string;
  of_record?: boolean;
  requested?: number | null;
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

/**
 * A message of the low-data stream: the offset after it, then lines, events and signals in order
 * (server/moothall/wire/low_data.py).
 */
type Batch = [position: number, ...BatchPart[]] & { sent?: undefined; events?: undefined; snapshot?: undefined };
type BatchPart = LogEvent | Signal | string | number | (string | number | null)[];

/** A message of the stream of events; `sent` is Unix ms. */
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
  /** At a hub: whether its uplink is lost. */
  lost?: boolean;
}

interface DocumentEventMap {
  pulse: CustomEvent<Pulse>;
  renewed: CustomEvent<HTMLTimeElement[]>;
}

/** The data in the page of a text (server/moothall/adapters/reading/session_page.py). */
interface ReaderData extends Texts {
  epoch: string;
  offset: number;
  channel: string;
  session: Session;
  growing: Line | null;
  now: number;
  spoke: number | null;
  date: string;
  /** The conference's time zone: ms ahead of UTC, its offset in ISO notation, and its name. */
  zone: [ahead: number, offset: string, name: string];
  /** How many lines a record has of which the page shows a part that has not its end; 0 for any other page. */
  whole: number;
  /** Whether the meeting is closed and older lines of this text are being translated. */
  making: boolean;
  /** The notice of what is kept of the sound, by the meeting's setting. */
  kept: Record<string, string>;
  /** The notice of what is measured of voices, by `changes` and `known`; absent on pages of releases that gave none. */
  voices?: Record<string, string>;
  base: string;
  query: string;
}

/** What a frame has changed, as `Reader` reports it. */
interface Change {
  /** A frame is missing: connect again from `position`. */
  lost: boolean;
  /** The lines on the screen are of another epoch. */
  cleared: boolean;
  snapshot: boolean;
  /** Notices to announce, in order: a gap, or whether recording has begun again (true) or ended (false). */
  notices: (Gap | boolean)[];
  session: boolean;
  /** Somebody else speaks. */
  speaking: boolean;
  gaps: boolean;
  /** Ids of lines that changed. */
  lines: Set<string>;
  /** Ids of lines that are no longer in the text. */
  gone: Set<string>;
  /** The numbers of lines were shifted. */
  moved: boolean;
}

/** A connection, with the offset up to which it has been read. */
type Source = EventSource & { seen: number };

/** Gives a language's name by its BCP-47 tag. */
type LanguageName = (tag: string) => string;

/** An item of a message of the low-data stream, decoded. */
type News = SpeltLine | LogEvent | Signal;
