// stream keeps one Server-Sent Events connection alive.
//   on     handlers by event name; each gets the event's JSON
//   state  called with true when the connection opens and false when it is lost
//
// The browser resumes by itself with Last-Event-ID after a lost connection, but not after an HTTP error and
// not when we open a new one. For those the last id travels as ?last_event_id=, and the wait doubles
// from 1 to 30 s with chance in it, so that a whole mall of screens does not come back in the same second.
// The server may send "ping": once it does, 50 s of silence count as a lost connection, because a cable
// that was pulled out says nothing. "reconnect" asks us to come back, for a restart.
function stream(url, on, state) {
  let source, timer, last = '', tries = 0, heard = 0, pings = false;

  const hear = (e) => {
    heard = Date.now();
    if (e.lastEventId) last = e.lastEventId;
  };
  const later = (least) => {
    source.close();
    clearTimeout(timer);
    timer = setTimeout(open, Math.max(least, Math.min(30, 2 ** tries++)) * 1000 * (0.5 + Math.random() / 2));
  };
  function open() {
    clearTimeout(timer);
    if (source) source.close();
    const to = new URL(url, location.href);
    if (last) to.searchParams.set('last_event_id', last);
    source = new EventSource(to);
    source.onopen = () => { heard = Date.now(); tries = 0; state(true); };
    source.onerror = () => { state(false); if (source.readyState === 2) later(1); };
    source.addEventListener('ping', (e) => { hear(e); pings = true; });
    source.addEventListener('reconnect', (e) => { hear(e); later(2); });
    Object.keys(on).forEach((name) => source.addEventListener(name, (e) => {
      hear(e);
      let data;
      try { data = JSON.parse(e.data); } catch (bad) { return; }
      on[name](data);
    }));
  }
  const stale = () => pings && Date.now() - heard > 50000;

  setInterval(() => { if (stale() && source.readyState === 1) { state(false); later(1); } }, 10000);
  addEventListener('online', open);
  addEventListener('offline', () => state(false));
  addEventListener('pagehide', () => source.close());
  addEventListener('pageshow', (e) => { if (e.persisted) open(); });
  document.addEventListener('visibilitychange', () => { if (!document.hidden && (stale() || source.readyState === 2)) open(); });
  open();
}
