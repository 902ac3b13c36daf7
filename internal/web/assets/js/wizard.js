// A region's set-up: what is typed is saved as it is typed, each field by itself.
//   <div data-wizard="/petugas/persiapan/lokasi" data-version="12" data-since="..." data-offline="...">
//     <form data-wizard-form> <div data-field="venues/utama/name"> <input data-path name="v:..."> <input type="hidden" name="w:...">
// A field is sent with what it said before, so that nobody overwrites what somebody else has saved meanwhile: then both
// are shown, and the person chooses. Without a connection everything stays in this browser and is sent later. Without
// this script the form's button saves.
const root = document.querySelector('[data-wizard]');
const form = root && root.querySelector('[data-wizard-form]');
if (form && window.fetch && window.localStorage) {
  // What one person typed is nobody else's on a computer that several use.
  const kept = 'wizard ' + root.dataset.person + ' ' + root.dataset.wizard + location.search;
  const saved = root.querySelector('[data-saved]');
  let version = root.dataset.version, timer, sending = false, failures = 0;
  const waiting = new Map(JSON.parse(localStorage.getItem(kept) || '[]')); // path -> [was, value]
  const held = new Set(); // of those, what waits for the person and not for the line: refused, or changed by somebody else

  const input = (path) => form.querySelector('[data-path="' + CSS.escape(path) + '"]');
  const before = (path) => form.querySelector('[name="w:' + CSS.escape(path) + '"]');
  const value = (el) => (el.type === 'checkbox' ? (el.checked ? 'true' : '') : el.value);
  const put = (el, text) => { if (el.type === 'checkbox') el.checked = text === 'true'; else el.value = text; };
  // A value that was refused is told here and kept nowhere: it would come back over the right one.
  const refused = new Set();
  const keep = () => {
    const left = [...waiting].filter(([path]) => !refused.has(path));
    if (left.length) localStorage.setItem(kept, JSON.stringify(left)); else localStorage.removeItem(kept);
  };
  const say = (text, bad) => {
    let at = saved.querySelector('span');
    if (!at) { at = document.createElement('span'); saved.append(at); }
    at.textContent = text;
    saved.classList.toggle('p-bad', !!bad);
  };

  function changed(el) {
    const path = el.dataset.path, was = before(path);
    if (!was) return;
    held.delete(path);
    refused.delete(path);
    if (value(el).replace(/\r\n/g, '\n') === was.value.replace(/\r\n/g, '\n')) waiting.delete(path); else waiting.set(path, [was.value, value(el)]);
    keep();
    clearTimeout(timer);
    timer = setTimeout(send, 700);
  }
  form.addEventListener('input', (e) => { if (e.target.dataset.path) changed(e.target); });
  form.addEventListener('change', (e) => { if (e.target.dataset.path) { changed(e.target); clearTimeout(timer); send(); } });

  async function send() {
    const batch = new Map([...waiting].filter(([path]) => !held.has(path))), body = new URLSearchParams();
    if (sending || !batch.size) return;
    sending = true;
    batch.forEach(([was, now], path) => { body.append('w:' + path, was); body.append('v:' + path, now); });
    say(root.dataset.saving);
    try {
      const res = await fetch(root.dataset.wizard, {method: 'POST', body, headers: {'X-Pendopo-Save': '1', Accept: 'application/json'}, redirect: 'manual'});
      if (res.type === 'opaqueredirect' || res.status === 401 || res.status === 403) { sending = false; say(root.dataset.expired, true); return; }
      if (!res.ok) throw new Error(String(res.status));
      const got = await res.json();
      failures = 0;
      got.fields.forEach((f) => told(f, batch.get(f.path)));
      keep();
      say(got.saved);
    } catch (e) {
      failures++;
      say(root.dataset.offline, true);
    }
    sending = false;
    // What was typed meanwhile, or could not be sent: at first soon, later less often.
    if ([...waiting.keys()].some((path) => !held.has(path))) { clearTimeout(timer); timer = setTimeout(send, failures ? Math.min(30000, 1000 * 2 ** failures) : 300); }
  }
  addEventListener('online', () => { clearTimeout(timer); send(); });

  // told does what the server says of one field.
  function told(f, sent) {
    const el = input(f.path), was = before(f.path), still = waiting.get(f.path);
    const same = still && sent && still[1] === sent[1];
    if (f.outcome === 'saved') {
      if (same) waiting.delete(f.path); else if (still) waiting.set(f.path, [f.shown, still[1]]);
      if (was) was.value = f.shown;
      if (el && same && document.activeElement !== el) put(el, f.shown);
      mark(f.path, f.message || '');
      theirs(f.path);
    } else {
      held.add(f.path);
      if (f.outcome !== 'conflict') refused.add(f.path);
      if (f.outcome === 'conflict') theirs(f.path, f, sent); else mark(f.path, f.message);
    }
  }
  // mark shows what is wrong with a field, or nothing.
  function mark(path, text) {
    const el = input(path), at = el && el.closest('[data-field]');
    if (!at) return;
    let note = at.querySelector('[data-note]');
    if (!text) { if (note) { note.remove(); el.removeAttribute('aria-invalid'); el.removeAttribute('aria-describedby'); } return; }
    if (!note) {
      note = document.createElement('p');
      note.className = 'p-err';
      note.dataset.note = '';
      note.id = el.id + '-n';
      note.setAttribute('role', 'status');
      at.append(note);
    }
    note.textContent = text;
    el.setAttribute('aria-invalid', 'true');
    el.setAttribute('aria-describedby', note.id);
  }
  // theirs shows what somebody else has saved, beside what was typed here; without it, nothing.
  function theirs(path, f, sent) {
    const at = form.querySelector('[data-theirs-at="' + CSS.escape(path) + '"]'), el = input(path), was = before(path);
    if (!at) return;
    at.textContent = '';
    if (!f) return;
    const p = document.createElement('p');
    p.className = 'p-small';
    p.setAttribute('role', 'alert');
    p.textContent = f.message;
    const button = (word, fn) => {
      const b = document.createElement('button');
      b.type = 'button';
      b.className = 'p-btn p-btn-2 p-btn-s';
      b.textContent = word;
      b.addEventListener('click', () => { at.textContent = ''; fn(); el.focus(); });
      return b;
    };
    const row = document.createElement('p');
    row.className = 'p-row';
    row.append(
      button(root.dataset.theirs, () => { put(el, f.shown); was.value = f.shown; waiting.delete(path); held.delete(path); keep(); }),
      button(root.dataset.mine, () => { was.value = f.shown; changed(el); clearTimeout(timer); send(); }));
    at.append(p, row);
    if (el && sent) put(el, sent[1]);
  }

  // What was typed and never arrived comes back into its fields.
  waiting.forEach(([, now], path) => {
    const el = input(path);
    if (el && value(el) !== now) put(el, now); else waiting.delete(path);
  });
  keep();
  send();

  // Others' changes come in every few seconds, into fields that nobody is typing into here.
  async function look() {
    if (!document.hidden && !sending) {
      try {
        const res = await fetch(root.dataset.since + '?versi=' + version, {headers: {Accept: 'application/json'}, redirect: 'error'});
        if (res.ok) {
          const got = await res.json();
          version = got.version;
          got.fields.forEach((f) => {
            const el = input(f.path), was = before(f.path);
            if (!el || waiting.has(f.path) || document.activeElement === el || value(el) !== was.value) return;
            put(el, f.shown);
            was.value = f.shown;
          });
          document.querySelectorAll('[data-at]').forEach((el) => {
            const s = got.steps.find((x) => el.dataset.at.endsWith('/' + x.step));
            if (s) el.textContent = s.by;
          });
        }
      } catch (e) {
        // the next look will tell
      }
    }
    setTimeout(look, 8000);
  }
  setTimeout(look, 8000);

  // The form itself carries everything on the page; without a connection it would be lost on the way.
  form.addEventListener('submit', (e) => {
    if (!navigator.onLine) { e.preventDefault(); e.stopPropagation(); say(root.dataset.offline, true); return; }
    clearTimeout(timer); // what is kept goes when the page is seen again and says the same
  }, true);

  // A colour is chosen by eye, and shown as people will see it.
  const colour = form.querySelector('[data-colour]');
  if (colour) {
    const by = colour.querySelector('[data-colour-pick]'), el = colour.querySelector('[data-path]');
    let drawing;
    const draw = () => {
      clearTimeout(drawing);
      drawing = setTimeout(async () => {
        const res = await fetch(colour.dataset.colour + '?warna=' + encodeURIComponent(el.value), {headers: {'HX-Request': 'true'}}).catch(() => null);
        if (res && res.ok) document.getElementById('tampilan').innerHTML = await res.text();
      }, 250);
    };
    by.hidden = false;
    by.addEventListener('input', () => { el.value = by.value; draw(); });
    by.addEventListener('change', () => changed(el));
    el.addEventListener('input', () => { if (/^#[0-9a-f]{6}$/i.test(el.value)) by.value = el.value; draw(); });
  }
}
document.querySelectorAll('[data-usual-all]').forEach((b) => {
  b.hidden = false;
  b.addEventListener('click', () => document.querySelectorAll('[data-usual]').forEach((x) => { x.checked = true; }));
});
