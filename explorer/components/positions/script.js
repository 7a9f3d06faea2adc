// uses saving cosine_scale
// Cosine similarity of position embeddings: the selected one's tile, all tiles on their grid, and
// other encodings.

class Positions extends PatchFigure {
  constructor(root) {
    super();
    const $ = (selector) => root.querySelector(selector);
    this.wrap = $('.wrap');
    this.image = $('canvas.image');
    this.tile = $('canvas.tile');
    this.all = $('canvas.all');
    this.which = $('.which');
    this.kinds = $('.kinds');
    this.read = $('.read');
    this.bar = $('.legend .bar');
    this.ends = [$('.legend .lo'), $('.legend .hi')];
    this.scale = 'full';
    this.kind = null;
    this.other = {
      over: null,
      shown: () => this.other.over,
      pinAt: (p) => this.pinAt(p),
      letGo: () => this.other.setHover(null),
      setHover: (p) => {
        if (p !== this.other.over) {
          this.other.over = p;
          this.schedule();
        }
      },
    };
    const { signal } = this.events;
    pickable(this.image, (x, y) => cell(x, y, this.side, this.side, this.grid), this, signal);
    keyable(this.image, this, signal);
    pickable(this.all, (x, y) => cell(x, y, this.wide, this.wide, this.grid), this, signal);
    pickable(this.tile, (x, y) => cell(x, y, this.side, this.side, this.grid), this.other, signal);
    keyable(this.tile, this.other, signal);
    this.scales = [...root.querySelectorAll('.seg button')];
    this.scales.forEach((button) =>
      button.addEventListener('click', () => this.choose({ scale: button.dataset.scale }), {
        signal,
      }),
    );
    this.watch(this.wrap);
  }

  shown() {
    return super.shown() ?? this.data.head.start;
  }
  choose(values) {
    Object.assign(this, values);
    this.schedule();
    this.send('view', {
      ...(this.kind !== this.data.head.kinds[0].name && { encoding: this.kind }),
      position_scale: this.scale === 'own',
    });
  }
  pinAt(p) {
    this.other.over = null;
    super.pinAt(p);
  }

  setData(data) {
    const { grid, size, kinds, asked } = data.head;
    this.data = data;
    this.grid = this.other.grid = grid;
    this.hover = this.other.over = null;
    this.pinned = pin.read(grid);
    this.source = sprite(data.rgb, size, size);
    this.cosines = new Cosines(data.cosines, grid[0] * grid[1]);
    if (this.mark !== asked.mark) {
      this.mark = asked.mark; // a link holds once
      this.kind = asked.encoding;
      this.scale = asked.position_scale ? 'own' : 'full';
    }
    if (!kinds.some((kind) => kind.name === this.kind)) this.kind = kinds[0].name;
    while (this.kinds.children.length > kinds.length) this.kinds.lastChild.remove();
    while (this.kinds.children.length < kinds.length) this.kinds.append(this.button());
    [...this.kinds.children].forEach((button, k) => {
      button.querySelector('b').textContent = kinds[k].label;
      button.querySelector('span').textContent = kinds[k].note;
      button.onclick = () => this.choose({ kind: kinds[k].name });
    });
    this.sheets = null;
    this.draw();
    this.painted({ rev: data.head.rev });
  }
  button() {
    const button = el('button');
    button.type = 'button';
    for (const tag of ['canvas', 'b', 'span']) button.append(el(tag));
    return button;
  }

  limits({ mean, reach }) {
    return cosineLimits(this.scale, mean, reach);
  }
  paintSheets(colours) {
    // one sheet per kind: every tile below the one before, a pixel per cell
    const [rows, columns] = this.grid,
      count = rows * columns,
      key = colours.diverging.join() + this.scale;
    if (this.sheets?.key === key) return;
    this.sheets = this.data.head.kinds.map((kind, k) => {
      const limits = this.limits(kind);
      return pixels(columns, rows * count, (i) => {
        const q = i % count;
        return colorOfCosine(colours.signed, this.cosines.at(k, (i - q) / count, q), limits);
      });
    });
    this.sheets.key = key;
    this.bar.style.background = `linear-gradient(90deg, ${colours.diverging.join(',')})`;
  }
  one(c, k, p, x, y, w) {
    const [rows, columns] = this.grid;
    c.drawImage(this.sheets[k], 0, p * rows, columns, rows, x, y, w, w);
  }

  draw() {
    const colours = theme(this.wrap),
      [, columns] = this.grid,
      p = this.shown(),
      q = this.other.over,
      pinned = p === this.pinned;
    const { kinds } = this.data.head,
      k = kinds.findIndex((kind) => kind.name === this.kind),
      count = this.grid[0] * columns;
    this.paintSheets(colours);
    this.scales.forEach((button) =>
      button.setAttribute('aria-pressed', button.dataset.scale === this.scale),
    );
    const S = (this.side = Math.floor(this.image.parentElement.clientWidth)),
      s = S / columns;
    const box = (i) => [(i % columns) * s, Math.floor(i / columns) * s, s, s];
    let c = fit(this.image, S, S);
    c.drawImage(this.source, 0, 0, S, S);
    gridLines(c, S, S, this.grid);
    ring(c, ...box(p), pinned);
    if (q !== null && q !== p) this.dotted(c, colours, ...box(q));

    c = fit(this.tile, S, S);
    this.one(c, k, p, 0, 0, S);
    this.frame(c, S);
    ring(c, ...box(p), pinned);
    if (q !== null && q !== p) this.dotted(c, colours, ...box(q));

    const W = (this.wide = Math.floor(this.all.parentElement.clientWidth)),
      pitch = W / columns,
      gap = Math.min(6, Math.max(2, pitch * 0.07));
    c = fit(this.all, W, W);
    for (let i = 0; i < count; i++)
      this.one(c, k, i, (i % columns) * pitch, Math.floor(i / columns) * pitch, pitch - gap);
    ring(
      c,
      (p % columns) * pitch,
      Math.floor(p / columns) * pitch,
      pitch - gap,
      pitch - gap,
      pinned,
    );

    [...this.kinds.children].forEach((button, i) => {
      const canvas = button.querySelector('canvas'),
        w = Math.floor(button.clientWidth);
      button.setAttribute('aria-pressed', i === k);
      if (!w) return;
      const small = fit(canvas, w, w);
      this.one(small, i, p, 0, 0, w);
      this.frame(small, w);
    });
    this.which.textContent = tr`Similarity to ${this.at(p)}`;
    drawEnds(this.ends, this.limits(kinds[k]), this.cosines.extremes(k));
    this.say(p, q, k);
  }
  at(p) {
    const [, columns] = this.grid;
    return `(${Math.floor(p / columns) + 1}, ${(p % columns) + 1})`;
  }
  frame(c, w) {
    c.globalAlpha = 0.3;
    c.strokeStyle = getComputedStyle(this.wrap).color;
    c.lineWidth = 1;
    c.strokeRect(0.5, 0.5, w - 1, w - 1);
    c.globalAlpha = 1;
  }
  dotted(c, colours, x, y, w, h) {
    c.lineWidth = 3;
    c.strokeStyle = '#000';
    c.strokeRect(x + 1.5, y + 1.5, w - 3, h - 3);
    c.setLineDash([4, 3]);
    c.lineWidth = 2;
    c.strokeStyle = '#fff';
    c.strokeRect(x + 1.5, y + 1.5, w - 3, h - 3);
    c.setLineDash([]);
  }

  say(p, q, k) {
    const [, columns] = this.grid,
      count = this.grid[0] * columns;
    const cosine = (i) => this.cosines.at(k, p, i),
      strong = el('b'),
      label = this.data.head.kinds[k].label;
    strong.textContent =
      p === this.pinned ? tr`${this.at(p)} (pinned), ${label}. ` : tr`${this.at(p)}, ${label}. `;
    if (count === 1) {
      this.read.replaceChildren(strong);
      return;
    }
    if (q !== null) {
      this.read.replaceChildren(
        strong,
        tr`Similarity to ${this.at(q)}: ${q === p ? 1 : signed(cosine(q))}.`,
      );
      return;
    }
    let most = -1,
      least = -1,
      line = 0,
      lines = 0,
      rest = 0,
      rests = 0;
    for (let i = 0; i < count; i++) {
      if (i === p) continue;
      if (most < 0 || cosine(i) > cosine(most)) most = i;
      if (least < 0 || cosine(i) < cosine(least)) least = i;
      const along =
        Math.floor(i / columns) === Math.floor(p / columns) || i % columns === p % columns;
      if (along) {
        line += cosine(i);
        lines++;
      } else {
        rest += cosine(i);
        rests++;
      }
    }
    this.read.replaceChildren(
      strong,
      tr`Most similar: ${this.at(most)}, ${signed(cosine(most))}. Least: ${this.at(least)}, ${signed(cosine(least))}. `,
      tr`Mean: same row or column ${signed(line / lines)}, elsewhere ${signed(rest / rests)}.`,
    );
  }
}

export default mount('positions', (root) => new Positions(root));
