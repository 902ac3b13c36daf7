// A button with data-copy puts that text on the clipboard, and says data-copied for a moment. It appears where the
// browser lets it; without it people mark the text and copy it by hand.
if (navigator.clipboard && isSecureContext) document.querySelectorAll('[data-copy]').forEach((b) => {
  const word = b.textContent, name = b.getAttribute('aria-label');
  b.hidden = false;
  b.addEventListener('click', async () => {
    try { await navigator.clipboard.writeText(b.dataset.copy); } catch { return; }
    b.textContent = b.dataset.copied;
    b.setAttribute('aria-label', b.dataset.copied);
    b.setAttribute('aria-live', 'polite');
    setTimeout(() => { b.textContent = word; b.setAttribute('aria-label', name); }, 2500);
  });
});
