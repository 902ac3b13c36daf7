// devices.js tries a device out, and says what it finds in the words that the page brings.
//   <div data-check="size" data-yes="Baik: {a} x {b}" data-no="Kurang: {a} x {b}"> with [data-said] inside
//     size: data-long, data-short, in pixels; line: data-small, data-big, two of our own files, data-off; clock: data-ahead
//   <button data-sound data-say="..." data-yes data-chime data-no>, [data-sound-said]; <button data-full>
//   <div data-touch data-left data-done> with buttons, [data-touch-said]; <input data-type="loket 3">, [data-type-said]
const one = (q) => document.querySelector(q);
const fill = (text, a, b) => (text || '').replace('{a}', a).replace('{b}', b);
const say = (el, text, a, b) => { el.querySelector('[data-said]').textContent = fill(text, a, b); };
const answer = (el, ok, a, b) => say(el, ok ? el.dataset.yes : el.dataset.no, a, b);

// The voices of a browser come late, or never.
const voice = () => new Promise((done) => {
  const all = window.speechSynthesis;
  if (!all) { done(); return; }
  const find = () => all.getVoices().find((v) => /^(id|in)\b/i.test(v.lang));
  if (find()) { done(find()); return; }
  all.addEventListener('voiceschanged', () => { if (find()) done(find()); });
  setTimeout(() => done(find()), 1500);
});

// How long a file of ours takes past every cache, its bits, and the server's clock, to the second.
async function get(url) {
  const began = performance.now();
  const res = await fetch(url + '?' + Math.random(), { cache: 'no-store' });
  const bits = (await res.arrayBuffer()).byteLength * 8;
  const took = performance.now() - began;
  return { took, bits, ahead: Date.now() - took / 2 - Date.parse(res.headers.get('date')) - 500 };
}

let first;
const near = (url) => { first = first || get(url).then(() => get(url)); return first; }; // the second has no handshake

const tries = {
  size(el) {
    const w = Math.round(innerWidth * devicePixelRatio), h = Math.round(innerHeight * devicePixelRatio);
    answer(el, Math.max(w, h) >= el.dataset.long && Math.min(w, h) >= el.dataset.short, w, h);
  },
  layout(el) { answer(el, window.CSS && CSS.supports('container-type', 'inline-size')); },
  stream(el) { answer(el, 'EventSource' in window); },
  async font(el) {
    await document.fonts.ready;
    answer(el, [...document.fonts].some((f) => f.status === 'loaded'));
  },
  async voice(el) { const v = await voice(); answer(el, !!v, v && v.name); },
  touch(el) { answer(el, navigator.maxTouchPoints > 0, navigator.maxTouchPoints); },
  async line(el) {
    try {
      const small = await near(el.dataset.small), big = await get(el.dataset.big);
      // A file this small tells a fast line from a very fast one no more.
      const rate = Math.min(5000, Math.round(big.bits / Math.max(big.took - small.took, 1))), delay = Math.round(small.took);
      answer(el, rate >= 500 && delay <= 500, rate, delay);
    } catch { say(el, el.dataset.off); }
  },
  async clock(el) {
    try {
      const { ahead } = await near(one('[data-small]').dataset.small);
      const minutes = Math.max(1, Math.round(Math.abs(ahead) / 60000));
      if (Math.abs(ahead) < 60000) answer(el, true, Math.ceil(Math.abs(ahead) / 1000));
      else say(el, ahead < 0 ? el.dataset.no : el.dataset.ahead, minutes);
    } catch { say(el, el.dataset.off); }
  },
};
document.querySelectorAll('[data-check]').forEach((el) => tries[el.dataset.check](el));
addEventListener('resize', () => document.querySelectorAll('[data-check=size]').forEach(tries.size));

// Two notes, one after the other, made here: there is no file to fetch.
function chime(audio) {
  [784, 587].forEach((pitch, i) => {
    const tone = audio.createOscillator(), loud = audio.createGain(), at = audio.currentTime + i * 0.45;
    tone.frequency.value = pitch;
    loud.gain.setValueAtTime(0.5, at);
    loud.gain.exponentialRampToValueAtTime(0.001, at + 0.9);
    tone.connect(loud).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.9);
  });
}
const sound = one('[data-sound]');
if (sound) {
  sound.hidden = false;
  sound.addEventListener('click', async () => {
    const said = one('[data-sound-said]'), Audio = window.AudioContext || window.webkitAudioContext;
    if (!Audio) { said.textContent = sound.dataset.no; return; }
    chime(new Audio());
    const v = await voice();
    if (v) {
      const words = new SpeechSynthesisUtterance(sound.dataset.say);
      words.voice = v;
      words.lang = v.lang;
      setTimeout(() => speechSynthesis.speak(words), 1200);
    }
    said.textContent = v ? sound.dataset.yes : sound.dataset.chime;
  });
}
const full = one('[data-full]');
if (full && document.fullscreenEnabled) {
  full.hidden = false;
  full.addEventListener('click', () => document.documentElement.requestFullscreen());
}
const touch = one('[data-touch]');
if (touch) touch.addEventListener('click', (e) => {
  if (!e.target.matches('button')) return;
  e.target.setAttribute('aria-pressed', 'true');
  const left = touch.querySelectorAll('[aria-pressed=false]').length;
  one('[data-touch-said]').textContent = fill(left ? touch.dataset.left : touch.dataset.done, left);
});
const keys = one('[data-type]');
if (keys) keys.addEventListener('input', () => {
  const same = keys.value.trim().toLowerCase() === keys.dataset.type;
  one('[data-type-said]').textContent = same ? keys.dataset.yes : keys.dataset.no;
});
