// The parts of pages: types of what selectors and ids find, and of events. Only for the type check: no page loads this
// file.

/** Values for the {placeholders} of a text. */
type Values = Record<string, string | number | undefined>;

/** The texts of a page, as `Catalogue.script` gives them. */
interface Texts {
  ui: string;
  texts: Record<string, string>;
  /** Plural forms of a text, by CLDR category. */
  counted: Record<string, Record<string, string>>;
}

/** A form with its fields by name. */
type Form<Fields> = HTMLFormElement & { readonly elements: HTMLFormControlsCollection & Fields };

/**
 * The type of what a selector finds, by the tag of its last part: `a[href]` finds an anchor; `.note`, and a list, any
 * element.
 */
type Found<Selector extends string> = Selector extends `${string},${string}` ? HTMLElement : Tagged<LastPart<Selector>>;
type LastPart<Selector> = Selector extends `${string} ${infer Rest}` ? LastPart<Rest> : Selector;
type Tagged<Part> = Part extends `${infer Tag}${'.' | '#' | '[' | ':'}${string}` ? Tagged<Tag>
  : Part extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[Part] : HTMLElement;

// The pages are HTML throughout: scripts look for no element of another namespace.
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

// The targets of these events are always elements.
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

/** Part of the browser's audio thread, which the DOM types leave out. */
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare const sampleRate: number;
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

// Parts of service workers, which the DOM types leave out.
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

/** Elements of the templates in web/pages, by id, of which scripts need a more specific type than HTMLElement. */
interface Parts {
  AirBell: HTMLInputElement;
  AirGive: HTMLDetailsElement;
  Allow: HTMLButtonElement;
  Along: HTMLInputElement;
  Answer: HTMLDialogElement;
  AsTyped: HTMLInputElement;
  Asked: WithData<'events' | 'position'>;
  Beside: HTMLDetailsElement & WithData<'address'>;
  Carried: WithData<'text'>;
  CatchUp: HTMLAnchorElement;
  Choices: HTMLFormElement;
  Coordinator: WithData<'looks'>;
  Data: HTMLScriptElement;
  Decline: HTMLDialogElement;
  Device: HTMLSelectElement;
  Earlier: HTMLAnchorElement;
  Gain: HTMLInputElement;
  Handing: HTMLDetailsElement & WithData<'session'>;
  HandingAddress: HTMLInputElement;
  HandingWrong: WithData<'text'>;
  Hands: WithData<'counted'>;
  HandsSaid: WithData<'begun' | 'over'>;
  HearNow: HTMLButtonElement;
  HereWall: WithData<'ask'>;
  HowIRead: HTMLDetailsElement;
  Hub: WithData<'now' | 'many' | 'note'>;
  HubLine: WithData<'ask' | 'session' | 'lost' | 'kind'>;
  Join: HTMLDialogElement;
  Kept: WithData<'kept' | 'sent' | 'waits' | 'away'>;
  Keys: HTMLFormElement; // on the page of a text; at desks it is a list
  KeysOn: HTMLInputElement;
  Known: HTMLInputElement;
  Limit: HTMLSelectElement;
  LineNow: WithData<'lost'>;
  Note: HTMLTextAreaElement;
  NoteText: HTMLTextAreaElement;
  NowAsked: WithData<'more'>;
  Number: HTMLInputElement;
  'Pick-say': HTMLSelectElement;
  PeopleNumber: HTMLInputElement;
  Questions: WithData<'events' | 'position'>;
  Raised: WithData<'begun' | 'over' | 'counted'>;
  Rest: HTMLDialogElement;
  PutUnder: HTMLDialogElement;
  Reword: HTMLDialogElement;
  Sound: HTMLDetailsElement;
  Start: HTMLButtonElement;
  Stop: HTMLButtonElement;
  Stopped: HTMLAnchorElement;
  Sure: HTMLDialogElement;
  Tone: HTMLButtonElement;
  Under: HTMLSelectElement;
  Video: HTMLDetailsElement;
  Words: HTMLTextAreaElement;
}

/** An element whose template gives it these attributes `data-…`. */
type WithData<Names extends string> = HTMLElement & { readonly dataset: DOMStringMap & Record<Names, string> };

type At = <Id extends string>(id: Id) => Id extends keyof Forms ? Form<Forms[Id]> : Id extends keyof Parts ? Parts[Id] : HTMLElement;

type Only = <Selector extends string>(selector: Selector, within?: ParentNode) => Found<Selector>;

type MakeElement = <Name extends keyof HTMLElementTagNameMap>(
  name: Name, attributes?: Record<string, unknown>, ...children: (Node | string)[]
) => HTMLElementTagNameMap[Name];

/** A field of the form of choices: a check box or a list, as `type` says. */
type Field = HTMLInputElement & Pick<HTMLSelectElement, 'options' | 'selectedIndex' | 'length'>;

/** The fields of forms, by the form's id; if several pages have a form with that id, the fields of all of them. */
interface Forms {
  AddShort: { short: HTMLInputElement; long: HTMLInputElement };
  Add: { text: HTMLTextAreaElement; name: HTMLInputElement; language: HTMLSelectElement };
  AddSpeaker: { name: HTMLInputElement };
  AddTerm: { term: HTMLInputElement; language: HTMLSelectElement };
  Bell: { name: HTMLInputElement; bell: HTMLInputElement };
  Called: { name: HTMLInputElement };
  Compose: { text: HTMLTextAreaElement; language: HTMLSelectElement };
  Force: { language: HTMLSelectElement };
  Give: { speaker: HTMLSelectElement; session: HTMLSelectElement };
  OtherTopic: { title: HTMLInputElement };
  HandsAsk: { question: HTMLInputElement; options: HTMLTextAreaElement; language: HTMLSelectElement; quiet: HTMLInputElement };
  LeaveNote: { text: HTMLInputElement; to: HTMLSelectElement };
  PasteShort: { pasted: HTMLTextAreaElement };
  RemoveOf: { speaker: HTMLSelectElement; named: HTMLInputElement };
  RemoveSpan: { from: HTMLInputElement; to: HTMLInputElement };
  Replace: { from: HTMLInputElement; to: HTMLInputElement; act: HTMLButtonElement };
  Rule: { order: RadioNodeList };
  Set: { people: HTMLInputElement; form: HTMLInputElement };
  Sift: Record<'text' | 'place' | 'kind' | 'status' | 'flag' | 'language', HTMLSelectElement>;
  Step: { people: HTMLInputElement };
  Typing: { line: HTMLInputElement };
  Write: { form: HTMLInputElement; note: HTMLInputElement; text: HTMLTextAreaElement; language: HTMLSelectElement };
}
