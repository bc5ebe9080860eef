// Whoever reads says with one tap that they would ask too what is asked now, and goes on reading.

const READ = 1600; // ms: whose token is newer is told from a crowd of programs by that (core/questions/limits.py)

/** The button says whether one would. @param {HTMLButtonElement} button  @param {boolean} too */
export function asks(button, too) {
  button.setAttribute('aria-pressed', String(too));
  Object.assign(button, too ? { name: 'too', value: 'no' } : { name: '', value: '' });
}

/** @param {HTMLFormElement} form */
export async function send(form) {
  const button = form.querySelector('button');
  if (!button || button.getAttribute('aria-busy')) return;
  const too = button.value !== 'no';
  const vote = () => fetch(form.action, { method: 'POST', body: new URLSearchParams({ back: 'none', too: too ? 'yes' : 'no' }) });
  button.setAttribute('aria-busy', 'true');
  try {
    let answer = await vote();
    if (answer.ok && answer.status !== 204) { // It came to the list: this browser wasn't known, and is now.
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
