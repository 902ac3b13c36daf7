// Pages that change by themselves: a citizen's ticket, an officer's queue.
//   <div data-live="/url">          where the events come from
//     <p data-live-state data-on="Tersambung" data-off="Sambungan terputus" hidden>
//     <div data-live-target="ticket" role="status">...</div>
// event: html, data: {"target": "ticket", "html": "...", "title": "A-027, 3 orang di depan Anda"}
// Without JavaScript the page reloads by its own <noscript> refresh.
document.querySelectorAll('[data-live]').forEach((root) => {
  if (!window.EventSource) return;
  let timer;
  const show = (on) => root.querySelectorAll('[data-live-state]').forEach((el) => {
    el.hidden = false; // without a script there is no connection to speak of
    el.dataset.liveState = on ? 'on' : 'off';
    const to = el.querySelector('[data-live-text]') || el;
    if (to.textContent !== el.dataset[on ? 'on' : 'off']) to.textContent = el.dataset[on ? 'on' : 'off'];
  });
  stream(root.dataset.live, {html: (data) => swap(root, data)}, (on) => {
    clearTimeout(timer); // a connection that is back within 2 s was never worth a word
    if (on) show(true); else timer = setTimeout(show, 2000, false);
  });
});
clock();
