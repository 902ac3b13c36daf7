// A screen that is left alone shows nothing for longer than its session holds: after that many seconds without a request
// it is asked for anew, and whoever is not signed in any more sees the sign-in page.
let left;
function wait() {
  clearTimeout(left);
  const seconds = Number(document.body.dataset.idle);
  if (seconds > 0) left = setTimeout(() => location.replace(location.pathname + location.search), seconds * 1000);
}
document.addEventListener('htmx:afterRequest', wait);
addEventListener('pageshow', wait);
wait();
