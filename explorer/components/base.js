// Shared by the components, put in front of each one's own script: payloads, colours, drawing, picking.

// ---- payload: u32 header length (little-endian) | JSON header | arrays, each at a multiple of 8 bytes
function decode(bytes, kind) {
  if (!(bytes instanceof Uint8Array) || bytes.length < 4) throw new Error('it holds no bytes');
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  if (4 + length > bytes.length) throw new Error('its header is cut off');
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  if (head.format !== 1 || head.kind !== kind) throw new Error(`it is "${head.kind}", format ${head.format}; "${kind}", format 1 is read here`);
  const data = { head };
  let at = 4 + length;
  for (const [name, dtype, shape] of head.arrays) {
    const width = { u8: 1, f32: 4 }[dtype];
    if (!width) throw new Error(`"${name}" has the unknown type "${dtype}"`);
    at = Math.ceil(at / 8) * 8;
    const size = shape.reduce((a, b) => a * b, 1) * width;
    if (at + size > bytes.length) throw new Error(`"${name}" is cut off`);
    const raw = bytes.subarray(at, at + size);
    data[name] = dtype === 'u8' ? raw : new Float32Array(raw.slice().buffer);   // the view may be unaligned: copy
    at += size;
  }
  return data;
}

// ---- life of a component: one instance per element, kept over every change of data or theme.
// `make(root)` gives an object with setData(decoded); it may have stop(). It gets send(name, value), a command
// that lasts one run, and keep(name, value), state that stays.
const INSTANCES = new WeakMap();
function mount(kind, make) {
  return function ({ data, parentElement, setStateValue, setTriggerValue }) {
    if (!data) return undefined;
    // Streamlit may call with data that newer data has overtaken, and then cleans that call up at once: drawn a
    // moment later, it draws nothing and stops nothing.
    const call = { dropped: false, drawn: false };
    setTimeout(() => {
      if (call.dropped) return;
      call.drawn = true;
      try {
        const decoded = decode(data, kind);
        let one = INSTANCES.get(parentElement);
        if (!one) { one = make(parentElement); INSTANCES.set(parentElement, one); }
        one.send = setTriggerValue;
        one.keep = setStateValue;
        one.setData(decoded);
        misfit(parentElement, null);
      } catch (problem) {
        misfit(parentElement, `This figure cannot read what it was sent: ${problem.message}. Reload the page; if it stays, restart the app.`);
      }
    });
    return () => {
      if (!call.drawn) { call.dropped = true; return; }
      INSTANCES.get(parentElement)?.stop?.();
      INSTANCES.delete(parentElement);
    };
  };
}
function misfit(root, sentence) {           // in place of a blank: what went wrong, and what to do
  root.querySelector('.misfit')?.remove();
  if (!sentence) return;
  const p = document.createElement('p');
  p.className = 'misfit';
  p.setAttribute('role', 'alert');
  p.textContent = sentence;
  root.prepend(p);
}

// ---- colour
const ramp = (hex) => hex.map((h) => [1, 3, 5].map((i) => parseInt(h.slice(i, i + 2), 16)));
const between = (colours, x) => {
  const t = x * (colours.length - 1), k = Math.min(colours.length - 2, Math.floor(t)), f = t - k;
  return colours[k].map((v, i) => Math.round(v + f * (colours[k + 1][i] - v)));
};
function table(hex, alpha) {                // 256 colours as the words of an ImageData (alpha, blue, green, red)
  const colours = ramp(hex), words = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    const [r, g, b] = between(colours, i / 255);
    words[i] = (alpha(i / 255) << 24 | b << 16 | g << 8 | r) >>> 0;
  }
  return words;
}
// Colours come from the theme (config.toml), so Plotly, canvas and HTML agree in both themes.
function theme(element) {
  const style = getComputedStyle(element);
  const list = (name, otherwise) => {
    const found = style.getPropertyValue(name).match(/#[0-9a-fA-F]{6}/g) || [];
    return found.length > 1 ? found : otherwise;
  };
  const sequential = list('--st-chart-sequential-colors', ['#000004', '#781c6d', '#ed6925', '#fcffa4']);
  const diverging = list('--st-chart-diverging-colors', ['#1f5fa8', '#f3f4f5', '#a63a1b']);
  return {
    text: style.color, font: style.fontFamily, sequential, diverging, page: style.getPropertyValue('--st-background-color').trim() || '#fff',
    primary: style.getPropertyValue('--st-primary-color').trim() || '#0b6b7f',
    over: (opacity) => table(sequential, (x) => Math.round(255 * Math.min(.94, opacity * (.5 + .5 * Math.sqrt(x))))),   // over a picture: low darkens, high glows
    solid: table(sequential, () => 255),
    signed: table(diverging, () => 255),
  };
}

// ---- drawing
function pixels(width, height, word) {      // word(i): the colour of pixel i -> canvas
  const canvas = new OffscreenCanvas(width, height), image = new ImageData(width, height), words = new Uint32Array(image.data.buffer);
  for (let i = 0; i < width * height; i++) words[i] = word(i);
  canvas.getContext('2d').putImageData(image, 0, 0);
  return canvas;
}
const sprite = (rgb, width, height) => pixels(width, height, (i) => (255 << 24 | rgb[3 * i + 2] << 16 | rgb[3 * i + 1] << 8 | rgb[3 * i]) >>> 0);   // uint8 RGB
const field = (codes, width, height, colours) => pixels(width, height, (i) => colours[codes[i]]);   // uint8 codes through a colour table
function fit(canvas, width, height) {       // CSS size, backing store at device resolution; a cleared context in CSS units
  const r = devicePixelRatio || 1, W = Math.round(width * r), H = Math.round(height * r);
  if (canvas.width !== W || canvas.height !== H) { canvas.width = W; canvas.height = H; }
  canvas.style.width = width + 'px';
  canvas.style.height = height + 'px';
  const c = canvas.getContext('2d');
  c.setTransform(r, 0, 0, r, 0, 0);
  c.clearRect(0, 0, width, height);
  c.imageSmoothingEnabled = false;
  return c;
}
function ring(c, x, y, w, h, thick) {       // black-and-white double ring: visible on every colour map and picture
  if (Math.min(w, h) < 14) {                // small cells: one line of each, outside, so that the value inside stays visible
    c.lineWidth = 1;
    c.strokeStyle = '#000'; c.strokeRect(x - 1.5, y - 1.5, w + 3, h + 3);
    c.strokeStyle = '#fff'; c.strokeRect(x - .5, y - .5, w + 1, h + 1);
    return;
  }
  const t = thick ? 2.5 : 1.5;              // inwards, so that no edge cuts it
  c.lineWidth = 2 * t + 2; c.strokeStyle = '#000'; c.strokeRect(x + t, y + t, w - 2 * t, h - 2 * t);
  c.lineWidth = t; c.strokeStyle = '#fff'; c.strokeRect(x + t, y + t, w - 2 * t, h - 2 * t);
}
function gridLines(c, width, height, [rows, columns]) {
  const a = Math.max(rows, columns) > 8 ? .28 : .5;
  for (const [colour, d] of [[`rgba(0,0,0,${a * .6})`, 1], [`rgba(255,255,255,${a})`, 0]]) {
    c.strokeStyle = colour; c.lineWidth = 1; c.beginPath();
    for (let i = 1; i < columns; i++) { const v = Math.round(i * width / columns) + .5 + d; c.moveTo(v, 0); c.lineTo(v, height); }
    for (let i = 1; i < rows; i++) { const v = Math.round(i * height / rows) + .5 + d; c.moveTo(0, v); c.lineTo(width, v); }
    c.stroke();
  }
}

// ---- words
const UNDECIDED = 1e-3;                     // spread of probabilities under which nothing is preferred, as in explorer/words/findings.py
const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
const percent = (x) => (x >= 1 ? '100' : x >= .9995 ? '>99.9' : x >= .0005 && (x < .0995 || x >= .995) ? (100 * x).toFixed(1) : x >= .0995 ? Math.round(100 * x) : x > 0 ? '<0.1' : '0') + '%';   // never 100 beside something else
const place = (p, [, columns]) => `row ${Math.floor(p / columns) + 1}, column ${p % columns + 1}`;
function spans(text) {                      // 'a `b` c' -> nodes, with b in the code face; never parsed as HTML
  return text.split('`').flatMap((part, i) => {
    if (!part) return [];
    const node = document.createElement(i % 2 ? 'code' : 'span');
    node.textContent = part;
    return [node];
  });
}

// ---- the patch that is pinned: one for all figures of the app, as a place in the picture, so that it survives
// a change of page and of patch size. Every component of this page gets onPin() when another one changes it.
const PIN = 'vit-explorer.pin', PINS = (globalThis.__vitExplorerPins ??= { listeners: new Set(), at: undefined });
const pin = {
  read([rows, columns]) {                   // -> patch index on this grid, or null
    if (PINS.at === undefined) try { PINS.at = JSON.parse(sessionStorage.getItem(PIN)); } catch { PINS.at = null; }
    const [y, x] = Array.isArray(PINS.at) ? PINS.at : [];
    return y >= 0 && y < 1 && x >= 0 && x < 1 ? Math.floor(y * rows) * columns + Math.floor(x * columns) : null;
  },
  write(p, [rows, columns], from) {         // p null lets go
    PINS.at = p === null ? null : [(Math.floor(p / columns) + .5) / rows, (p % columns + .5) / columns];
    try { sessionStorage.setItem(PIN, JSON.stringify(PINS.at)); } catch { /* storage is off: the pin lives until a reload */ }
    for (const one of PINS.listeners) if (one !== from) one.onPin();
  },
  follow(one) { PINS.listeners.add(one); },
  leave(one) { PINS.listeners.delete(one); },
};

// ---- pointing at a patch: the same in every figure. `one` has setHover(p or null), pinAt(p), letGo(), shown() -> p or null, grid;
// it may have cursor() -> p or null, where the keys start from.
function pickable(canvas, at, one, signal) {
  const where = (event) => { const r = canvas.getBoundingClientRect(); return at(event.clientX - r.left, event.clientY - r.top, event); };
  let last = null;                          // a click comes in whole pixels: beside a grid line it can miss the patch that is highlighted
  const finer = (event) => last && Math.abs(last.clientX - event.clientX) < 1 && Math.abs(last.clientY - event.clientY) < 1 ? last : event;
  canvas.addEventListener('pointermove', (event) => { last = event; one.setHover(where(event)); }, { signal });
  canvas.addEventListener('pointerleave', () => { last = null; one.setHover(null); }, { signal });
  canvas.addEventListener('click', (event) => { const p = where(finer(event)); if (p !== null) one.pinAt(p); }, { signal });
}
function keyable(canvas, one, signal) {
  canvas.addEventListener('keydown', (event) => {
    const [rows, columns] = one.grid, count = rows * columns, p = Math.max(-1, (one.cursor ? one.cursor() : one.shown()) ?? -1);
    if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); if (p >= 0) one.pinAt(p); return; }
    if (event.key === 'Escape') { one.letGo(); return; }
    const next = { ArrowRight: p + 1, ArrowLeft: Math.max(0, p - 1), ArrowDown: p < 0 ? 0 : p + columns, ArrowUp: p - columns, Home: 0, End: count - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    if (next >= 0 && next < count) one.setHover(next);
  }, { signal });
  canvas.addEventListener('blur', () => one.setHover(null), { signal });
}
function cell(x, y, width, height, [rows, columns]) {   // the patch under a point of a drawn picture, or null
  const i = Math.floor(x / width * columns), j = Math.floor(y / height * rows);
  return i < 0 || j < 0 || i >= columns || j >= rows ? null : j * columns + i;
}
