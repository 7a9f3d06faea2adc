// uses saving encoder/maths encoder/stages encoder/numbers
// A batch of tokens (B, T, D) as a cube: which entries are averaged together.
const NORMS = [
  { id: 'layer', name: 'LayerNorm', over: tr`all dimensions of one token` },
  { id: 'batch', name: 'BatchNorm', over: tr`one dimension, all tokens of all images` },
  { id: 'group', name: 'GroupNorm', over: tr`a group of dimensions, all tokens of one image` },
  {
    id: 'image',
    name: tr`LayerNorm over (C, H, W)`,
    over: tr`all dimensions, all tokens of one image`,
  },
];

class NormCube extends Figure {
  constructor(root) {
    super();
    const $ = (selector) => root.querySelector(selector);
    Object.assign(this, {
      wrap: $('.wrap'),
      cube: $('.cube'),
      rows: $('tbody'),
      at: $('.at'),
      needs: $('.needs'),
      seg: $('.seg'),
    });
    this.chosen = null;
    const { signal } = this.events,
      cube = this.cube,
      under = (event) => {
        const r = cube.getBoundingClientRect();
        return this.under(event.clientX - r.left, event.clientY - r.top);
      };
    cube.addEventListener(
      'click',
      (event) => {
        const at = under(event);
        if (at) {
          this.chosen = at;
          this.draw();
        }
      },
      { signal },
    );
    cube.addEventListener(
      'keydown',
      (event) => {
        const [t, n] = this.chosen,
          step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[
            event.key
          ];
        if (!step) return;
        event.preventDefault();
        this.chosen = [
          Math.max(0, Math.min(this.tokens - 1, t + step[0])),
          Math.max(0, Math.min(this.numbers - 1, n + step[1])),
        ];
        this.draw();
      },
      { signal },
    );
    this.watch(this.wrap);
  }
  setData(data) {
    this.data = data;
    this.head = data.head;
    const {
      shape: [batch],
      tokens,
      numbers,
    } = this.head;
    this.tokens = tokens.length;
    this.numbers = numbers.length;
    if (this.mark !== this.head.asked.mark) {
      this.mark = this.head.asked.mark; // a link holds once
      this.kind = this.head.asked.norm ?? 'layer';
      this.batch = this.head.asked.batch;
    }
    this.batch = Math.min(this.batch ?? batch, batch);
    this.chosen =
      this.chosen && this.chosen[0] < this.tokens && this.chosen[1] < this.numbers
        ? this.chosen
        : [Math.min(2, this.tokens - 1), Math.min(5, this.numbers - 1)];
    this.limit = quantileOf(data.values, 0.97);
    if (this.seg.children.length !== batch)
      this.seg.replaceChildren(
        ...Array.from({ length: batch }, (_, k) => {
          const button = el('button');
          button.type = 'button';
          button.textContent = k + 1;
          button.onclick = () => this.choose({ batch: k + 1 });
          return button;
        }),
      );
    if (!this.rows.children.length) this.rows.append(...NORMS.map((norm) => this.row(norm)));
    this.draw();
    this.painted({ rev: this.head.rev });
  }
  row(norm) {
    const line = el('tr');
    line.innerHTML =
      '<th scope="row"><button type="button"></button><span></span></th><td></td><td></td><td></td><td></td>';
    line.querySelector('button').textContent = norm.name;
    line.onclick = () => this.choose({ kind: norm.id });
    return line;
  }
  choose(values) {
    Object.assign(this, values);
    this.draw();
    this.send('view', {
      ...(this.kind !== 'layer' && { norm: this.kind }),
      ...(this.batch !== this.head.shape[0] && { batch: this.batch }),
    });
  }

  // ---- values
  value(b, t, n) {
    return this.data.values[(b * this.tokens + t) * this.numbers + n];
  }
  groupOf(n) {
    const {
      shape: [, , D],
      groups,
      numbers,
    } = this.head;
    return Math.floor(numbers[n] / (D / groups));
  }
  moments(kind) {
    // of the set that holds the selected entry of the first image
    const [t, n] = this.chosen,
      {
        shape: [, T, D],
        groups,
        tokens,
        numbers,
      } = this.head,
      { data } = this;
    const [at, count] = {
      layer: [tokens[t], D],
      batch: [(this.batch - 1) * D + numbers[n], this.batch * T],
      group: [this.groupOf(n), (T * D) / groups],
      image: [0, T * D],
    }[kind];
    return { mean: data[`${kind}_mean`][at], variance: data[`${kind}_variance`][at], count };
  }
  member(b, t, n) {
    const [t0, n0] = this.chosen;
    return {
      layer: b === 0 && t === t0,
      batch: n === n0,
      group: b === 0 && this.groupOf(n) === this.groupOf(n0),
      image: b === 0,
    }[this.kind];
  }

  // ---- the cube: the first image in front, the others behind it
  measure() {
    const W = this.cube.parentElement.clientWidth,
      deep = this.head.shape[0],
      across = this.numbers,
      down = this.tokens;
    const w = Math.min(22, (W - 64) / (across + 0.42 * deep)),
      step = 0.42 * w;
    return {
      W,
      w,
      h: w,
      step,
      x: 46,
      y: 26 + step * deep,
      H: 26 + step * deep + w * down + 30,
      deep: this.batch,
    };
  }
  under(px, py) {
    const { x, y, w, h } = this.size,
      n = Math.floor((px - x) / w),
      t = Math.floor((py - y) / h);
    return n >= 0 && n < this.numbers && t >= 0 && t < this.tokens ? [t, n] : null;
  }
  draw() {
    const size = (this.size = this.measure()),
      colors = theme(this.wrap),
      { W, H, x, y, w, h, step, deep } = size,
      c = fit(this.cube, W, H),
      [t0, n0] = this.chosen;
    const css = (v) => {
      const word =
        colors.signed[Math.round(127.5 + 127.5 * Math.max(-1, Math.min(1, v / this.limit)))];
      return `rgb(${word & 255},${(word >> 8) & 255},${(word >> 16) & 255})`;
    };
    const face = (points, v, on) => {
      c.beginPath();
      points.forEach((p) => c.lineTo(...p));
      c.closePath();
      c.globalAlpha = 1;
      c.fillStyle = colors.page;
      c.fill();
      c.globalAlpha = on ? 1 : 0.22;
      c.fillStyle = css(v);
      c.fill();
      c.globalAlpha = on ? 0.55 : 0.16;
      c.strokeStyle = colors.text;
      c.lineWidth = 0.7;
      c.stroke();
      c.globalAlpha = 1;
    };
    const back = (b) => [step * b, -step * b];
    for (let b = deep - 1; b >= 0; b--) {
      const [dx, dy] = back(b),
        [ex, ey] = back(b + 1);
      for (let n = 0; n < this.numbers; n++)
        face(
          [
            [x + n * w + dx, y + dy],
            [x + (n + 1) * w + dx, y + dy],
            [x + (n + 1) * w + ex, y + ey],
            [x + n * w + ex, y + ey],
          ],
          this.value(b, 0, n),
          this.member(b, 0, n),
        );
      for (let t = 0; t < this.tokens; t++) {
        const r = x + this.numbers * w;
        face(
          [
            [r + dx, y + t * h + dy],
            [r + ex, y + t * h + ey],
            [r + ex, y + (t + 1) * h + ey],
            [r + dx, y + (t + 1) * h + dy],
          ],
          this.value(b, t, this.numbers - 1),
          this.member(b, t, this.numbers - 1),
        );
      }
    }
    for (let t = 0; t < this.tokens; t++)
      for (let n = 0; n < this.numbers; n++)
        face(
          [
            [x + n * w, y + t * h],
            [x + (n + 1) * w, y + t * h],
            [x + (n + 1) * w, y + (t + 1) * h],
            [x + n * w, y + (t + 1) * h],
          ],
          this.value(0, t, n),
          this.member(0, t, n),
        );
    ring(c, x + n0 * w, y + t0 * h, w, h, false);
    this.labels(c, colors, size);
    this.fill();
  }
  labels(c, colors, { x, y, w, h, step, deep }) {
    const {
      shape: [, T, D],
    } = this.head;
    c.font = `12px ${colors.font}`;
    c.fillStyle = colors.text;
    c.globalAlpha = 0.75;
    c.textAlign = 'center';
    c.textBaseline = 'top';
    c.fillText(tr`D: ${D} dimensions`, x + (this.numbers * w) / 2, y + this.tokens * h + 9);
    c.save();
    c.translate(x - 12, y + (this.tokens * h) / 2);
    c.rotate(-Math.PI / 2);
    c.textBaseline = 'bottom';
    c.fillText(tr`T: ${T} tokens`, 0, 0);
    c.restore();
    c.textAlign = 'left';
    c.textBaseline = 'bottom';
    c.fillText(
      deep === 1 ? tr`B: ${deep} image` : tr`B: ${deep} images`,
      x + step * deep,
      y - step * deep - 6,
    );
    c.globalAlpha = 1;
  }
  fill() {
    const [t, n] = this.chosen,
      { block, tokens, numbers } = this.head,
      z = this.value(0, t, n);
    const token = tokenName(tokens[t], this.head);
    this.at.textContent = tr`Block ${block + 1}, image 1, ${token}, dimension ${numbers[n] + 1}: z = ${short(z)}`;
    [...this.rows.children].forEach((line, k) => {
      const norm = NORMS[k],
        { mean, variance, count } = this.moments(norm.id),
        cells = line.querySelectorAll('td'),
        on = norm.id === this.kind;
      line.className = on ? 'on' : '';
      line.querySelector('button').setAttribute('aria-pressed', on);
      line.querySelector('th span').textContent = norm.over;
      [
        thousands(count),
        short(mean),
        short(variance),
        short((z - mean) / Math.sqrt(variance + 1e-6)),
      ].forEach((text, i) => {
        cells[i].textContent = text;
      });
    });
    [...this.seg.children].forEach((button, k) =>
      button.setAttribute('aria-pressed', k + 1 === this.batch),
    );
    this.needs.textContent = {
      layer: tr`Depends on this token only.`,
      batch: tr`Depends on the other images in the batch.`,
      group: tr`Depends on all tokens of this image.`,
      image: tr`As in convolutional networks; not used in a ViT.`,
    }[this.kind];
  }
}

export default mount('encoder_norms', (root) => new NormCube(root));
