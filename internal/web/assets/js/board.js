// A hall's board. Calls come over one connection and are shown one after the other, each for at least
// data-hold seconds (5), never over one another and never left out; the five before stay in the list.
//   <main data-board="/api/v1/boards/ID/events" data-hold="5">
//     <section data-call> with data-call-number, -counter, -agency inside; p-idle while nobody is called
//     <ol data-recent> <template> with data-recent-number, -counter, -time inside
//     <li data-counter="Loket 3"> with <b>: the board of twelve, instead of the two above, and
//     <p data-call-said aria-live="assertive"> for who cannot see it
//   [data-lost]  the banner for a lost signal, after data-patience seconds (5) without one
// event: call, data: {"seq", "number", "counter", "agency", "at": RFC 3339}; event: html as in live.js.
document.querySelectorAll('[data-board]').forEach((board) => {
  const q = (name) => board.querySelector('[' + name + ']');
  const set = (el, text) => { if (el) el.textContent = text || ''; };
  const hold = (board.dataset.hold || 5) * 1000;
  const box = q('data-call'), list = q('data-recent');
  const waiting = [];
  let seen = Number(board.dataset.seq || 0), until = 0, timer, current = null;
  if (box && box.dataset.number) {
    current = {number: box.dataset.number, counter: box.dataset.counter, time: box.dataset.time};
  }

  // What was called a moment ago goes to the top of the list; a second call of the same number is not listed twice.
  function remember(c) {
    if (!list || !c) return;
    const row = list.querySelector('template').content.firstElementChild.cloneNode(true);
    const put = (name, text) => set(row.querySelector('[' + name + ']'), text);
    put('data-recent-number', c.number);
    put('data-recent-counter', c.counter);
    put('data-recent-time', c.time);
    long(row.querySelector('[data-recent-number]'), c.number);
    list.querySelector('template').after(row);
    [...list.querySelectorAll('li')].slice(5).forEach((li) => li.remove());
  }
  function long(el, number) { if (el) el.classList.toggle('p-long', number.length > 6); }

  // The three breaths start again for each call: the class goes, the page is laid out, the class comes back.
  function ring(el) {
    el.classList.remove('p-ring');
    void el.offsetWidth;
    el.classList.add('p-ring');
  }
  function show(c) {
    if (current && current.number !== c.number) remember(current);
    current = c;
    if (box) {
      box.classList.remove('p-idle');
      set(q('data-call-number'), c.number);
      set(q('data-call-counter'), c.counter);
      set(q('data-call-agency'), c.agency);
      long(q('data-call-number'), c.number);
      ring(box);
    }
    set(q('data-call-said'), c.number + ', ' + c.counter);
    board.querySelectorAll('li[data-counter]').forEach((li) => {
      const here = li.dataset.counter === c.counter;
      li.classList.toggle('p-on', here);
      if (!here) return;
      li.classList.remove('p-off');
      set(li.querySelector('b'), c.number);
      long(li.querySelector('b'), c.number);
      ring(li);
    });
  }
  function next() {
    clearTimeout(timer);
    const rest = until - Date.now();
    if (rest > 0) { timer = setTimeout(next, rest); return; }
    const c = waiting.shift();
    if (!c) return;
    until = Date.now() + hold;
    show(c);
    if (waiting.length) timer = setTimeout(next, hold);
  }
  // The hall's time stands in the text itself, "2026-11-23T09:42:07+07:00", whatever zone the television is in.
  const at = (s) => (/T(\d\d):(\d\d)/.exec(s || '') || ['', '', '']).slice(1).join(board.dataset.sep || '.');

  const lost = document.querySelector('[data-lost]');
  let since, on = false, down = false;
  stream(board.dataset.board, {
    call: (c) => {
      if (c.seq <= seen) return; // a resumed connection may repeat itself
      seen = c.seq;
      c.time = at(c.at);
      waiting.push(c);
      next();
    },
    html: (data) => swap(document.documentElement, data),
    reset: () => location.reload(), // away for too long to catch up call by call
  }, (connected) => {
    on = connected;
    if (!connected && down) return; // the wait below has begun; each failed attempt must not begin it anew
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
