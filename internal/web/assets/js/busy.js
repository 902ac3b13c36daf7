// A form is sent once: its buttons rest while it is under way. The server has its idempotency key as well;
// this spares people the second press. They wake up when htmx is done, when the page comes back, or after 10 s.
function wake(form) {
  delete form.dataset.busy;
  form.removeAttribute('aria-busy');
  form.querySelectorAll('button[data-rests]').forEach((b) => { b.disabled = false; b.removeAttribute('data-rests'); });
}
document.addEventListener('submit', (e) => {
  const form = e.target;
  if (form.method !== 'post' || form.dataset.passkey) return; // a passkey's form sends itself later
  if (form.dataset.busy) { e.preventDefault(); e.stopPropagation(); return; }
  form.dataset.busy = '1';
  form.setAttribute('aria-busy', 'true');
  setTimeout(() => form.querySelectorAll('button:not([disabled])').forEach((b) => {
    b.disabled = true; // only now: a button that is disabled earlier does not send its name and value
    b.setAttribute('data-rests', '');
  }));
  setTimeout(wake, 10000, form);
}, true);
document.addEventListener('htmx:afterRequest', (e) => { const form = e.target.closest('form'); if (form) wake(form); });
addEventListener('pageshow', () => document.querySelectorAll('form[data-busy]').forEach(wake));
