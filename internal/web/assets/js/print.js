// A page with data-print was opened to be printed: the dialog comes by itself. Without a script there is the
// browser's own menu, which the page names.
if (document.querySelector('[data-print]')) addEventListener('load', () => print());
