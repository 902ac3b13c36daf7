// Passkeys, on top of forms:
//   <form method="post" data-passkey="get" data-passkey-begin="/masuk/passkey/mulai" data-passkey-failed="..." hidden>
//     <input type="hidden" name="answer"> <p role="alert" data-passkey-note hidden></p> <button>...</button>
// A form appears where the browser knows passkeys. Its button asks the server for a challenge, the device for an
// answer ("get" for an old key, "create" for a new one), and sends that as a field: what follows is a page like any
// other. Whoever cancels stays where they are and may try again.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

function options(o) {
  o.challenge = bytes(o.challenge);
  if (o.user) o.user.id = bytes(o.user.id);
  (o.allowCredentials || []).concat(o.excludeCredentials || []).forEach((c) => { c.id = bytes(c.id); });
  return { publicKey: o };
}
function answer(c) {
  const r = c.response, out = { clientDataJSON: text(r.clientDataJSON) };
  ['attestationObject', 'authenticatorData', 'signature', 'userHandle'].forEach((k) => { if (r[k]) out[k] = text(r[k]); });
  if (r.getTransports) out.transports = r.getTransports();
  return JSON.stringify({
    id: c.id, rawId: text(c.rawId), type: c.type, response: out,
    clientExtensionResults: c.getClientExtensionResults(), authenticatorAttachment: c.authenticatorAttachment || undefined,
  });
}
async function ask(form) {
  const note = form.querySelector('[data-passkey-note]');
  note.hidden = true;
  form.setAttribute('aria-busy', 'true');
  try {
    const res = await fetch(form.dataset.passkeyBegin, { method: 'POST', headers: { Accept: 'application/json' }, redirect: 'error' });
    if (!res.ok) throw new Error(String(res.status));
    const got = await navigator.credentials[form.dataset.passkey](options((await res.json()).publicKey));
    form.elements.answer.value = answer(got);
    form.submit(); // past the listener below
  } catch (e) {
    note.textContent = form.dataset.passkeyFailed;
    note.hidden = false;
  }
  form.removeAttribute('aria-busy');
}
if (window.PublicKeyCredential && navigator.credentials) {
  document.querySelectorAll('form[data-passkey]').forEach((form) => {
    form.hidden = false;
    document.querySelectorAll('[data-passkey-without]').forEach((el) => { el.hidden = true; });
    form.addEventListener('submit', (e) => {
      e.preventDefault();
      e.stopPropagation();
      if (form.getAttribute('aria-busy') !== 'true' && form.reportValidity()) ask(form);
    });
  });
}
