// What fits one choice only, <fieldset data-when="agency" data-is="dukcapil">, is shown while the field of that name has
// that value, and sent then only. While the field says nothing all of it is shown, as it is without this script.
function fit(form) {
  form.querySelectorAll('fieldset[data-when]').forEach((part) => {
    const field = form.elements[part.dataset.when];
    const off = Boolean(field && field.value && field.value !== part.dataset.is);
    part.hidden = off;
    part.disabled = off;
  });
}
const fitAll = () => document.querySelectorAll('form').forEach(fit);
document.addEventListener('change', (e) => { if (e.target.form) fit(e.target.form); });
addEventListener('pageshow', fitAll);
fitAll();
