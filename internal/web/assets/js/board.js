// A hall's board. What a field or the list says is so at once; only the announcement takes turns: one call
// at a time, each once, in the order of their sequence numbers. While it is quiet one stands for data-hold
// seconds (5) at least. When others wait it makes way sooner, never before data-least (1.5), so that each
// begins within data-late (15) of its call. What cannot, because more is called than can be read, is not
// announced: it has stood in the list or its field all along, as new (p-new). So has nobody been announced to a
// counter that has already called the next.
//   <main data-board="/api/v1/boards/ID/events" data-seq="41" data-hold="5">
//     <section data-call> with data-call-number, -counter, -agency inside; p-idle while nobody is called
//     <ol data-recent> <template> with data-recent-number, -counter, -time inside: the five calls before, and
//       more, up to twelve, while more are new
//     <li data-counter="Loket 3" data-counter-id="..."> with <b>: the board of twelve, instead of the two above
//     <p data-call-said aria-live="assertive"> for who cannot see it
//   [data-lost]  the banner for a lost signal, after data-patience seconds (5) without one
// event: call, data: {"seq", "number", "counter", "counter_id", "agency", "at": RFC 3339}; event: html as in live.js.
// A call stays new until it has been announced for the whole of data-hold, at most twice data-late.
document.querySelectorAll('[data-board]').forEach((board) => {
  const q = (name) => board.querySelector('[' + name + ']');
  const set = (el, text) => { if (el) el.textContent = text || ''; };
  const time = (name, seconds) => (board.dataset[name] || seconds) * 1000;
  const hold = time('hold', 5), least = Math.min(hold, time('least', 1.5)), late = time('late', 15);
  // Rows of the list.
  const few = 5, most = 12;
  const box = q('data-call'), list = q('data-recent'), fields = [...board.querySelectorAll('li[data-counter]')];
  let seen = Number(board.dataset.seq || 0);
  // The newest first, a number once: what the list is made of.
  let calls = [];
  // To be announced, the oldest first.
  let waiting = [];
  let current = null, began = -Infinity, timer;
  const text = (el, name) => (el.querySelector('[' + name + ']') || {}).textContent;
  if (list) {
    calls = [...list.querySelectorAll('li:not(.p-empty)')].map((li) => ({
      number: text(li, 'data-recent-number'), counter: text(li, 'data-recent-counter'), time: text(li, 'data-recent-time'),
    }));
  }
  if (box && box.dataset.number) {
    current = {number: box.dataset.number, counter: box.dataset.counter, time: box.dataset.time};
    calls.unshift(current);
  }
  const place = (c) => c.counter_id || c.counter;
  const field = (c) => fields.find((li) => c.counter_id && li.dataset.counterId === c.counter_id) ||
    fields.find((li) => li.dataset.counter === c.counter);

  // A call has come: everybody sees it now, whenever it is announced.
  function arrive(c) {
    // A resumed connection may repeat itself.
    if (c.seq <= seen) return;
    seen = c.seq;
    c.time = at(c.at);
    c.came = performance.now();
    c.fresh = true;
    setTimeout(() => { c.fresh = false; draw(); }, 2 * late);
    // Who is called again is listed once, and whoever stood at this counter before does so no longer.
    calls = calls.filter((x) => x.number !== c.number);
    calls.forEach((x) => { if (place(x) === place(c)) x.fresh = false; });
    calls = [c, ...calls].slice(0, 2 * most);
    waiting = waiting.filter((x) => place(x) !== place(c) || x.number === c.number);
    waiting.push(c);
    const li = field(c);
    if (li) {
      if (!li.call || li.call.number !== c.number) li.classList.remove('p-on');
      li.call = c;
      li.classList.remove('p-off');
      set(li.querySelector('b'), c.number);
      long(li.querySelector('b'), c.number);
    }
    turn();
    draw();
  }

  // Whose turn it is. Each that waits needs its share of the time until the last moment at which it may begin.
  function turn() {
    clearTimeout(timer);
    const now = performance.now(), next = Math.max(now, began + least);
    while (waiting.length > 1 && waiting.some((c, i) => next + i * least > c.came + late)) waiting.shift();
    // The last one stands until somebody else is called.
    if (!waiting.length) return;
    const stands = Math.min(hold, ...waiting.map((c, i) => (c.came + late - began) / (i + 1)));
    const rest = began + Math.max(least, stands) - now;
    if (rest > 0) { timer = setTimeout(turn, rest); return; }
    end();
    begin(waiting.shift());
    draw();
    turn();
  }

  // An announcement begins with begin and is over with end; what else goes with one belongs here. There is never
  // another in between.
  function begin(c) {
    current = c;
    began = performance.now();
    if (box) {
      box.classList.remove('p-idle');
      set(q('data-call-number'), c.number);
      set(q('data-call-counter'), c.counter);
      set(q('data-call-agency'), c.agency);
      long(q('data-call-number'), c.number);
      const to = q('data-call-counter');
      if (to) to.parentElement.classList.toggle('p-long', [...c.counter].length > 10);
      ring(box);
    }
    const here = field(c);
    fields.forEach((li) => li.classList.toggle('p-on', li === here));
    if (here) ring(here);
    say(c);
  }
  function end() {
    if (current && performance.now() - began >= hold) current.fresh = false;
  }

  // The list and the marks. Who is announced stands above the list and not in it.
  function draw() {
    fields.forEach((li) => li.classList.toggle('p-new', !!li.call && li.call.fresh && !li.classList.contains('p-on')));
    if (!list) return;
    const past = calls.filter((c) => !current || c.number !== current.number);
    const rows = Math.min(most, past.reduce((n, c, i) => c.fresh ? Math.max(n, i + 1) : n, few));
    const template = list.querySelector('template');
    list.querySelectorAll('li:not(.p-empty)').forEach((li) => li.remove());
    list.append(...past.slice(0, rows).map((c) => {
      const row = template.content.firstElementChild.cloneNode(true);
      const put = (name, said) => set(row.querySelector('[' + name + ']'), said);
      put('data-recent-number', c.number);
      put('data-recent-counter', c.counter);
      put('data-recent-time', c.time);
      long(row.querySelector('[data-recent-number]'), c.number);
      row.classList.toggle('p-new', !!c.fresh);
      return row;
    }));
    list.classList.toggle('p-many', rows > few);
    list.classList.toggle('p-most', rows > few + 3);
  }
  function long(el, number) {
    if (!el) return;
    el.classList.toggle('p-mid', number.length === 6);
    el.classList.toggle('p-long', number.length > 6);
    el.classList.toggle('p-max', number.length > 7);
  }

  // The three breaths start again for each call: the class goes, the page is laid out, the class comes back.
  function ring(el) {
    el.classList.remove('p-ring');
    void el.offsetWidth;
    el.classList.add('p-ring');
  }

  // A screen reader needs about two seconds for a call. It gets the next sentence when it can have said the last,
  // with what was announced meanwhile, the newest four at most.
  let unsaid = [], speaking = false;
  function say(c) {
    if (c) unsaid = [...unsaid, c.number + ', ' + c.counter].slice(-4);
    if (speaking || !unsaid.length) return;
    speaking = true;
    set(q('data-call-said'), unsaid.join('. '));
    setTimeout(() => { speaking = false; say(); }, hold * Math.max(1, .4 * unsaid.length));
    unsaid = [];
  }

  // Who is next. Where more series wait than are read together (<dl data-turn="6">), they take turns in equal parts, each
  // for ten seconds, and the heading says which part of how many. Without a script all of them stand there, smaller.
  const turns = q('data-turns'), mark = q('data-turn-mark');
  let part = 0, shown = '';
  function next() {
    const dl = turns.querySelector('dl'), most = dl ? Number(dl.dataset.turn || 0) : 0;
    const all = most ? [...dl.children] : [], parts = most ? Math.ceil(all.length / most) : 0;
    const each = parts ? Math.ceil(all.length / parts) : 0;
    part = parts ? part % parts : 0;
    if (parts) dl.className = 'p-close';
    all.forEach((el, i) => { el.hidden = Math.floor(i / each) !== part; });
    const said = parts ? part + 1 + '/' + parts : '';
    if (said !== shown) set(mark, said);
    shown = said;
  }
  if (turns) {
    next();
    new MutationObserver(next).observe(turns, {childList: true});
    setInterval(() => { part++; next(); }, 10000);
  }

  // The hall's time stands in the text itself, "2026-11-23T09:42:07+07:00", whatever zone the television is in.
  const at = (s) => (/T(\d\d):(\d\d)/.exec(s || '') || ['', '', '']).slice(1).join(board.dataset.sep || '.');

  const lost = document.querySelector('[data-lost]');
  let since, on = false, down = false;
  stream(board.dataset.board, {
    call: arrive,
    html: (data) => swap(document.documentElement, data),
    // Away for too long to catch up call by call.
    reset: () => location.reload(),
  }, (connected) => {
    on = connected;
    // The wait below has begun; each failed attempt must not begin it anew.
    if (!connected && down) return;
    down = !connected;
    clearTimeout(since);
    if (connected) {
      if (lost) lost.hidden = true;
      document.body.classList.remove('p-lost', 'p-stale');
    } else {
      const patience = (board.dataset.patience || 5) * 1000;
      since = setTimeout(() => {
        if (lost) lost.hidden = false;
        document.body.classList.add('p-lost');
        // After a minute nobody knows who is being called, and kunyit must not claim to.
        since = setTimeout(() => document.body.classList.add('p-stale'), 11 * patience);
      }, patience);
    }
  });

  // Once a day the board loads itself again, for the new date and for new versions; never without a signal.
  const day = new Date().toDateString();
  setInterval(() => { if (on && !waiting.length && new Date().toDateString() !== day) location.reload(); }, 60000);
});
clock();
