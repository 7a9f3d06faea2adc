// Maps over the picture, side by side; below each what erasing, and adding, patches in its order does to the class.
const CURVES = ['deletion', 'insertion'], CURVE_HEIGHT = 58, RAISED = { '-': '⁻', ...'⁰¹²³⁴⁵⁶⁷⁸⁹' };

class Tiles {
  constructor(root) {
    const $ = (selector) => root.querySelector(selector);
    this.wrap = $('.wrap'); this.groups = $('.groups'); this.readout = $('.read'); this.tiles = [];
    this.opacity = .82; this.hover = null; this.step = null;
    this.events = new AbortController();
    const { signal } = this.events;
    $('input').addEventListener('input', (event) => { this.opacity = event.target.value / 100; this.schedule(); }, { signal });
    $('.png').addEventListener('click', () => this.save(), { signal });
    this.resize = new ResizeObserver(() => { if (this.head) this.draw(); });
    this.resize.observe(this.wrap);
    pin.follow(this);
  }
  stop() { this.events.abort(); this.resize.disconnect(); pin.leave(this); }
  onPin() { this.schedule(); }
  schedule() { this.frame ||= requestAnimationFrame(() => { this.frame = 0; this.draw(); }); }
  shown() { return this.hover ?? pin.read(this.grid); }
  setHover(p) { if (p === this.hover) return; this.hover = p; this.schedule(); }
  pinAt() {}
  letGo() { this.setHover(null); }

  setData(data) {
    const head = data.head, [rows, columns] = head.grid, [height, width] = head.size, count = rows * columns;
    this.head = head; this.grid = head.grid; this.source = sprite(data.rgb, width, height); this.hover = this.step = null;
    this.shares = data.shares;
    const shape = JSON.stringify(head.groups.map((group) => [group.tiles.length, group.tiles.map((tile) => tile.tested)]));
    if (shape !== this.shape) { this.shape = shape; this.build(); }
    this.wrap.classList.toggle('tested', head.groups.some((group) => group.tiles.some((tile) => tile.tested)));
    let t = 0;
    head.groups.forEach((group, g) => {
      const section = this.groups.children[g];
      section.className = [head.awaited ? 'awaited' : '', group.tiles.length > 2 ? 'three' : ''].join(' ');
      section.querySelector('.group').textContent = group.name;
      for (const tile of group.tiles) {
        const one = this.tiles[t], values = data.values.subarray(t * count, (t + 1) * count), K = this.shares?.length ?? 0;
        Object.assign(one, { ...tile, group: group.name, values });
        one.order = [...values.keys()].sort((a, b) => values[b] - values[a] || a - b);
        one.rank = []; one.order.forEach((p, i) => { one.rank[p] = i + 1; });
        // A curve and its random order, [deletion, insertion]; none while they are computed.
        one.lines = tile.curve === null ? null : CURVES.map((_, i) => [data.curves, data.chance].map((all) => all.subarray((2 * tile.curve + i) * K, (2 * tile.curve + i + 1) * K)));
        one.figure.querySelector('.name').textContent = tile.name;
        one.figure.querySelector('.note').textContent = tile.note;
        one.map.setAttribute('aria-label', `${group.name}, ${tile.name}: ${tile.note}. Arrow keys move from patch to patch.`);
        t++;
      }
    });
    this.draw();
    requestAnimationFrame(() => requestAnimationFrame(() => { this.wrap.dataset.rev = head.rev; }));
  }
  build() {
    const { signal } = this.events, make = (tag, name, parent) => { const e = document.createElement(tag); e.className = name; parent.append(e); return e; };
    this.groups.replaceChildren(); this.tiles = [];
    let at = 1;
    for (const group of this.head.groups) {
      const section = make('section', '', this.groups), title = make('p', 'group', section);
      title.style.setProperty('--place', `${at} / span ${group.tiles.length}`);
      at += group.tiles.length;
      for (const { tested } of group.tiles) {
        const figure = make('figure', '', section), one = { figure };
        make('p', 'name', figure);
        one.map = make('canvas', 'map', figure);
        one.map.tabIndex = 0; one.map.setAttribute('role', 'application');
        make('p', 'note', figure);
        pickable(one.map, (x, y) => cell(x, y, one.side, one.high, this.grid), this, signal);
        keyable(one.map, this, signal);
        one.charts = !tested ? [] : CURVES.map((name) => {
          const canvas = make('canvas', 'curve', figure), area = make('p', 'area', figure);
          canvas.setAttribute('role', 'img');
          canvas.addEventListener('pointermove', (event) => this.along(one, name, event), { signal });
          canvas.addEventListener('pointerleave', () => { this.step = null; this.schedule(); }, { signal });
          return { name, canvas, area };
        });
        this.tiles.push(one);
      }
    }
    this.wrap.style.setProperty('--across', this.tiles.length);
  }
  along(one, name, event) {                 // the step of a curve under the pointer
    if (!one.lines) return;
    const r = event.currentTarget.getBoundingClientRect(), x = (event.clientX - r.left) / r.width;
    let k = 0;
    this.shares.forEach((share, i) => { if (Math.abs(share - x) < Math.abs(this.shares[k] - x)) k = i; });
    this.step = { one, name, k }; this.schedule();
  }

  draw() {
    const colours = theme(this.wrap), over = colours.over(this.opacity), signed = table(colours.diverging, () => Math.round(255 * this.opacity));
    for (const one of this.tiles) {
      const [rows, columns] = this.grid, S = one.side = Math.max(40, Math.floor(one.figure.clientWidth)), H = one.high = Math.round(S * rows / columns);
      this.paint(fit(one.map, S, H), one, S, H, over, signed);
      for (const chart of one.charts) this.chart(chart, one, colours);
    }
    this.say();
  }
  paint(c, one, S, H, over, signed) {
    const [rows, columns] = this.grid, box = (p) => [(p % columns) * S / columns, Math.floor(p / columns) * H / rows, S / columns, H / rows];
    c.drawImage(this.source, 0, 0, S, H);
    if (this.step?.one === one) {           // the very picture that the model answered at this step
      const steps = Math.round(this.shares[this.step.k] * rows * columns), deleted = this.step.name === 'deletion';
      c.fillStyle = `rgb(${this.head.mean})`;
      one.order.forEach((p, i) => { if ((i < steps) === deleted) c.fillRect(...box(p)); });
      return;
    }
    const span = Math.max(one.high_ - one.low_, 1e-12);
    const code = (v) => (one.signed ? Math.round(127.5 + 127.5 * Math.max(-1, Math.min(1, v / one.high_))) : Math.round(255 * Math.max(0, Math.min(1, (v - one.low_) / span))));
    c.drawImage(pixels(columns, rows, (i) => (one.signed ? signed : over)[code(one.values[i])]), 0, 0, S, H);
    const p = this.shown();
    if (p !== null && p < rows * columns) ring(c, ...box(p), p === pin.read(this.grid));
  }
  chart({ name, canvas, area }, one, colours) {
    const W = one.side, H = CURVE_HEIGHT, c = fit(canvas, W, H), at = (share, v) => [1 + share * (W - 2), 3 + (1 - v) * (H - 6)];
    c.strokeStyle = colours.text; c.globalAlpha = .22; c.lineWidth = 1; c.strokeRect(.5, .5, W - 1, H - 1); c.globalAlpha = 1;
    if (!one.lines) { area.textContent = 'computing'; canvas.setAttribute('aria-label', `${name}: computing`); return; }
    const [line, chance] = one.lines[CURVES.indexOf(name)], path = (values) => { c.beginPath(); values.forEach((v, i) => c.lineTo(...at(this.shares[i], v))); };
    c.globalAlpha = .16; c.fillStyle = colours.primary; path(line); c.lineTo(...at(1, 0)); c.lineTo(...at(0, 0)); c.fill(); c.globalAlpha = 1;
    c.strokeStyle = colours.text; c.globalAlpha = .7; c.setLineDash([3, 3]); c.lineWidth = 1.2; path(chance); c.stroke(); c.setLineDash([]); c.globalAlpha = 1;
    c.strokeStyle = colours.primary; c.lineWidth = 2; path(line); c.stroke();
    if (this.step?.one === one && this.step.name === name) {
      const k = this.step.k;
      c.fillStyle = colours.primary; c.beginPath(); c.arc(...at(this.shares[k], line[k]), 4, 0, 7); c.fill();
    }
    const strong = document.createElement('b'), i = CURVES.indexOf(name);
    strong.textContent = one.areas[i].toFixed(2);
    area.replaceChildren(`${name} `, strong, `, random ${one.chances[i].toFixed(2)}`);
    canvas.setAttribute('aria-label', `${name}: ${area.textContent}`);
  }
  number(one, v) {
    if (one.unit === 'share') return percent(v);
    const size = Math.abs(v), digits = size >= .1 || !size ? size.toFixed(2) : size >= .001 ? size.toFixed(4) : size.toExponential(0).replace(/e(.*)/, (_, power) => `·10${[...power].map((d) => RAISED[d] ?? '').join('')}`);
    return `${v < 0 ? '−' : ''}${digits}`;
  }
  say() {
    const strong = document.createElement('b'), { awaited, hint } = this.head, [rows, columns] = this.grid, N = rows * columns;
    if (awaited) { this.readout.replaceChildren(awaited); return; }
    if (this.step) {
      const { one, name, k } = this.step, i = CURVES.indexOf(name), steps = Math.round(this.shares[k] * N), [line, chance] = one.lines[i];
      strong.textContent = `${one.name}, ${name}. `;
      this.readout.replaceChildren(strong, `${steps} of ${N} patches ${i ? 'added to an empty picture' : 'erased'}, the most important first: ${one.class} ${percent(line[k])}; in random order ${percent(chance[k])}.`);
      return;
    }
    const p = this.shown();
    if (p === null || p >= N) { this.readout.replaceChildren(hint); return; }
    const place_ = place(p, this.grid);
    strong.textContent = `${place_[0].toUpperCase()}${place_.slice(1)}. `;
    const parts = this.tiles.map((one) => `${one.said} ${this.number(one, one.values[p])}${one.signed || N === 1 ? '' : ` (${one.rank[p]}.)`}`);
    this.readout.replaceChildren(strong, `${parts.join(' · ')}.`);
  }
  save() {                                  // everything as one picture, twice as fine as on the screen
    const box = this.groups.getBoundingClientRect(), scale = 2, canvas = new OffscreenCanvas(Math.ceil(box.width * scale), Math.ceil(box.height * scale)), c = canvas.getContext('2d');
    const colours = theme(this.wrap), inside = (e) => { const r = e.getBoundingClientRect(); return [r.left - box.left, r.top - box.top, r.width, r.height]; };
    c.scale(scale, scale); c.fillStyle = colours.page; c.fillRect(0, 0, box.width, box.height); c.imageSmoothingEnabled = false; c.textBaseline = 'top'; c.fillStyle = colours.text;
    for (const text of this.groups.querySelectorAll('p')) {
      const [x, y, w] = inside(text), style = getComputedStyle(text);
      c.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
      c.fillText(text.textContent, x, y + 2, w);
    }
    for (const one of this.groups.querySelectorAll('canvas')) c.drawImage(one, ...inside(one));
    canvas.convertToBlob({ type: 'image/png' }).then((blob) => {
      const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(blob), download: this.head.file });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  }
}

export default mount('map_tiles', (root) => new Tiles(root));
