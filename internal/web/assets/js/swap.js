// swap puts the server's HTML into [data-live-target=NAME]. Give role=status to the target itself, not to what
// is inside: a screen reader speaks a region that changes, not one that appears. Focus stays where it was.
function swap(root, data) {
  if (data.title) document.title = data.title;
  if (!data.target || typeof data.html !== 'string') return;
  const called = () => root.querySelector('.p-called');
  const before = called();
  const all = [...root.querySelectorAll('[data-live-target="' + CSS.escape(data.target) + '"]')];
  if (root.matches('[data-live-target="' + CSS.escape(data.target) + '"]')) all.push(root);
  all.forEach((el) => {
    if (el.shown === data.html) return;
    el.shown = data.html;
    const focus = el.contains(document.activeElement) && document.activeElement.id;
    el.innerHTML = data.html;
    if (focus && document.getElementById(focus)) document.getElementById(focus).focus();
    if (window.htmx) window.htmx.process(el);
  });
  if (!before && called() && navigator.vibrate && navigator.userActivation?.hasBeenActive) navigator.vibrate([300, 150, 300]);
}
