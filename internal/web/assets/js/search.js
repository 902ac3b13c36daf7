// Search as you type, on top of a plain GET form that works without it.
//   <form data-search="/layanan" data-search-target="hasil"> ... <p data-search-count role="status">
//   <div id="hasil">...</div>
// After 200 ms without a key the form's fields are asked for with HX-Request: true, and the answer, a fragment, is
// put into the target. An element with data-count in it carries the text for screen readers ("12 layanan").
// This is the one live thing on a citizen's first page, so it is 1 KB of ours and not 16 KB of htmx,
// which stays with the staff. People who ask their phone to save data get the form as it is.
document.querySelectorAll('form[data-search]').forEach((form) => {
  const target = document.getElementById(form.dataset.searchTarget);
  if (!target || !window.fetch || !window.AbortController || (navigator.connection || {}).saveData) return;
  const count = form.querySelector('[data-search-count]') || document.querySelector('[data-search-count]');
  const first = target.innerHTML;
  let timer, asking, shown = query();
  const began = shown;

  function query() {
    return new URLSearchParams([...new FormData(form)].filter(([, v]) => v.trim())).toString();
  }
  function show(html, asked) {
    shown = asked;
    target.innerHTML = html;
    const said = target.querySelector('[data-count]');
    if (count) count.textContent = said ? said.dataset.count : '';
    if (form.dataset.searchUrl !== undefined) history.replaceState(null, '', asked ? '?' + asked : location.pathname);
  }
  function ask() {
    const asked = query();
    if (asking) asking.abort();
    if (asked === shown) { target.removeAttribute('aria-busy'); return; }
    if (asked === began) { target.removeAttribute('aria-busy'); show(first, asked); return; }
    asking = new AbortController();
    target.setAttribute('aria-busy', 'true');
    const done = asking;
    fetch(form.dataset.search + '?' + asked, {headers: {'HX-Request': 'true'}, signal: done.signal})
      .then((r) => (r.ok ? r.text() : Promise.reject(r.status)))
      .then((html) => { if (asking === done) show(html, asked); })
      .catch(() => {}) // the form still works: Enter asks for the whole page
      .then(() => { if (asking === done) target.removeAttribute('aria-busy'); });
  }
  form.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(ask, 200); });
});
