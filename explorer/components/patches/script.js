// uses saving svg
// From the image to one patch, its RGB values and its embedding; everything under the pointer
// happens here.
const ROWS = 16,
  LINE = 56;

class Patches extends PatchFigure {
  constructor(root) {
    super();
    const $ = (selector) => root.querySelector(selector);
    this.wrap = $('.wrap');
    this.flow = $('.flow');
    this.svg = $('.links');
    this.list = $('.numbers');
    this.read = $('.read');
    this.embedding = $('.embedding');
    this.canvas = Object.fromEntries(
      ['image', 'patches', 'one', 'bars', 'sequence'].map((name) => [name, $('canvas.' + name)]),
    );
    this.caps = [...root.querySelectorAll('.cap')];
    this.t = 1;
    this.pixel = {
      over: null,
      grid: [1, 1],
      shown: () => this.pixel.over,
      pinAt: () => {},
      letGo: () => this.pixel.setHover(null),
      setHover: (p) => {
        if (p !== this.pixel.over) {
          this.pixel.over = p;
          this.schedule();
        }
      },
    };
    this.number = null;
    for (let i = 0; i < ROWS; i++) {
      const row = el('li');
      for (const tag of ['i', 'span', 'span', 'span']) row.append(el(tag));
      this.list.append(row);
    }
    const { signal } = this.events,
      { image, patches, one, bars, sequence } = this.canvas;
    for (const canvas of [image, patches])
      pickable(canvas, (x, y) => cell(x, y, this.side, this.side, this.grid), this, signal);
    keyable(image, this, signal);
    pickable(one, (x, y) => cell(x, y, this.side, this.side, this.pixel.grid), this.pixel, signal);
    keyable(one, this.pixel, signal);
    pickable(sequence, (x, y) => this.tileAt(x, y), this, signal);
    const show = (number) => {
      this.number = number;
      this.schedule();
    };
    const under = (event) =>
      ((event.clientX - bars.getBoundingClientRect().left) / this.wide) * this.data.head.width;
    const over = (event) => show(Math.floor(under(event)));
    hovering(bars, over, () => show(null), signal);
    this.watch(this.wrap);
  }
  stop() {
    super.stop();
    cancelAnimationFrame(this.animation);
  }

  // ---- which patch
  shown() {
    return super.shown() ?? this.data.head.start;
  }
  setHover(p) {
    if (p !== this.hover) this.pixel.over = null;
    super.setHover(p);
  }

  setData(data) {
    const before = this.data?.head.grid.join(),
      { grid, P } = data.head;
    this.data = data;
    this.grid = grid;
    this.pixel.grid = [P, P];
    this.pixel.over = null;
    this.pinned = pin.read(grid);
    this.hover = null;
    this.source = sprite(data.rgb, grid[1] * P, grid[0] * P);
    this.caps.forEach((cap, i) => cap.replaceChildren(...spans(data.head.captions[i])));
    this.embedding.hidden = !data.embedding;
    cancelAnimationFrame(this.animation);
    if (before && before !== grid.join() && !calm()) {
      // the image splits into patches: 200 ms, ease-out
      const from = performance.now();
      const step = (now) => {
        const u = Math.min(1, Math.max(0, (now - from) / 200));
        this.t = 1 - (1 - u) ** 3;
        this.draw();
        if (u < 1) this.animation = requestAnimationFrame(step);
      };
      step(from);
    } else {
      this.t = 1;
      this.draw();
    }
    this.painted({ rev: data.head.rev });
  }

  // ---- geometry
  measure() {
    this.side = Math.floor(this.canvas.image.parentElement.clientWidth);
    this.wide = Math.floor(this.canvas.sequence.parentElement.clientWidth);
    this.list.style.height = this.side + 'px';
    const count = this.grid[0] * this.grid[1];
    // one line where it can be, else as few as fit the height
    this.tile = Math.min(44, this.wide / count);
    this.perLine = count;
    if (this.tile < 11) {
      for (let lines = 2; ; lines++) {
        this.perLine = Math.ceil(count / lines);
        this.tile = Math.min(LINE / lines, this.wide / this.perLine);
        if (this.tile >= LINE / (lines + 1) || lines > 8) break;
      }
    }
    this.top = (LINE - this.tile * Math.ceil(count / this.perLine)) / 2;
  }
  patchBox(p) {
    const g = this.grid[1],
      gap = (this.t * this.side * 0.2) / g,
      w = (this.side - (g - 1) * gap) / g;
    return [(p % g) * (w + gap), Math.floor(p / g) * (w + gap), w];
  }
  tileBox(p) {
    return [
      (p % this.perLine) * this.tile,
      this.top + Math.floor(p / this.perLine) * this.tile,
      this.tile,
    ];
  }
  tileAt(x, y) {
    const column = Math.floor(x / this.tile),
      line = Math.max(
        0,
        Math.min(
          Math.ceil((this.grid[0] * this.grid[1]) / this.perLine) - 1,
          Math.floor((y - this.top) / this.tile),
        ),
      );
    const p = line * this.perLine + column;
    return column < 0 || column >= this.perLine || p >= this.grid[0] * this.grid[1] ? null : p;
  }
  patch(c, p, x, y, w) {
    const { P } = this.data.head,
      g = this.grid[1];
    c.drawImage(this.source, (p % g) * P, Math.floor(p / g) * P, P, P, x, y, w, w);
    this.edge(c, x, y, w);
  }
  edge(c, x, y, w) {
    // a hairline: a white patch on a white page is seen
    const alpha = c.globalAlpha;
    c.globalAlpha = alpha * 0.22;
    c.strokeStyle = this.colours.text;
    c.lineWidth = 1;
    c.strokeRect(x + 0.5, y + 0.5, w - 1, w - 1);
    c.globalAlpha = alpha;
  }

  draw() {
    this.measure();
    this.colours = theme(this.wrap);
    const p = this.shown(),
      S = this.side,
      g = this.grid[1],
      pinned = p === this.pinned,
      s = S / g;
    let c = fit(this.canvas.image, S, S);
    c.drawImage(this.source, 0, 0, S, S);
    gridLines(c, S, S, this.grid);
    this.edge(c, 0, 0, S);
    ring(c, (p % g) * s, Math.floor(p / g) * s, s, s, pinned);

    c = fit(this.canvas.patches, S, S);
    for (let i = 0; i < this.grid[0] * g; i++) {
      c.globalAlpha = this.hover === null || i === p ? 1 : 0.5;
      this.patch(c, i, ...this.patchBox(i));
    }
    c.globalAlpha = 1;
    const [x, y, w] = this.patchBox(p);
    ring(c, x, y, w, w, pinned);
    this.drawOne(p);
    this.drawNumbers(p);
    if (this.data.embedding) this.drawBars(p);
    this.drawSequence(p);
    this.drawLinks(p);
    this.say(p);
  }

  drawOne(p) {
    const S = this.side,
      { P } = this.data.head,
      c = fit(this.canvas.one, S, S),
      u = S / P,
      q = this.pixel.over;
    this.patch(c, p, 0, 0, S);
    if (u >= 9) gridLines(c, S, S, [P, P]);
    if (q !== null) ring(c, (q % P) * u, Math.floor(q / P) * u, u, u, false);
  }

  rgb(p, q) {
    // red, green, blue of pixel q of patch p
    const { P } = this.data.head,
      g = this.grid[1];
    const at = 3 * ((Math.floor(p / g) * P + Math.floor(q / P)) * g * P + (p % g) * P + (q % P));
    return [...this.data.rgb.subarray(at, at + 3)];
  }
  drawNumbers(p) {
    const count = this.data.head.P ** 2,
      q = this.pixel.over,
      long = count > ROWS,
      room = long ? ROWS - 1 : ROWS;
    const first = long && q !== null ? Math.max(0, Math.min(count - room, q - (room >> 1))) : 0;
    [...this.list.children].forEach((row, i) => {
      const at = first + i,
        rest = long && i === ROWS - 1;
      row.hidden = !rest && at >= count;
      row.style.visibility = row.hidden ? 'hidden' : '';
      row.className = rest ? 'rest' : at === q ? 'on' : '';
      const [swatch, ...values] = row.children;
      const rgb = rest || row.hidden ? null : this.rgb(p, at);
      swatch.hidden = rest;
      swatch.style.background = rgb ? `rgb(${rgb})` : '';
      values.forEach((value, k) => {
        value.textContent = rgb
          ? rgb[k]
          : rest && !k
            ? tr`… ${thousands(count - room)} more pixels`
            : '';
      });
    });
  }

  drawBars(p) {
    const { width, shown } = this.data.head,
      row = this.row(p),
      W = this.wide,
      H = LINE,
      c = fit(this.canvas.bars, W, H),
      step = W / width;
    const words = this.colours.diverging,
      ends = [words[1], words[words.length - 2]];
    c.fillStyle = this.colours.text;
    c.globalAlpha = 0.25;
    c.fillRect(0, H / 2 - 0.5, W, 1);
    c.globalAlpha = 1;
    for (let i = 0; i < width; i++) {
      const v = row[i] / shown,
        h = (Math.min(1, Math.abs(v)) * H) / 2;
      c.fillStyle = v < 0 ? ends[0] : ends[1];
      const gap = step > 3 ? 1 : 0;
      c.fillRect(i * step, v < 0 ? H / 2 : H / 2 - h, step - gap, h);
      if (Math.abs(v) > 1) {
        c.fillStyle = this.colours.text;
        c.fillRect(i * step, v < 0 ? H - 2 : 0, step - gap, 2);
      } // cut off here
    }
    if (this.number !== null) {
      c.strokeStyle = this.colours.text;
      c.lineWidth = 1.5;
      c.strokeRect(this.number * step - 1.5, 1, step + 2, H - 2);
    }
  }

  drawSequence(p) {
    const c = fit(this.canvas.sequence, this.wide, LINE + 4),
      count = this.grid[0] * this.grid[1],
      gap = this.tile > 5 ? Math.min(3, this.tile * 0.14) : 0;
    for (let i = 0; i < count; i++) {
      const [x, y, w] = this.tileBox(i);
      c.globalAlpha = this.hover === null || i === p ? 1 : 0.6;
      this.patch(c, i, x, y + 2, w - gap);
    }
    c.globalAlpha = 1;
    const [x, y, w] = this.tileBox(p),
      big = Math.max(w - gap, 34),
      left = Math.max(0, Math.min(this.wide - big, x + (w - gap - big) / 2));
    const top = Math.max(0, Math.min(LINE + 4 - big, y + 2 + (w - gap - big) / 2));
    this.patch(c, p, left, top, big);
    ring(c, left, top, big, big, p === this.pinned);
  }

  drawLinks(p) {
    const zero = this.flow.getBoundingClientRect(),
      box = (canvas) => {
        const b = canvas.getBoundingClientRect();
        return [b.left - zero.left, b.top - zero.top];
      };
    const [ax, ay] = box(this.canvas.image),
      [bx, by] = box(this.canvas.patches),
      [cx, cy] = box(this.canvas.one),
      [dx, dy] = box(this.list);
    const g = this.grid[1],
      s = this.side / g,
      [x, y, w] = this.patchBox(p),
      S = this.side;
    this.svg.replaceChildren();
    const wire = (x0, y0, x1, y1) => {
      const m = (x0 + x1) / 2;
      const d = `M${x0} ${y0}C${m} ${y0} ${m} ${y1} ${x1} ${y1}`;
      for (const name of ['case', 'line']) svg(this.svg, 'path', { class: name, d });
    };
    wire(
      ax + ((p % g) + 1) * s + 2,
      ay + (Math.floor(p / g) + 0.5) * s,
      bx + x - 4,
      by + y + w / 2,
    );
    wire(bx + x + w + 4, by + y + w / 2, cx - 4, cy + S / 2);
    wire(cx + S + 4, cy + S / 2, dx - 4, dy + S / 2);
  }

  row(p) {
    const { width } = this.data.head;
    return this.data.embedding.subarray(p * width, (p + 1) * width);
  }
  say(p) {
    const { P, width } = this.data.head,
      count = this.grid[0] * this.grid[1];
    const at = place(p, this.grid);
    const strong = el(
      'b',
      '',
      p === this.pinned
        ? tr`Patch ${p + 1} of ${count}, ${at} (pinned). `
        : tr`Patch ${p + 1} of ${count}, ${at}. `,
    );
    const values = thousands(3 * P * P);
    let text;
    const value = (i) => {
      const v = this.row(p)[i];
      return (v < 0 ? '−' : '+') + Math.abs(v).toFixed(2);
    };
    if (this.pixel.over !== null) {
      const q = this.pixel.over,
        [r, g, b] = this.rgb(p, q);
      text = tr`Pixel at ${place(q, [P, P])}: RGB ${r}, ${g}, ${b} (values ${3 * q + 1}–${3 * q + 3} of ${values}).`;
    } else if (this.data.embedding && this.number !== null) {
      text = tr`Dimension ${this.number + 1}: ${value(this.number)} = weighted sum of the ${values} values + bias.`;
    } else if (this.data.embedding) {
      const row = this.row(p);
      let k = 0;
      for (let i = 1; i < width; i++) if (Math.abs(row[i]) > Math.abs(row[k])) k = i;
      text = tr`Largest dimension: ${k + 1} (${value(k)}).`;
    } else text = tr`Flattened: ${values} values.`;
    this.read.replaceChildren(strong, text);
  }
}

export default mount('patches', (root) => new Patches(root));
