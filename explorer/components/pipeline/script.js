// uses saving svg
// The ribbon: image -> patches -> tokens -> encoder -> prediction. Large on Overview, a thin bar on
// the other pages.
const softmax = (v) => {
  const m = Math.max(...v),
    e = v.map((x) => Math.exp(x - m)),
    s = e.reduce((a, b) => a + b);
  return e.map((x) => x / s);
};

class Ribbon extends PatchFigure {
  constructor(root) {
    super();
    const $ = (selector) => root.querySelector(selector);
    Object.assign(this, {
      root,
      wrap: $('.wrap'),
      hero: $('.hero'),
      svg: $('.links'),
      read: $('.read'),
      bars: $('.bars'),
      verdict: $('.verdict'),
    });
    this.canvas = Object.fromEntries(
      ['image', 'patches', 'tokens', 'blocks'].map((name) => [name, $('canvas.' + name)]),
    );
    this.sections = [...root.querySelectorAll('section')];
    this.apart = 1;
    this.cost = [];
    this.model = null; // the last reading; it stays, dimmed, while its successor is awaited
    this.listen(this.events.signal);
    this.watch(this.hero);
  }
  stop() {
    super.stop();
    cancelAnimationFrame(this.falling);
  }
  resized() {
    this.layout();
    this.draw();
  }
  listen(signal) {
    const { image, patches, tokens, blocks } = this.canvas;
    for (const canvas of [image, patches])
      pickable(canvas, (x, y) => cell(x, y, this.W, this.H, this.grid), this, signal);
    pickable(
      tokens,
      (x, y) => {
        const p = Math.floor((y / this.tokensHeight) * (this.count + this.prefix)) - this.prefix;
        return this.live && p >= 0 ? Math.min(this.count - 1, p) : null;
      },
      this,
      signal,
    );
    pickable(
      blocks,
      (x, y) => {
        const w = this.tile + this.gap,
          h = this.tileHeight + this.gap;
        return this.live ? cell(x % w, y % h, this.tile, this.tileHeight, this.grid) : null;
      },
      this,
      signal,
    );
    keyable(image, this, signal);
    for (const section of this.sections) {
      const button = section.querySelector('button.head');
      button?.addEventListener('click', () => this.send('goto', section.dataset.stage), { signal });
    }
  }

  // ---- pointing
  setHover(p) {
    if (!this.strip) super.setHover(p);
  }
  pinAt(p) {
    if (!this.strip) super.pinAt(p);
  }

  // ---- data
  setData(data) {
    const before = this.grid?.join(),
      head = (this.head = data.head);
    this.grid = head.grid;
    this.count = this.grid[0] * this.grid[1];
    this.prefix = head.prefix;
    this.strip = head.mode === 'strip';
    this.live = head.state === 'reading';
    this.wrap.classList.toggle('strip', this.strip);
    this.saving.hidden = this.strip; // the bar of every page is no figure
    if (this.strip) {
      // a miniature: nothing in it answers to pointer or keys
      this.canvas.image.tabIndex = -1;
      this.canvas.image.setAttribute('role', 'img');
      this.canvas.image.setAttribute('aria-label', tr`Image with patch grid`);
    }
    this.wrap.dataset.state = head.state;
    this.pinned = pin.read(this.grid);
    this.hover = null;
    this.source = sprite(data.rgb, head.size[1], head.size[0]);
    if (this.live) this.model = Object.assign(data, { source: this.source });
    this.blocks = this.model?.head.blocks ?? head.blocks;
    this.label();
    this.answer();
    this.look();
    this.layout();
    this.fall(before !== this.grid.join());
    this.painted({ rev: head.rev });
  }
  fall(changed) {
    // the image falls apart into its new patches: 200 ms, ease-out
    cancelAnimationFrame(this.falling);
    this.apart = 1;
    if (!changed || this.strip || calm()) {
      this.draw();
      return;
    }
    const start = performance.now();
    const step = (now) => {
      const u = Math.min(1, Math.max(0, now - start) / 200);
      this.apart = 1 - (1 - u) ** 3;
      this.draw();
      if (u < 1) this.falling = requestAnimationFrame(step);
    };
    step(start);
  }
  label() {
    const { captions, now } = this.head;
    for (const section of this.sections) {
      const stage = section.dataset.stage;
      section.classList.toggle('now', stage === now);
      section.classList.toggle('awaited', !this.live && !['overview', 'patches'].includes(stage));
      if (stage === now) section.querySelector('button.head')?.setAttribute('aria-current', 'step');
      section.querySelector('.cap').replaceChildren(...spans(captions[stage]));
    }
  }
  answer() {
    const { names, truth } = this.head,
      { probabilities, top } = this.model?.head ?? { probabilities: null, top: -1 };
    while (this.bars.children.length > names.length) this.bars.lastChild.remove();
    while (this.bars.children.length < names.length) {
      const item = el('li');
      item.innerHTML =
        '<span class="name"></span><span class="track"><span class="fill"></span><span class="patch-mark"></span></span><span class="val"></span>';
      this.bars.append(item);
    }
    [...this.bars.children].forEach((item, i) => {
      item.className = (i === top ? 'top ' : '') + (i === truth ? 'truth' : '');
      item.querySelector('.name').textContent = names[i];
      item.querySelector('.fill').style.width = probabilities ? 100 * probabilities[i] + '%' : 0;
      item.querySelector('.val').textContent = probabilities ? percent(probabilities[i]) : '–';
    });
    const word = (text, name) => {
      const b = strong(text);
      b.className = name;
      return b;
    };
    if (!this.live) this.verdict.textContent = this.head.state === 'problem' ? '–' : '…';
    else if (top < 0) this.verdict.textContent = tr`no clear prediction`;
    else {
      const right = top === truth,
        line = (...parts) => {
          const span = el('span');
          span.append(...parts);
          return span;
        };
      const said = [
        line(word(names[top], right ? 'truth' : ''), ' ', word(percent(probabilities[top]), '')),
      ];
      if (!right && truth !== null)
        said.push(
          ' ',
          line(tr`(true: `, word(names[truth], 'truth'), tr` ${percent(probabilities[truth])})`),
        );
      if (this.strip) said.push(' ', this.whose());
      this.verdict.replaceChildren(...said);
    }
  }
  whose() {
    const span = el('span');
    span.className = 'of';
    span.textContent = this.head.of;
    return span;
  }
  look() {
    this.theme = theme(this.wrap);
    this.over = this.theme.over(0.9);
    const head = this.model?.head;
    this.tokens =
      head &&
      field(
        this.model.tokens,
        head.width,
        this.model.tokens.length / head.width,
        this.theme.signed,
      );
    this.squeezed = null;
  }
  layout() {
    const [rows, columns] = this.grid,
      room = (name) => Math.floor(this.canvas[name].parentElement.clientWidth);
    const narrow = this.wrap.clientWidth <= 700 && !this.strip;
    const S = this.strip ? 40 : room('image'),
      unit = S / Math.max(rows, columns);
    this.S = S;
    this.W = unit * columns;
    this.H = unit * rows;
    this.gap = this.strip ? 2 : 6;
    // stacked, tokens and blocks stand in a taller row of their own
    const high = narrow ? 1.5 * S : S;
    this.tokensHeight = high;
    this.tokensWidth = this.strip ? 18 : room('tokens');
    const wide = this.strip ? Infinity : room('blocks'),
      ratio = rows / columns;
    let best = [0, 1];
    for (let across = 1; across <= this.blocks; across++) {
      // the split that gives the largest maps
      const down = Math.ceil(this.blocks / across);
      if (this.strip && this.blocks > 1 && down !== 2) continue;
      const tile = Math.min(
        (wide - (across - 1) * this.gap) / across,
        (high - (down - 1) * this.gap) / down / ratio,
      );
      if (tile > best[0]) best = [tile, across];
    }
    [this.tile, this.across] = best;
    this.tileHeight = this.tile * ratio;
    this.bars.style.height = narrow || this.strip ? '' : S + 'px';
    this.squeezed = null;
  }
  patchBox(p) {
    // x, y, width, height of a patch where the image is pulled apart
    const [rows, columns] = this.grid,
      n = Math.max(rows, columns),
      gap = n > 1 ? (this.apart * this.S * 0.2) / n : 0;
    const side = (this.S - (n - 1) * gap) / n;
    return [(p % columns) * (side + gap), Math.floor(p / columns) * (side + gap), side, side];
  }

  // ---- drawing
  draw() {
    const start = performance.now(),
      p = this.shown(),
      fixed = p !== null && p === this.pinned;
    this.drawImage(p, fixed);
    this.drawPatches(p, fixed);
    this.drawTokens(p);
    this.drawBlocks(p);
    const own =
      this.live && p !== null && this.model.patch_logits
        ? softmax([
            ...this.model.patch_logits.subarray(
              p * this.head.names.length,
              (p + 1) * this.head.names.length,
            ),
          ])
        : null;
    this.bars.classList.toggle('with-patch', own !== null);
    if (own)
      [...this.bars.children].forEach((item, i) => {
        item.querySelector('.patch-mark').style.left = 100 * own[i] + '%';
      });
    if (!this.strip) {
      this.links(p, own);
      this.say(p, own);
    }
    this.cost.push(performance.now() - start);
    if (this.cost.length > 200) this.cost.shift();
    this.wrap.__cost = this.cost; // read by the measuring tests
  }
  drawImage(p, fixed) {
    const c = fit(this.canvas.image, this.W, this.H),
      [rows, columns] = this.grid;
    c.drawImage(this.source, 0, 0, this.W, this.H);
    gridLines(c, this.W, this.H, this.grid);
    const w = this.W / columns,
      h = this.H / rows;
    if (p !== null) ring(c, (p % columns) * w, Math.floor(p / columns) * h, w, h, fixed);
  }
  drawPatches(p, fixed) {
    const c = fit(this.canvas.patches, this.W, this.H),
      columns = this.grid[1],
      P = this.head.patch;
    for (let i = 0; i < this.count; i++) {
      c.globalAlpha = p === null || i === p ? 1 : 0.5;
      c.drawImage(
        this.source,
        (i % columns) * P,
        Math.floor(i / columns) * P,
        P,
        P,
        ...this.patchBox(i),
      );
    }
    c.globalAlpha = 1;
    if (p !== null) ring(c, ...this.patchBox(p), fixed);
  }
  drawTokens(p) {
    const W = this.tokensWidth,
      H = this.tokensHeight,
      c = fit(this.canvas.tokens, W, H);
    const rows = this.tokens ? this.tokens.height : this.count + this.prefix,
      h = H / rows,
      line = rows <= 66 ? Math.min(2, h * 0.16) : 0;
    if (!this.tokens) {
      // what is awaited keeps its place
      c.fillStyle = this.theme.text;
      c.globalAlpha = 0.25;
      for (let i = 0; i < rows; i++) c.fillRect(0, i * h, W, h - Math.max(line, h * 0.3));
      c.globalAlpha = 1;
      return;
    }
    if (!this.squeezed) {
      // sideways with smoothing, downwards without
      this.squeezed = new OffscreenCanvas(Math.max(1, Math.round(W * density())), rows);
      const q = this.squeezed.getContext('2d');
      q.imageSmoothingQuality = 'high';
      q.drawImage(this.tokens, 0, 0, this.squeezed.width, rows);
    }
    const lit = this.live && p !== null ? p + this.prefix : null;
    for (let i = 0; i < rows; i++) {
      c.globalAlpha = lit === null || i === lit ? 1 : 0.38;
      c.drawImage(this.squeezed, 0, i, this.squeezed.width, 1, 0, i * h, W, h - line);
    }
    c.globalAlpha = 1;
    if (lit === null) return;
    const high = Math.max(h, 3);
    ring(c, 3, Math.min(H - high - 3, Math.max(3, lit * h - (high - h) / 2)), W - 6, high, false);
  }
  drawBlocks(p) {
    const L = this.blocks,
      down = Math.ceil(L / this.across),
      w = this.tile,
      h = this.tileHeight,
      G = this.gap;
    const c = fit(
      this.canvas.blocks,
      this.across * w + (this.across - 1) * G,
      down * h + (down - 1) * G,
    );
    const grid = this.model?.head.grid,
      N = grid && grid[0] * grid[1];
    this.canvas.blocks.nextElementSibling.style.marginTop =
      // captions stay on one line
      8 + Math.max(0, this.tokensHeight - down * h - (down - 1) * G) + 'px';
    for (let l = 0; l < L; l++) {
      const x = (l % this.across) * (w + G),
        y = Math.floor(l / this.across) * (h + G);
      if (!this.model) {
        c.fillStyle = this.theme.text;
        c.globalAlpha = 0.25;
        c.fillRect(x, y, w, h);
        c.globalAlpha = 1;
      } else {
        const lit = this.live && p !== null && this.model.attention ? p : null;
        const codes =
          lit === null
            ? this.model.received.subarray(l * N, (l + 1) * N)
            : this.model.attention.subarray((l * N + lit) * N, (l * N + lit + 1) * N);
        c.drawImage(this.model.source, x, y, w, h);
        c.drawImage(field(codes, grid[1], grid[0], this.over), x, y, w, h);
        if (lit !== null)
          ring(
            c,
            x + ((lit % grid[1]) * w) / grid[1],
            y + (Math.floor(lit / grid[1]) * h) / grid[0],
            w / grid[1],
            h / grid[0],
            false,
          );
      }
      if (this.strip || w < 24) continue;
      c.font = `600 11px ${this.theme.font}`;
      c.lineWidth = 3;
      c.strokeStyle = 'rgba(0,0,0,.75)';
      c.fillStyle = this.model ? '#fff' : this.theme.text;
      if (this.model) c.strokeText(l + 1, x + 5, y + 14);
      c.fillText(l + 1, x + 5, y + 14);
    }
  }

  // ---- what joins the stages
  links(p, own) {
    const R = this.hero.getBoundingClientRect();
    const box = (element) => {
      const b = element.getBoundingClientRect();
      return { x: b.left - R.left, y: b.top - R.top, w: b.width, h: b.height, r: b.right - R.left };
    };
    const A = box(this.canvas.image),
      B = box(this.canvas.patches),
      C = box(this.canvas.tokens),
      D = box(this.canvas.blocks),
      E = box(this.bars);
    const [rows, columns] = this.grid,
      total = this.count + this.prefix,
      H = this.tokensHeight;
    this.svg.replaceChildren();
    const add = (name, d) => svg(this.svg, 'path', { class: name, d });
    const wire = (x0, y0, x1, y1) => {
      const m = (x0 + x1) / 2,
        d = `M${x0} ${y0}C${m} ${y0} ${m} ${y1} ${x1} ${y1}`;
      add('case', d);
      add('line', d);
    };
    for (let r = 0; r < rows; r++) {
      // each row of patches is a run of tokens, in raster order
      const [, y, , h] = this.patchBox(r * columns),
        x0 = B.r + 3,
        x1 = C.x - 3,
        m = (x0 + x1) / 2,
        a = B.y + y,
        b = a + h;
      const c = C.y + ((this.prefix + r * columns) * H) / total,
        d = c + (columns * H) / total - (rows > 8 ? 0.5 : 1.5);
      add(
        'band' + (p !== null && Math.floor(p / columns) === r ? ' on' : ''),
        `M${x0} ${a}C${m} ${a} ${m} ${c} ${x1} ${c}V${d}C${m} ${d} ${m} ${b} ${x0} ${b}Z`,
      );
    }
    const middle = A.y + this.S / 2;
    if (p === null || !this.live) {
      for (const [a, b] of [
        [A.x + this.S, B.x],
        [C.r, D.x],
        [D.r, E.x],
      ]) {
        const m = (a + b) / 2;
        add(
          'arrow',
          `M${m - 6} ${middle}H${m + 5}M${m} ${middle - 5}L${m + 6} ${middle}L${m} ${middle + 5}`,
        );
      }
    }
    const s = this.W / columns,
      [px, py, pw] = this.patchBox(p ?? 0);
    if (p === null) return;
    const y = A.y + (Math.floor(p / columns) + 0.5) * s;
    wire(A.x + ((p % columns) + 1) * s + 5, y, B.x + px - 5, B.y + py + pw / 2);
    if (!this.live) return;
    const ty = C.y + ((this.prefix + p + 0.5) * H) / total;
    wire(B.x + px + pw + 5, B.y + py + pw / 2, C.x - 1, ty);
    const u = this.tile / columns,
      row = (Math.floor(p / columns) + 0.5) * u;
    wire(C.r + 1, ty, D.x + (p % columns) * u - 4, D.y + row);
    if (!own) return;
    const last = this.blocks - 1,
      top = largestOf(own),
      bar = box(this.bars.children[top]);
    if (own[top] - Math.min(...own) < UNDECIDED) return;
    wire(
      D.x + (last % this.across) * (this.tile + this.gap) + ((p % columns) + 1) * u + 4,
      D.y + Math.floor(last / this.across) * (this.tileHeight + this.gap) + row,
      bar.x - 3,
      bar.y + bar.h / 2,
    );
  }
  say(p, own) {
    const { names, rest, what, then, done } = this.head,
      b = el('b');
    if (!this.live) {
      b.textContent = then ? tr`${what} ` : what;
      this.read.replaceChildren(b, then);
      if (done === null) return;
      const bar = el('span'),
        fill = el('i');
      bar.className = 'bar';
      fill.style.width = 100 * done + '%';
      bar.append(fill);
      this.read.append(bar);
      return;
    }
    if (p === null) {
      if (this.read.textContent !== rest) this.read.textContent = rest;
      return;
    }
    const N = this.count,
      start = ((this.blocks - 1) * N + p) * N,
      row = this.model.attention.subarray(start, start + N),
      k = largestOf(row);
    const columns = this.grid[1],
      spot = (q) => `(${Math.floor(q / columns) + 1}, ${(q % columns) + 1})`;
    b.textContent = p === this.pinned ? tr`Patch ${spot(p)}, pinned. ` : tr`Patch ${spot(p)}. `;
    const key = tr`Block ${this.blocks}, strongest key: ${k === p ? tr`itself` : spot(k)}, ${percent(this.model.peak[(this.blocks - 1) * N + p])}. `;
    const top = own && largestOf(own); // with a class token, a patch has no logits of its own
    const alone = !own
      ? ''
      : tr`Patch logits alone: ${own[top] - Math.min(...own) < UNDECIDED ? tr`no clear prediction` : `${names[top]} ${percent(own[top])}`}.`;
    this.read.replaceChildren(b, key + alone);
  }
}

export default mount('pipeline', (root) => new Ribbon(root));
