// The button with which a reader supports the question asked now, without leaving the text.

// Ballots that come sooner after the browser's token was made are taken for a program's, and few of them count: see
// core/questions/floods.py.
const READ = 1600; // ms

/** Set the button to the reader's support. @param {HTMLButtonElement} button  @param {boolean} too */
export function asks(button, too) {
  button.setAttribute('aria-pressed', String(too));
  Object.assign(button, too ? { name: 'too', value: 'no' } : { name: '', value: '' });
}

/** Give or take back support; if that fails, submit the form, whose page says why. @param {HTMLFormElement} form */
export async function send(form) {
  const button = form.querySelector('button');
  if (!button || button.getAttribute('aria-busy')) return;
  const too = button.value !== 'no';
  const vote = () => fetch(form.action, { method: 'POST', body: new URLSearchParams({ back: 'none', too: too ? 'yes' : 'no' }) });
  button.setAttribute('aria-busy', 'true');
  try {
    let answer = await vote();
    if (answer.ok && answer.status !== 204) { // the server led to the list and set a cookie: this browser had none
      await new Promise((done) => setTimeout(done, READ));
      answer = await vote();
    }
    if (answer.status !== 204) throw new Error('It was refused.');
    asks(button, too);
  } catch {
    form.submit(); // the page that answers says why
  }
  button.removeAttribute('aria-busy');
}
