// clock keeps [data-clock] at the region's local time, whatever zone the device is in.
//   data-offset  minutes east of UTC
//   data-now     the server's time in seconds when the page was made: a television's own clock is often wrong
//   data-sep     between hours and minutes; "." if not given
function clock() {
  const two = (n) => String(n).padStart(2, '0');
  const tick = () => document.querySelectorAll('[data-clock]').forEach((el) => {
    const d = el.dataset;
    if (el.skew === undefined) el.skew = d.now ? d.now * 1000 - Date.now() : 0;
    const t = new Date(Date.now() + el.skew + d.offset * 60000);
    const text = two(t.getUTCHours()) + (d.sep || '.') + two(t.getUTCMinutes());
    if (el.textContent !== text) el.textContent = text;
  });
  tick();
  setInterval(tick, 1000);
}
