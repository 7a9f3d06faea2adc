// The lens's two canvases: the picture with the chosen map over it, and one small map per head.
// Colour lies only where attention is: the ramp begins where it is no longer black, and what is hardly looked at
// shows the picture, a little greyer and nearer to the page than it is, so that colour is the map's alone.
const DARKEST = .2, GREYER = .55, VEIL = .2;
const tint = (x, opacity) => Math.min(.94, 1.05 * opacity * Math.sqrt(x));
function tints(hex, opacity) {              // 256 colours as the words of an ImageData, as in base.js
  const colours = ramp(hex);
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const [r, g, b] = between(colours, DARKEST + (1 - DARKEST) * i / 255);
    return (Math.round(255 * tint(i / 255, opacity)) << 24 | b << 16 | g << 8 | r) >>> 0;
  });
}
function tintsInCss(hex, opacity) {         // the same for the legend
  const colours = ramp(hex), stop = (x) => `rgba(${between(colours, DARKEST + (1 - DARKEST) * x).join(',')},${tint(x, opacity).toFixed(3)})`;
  return `linear-gradient(90deg, ${Array.from({ length: 13 }, (_, i) => stop(i / 12)).join(',')})`;
}
function muted(source, page, strength) {
  const { width, height } = source, canvas = new OffscreenCanvas(width, height), c = canvas.getContext('2d'), image = source.getContext('2d').getImageData(0, 0, width, height), d = image.data;
  for (let i = 0; i < d.length; i += 4) {
    const grey = .3 * d[i] + .59 * d[i + 1] + .11 * d[i + 2];
    for (let j = i; j < i + 3; j++) d[j] += (grey - d[j]) * GREYER * strength;
  }
  c.putImageData(image, 0, 0);
  c.globalAlpha = VEIL * strength; c.fillStyle = page; c.fillRect(0, 0, width, height);
  return canvas;
}
function dashed(c, x, y, w, h) {            // the patch that is read: never to be taken for the one that asks
  const t = Math.min(w, h) < 14 ? 1 : 2;
  c.lineWidth = 1.5 * t; c.strokeStyle = '#000'; c.strokeRect(x + t, y + t, w - 2 * t, h - 2 * t);
  c.setLineDash([3 * t, 2 * t]); c.lineWidth = t; c.strokeStyle = '#fff'; c.strokeRect(x + t, y + t, w - 2 * t, h - 2 * t);
  c.setLineDash([]);
}
function thin(c, x, y, w, h) {              // the patch that asks, in a small map: two lines that take little of it
  if (Math.min(w, h) < 14) { ring(c, x, y, w, h, false); return; }
  c.lineWidth = 3; c.strokeStyle = '#000'; c.strokeRect(x + 1.5, y + 1.5, w - 3, h - 3);
  c.lineWidth = 1; c.strokeStyle = '#fff'; c.strokeRect(x + 1.5, y + 1.5, w - 3, h - 3);
}

class Drawing extends PatchFigure {
  paint() {                                 // all maps into one sheet of pixels, one block of columns per block of the model
    const { blocks, heads, rows, columns, maps, maxima, largest } = this.model.shares, width = blocks * columns, height = heads * rows;
    if (this.sheet?.width !== width || this.sheet.height !== height) { this.sheet = new OffscreenCanvas(width, height); this.image = new ImageData(width, height); }
    const words = new Uint32Array(this.image.data.buffer);
    for (let l = 0; l < blocks; l++) {
      for (let h = 0; h < heads; h++) {
        const k = l * heads + h, factor = 255 / ((this.scale === 'each' ? maxima[k] : largest) || 1);
        for (let r = 0, i = k * rows * columns; r < rows; r++) {
          for (let c = 0, at = (h * rows + r) * width + l * columns; c < columns; c++) words[at++] = this.over[Math.round(maps[i++] * factor)];
        }
      }
    }
    this.sheet.getContext('2d').putImageData(this.image, 0, 0);
  }
  mute() {                                  // once per picture, change, theme and opacity; not while pointing
    this.over = tints(this.theme.sequential, this.opacity);
    this.bar.style.backgroundImage = `${tintsInCss(this.theme.sequential, this.opacity)}, conic-gradient(#999 25%, #bbb 0 50%, #999 0 75%, #bbb 0)`;
    if (this.model) for (const [name, strength] of [['large', .55], ['small', 1]]) this.model[name] = muted(this.model.seen, this.theme.page, strength * this.opacity);
    this.marks = {};
  }
  drawPicture(p) {
    const S = Math.floor(this.picture.parentElement.clientWidth), [rows, columns] = this.grid, unit = S / Math.max(rows, columns);
    const w = this.W = unit * columns, h = this.H = unit * rows, c = fit(this.picture, w, h), box = (i) => [(i % columns) * unit, Math.floor(i / columns) * unit, unit, unit];
    c.drawImage(this.live && !this.alike ? this.model.large : this.seen, 0, 0, w, h);
    if (this.live) {
      const [l, k] = this.peek ?? this.chosen;
      if (!this.alike) c.drawImage(this.sheet, l * columns, k * rows, columns, rows, 0, 0, w, h);
      this.which.textContent = `Block ${l + 1}, head ${k + 1}`;
    } else if (!this.which.textContent) this.which.textContent = 'Picture';
    this.drawErased(c, 0, 0, w, h);
    gridLines(c, w, h, this.grid);
    if (this.picked !== null) { c.fillStyle = 'rgba(255,255,255,.55)'; c.fillRect(...box(this.picked)); dashed(c, ...box(this.picked)); }
    if (p !== null && p >= 0) ring(c, ...box(p), p === this.pinned);
    const target = this.live ? this.target() : this.hover;
    if (this.mode !== 'point' && this.hover >= 0 && this.hover !== null) dashed(c, ...box(this.hover));
    else if (target !== null && target >= 0 && target !== p) {
      dashed(c, ...box(target));
      if (this.live && p >= 0) this.drawTags(c, box(p), box(target), p, target);
    }
  }
  drawTags(c, asking, read, p, target) {    // which is which, in words beside the two
    const [l, h] = this.peek ?? this.chosen, from = this.direction === 'from', k = this.index([l, h]), below = read[1] >= asking[1];
    const given = share(from ? this.model.shares.share(k, p, target) : this.model.shares.share(k, target, p));
    this.tag(c, asking, from ? 'looks' : 'is looked at', !below);
    this.tag(c, read, `${from ? 'gets' : 'gives'} ${given}`, below);
  }
  tag(c, [x, y, w, h], text, below) {
    c.font = `12px ${this.theme.font}`; c.textBaseline = 'middle'; c.textAlign = 'left';
    const wide = c.measureText(text).width + 10, tall = 17, left = Math.max(0, Math.min(this.W - wide, x + (w - wide) / 2));
    const outside = below ? y + h + 2 : y - tall - 2, top = outside < 0 ? y + h + 2 : outside + tall > this.H ? y - tall - 2 : outside;
    c.fillStyle = 'rgba(0,0,0,.82)'; c.fillRect(left, top, wide, tall);
    c.fillStyle = '#fff'; c.fillText(text, left + 5, top + tall / 2 + .5);
  }
  drawErased(c, x, y, w, h) {               // hatched: the mean colour alone could be a grey patch
    const [rows, columns] = this.grid, { from } = this.changes, size = `${Math.round(w)}x${Math.round(h)}`;
    if (from.length !== rows * columns || !from.includes(ERASED)) return;
    this.marks[size] ??= this.hatched(Math.max(1, Math.round(w)), Math.max(1, Math.round(h)));
    c.drawImage(this.marks[size], x, y, w, h);
  }
  hatched(w, h) {
    const [rows, columns] = this.grid, scale = devicePixelRatio || 1, canvas = new OffscreenCanvas(Math.round(w * scale), Math.round(h * scale)), c = canvas.getContext('2d');
    c.scale(scale, scale);
    const u = w / columns, v = h / rows, step = Math.max(4, Math.min(8, u / 3)), erased = new Path2D();
    this.changes.from.forEach((from, i) => { if (from === ERASED) erased.rect((i % columns) * u, Math.floor(i / columns) * v, u, v); });
    c.globalAlpha = .6; c.fillStyle = this.theme.page; c.fill(erased);
    c.globalAlpha = .85; c.strokeStyle = this.theme.text; c.lineWidth = u < 20 ? 1 : 1.5; c.clip(erased); c.beginPath();
    for (let at = -h; at < w; at += step) { c.moveTo(at, h); c.lineTo(at + h, 0); }
    c.stroke();
    return canvas;
  }
  drawHeads() {
    const { blocks: L, heads: H, grid: [rows, columns] } = (this.model ?? this).head, W = Math.floor(this.heads.parentElement.clientWidth), narrow = this.wrap.clientWidth <= 700, finger = narrow || FINGER.matches;
    const ratio = rows / columns, [sl, sh] = this.peek ?? this.chosen ?? [-1, -1];
    this.left = 18; this.top = finger ? 26 : 20; this.gap = W < 420 || L > 8 ? 4 : 7;
    const wide = (W - this.left - (L - 1) * this.gap - 3) / L;
    const high = narrow ? Infinity : Math.max(40, (1.35 * this.H - this.top - (H - 1) * this.gap) / H);   // many heads: not much taller than the picture
    const T = this.tile = Math.min(wide, high / ratio), TH = this.tileHeight = this.alike ? Math.min(T, 30) : T * ratio, u = T / columns;
    this.knob = finger ? Math.max(24, Math.min(28, .3 * T)) : Math.max(12, Math.min(20, .3 * T));
    const c = fit(this.heads, W, this.top + H * TH + (H - 1) * this.gap + 4);
    c.font = `12.5px ${this.theme.font}`; c.textBaseline = 'middle';
    for (let l = 0; l < L; l++) {
      const x = this.left + l * (T + this.gap), off = (h) => this.live && this.changes.off.has(l * H + h);
      c.fillStyle = this.theme.text; c.globalAlpha = .75; c.textAlign = 'left';
      c.fillText((l || T < 82 ? '' : 'block ') + (l + 1), x, this.top / 2 - 2);
      if (this.live && (T >= 48 || !finger)) this.drawKnob(c, x + T - this.knob / 2, this.top / 2 - 2, Array.from({ length: H }, (_, h) => h).some((h) => !off(h)), false);
      for (let h = 0; h < H; h++) {
        const y = this.top + h * (TH + this.gap), on = l === sl && h === sh;
        c.fillStyle = this.theme.text; c.globalAlpha = .75;
        if (!l) { c.save(); c.translate(7, y + TH / 2); c.rotate(-Math.PI / 2); c.textAlign = 'center'; c.fillText((h || TH < 62 ? '' : 'head ') + (h + 1), 0, 0); c.restore(); }
        if (!this.model || this.alike) { c.globalAlpha = this.alike ? .1 : .25; c.fillRect(x, y, T, TH); c.globalAlpha = 1; if (!this.model) continue; }
        c.globalAlpha = 1;
        if (!this.alike) {
          c.drawImage(this.model.small, x, y, T, TH);
          c.drawImage(this.sheet, l * columns, h * rows, columns, rows, x, y, T, TH);
          this.drawErased(c, x, y, T, TH);
          const at = (i) => [x + (i % columns) * u, y + Math.floor(i / columns) * u, u, u];
          if (this.last >= 0) thin(c, ...at(this.last));
          if (on && this.aim !== null && this.aim !== this.last) dashed(c, ...at(this.aim));
        }
        if (off(h)) this.strike(c, x, y, T, TH);
        if (on) { c.strokeStyle = this.theme.primary; c.lineWidth = 3; c.strokeRect(x - 2.5, y - 2.5, T + 5, TH + 5); }
        // On a map it hides part of a patch: only the one that is pointed at, or enlarged, or off has one.
        if (this.live && (T >= 48 || !finger) && (on || off(h) || this.alike)) this.drawKnob(c, x + T - this.knob / 2, y + this.knob / 2, !off(h), !this.alike, on);
      }
    }
  }
  strike(c, x, y, w, h) {                   // a head that is off: veiled and crossed out
    c.globalAlpha = .72; c.fillStyle = this.theme.page; c.fillRect(x, y, w, h);
    c.globalAlpha = .8; c.strokeStyle = this.theme.text; c.lineWidth = 1.5;
    c.beginPath(); c.moveTo(x, y + h); c.lineTo(x + w, y); c.stroke();
    c.globalAlpha = 1;
  }
  drawKnob(c, x, y, on, onPicture, bright = false) {   // the sign of a switch: a broken ring with a line; no disc, which would hide a patch
    const r = Math.min(6, this.knob * .25), line = Math.max(1.2, r * .36);
    const sign = (colour, width) => {
      c.strokeStyle = colour; c.lineWidth = width;
      c.beginPath(); c.arc(x, y, r, -.25 * Math.PI, 1.25 * Math.PI); c.moveTo(x, y - 1.25 * r); c.lineTo(x, y - .1 * r);
      if (!on) { c.moveTo(x - 1.3 * r, y + 1.3 * r); c.lineTo(x + 1.3 * r, y - 1.3 * r); }
      c.stroke();
    };
    c.globalAlpha = bright || !on ? 1 : onPicture ? .8 : .5;
    if (onPicture) { sign('rgba(0,0,0,.75)', line + 2.2); sign('#fff', line); } else sign(this.theme.text, line);
    c.globalAlpha = 1;
  }
}
