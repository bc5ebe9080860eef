// A wall that shows an interpreter goes on with the machine's translation while they are silent. What that text is stands on
// the wall; nobody is there to be asked.

const MARK = 'instead-of'; // in the address of the translation: which interpreter's text it is shown in place of

/** The address of the interpreter's text where another one is shown in place of it; else that of the page. */
export function own() {
  const address = new URL(location.href);
  const { searchParams: query } = address;
  const of = query.get(MARK);
  if (of !== null) query.set('channel', of);
  query.delete(MARK);
  return address.href;
}

/**
 * Show the text that the server says, if any. After the close it is the interpreter's again: it is the record.
 * @param {{instead: ?string, session: Session}} reader
 */
export function standIn({ instead, session }) {
  const address = new URL(location.href);
  const { searchParams: query } = address;
  const closed = session.status === 'closed';
  if (query.has(MARK)) {
    if (closed || instead === query.get(MARK)) location.replace(own());
  } else if (!closed && instead && session.channels[instead]?.kind === 'translation') {
    query.set(MARK, query.get('channel') ?? '');
    query.set('channel', instead);
    location.replace(address.href);
  }
}
