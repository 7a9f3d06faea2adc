// The lens's two canvases: the picture with the chosen map over it, and one small map per head.
class Drawing {
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
  drawPicture(p) {
    const S = Math.floor(this.picture.parentElement.clientWidth), [rows, columns] = this.grid, unit = S / Math.max(rows, columns);
    const w = this.W = unit * columns, h = this.H = unit * rows, c = fit(this.picture, w, h), box = (i) => [(i % columns) * unit, Math.floor(i / columns) * unit, unit, unit];
    c.drawImage(this.seen, 0, 0, w, h);
    if (this.live) {
      const [l, k] = this.peek ?? this.chosen;
      c.drawImage(this.sheet, l * columns, k * rows, columns, rows, 0, 0, w, h);
      this.which.textContent = `Block ${l + 1}, head ${k + 1}`;
    } else if (!this.which.textContent) this.which.textContent = 'Picture';
    gridLines(c, w, h, this.grid);
    c.strokeStyle = 'rgba(255,255,255,.7)'; c.lineWidth = 1; c.beginPath();
    this.changes.from.forEach((from, i) => {   // an erased patch could be a grey one
      if (from !== ERASED) return;
      const [x, y] = box(i), d = unit * .3;
      c.moveTo(x + d, y + d); c.lineTo(x + unit - d, y + unit - d); c.moveTo(x + unit - d, y + d); c.lineTo(x + d, y + unit - d);
    });
    c.stroke();
    if (this.picked !== null) { c.fillStyle = 'rgba(255,255,255,.55)'; c.fillRect(...box(this.picked)); ring(c, ...box(this.picked), false); }
    if (p !== null && p >= 0) ring(c, ...box(p), p === this.pinned);
    const target = this.live ? this.target() : this.hover;
    if (target !== null && target >= 0 && target !== p) ring(c, ...box(target), false);
    if (this.mode !== 'point' && this.hover >= 0 && this.hover !== null) ring(c, ...box(this.hover), false);
  }
  drawHeads() {
    const { blocks: L, heads: H, grid: [rows, columns] } = (this.model ?? this).head, W = Math.floor(this.heads.parentElement.clientWidth), narrow = this.wrap.clientWidth <= 700;
    const ratio = rows / columns, [sl, sh] = this.peek ?? this.chosen ?? [-1, -1];
    this.left = 18; this.top = 20; this.gap = W < 420 || L > 8 ? 4 : 7;
    const wide = (W - this.left - (L - 1) * this.gap - 3) / L;
    const high = narrow ? Infinity : Math.max(40, (1.35 * this.H - this.top - (H - 1) * this.gap) / H);   // many heads: not much taller than the picture
    const T = this.tile = Math.min(wide, high / ratio), TH = this.tileHeight = T * ratio, u = T / columns;
    this.knob = Math.max(12, Math.min(20, .3 * T));
    const c = fit(this.heads, W, this.top + H * TH + (H - 1) * this.gap + 4);
    c.font = `12.5px ${this.theme.font}`; c.textBaseline = 'middle'; c.textAlign = 'left';
    for (let l = 0; l < L; l++) {
      const x = this.left + l * (T + this.gap), off = (h) => this.live && this.changes.off.has(l * H + h);
      c.fillStyle = this.theme.text; c.globalAlpha = .75;
      c.fillText((l || T < 82 ? '' : 'block ') + (l + 1), x, 8);
      if (this.live) this.drawKnob(c, x + T - this.knob / 2, 8, Array.from({ length: H }, (_, h) => h).some((h) => !off(h)), false);
      for (let h = 0; h < H; h++) {
        const y = this.top + h * (TH + this.gap);
        c.fillStyle = this.theme.text; c.globalAlpha = .75;
        if (!l) { c.save(); c.translate(7, y + TH / 2); c.rotate(-Math.PI / 2); c.textAlign = 'center'; c.fillText((h || TH < 62 ? '' : 'head ') + (h + 1), 0, 0); c.restore(); }
        if (!this.model) { c.globalAlpha = .25; c.fillRect(x, y, T, TH); c.globalAlpha = 1; continue; }
        c.globalAlpha = 1;
        c.drawImage(this.model.seen, x, y, T, TH);
        c.drawImage(this.sheet, l * columns, h * rows, columns, rows, x, y, T, TH);
        if (this.last >= 0) ring(c, x + (this.last % columns) * u, y + Math.floor(this.last / columns) * u, u, u, false);
        if (off(h)) this.strike(c, x, y, T, TH);
        const on = l === sl && h === sh;
        if (on) { c.strokeStyle = this.theme.primary; c.lineWidth = 3; c.strokeRect(x - 2.5, y - 2.5, T + 5, TH + 5); }
        if (this.live) this.drawKnob(c, x + T - this.knob / 2, y + this.knob / 2, !off(h), true, on);
      }
    }
  }
  strike(c, x, y, w, h) {                   // a head that is off: veiled and crossed out
    c.globalAlpha = .72; c.fillStyle = this.theme.page; c.fillRect(x, y, w, h);
    c.globalAlpha = .8; c.strokeStyle = this.theme.text; c.lineWidth = 1.5;
    c.beginPath(); c.moveTo(x, y + h); c.lineTo(x + w, y); c.stroke();
    c.globalAlpha = 1;
  }
  drawKnob(c, x, y, on, onPicture, bright = false) {   // the sign of a switch: a broken ring with a line
    const r = this.knob * .25;
    c.globalAlpha = bright || !on ? 1 : onPicture ? .6 : .5;
    if (onPicture) { c.fillStyle = 'rgba(0,0,0,.6)'; c.beginPath(); c.arc(x, y, r * 1.85, 0, 7); c.fill(); }
    c.strokeStyle = onPicture ? '#fff' : this.theme.text; c.lineWidth = Math.max(1, r * .36);
    c.beginPath(); c.arc(x, y, r, -.25 * Math.PI, 1.25 * Math.PI); c.moveTo(x, y - 1.25 * r); c.lineTo(x, y - .1 * r); c.stroke();
    if (!on) { c.beginPath(); c.moveTo(x - 1.3 * r, y + 1.3 * r); c.lineTo(x + 1.3 * r, y - 1.3 * r); c.stroke(); }
    c.globalAlpha = 1;
  }
}
