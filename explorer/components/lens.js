// The lens: point at a patch, and every head of every block shows where it looks, or who looks at it.
// A token that is not a patch (class token, registers) is counted -1, -2, ... beside the patches 0, 1, ...
class Lens {
  constructor(root) {
    const $ = (selector) => root.querySelector(selector);
    Object.assign(this, { wrap: $('.wrap'), lens: $('.lens'), picture: $('canvas.picture'), heads: $('canvas.heads'), read: $('.read'), which: $('.which'),
      bar: $('.legend .bar'), high: $('.legend .hi'), chips: $('.prefix'), input: $('input') });
    this.direction = 'from'; this.scale = 'each'; this.opacity = .88;
    this.hover = null; this.pinned = null; this.chosen = null; this.peek = null; this.cost = [];
    this.model = null;                      // the last reading; it stays, dimmed, while its successor is awaited
    this.events = new AbortController();
    this.listen(root, this.events.signal);
    this.resize = new ResizeObserver(() => { if (this.head) this.draw(); });
    this.resize.observe(this.wrap);
    pin.follow(this);
  }
  stop() { this.events.abort(); this.resize.disconnect(); pin.leave(this); }
  listen(root, signal) {
    pickable(this.picture, (x, y) => cell(x, y, this.W, this.H, this.grid), this, signal);
    keyable(this.picture, this, signal);
    const tile = (event) => {
      const r = this.heads.getBoundingClientRect(), l = Math.floor((event.clientX - r.left - this.left) / (this.tile + this.gap)), h = Math.floor((event.clientY - r.top - this.top) / (this.tileHeight + this.gap));
      return this.live && l >= 0 && h >= 0 && l < this.head.blocks && h < this.head.heads ? [l, h] : null;
    };
    this.heads.addEventListener('pointermove', (event) => { if (event.pointerType === 'mouse') { this.peek = tile(event); this.schedule(); } }, { signal });
    this.heads.addEventListener('pointerleave', () => { this.peek = null; this.schedule(); }, { signal });
    this.heads.addEventListener('click', (event) => { const t = tile(event); if (t) { this.chosen = t; this.schedule(); } }, { signal });
    this.heads.addEventListener('keydown', (event) => {
      const step = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
      if (!step || !this.live) return;
      event.preventDefault();
      const within = (v, n) => Math.max(0, Math.min(n - 1, v));
      this.chosen = [within(this.chosen[0] + step[0], this.head.blocks), within(this.chosen[1] + step[1], this.head.heads)];
      this.peek = null; this.schedule();
    }, { signal });
    root.querySelectorAll('.seg button').forEach((button) => button.addEventListener('click', () => {
      if (button.dataset.direction) this.direction = button.dataset.direction; else this.scale = button.dataset.scale;
      button.parentElement.querySelectorAll('button').forEach((other) => other.setAttribute('aria-pressed', other === button));
      this.schedule();
    }, { signal }));
    this.input.addEventListener('input', () => { this.opacity = this.input.value / 100; this.over = this.theme.over(this.opacity); this.schedule(); }, { signal });
  }

  // ---- pointing
  shown() { return this.hover ?? this.pinned ?? this.start; }
  setHover(p) { if (p === this.hover) return; this.hover = p; this.schedule(); }
  pinAt(p) {
    this.pinned = p === this.pinned ? null : p;
    this.share();
  }
  letGo() { this.hover = this.pinned = null; this.share(); }
  share() {                                 // other figures follow, and so does Python
    const p = this.pinned !== null && this.pinned >= 0 ? this.pinned : null;
    pin.write(p, this.grid, this);
    this.keep('pinned', p === null ? null : [p, ...this.grid]);
    this.schedule();
  }
  onPin() { this.pinned = pin.read(this.grid); this.schedule(); }
  schedule() { this.frame ||= requestAnimationFrame(() => { this.frame = 0; this.draw(); }); }

  // ---- data
  setData(data) {
    const head = this.head = data.head;
    this.grid = head.grid; this.count = this.grid[0] * this.grid[1]; this.live = head.state === 'reading';
    this.source = sprite(data.rgb, head.size[1], head.size[0]);
    if (this.live) {
      this.model = Object.assign(data, { source: this.source });
      this.start = head.start.patch;
      const [l, h] = this.chosen ?? [];
      if (!(l < head.blocks && h < head.heads)) this.chosen = [head.start.block, head.start.head];
    } else this.start = null;
    const other = this.pinned !== null && this.pinned < 0 && -this.pinned <= head.prefix.length ? this.pinned : null;
    this.pinned = other ?? pin.read(this.grid); this.hover = this.peek = null;
    this.wrap.dataset.state = head.state;
    this.lens.classList.toggle('awaited', !this.live);
    this.theme = theme(this.wrap); this.over = this.theme.over(this.opacity);
    this.bar.style.background = `linear-gradient(90deg, ${this.theme.sequential.join(',')})`;
    this.chipsFor(head.prefix);
    this.draw();
    requestAnimationFrame(() => requestAnimationFrame(() => {
      this.wrap.dataset.rev = head.rev; this.wrap.dataset.painted = performance.timeOrigin + performance.now();
    }));
  }
  chipsFor(names) {                         // one button per token that is not a patch
    if (this.chips.children.length === names.length) return;
    this.chips.replaceChildren(...names.map((name, k) => {
      const chip = document.createElement('button');
      chip.type = 'button'; chip.textContent = `[${name}]`;
      chip.onclick = () => { if (this.live) this.pinAt(-1 - k); };
      chip.onpointerenter = () => this.live && this.setHover(-1 - k);
      chip.onpointerleave = () => this.setHover(null);
      return chip;
    }));
  }

  // ---- numbers
  row(l, h, p) {                            // place of token p's row among all rows of attention
    const { heads, prefix } = this.model.head, N = this.model.count, P = prefix.length;
    return (l * heads + h) * (P + N) + (p < 0 ? -1 - p : P + p);
  }
  map(l, h, p, out) {                       // over the patches: how much p looks at each, or is looked at by each
    const { codes, peaks, before, head } = this.model, N = this.model.count, P = head.prefix.length;
    if (this.direction === 'from') {
      const r = this.row(l, h, p), m = peaks[r] / 255;
      for (let i = 0; i < N; i++) out[i] = codes[r * N + i] * m;
    } else {
      for (let i = 0, r = this.row(l, h, 0); i < N; i++, r++) out[i] = p < 0 ? before[r * P - 1 - p] : codes[r * N + p] * peaks[r] / 255;
    }
    let max = 0;
    for (let i = 0; i < N; i++) if (out[i] > max) max = out[i];
    return max;
  }
  compute(p) {                              // every map of token p, and its maximum
    const { blocks, heads } = this.model.head, N = this.model.count = this.model.head.grid[0] * this.model.head.grid[1];
    if (this.maps?.length !== blocks * heads * N) { this.maps = new Float32Array(blocks * heads * N); this.maxima = new Float32Array(blocks * heads); }
    for (let k = 0; k < blocks * heads; k++) this.maxima[k] = this.map(Math.floor(k / heads), k % heads, p, this.maps.subarray(k * N, (k + 1) * N));
    this.largest = this.maxima.reduce((a, b) => Math.max(a, b), 0);
  }
  paint() {                                 // all maps into one sheet of pixels, one block of columns per block of the model
    const { blocks, heads, grid: [rows, columns] } = this.model.head, width = blocks * columns, height = heads * rows;
    if (this.sheet?.width !== width || this.sheet.height !== height) { this.sheet = new OffscreenCanvas(width, height); this.image = new ImageData(width, height); }
    const words = new Uint32Array(this.image.data.buffer);
    for (let l = 0; l < blocks; l++) {
      for (let h = 0; h < heads; h++) {
        const k = l * heads + h, factor = 255 / ((this.scale === 'each' ? this.maxima[k] : this.largest) || 1);
        for (let r = 0, i = k * rows * columns; r < rows; r++) {
          for (let c = 0, at = (h * rows + r) * width + l * columns; c < columns; c++) words[at++] = this.over[Math.round(this.maps[i++] * factor)];
        }
      }
    }
    this.sheet.getContext('2d').putImageData(this.image, 0, 0);
  }

  // ---- drawing
  draw() {
    const start = performance.now(), p = this.shown();
    if (this.live) { this.last = p; this.compute(p); this.paint(); }
    this.drawPicture(p);
    this.drawHeads();
    [...this.chips.children].forEach((chip, k) => { chip.classList.toggle('shown', p === -1 - k); chip.setAttribute('aria-pressed', this.pinned === -1 - k); });
    this.wrap.dataset.shown = p ?? ''; this.wrap.dataset.pinned = this.pinned ?? '';
    if (this.live) this.say(p); else this.sayAwaited();
    this.cost.push(performance.now() - start);
    if (this.cost.length > 200) this.cost.shift();
    this.wrap.__cost = this.cost;           // read by the measuring tests
  }
  drawPicture(p) {
    const S = Math.floor(this.picture.parentElement.clientWidth), [rows, columns] = this.grid, unit = S / Math.max(rows, columns);
    const w = this.W = unit * columns, h = this.H = unit * rows, c = fit(this.picture, w, h);
    c.drawImage(this.source, 0, 0, w, h);
    if (this.live) {
      const [l, k] = this.peek ?? this.chosen;
      c.drawImage(this.sheet, l * columns, k * rows, columns, rows, 0, 0, w, h);
      this.which.textContent = `Block ${l + 1}, head ${k + 1}`;
    } else if (!this.which.textContent) this.which.textContent = 'Picture';
    gridLines(c, w, h, this.grid);
    if (p !== null && p >= 0) ring(c, (p % columns) * unit, Math.floor(p / columns) * unit, unit, unit, p === this.pinned);
  }
  drawHeads() {
    const { blocks: L, heads: H, grid: [rows, columns] } = (this.model ?? this).head, W = Math.floor(this.heads.parentElement.clientWidth), narrow = this.wrap.clientWidth <= 700;
    const ratio = rows / columns, [sl, sh] = this.peek ?? this.chosen ?? [-1, -1];
    this.left = 18; this.top = 20; this.gap = W < 420 || L > 8 ? 4 : 7;
    const wide = (W - this.left - (L - 1) * this.gap - 3) / L;
    const high = narrow ? Infinity : Math.max(40, (1.35 * this.H - this.top - (H - 1) * this.gap) / H);   // many heads: not much taller than the picture
    const T = this.tile = Math.min(wide, high / ratio), TH = this.tileHeight = T * ratio, u = T / columns;
    const c = fit(this.heads, W, this.top + H * TH + (H - 1) * this.gap + 4);
    c.font = `12.5px ${this.theme.font}`; c.textBaseline = 'middle'; c.textAlign = 'left';
    for (let l = 0; l < L; l++) {
      const x = this.left + l * (T + this.gap);
      c.fillStyle = this.theme.text; c.globalAlpha = .75;
      c.fillText((l || T < 62 ? '' : 'block ') + (l + 1), x, 8);
      for (let h = 0; h < H; h++) {
        const y = this.top + h * (TH + this.gap);
        c.fillStyle = this.theme.text; c.globalAlpha = .75;
        if (!l) { c.save(); c.translate(7, y + TH / 2); c.rotate(-Math.PI / 2); c.textAlign = 'center'; c.fillText((h || TH < 62 ? '' : 'head ') + (h + 1), 0, 0); c.restore(); }
        if (!this.model) { c.globalAlpha = .25; c.fillRect(x, y, T, TH); c.globalAlpha = 1; continue; }
        c.globalAlpha = 1;
        c.drawImage(this.model.source, x, y, T, TH);
        c.drawImage(this.sheet, l * columns, h * rows, columns, rows, x, y, T, TH);
        if (this.last >= 0) ring(c, x + (this.last % columns) * u, y + Math.floor(this.last / columns) * u, u, u, false);
        if (l === sl && h === sh) { c.strokeStyle = this.theme.primary; c.lineWidth = 3; c.strokeRect(x - 2.5, y - 2.5, T + 5, TH + 5); }
      }
    }
  }

  // ---- words
  sayAwaited() {
    const { what, then, done } = this.head, b = document.createElement('b');
    b.textContent = what + ' ';
    this.read.replaceChildren(b, then);
    if (done === null) return;
    const bar = document.createElement('span'), fill = document.createElement('i');
    bar.className = 'bar'; fill.style.width = 100 * done + '%'; bar.append(fill); this.read.append(bar);
  }
  token(p) { return p < 0 ? `the ${this.head.prefix[-1 - p]} token` : `the patch at ${place(p, this.grid)}`; }
  say(p) {
    const [l, h] = this.peek ?? this.chosen, { heads, size } = this.head, [rows, columns] = this.grid, N = this.count, k = l * heads + h;
    const map = this.maps.subarray(k * N, (k + 1) * N), each = this.scale === 'each', name = `ead ${h + 1} of block ${l + 1}`;
    this.high.textContent = `brightest = ${percent(each ? this.maxima[k] : this.largest)}  ${each ? '(in this map); each map has its own maximum' : 'the same scale in all maps'}`;
    let best = 0, sum = 0;
    for (let i = 0; i < N; i++) { sum += map[i]; if (map[i] > map[best]) best = i; }
    const b = document.createElement('b'), most = best === p ? 'itself' : `the patch at ${place(best, this.grid)}`;
    b.textContent = (p < 0 ? `The ${this.head.prefix[-1 - p]} token` : `Patch at ${place(p, this.grid)}`) + (p === this.pinned ? ' (pinned). ' : '. ');
    if (this.direction === 'to') {
      const even = sum / (N / (N + this.head.prefix.length));
      this.read.replaceChildren(b, `In h${name} it is looked at most by ${most} (${percent(map[best])} of that patch’s attention). From ${N === 1 ? 'the one patch' : `all ${N} patches together`} it receives ${even.toFixed(2)} times an even share.`);
      return;
    }
    let first = `For this ${p < 0 ? 'token' : 'patch'}, h${name} looks most at ${most} (${percent(map[best])})`;
    if (p >= 0 && N > 1 && sum > 0) {
      let distance = 0;
      for (let i = 0; i < N; i++) distance += map[i] * Math.hypot((Math.floor(i / columns) - Math.floor(p / columns)) * size[0] / rows, (i % columns - p % columns) * size[1] / columns);
      first += `; mean distance ${(distance / sum * 32 / size[0]).toFixed(1)} pixels`;
    }
    const rest = [];
    if (this.head.prefix.length) rest.push(`${percent(Math.max(0, 1 - sum))} goes to ${this.head.prefix.length === 1 ? `the ${this.head.prefix[0]} token` : 'the tokens that are not patches'}`);
    if (p >= 0 && N > 1) rest.push(this.around(map, p, best === p));
    this.read.replaceChildren(b, [first, ...rest.length ? [rest.join('; ')] : []].join('. ') + '.');
  }
  around(map, p, most) {                    // itself apart from row and column, so that nothing holds trivially
    const [rows, columns] = this.grid, y = Math.floor(p / columns), x = p % columns;
    let row = 0, column = 0;
    for (let i = 0; i < map.length; i++) if (i !== p) { if (Math.floor(i / columns) === y) row += map[i]; if (i % columns === x) column += map[i]; }
    const T = map.length + this.head.prefix.length, even = [(columns - 1) / T, (rows - 1) / T].map(percent);
    const spread = even[0] === even[1] ? `${even[0]} each` : `${even[0]} and ${even[1]}`;
    const self = most ? '' : `${percent(map[p])} stays on itself, `;
    return `${self}${percent(row)} goes to the rest of its row, ${percent(column)} to the rest of its column (an even spread: ${spread})`;
  }
}

export default mount('lens', (root) => new Lens(root));
