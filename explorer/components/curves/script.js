// uses saving svg
// Curves of a run that grow in place: the pointer keeps its reading and a zoom stays while points
// arrive.
const DASHES = { solid: '', dash: '7 5', dot: '2 4' };
const short = (v) =>
  v === 0
    ? '0'
    : Math.abs(v) < 1e-4 || Math.abs(v) >= 1e5
      ? v.toExponential(1).replace('.0e', 'e').replace('e+', 'e')
      : String(+v.toPrecision(4));
const ceilings = [1, 2, 2.5, 5, 10];

function ticks(low, high, about, log) {
  // round numbers between, about as many as asked for
  if (log) {
    const all = [];
    for (let k = Math.floor(Math.log10(low)); k <= Math.ceil(Math.log10(high)); k++)
      for (const m of [1, 2, 5]) all.push(m * 10 ** k);
    const inside = all.filter((v) => v >= low * 0.999 && v <= high * 1.001),
      tens = inside.filter((v) => Number.isInteger(+Math.log10(v).toFixed(6)));
    if (inside.length < 3)
      return [0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10]
        .map((m) => m * 10 ** Math.floor(Math.log10(high)))
        .filter((v) => v >= low && v <= high);
    return inside.length <= 7 ? inside : tens.length > 1 ? tens : inside.slice(0, 7);
  }
  const rough = (high - low) / about,
    ten = 10 ** Math.floor(Math.log10(rough)),
    step = ten * ceilings.find((c) => c * ten >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9),
    count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from(
    { length: Math.max(0, count) },
    (_, i) => +((first + i) * step).toPrecision(10),
  );
}
function nearest(xs, x) {
  // index of the point closest to x; xs rises
  let low = 0,
    high = xs.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle] < x) low = middle + 1;
    else high = middle;
  }
  return low > 0 && x - xs[low - 1] < xs[low] - x ? low - 1 : low;
}

class Curves extends Figure {
  constructor(root) {
    super();
    const $ = (selector) => root.querySelector(selector);
    this.wrap = $('.wrap');
    this.svg = $('svg');
    this.tip = $('.tip');
    this.legend = $('.legend');
    this.at = null;
    this.zoom = null;
    this.drag = null;
    const on = (name, act) => this.svg.addEventListener(name, act, { signal: this.events.signal });
    const x = (event) => event.clientX - this.svg.getBoundingClientRect().left;
    on('pointermove', (event) => {
      this.at = x(event);
      if (this.drag !== null) this.drag[1] = this.at;
      this.draw();
    });
    on('pointerleave', (event) => {
      if (this.drag === null && event.pointerType !== 'touch') {
        this.at = null;
        this.draw();
      }
    });
    on('pointerdown', (event) => {
      if (event.pointerType === 'mouse' && event.button === 0) {
        this.drag = [x(event), x(event)];
        this.svg.setPointerCapture(event.pointerId);
      } else this.at = x(event);
      this.draw();
    });
    on('pointerup', () => this.release());
    on('pointercancel', () => {
      this.drag = null;
      this.draw();
    });
    on('dblclick', () => {
      this.zoom = null;
      this.draw();
    });
    on('blur', () => {
      this.at = null;
      this.draw();
    });
    on('keydown', (event) => {
      const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.key === 'Escape') {
        this.zoom = null;
        this.at = null;
      } else if (!way) return;
      else {
        event.preventDefault();
        this.at = Math.min(
          this.right,
          Math.max(
            this.left,
            (this.at ?? (way > 0 ? this.left : this.right)) +
              way * Math.max(3, (this.right - this.left) / 60),
          ),
        );
      }
      this.draw();
    });
    this.watch(this.wrap);
  }

  release() {
    // a drag across shows what lies there; a double click shows all again
    if (this.drag && Math.abs(this.drag[1] - this.drag[0]) > 8) {
      const [a, b] = this.drag
        .map((px) => this.value(Math.min(this.right, Math.max(this.left, px))))
        .sort((p, q) => p - q);
      if (b > a) this.zoom = [a, b];
    }
    this.drag = null;
    this.draw();
  }
  value(px) {
    return this.x0 + ((px - this.left) / (this.right - this.left)) * (this.x1 - this.x0);
  }

  setData(data) {
    if (data.head.revision !== this.data?.head.revision) this.zoom = null;
    this.data = data;
    const { categorical, text } = theme(this.wrap),
      hues = [...categorical.slice(0, 3), text];
    this.lines = data.head.lines.map((line, i) => ({
      ...line,
      colour: hues[line.hue],
      x: data[`x${i}`],
      y: data[`y${i}`],
    }));
    this.legend.replaceChildren(
      ...this.lines
        .filter((line) => line.legend)
        .map((line) => {
          const item = el('span');
          item.append(this.key(line), line.name);
          return item;
        }),
    );
    this.svg.setAttribute('aria-label', data.head.label);
    this.draw();
    this.painted({ points: Math.max(0, ...this.lines.map((line) => line.x.length)) });
  }
  key(line) {
    const key = el('span', `key ${line.dash}`);
    key.style.color = line.colour;
    return key;
  }
  scale() {
    // the y axis: as asked for, or what the points need
    const { y } = this.data.head;
    if (y.range) return y.range;
    const seen = this.lines
      .flatMap((line) => [...line.y])
      .filter((v) => Number.isFinite(v) && (!y.log || v > 0));
    if (!seen.length) return y.log ? [0.1, 1] : [0, 1];
    const low = Math.min(...seen),
      high = Math.max(...seen);
    return y.log ? [low / 1.08, high * 1.08] : [Math.min(0, low), high * 1.05 || 1];
  }
  draw() {
    const { head } = this.data,
      W = this.svg.clientWidth,
      H = head.height - 24;
    if (!W) return;
    this.svg.style.height = `${H}px`;
    this.left = 44;
    this.right = W - 10;
    const top = this.lines.some((line) => line.text) ? 22 : 10, // room for what is written above
      bottom = H - 42,
      [low, high] = this.scale(),
      log = head.y.log;
    [this.x0, this.x1] = this.zoom ?? head.x;
    const X = (v) => this.left + ((v - this.x0) / (this.x1 - this.x0)) * (this.right - this.left);
    const way = (v) => (log ? Math.log(v / low) / Math.log(high / low) : (v - low) / (high - low)),
      Y = (v) => bottom - way(v) * (bottom - top);
    const said = (v) => (head.y.share ? `${+(100 * v).toFixed(1)}%` : short(v));
    this.svg.replaceChildren();
    if (head.empty) {
      svg(this.svg, 'line', {
        class: 'grid',
        x1: this.left,
        x2: this.right,
        y1: bottom,
        y2: bottom,
      });
      svg(
        this.svg,
        'text',
        { x: (this.left + this.right) / 2, y: H / 2, 'text-anchor': 'middle' },
        head.empty,
      );
      this.tip.hidden = true;
      return;
    }
    for (const v of ticks(low, high, 4, log)) {
      svg(this.svg, 'line', { class: 'grid', x1: this.left, x2: this.right, y1: Y(v), y2: Y(v) });
      svg(this.svg, 'text', { x: this.left - 7, y: Y(v) + 4, 'text-anchor': 'end' }, said(v));
    }
    for (const v of ticks(this.x0, this.x1, Math.max(2, Math.min(6, W / 60)), false))
      svg(this.svg, 'text', { x: X(v), y: bottom + 18, 'text-anchor': 'middle' }, short(v));
    svg(
      this.svg,
      'text',
      { x: (this.left + this.right) / 2, y: H - 4, 'text-anchor': 'middle' },
      tr`epoch`,
    );
    const clip = `c${Math.round(W)}`;
    this.svg.insertAdjacentHTML(
      'beforeend',
      `<clipPath id="${clip}"><rect x="${this.left}" y="0" width="${this.right - this.left}" height="${H}"/></clipPath>`,
    );
    for (const line of this.lines) this.drawLine(line, X, Y, log, clip);
    if (head.above)
      svg(
        this.svg,
        'text',
        { x: this.right, y: top + 17, 'text-anchor': 'end', class: 'label' },
        head.above,
      );
    if (this.drag)
      svg(this.svg, 'rect', {
        class: 'zoom',
        x: Math.min(...this.drag),
        width: Math.abs(this.drag[1] - this.drag[0]),
        y: top,
        height: bottom - top,
      });
    this.point(X, Y, said, top, bottom);
  }
  drawLine(line, X, Y, log, clip) {
    let path = '',
      pen = 'M',
      shown = 0;
    for (let i = 0; i < line.x.length; i++) {
      const v = line.y[i];
      if (!Number.isFinite(v) || (log && v <= 0)) {
        pen = 'M';
        continue;
      }
      path += `${pen}${X(line.x[i]).toFixed(1)} ${Math.max(-1e5, Y(v)).toFixed(1)}`;
      pen = 'L';
      shown++;
    }
    svg(this.svg, 'path', {
      d: path,
      stroke: line.colour,
      'stroke-width': line.width,
      'stroke-dasharray': DASHES[line.dash] ?? '',
      opacity: line.opacity,
      'clip-path': `url(#${clip})`,
    });
    if (line.markers || shown === 1) {
      line.x.forEach((x, i) => {
        if (
          Number.isFinite(line.y[i]) &&
          (!log || line.y[i] > 0) &&
          x >= this.x0 &&
          x <= this.x1 &&
          Y(line.y[i]) >= 0
        )
          svg(this.svg, 'circle', {
            cx: X(x),
            cy: Y(line.y[i]),
            r: 3,
            stroke: line.colour,
            'stroke-width': 1.5,
            fill: line.markers ? 'var(--st-background-color)' : line.colour,
          });
      });
    }
    const last = line.x.length - 1;
    if (line.text && last >= 0 && line.x[last] <= this.x1) {
      const end = X(line.x[last]),
        early = end < (this.left + this.right) / 2;
      const over = [...line.y].filter(
        (v, i) => Number.isFinite(v) && X(line.x[i]) > end - 8 * breadth(line.text),
      ); // what it would cover
      const y = early ? Y(line.y[last]) + 4 : Y(Math.max(...over)) - 7;
      svg(
        this.svg,
        'text',
        {
          class: 'label',
          x: early ? end + 6 : end,
          y: Math.max(4, y),
          'text-anchor': early ? 'start' : 'end',
          style: `fill:${line.colour}`,
        },
        line.text,
      );
    }
  }
  point(X, Y, said, top, bottom) {
    // what all curves say where the pointer is
    this.tip.hidden = true;
    if (this.at === null || this.at < this.left - 6 || this.at > this.right + 6) return;
    const wanted = this.value(this.at),
      rows = [];
    for (const line of this.lines) {
      if (!line.hover || !line.x.length) continue;
      const i = nearest(line.x, wanted);
      if (Number.isFinite(line.y[i]) && line.x[i] >= this.x0 && line.x[i] <= this.x1)
        rows.push([line, i]);
    }
    if (!rows.length) return;
    const [, near] = rows.reduce((best, row) =>
        Math.abs(row[0].x[row[1]] - wanted) < Math.abs(best[0].x[best[1]] - wanted) ? row : best,
      ),
      of = rows.find((row) => row[1] === near) ?? rows[0];
    const epoch = of[0].x[of[1]];
    svg(this.svg, 'line', { class: 'rule', x1: X(epoch), x2: X(epoch), y1: top, y2: bottom });
    for (const [line, i] of rows)
      svg(this.svg, 'circle', { cx: X(line.x[i]), cy: Y(line.y[i]), r: 3.5, fill: line.colour });
    const title = strong(tr`epoch ${epoch.toFixed(2)}`);
    this.tip.replaceChildren(
      title,
      ...rows.map(([line, i]) => {
        const row = el('div'),
          value = el('i');
        value.textContent = said(line.y[i]);
        row.append(this.key(line), line.hover, value);
        return row;
      }),
    );
    this.tip.hidden = false;
    const width = this.tip.offsetWidth,
      there = X(epoch) + 12;
    this.tip.style.left = `${Math.max(0, there + width > this.right ? X(epoch) - 12 - width : there)}px`;
  }
}

export default mount('curves', (root) => new Curves(root));
