// The officer's screen by keyboard, and its timer.
//   data-key="s"       pressed on that key ("Space" for the big button); an input gets the focus instead
//   data-settles="3000" data-settles-for="ID"   on buttons: they rest so many ms once they show a new ID
//   data-keys-toggle   a button that turns single keys off and on again (WCAG 2.1.4), remembered on this device; its
//                      <span data-on="..." data-off="..."> says how it stands
//   data-since="..."   seconds since 1970, data-now likewise: shows mm.ss, whatever the PC's own clock says
//   data-since-bar     a <rect data-width="150"> inside, full after data-max seconds
const keysOff = () => { try { return localStorage.getItem('keys') === 'off'; } catch (e) { return false; } };
const showKeys = () => {
  document.documentElement.classList.toggle('p-keys-off', keysOff());
  document.querySelectorAll('[data-keys-toggle]').forEach((b) => {
    b.hidden = false;
    const said = b.querySelector('[data-on]'); // a switch says how it stands
    if (said) said.textContent = said.dataset[keysOff() ? 'off' : 'on'];
  });
};
showKeys();
document.addEventListener('click', (e) => {
  if (!e.target.closest('[data-keys-toggle]')) return;
  try { localStorage.setItem('keys', keysOff() ? 'on' : 'off'); } catch (err) { return; }
  showKeys();
});

// Who has just been called, again or for the first time, is neither finished nor called again by a second press that was
// meant for the call: the buttons rest. They stay where they are and keep the focus, so they are not disabled; they are
// drawn again and again meanwhile.
let settled = '', resting = false;
const settle = () => {
  const buttons = document.querySelectorAll('[data-settles]');
  if (!buttons.length) return;
  const {settles, settlesFor} = buttons[0].dataset;
  if (settlesFor !== settled) {
    settled = settlesFor;
    resting = true;
    setTimeout(() => { if (settled === settlesFor) { resting = false; settle(); } }, settles);
  }
  buttons.forEach((b) => { if (resting) b.setAttribute('aria-disabled', 'true'); else b.removeAttribute('aria-disabled'); });
};
settle();
new MutationObserver(settle).observe(document.body, {childList: true, subtree: true});
document.addEventListener('click', (e) => {
  if (!e.target.closest('[aria-disabled=true]')) return;
  e.preventDefault();
  e.stopPropagation();
}, true);

// A button that rests while its form is under way loses the focus. Who works by keyboard gets it back.
let focused = '';
document.addEventListener('submit', (e) => {
  const at = document.activeElement;
  focused = at && e.target.contains(at) ? at.id : '';
}, true);
document.addEventListener('htmx:afterSwap', () => {
  const el = focused && document.getElementById(focused);
  if (el && document.activeElement === document.body) el.focus({preventScroll: true});
});

document.addEventListener('keydown', (e) => {
  const at = document.activeElement, typing = at && at.matches('input, textarea, select, [contenteditable]');
  // A key that is held down is one press, also for the button that has the focus.
  if (e.repeat && !typing && (e.key === 'Enter' || e.key === ' ')) e.preventDefault();
  if (e.repeat || e.ctrlKey || e.altKey || e.metaKey || e.isComposing || keysOff()) return;
  if (typing) {
    if (e.key === 'Escape') at.blur();
    return;
  }
  const key = e.key === ' ' ? 'Space' : e.key.toLowerCase();
  // Who moves by Tab expects Space and Enter to press what has the focus ring.
  if (key === 'Space' && at && at !== document.body && at.matches(':focus-visible')) return;
  const inside = document.querySelector('dialog[open]') || document;
  const el = [...inside.querySelectorAll('[data-key="' + CSS.escape(key) + '"]')]
    .find((x) => !x.disabled && x.getClientRects().length);
  if (!el) return;
  e.preventDefault();
  if (el.matches('input, textarea, select')) el.focus(); else el.click();
});

const two = (n) => String(n).padStart(2, '0');
const timers = () => document.querySelectorAll('[data-since]').forEach((el) => {
  const d = el.dataset;
  if (el.since !== d.since + d.now) { // first seen, or swapped for another person
    el.since = d.since + d.now;
    el.start = Date.now() - (d.now - d.since) * 1000;
  }
  const s = Math.max(0, Math.floor((Date.now() - el.start) / 1000)), h = Math.floor(s / 3600);
  const text = (h ? h + '.' : '') + two(Math.floor(s / 60) % 60) + '.' + two(s % 60);
  const to = el.querySelector('[data-since-text]') || el;
  if (to.textContent !== text) to.textContent = text;
  const bar = el.querySelector('[data-since-bar]');
  if (bar) bar.setAttribute('width', Math.min(1, s / d.max) * bar.dataset.width);
});
timers();
setInterval(timers, 1000);
