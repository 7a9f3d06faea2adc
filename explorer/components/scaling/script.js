// uses saving svg self_attention/arithmetic self_attention/words
// Why scores are divided by the root of their width: random vectors, at every width at once.

const SHOWN = 160,
  TICKS = WIDTHS.map((width, k) => [width, k]);
const USUAL = { head_dim: 64, sigma: 1, sample: 1 }; // by the names of the URL's fields
const short = (v) =>
  v >= 99.5 ? thousands(Math.round(v)) : v >= 9.95 ? v.toFixed(1) : v.toFixed(2);

class Axes {
  // one chart: widths from left to right, something upwards
  constructor(node, height) {
    Object.assign(this, { node, height, left: 40, right: 20, top: 8, bottom: height - 34 });
  }
  begin(y) {
    this.y = y;
    this.node.replaceChildren();
    this.width = this.node.clientWidth;
  }
  add(name, attributes, text) {
    return svg(this.node, name, attributes, text);
  }
  get pitch() {
    return (this.width - this.left - this.right) / (WIDTHS.length - 1);
  }
  x(k) {
    return this.left + k * this.pitch;
  }
  stop(event) {
    const k = Math.round(
      (event.clientX - this.node.getBoundingClientRect().left - this.left) / this.pitch,
    );
    return Math.max(0, Math.min(WIDTHS.length - 1, k));
  }
  band(k) {
    this.add('rect', {
      class: 'band',
      x: this.x(k) - Math.min(13, this.pitch / 2),
      width: Math.min(26, this.pitch),
      y: this.top - 4,
      height: this.bottom - this.top + 24,
    });
  }
  rows(values, name) {
    for (const v of values) {
      this.add('line', {
        class: 'grid',
        x1: this.left - 6,
        x2: this.width - this.right + 6,
        y1: this.y(v),
        y2: this.y(v),
      });
      this.add('text', { x: this.left - 11, y: this.y(v) + 4, 'text-anchor': 'end' }, name(v));
    }
  }
  label(x, y, letter, below, rest, anchor) {
    const node = this.add('text', { x, y, 'text-anchor': anchor }),
      part = (text, attributes) => svg(node, 'tspan', attributes, text);
    part(letter, below ? { class: 'it' } : {});
    if (below) {
      part(below, { 'font-size': 9, dy: 3 });
      part(rest, { dy: -3 });
    }
  }
  widths(now) {
    const every = this.pitch < 30 ? 2 : 1;
    for (const [width, k] of TICKS)
      if (k % every === 0 || k === now) {
        if (k !== now && every === 2 && Math.abs(k - now) === 1) continue;
        this.add(
          'text',
          {
            class: k === now ? 'now' : '',
            x: this.x(k),
            y: this.bottom + 17,
            'text-anchor': 'middle',
          },
          width,
        );
      }
    this.label(
      this.left + (this.width - this.left - this.right) / 2,
      this.height - 1,
      'd',
      'k',
      '',
      'middle',
    );
  }
  curve(values, name) {
    this.add('path', {
      class: name,
      d: values
        .map((v, k) => `${k ? 'L' : 'M'}${this.x(k).toFixed(1)} ${this.y(v).toFixed(1)}`)
        .join(''),
    });
  }
  points(values, name, now) {
    values.forEach((v, k) =>
      this.add('circle', {
        class: `point ${name}${k === now ? ' now' : ''}`,
        cx: this.x(k),
        cy: this.y(v),
        r: k === now ? 4.5 : 3,
      }),
    );
  }
}

class Scaling extends Figure {
  constructor(root) {
    super();
    const $ = (selector) => root.querySelector(selector),
      { signal } = this.events;
    const product = '<em>q</em>·<em>k</em>';
    $('.fan figcaption').innerHTML = tr`${product} of random vectors`;
    $('.variance figcaption').innerHTML = tr`Variance of ${product}`;
    Object.assign(this, {
      wrap: $('.wrap'),
      said: $('.lead'),
      at: $('.at'),
      slider: $('input'),
      seedSaid: $('.seed'),
      mark: null,
      sigmas: [...root.querySelectorAll('.sigma button')],
    });
    this.charts = Object.fromEntries(
      [
        ['fan', 232],
        ['variance', 232],
        ['softmax', 168],
        ['largest', 168],
        ['slope', 168],
      ].map(([name, height]) => [name, new Axes($(`.${name} svg`), height)]),
    );
    this.slider.addEventListener('input', () => this.go(Number(this.slider.value)), { signal });
    this.slider.addEventListener('change', () => this.choose({}), { signal });
    for (const name of ['fan', 'variance', 'largest', 'slope']) {
      const chart = this.charts[name];
      const over = (event) => this.point(chart.stop(event));
      hovering(chart.node, over, () => this.point(null), signal);
      chart.node.addEventListener('click', (event) => this.choose({ stopped: chart.stop(event) }), {
        signal,
      });
    }
    for (const button of this.sigmas) {
      const choose = () => this.choose({ sigma: Number(button.dataset.sigma) });
      button.addEventListener('click', choose, { signal });
    }
    const again = () => this.choose({ seed: (this.seed % 999) + 1 });
    $('.again').addEventListener('click', again, { signal });
    this.watch(this.wrap);
  }
  get now() {
    return this.hover ?? this.stopped;
  }
  go(k) {
    this.set({ stopped: k });
    this.schedule();
  }
  set(values) {
    if ('sigma' in values) this.found = null;
    if ('seed' in values) this.dots = null;
    Object.assign(this, values);
  }
  choose(values) {
    this.set(values);
    this.schedule();
    const now = { head_dim: WIDTHS[this.stopped], sigma: this.sigma, sample: this.seed };
    this.send(
      'view',
      Object.fromEntries(Object.entries(now).filter(([name, v]) => v !== USUAL[name])),
    );
  }
  point(k) {
    if (k !== this.hover) {
      this.hover = k;
      this.schedule();
    }
  }
  setData(data) {
    this.data = data;
    const { mark, ...asked } = data.head.asked;
    if (this.mark !== mark) {
      this.mark = mark; // a link holds once
      const { head_dim, sigma, sample } = { ...USUAL, ...asked };
      this.set({ stopped: WIDTHS.indexOf(head_dim), sigma, seed: sample });
    }
    this.draw();
  }
  experiment() {
    // a tenth of a second: when the rest of the page is drawn; until then the last one stays
    if (this.awaited) return;
    this.awaited = true;
    (globalThis.requestIdleCallback ?? setTimeout)(
      () => {
        Object.assign(this, { awaited: false, dots: randomDots(this.seed), found: null });
        this.draw();
        this.painted({ rev: 'scaling' });
      },
      { timeout: 600 },
    );
  }

  draw() {
    if (!this.wrap.clientWidth) return;
    if (!this.dots) {
      this.experiment();
      return;
    }
    this.found ??= varianceExperiment(this.dots, this.sigma);
    const k = this.now,
      one = this.found[k];
    this.at.replaceChildren(
      ...(() => {
        const d = el('em'),
          sub = el('sub');
        d.textContent = 'd';
        sub.textContent = 'k';
        return [d, sub, ` = ${thousands(one.width)}`];
      })(),
    );
    this.slider.value = this.stopped;
    for (const button of this.sigmas)
      button.setAttribute('aria-pressed', Number(button.dataset.sigma) === this.sigma);
    this.slider.setAttribute('aria-valuetext', `${one.width}`);
    this.seedSaid.textContent = tr`seed ${this.seed}`;
    this.drawFan(k);
    this.drawVariance(k);
    this.drawSoftmax(one);
    this.drawPair('largest', k, 1, [0, 0.5, 1]);
    this.drawPair('slope', k, 0.5, [0, 0.25, 0.5]);
    this.said.textContent = tr`dₖ = ${thousands(one.width)}: variance ${short(one.variance)} (dₖσ⁴ = ${thousands(one.expected)}). Mean maximum of softmax: ${percent(one.plain.largest)}, scaled ${percent(one.scaled.largest)}.`;
  }
  drawFan(now) {
    const chart = this.charts.fan,
      s2 = this.sigma ** 2,
      most = 100 * s2,
      ticks = [-80, -40, 0, 40, 80].map((v) => v * s2);
    chart.begin((v) => chart.top + (1 - (v + most) / (2 * most)) * (chart.bottom - chart.top));
    chart.rows(ticks, (v) => String(v).replace('-', '−'));
    chart.band(now);
    const jitter = uniform(7),
      offsets = Array.from({ length: SHOWN }, () => jitter() - 0.5),
      paths = ['', ''];
    this.found.forEach(({ all }, k) => {
      for (let i = 0; i < SHOWN; i++) {
        const v = all[(i * 12) % all.length];
        if (Math.abs(v) <= most)
          paths[k === now ? 1 : 0] +=
            `M${(chart.x(k) + offsets[i] * Math.min(20, chart.pitch * 0.6)).toFixed(1)} ${chart.y(v).toFixed(1)}m-1.6 0a1.6 1.6 0 1 0 3.2 0a1.6 1.6 0 1 0 -3.2 0`;
      }
    });
    chart.add('path', { class: 'dot', d: paths[0] });
    chart.add('path', { class: 'dot now', d: paths[1] });
    const smooth = (sign, power) => {
      let d = '';
      for (let t = 0; t <= 100; t++) {
        const k = t / 10,
          v = sign * s2 * (power ? Math.sqrt(2 ** k) : 1);
        d += `${t ? 'L' : 'M'}${chart.x(k).toFixed(1)} ${chart.y(v).toFixed(1)}`;
      }
      return d;
    };
    for (const sign of [1, -1]) {
      chart.add('path', { class: 'plainly', d: smooth(sign, true) });
      chart.add('path', { class: 'divided', d: smooth(sign, false) });
    }
    chart.widths(now);
  }
  drawVariance(now) {
    const chart = this.charts.variance,
      s4 = this.sigma ** 4,
      low = Math.log10(0.5 * s4),
      high = Math.log10(2048 * s4);
    chart.begin(
      (v) => chart.bottom - ((Math.log10(v) - low) / (high - low)) * (chart.bottom - chart.top),
    );
    chart.rows(
      [1, 10, 100, 1000].map((v) => v * s4),
      (v) => (v >= 1000 ? thousands(Math.round(v)) : String(v)),
    );
    chart.band(now);
    chart.curve(
      this.found.map((one) => one.expected),
      'law',
    );
    chart.curve(
      this.found.map(() => s4),
      'divided',
    );
    chart.points(
      this.found.map((one) => one.variance),
      'asis',
      now,
    );
    const middle = chart.x(5);
    chart.label(middle - 8, chart.y(this.found[5].expected) - 12, 'd', 'k', '·σ⁴', 'end');
    chart.label(chart.x(10), chart.y(s4) - 9, tr`scaled: σ⁴`, '', '', 'end');
    chart.widths(now);
  }
  drawSoftmax(one) {
    const chart = this.charts.softmax;
    chart.begin((v) => chart.bottom - v * (chart.bottom - chart.top));
    chart.rows([0, 0.5, 1], String);
    const room = (chart.width - chart.left - chart.right - 16) / 2,
      step = room / 8;
    ['plain', 'scaled'].forEach((name, side) => {
      const x = chart.left + side * (room + 16);
      one[name].first.forEach((p, i) =>
        chart.add('rect', {
          class: `bar${side ? ' divided' : ''}`,
          x: x + i * step + 1,
          width: Math.max(1, step - 2),
          y: chart.y(p),
          height: Math.max(0.5, chart.bottom - chart.y(p)),
        }),
      );
      chart.add(
        'text',
        { x: x + room / 2, y: chart.bottom + 17, 'text-anchor': 'middle' },
        side ? tr`scaled` : tr`unscaled`,
      );
      chart.add(
        'text',
        { class: 'now', x: x + room / 2, y: chart.height - 1, 'text-anchor': 'middle' },
        tr`max. ${Math.max(...one[name].first).toFixed(2)}`,
      );
    });
  }
  drawPair(name, now, most, ticks) {
    const chart = this.charts[name];
    chart.begin((v) => chart.bottom - (v / most) * (chart.bottom - chart.top));
    chart.rows(ticks, String);
    chart.band(now);
    for (const [which, style] of [
      ['plain', 'plainly'],
      ['scaled', 'divided'],
    ]) {
      const values = this.found.map((one) => one[which][name]);
      chart.curve(values, style);
      chart.points(values, style === 'divided' ? 'divided' : 'asis', now);
    }
    chart.widths(now);
  }
}

export default mount('scaling', (root) => new Scaling(root));
