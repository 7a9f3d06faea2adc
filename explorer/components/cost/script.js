// uses saving svg
// What a patch size costs, over all stops of the slider, and three ways to split an image that it
// does not divide.
const paddings = ['seen', 'valid', 'same'];

class Cost extends Figure {
  constructor(root) {
    super();
    const $ = (selector) => root.querySelector(selector);
    this.wrap = $('.wrap');
    this.svg = $('svg');
    this.finding = $('.of-size');
    this.cut = $('.of-cut');
    this.ways = [...root.querySelectorAll('figure')];
    this.over = null;
    const { signal } = this.events;
    const over = (event) => {
      const x = event.clientX - this.svg.getBoundingClientRect().left,
        k = Math.round((x - this.left) / this.step);
      this.point(k >= 0 && k < this.data.head.stops.length ? k : null);
    };
    hovering(this.svg, over, () => this.point(null), signal);
    this.watch(this.wrap);
  }
  point(k) {
    if (k !== this.over) {
      this.over = k;
      this.drawChart();
    }
  }

  setData(data) {
    this.data = data;
    this.over = null;
    this.cut.textContent = data.head.cut;
    this.ways.forEach((way, i) => {
      way.querySelector('span').textContent = data.head.captions[i];
    });
    this.draw();
    this.painted({ rev: data.head.rev });
  }
  draw() {
    this.drawChart();
    this.ways.forEach((way, i) => this.drawCut(way.querySelector('canvas'), paddings[i]));
  }

  drawChart() {
    const { stops, now } = this.data.head,
      W = this.svg.clientWidth,
      H = 212,
      bottom = H - 40,
      top = 12;
    if (!W) return;
    this.left = 62;
    this.step = (W - this.left - 22) / (stops.length - 1);
    const x = (i) => this.left + i * this.step,
      most = Math.log10(stops[0].tokens ** 2),
      y = (n) => bottom - (Math.log10(n) / most) * (bottom - top);
    this.svg.replaceChildren();
    for (const n of [1, 10, 100, 1e3, 1e4]) {
      svg(this.svg, 'line', { class: 'grid', x1: this.left - 14, x2: W, y1: y(n), y2: y(n) });
      svg(this.svg, 'text', { x: this.left - 20, y: y(n) + 4, 'text-anchor': 'end' }, thousands(n));
    }
    const band = (i, name) =>
      svg(this.svg, 'rect', { class: name, x: x(i) - 15, width: 30, y: 0, height: bottom + 24 });
    if (this.over !== null && this.over !== now) band(this.over, 'over');
    band(now, 'band');
    for (const [name, of] of [
      ['tokens', (s) => s.tokens],
      ['pairs', (s) => s.tokens ** 2],
    ]) {
      svg(this.svg, 'path', {
        class: name,
        d: stops.map((s, i) => `${i ? 'L' : 'M'}${x(i)} ${y(of(s))}`).join(''),
      });
      stops.forEach((s, i) =>
        svg(this.svg, 'circle', {
          class: `${name}${i === now ? ' now' : ''}`,
          cx: x(i),
          cy: y(of(s)),
          r: i === now ? 5 : 3.5,
        }),
      );
    }
    svg(this.svg, 'text', { x: x(2) + 10, y: y(stops[2].tokens ** 2) - 10 }, tr`patch pairs, N²`);
    svg(this.svg, 'text', { x: x(2) + 10, y: y(stops[2].tokens) - 10 }, tr`patches, N`);
    stops.forEach((s, i) =>
      svg(
        this.svg,
        'text',
        { class: i === now ? 'now' : '', x: x(i), y: bottom + 18, 'text-anchor': 'middle' },
        s.P,
      ),
    );
    svg(
      this.svg,
      'text',
      { x: (this.left + W) / 2, y: H - 4, 'text-anchor': 'middle' },
      tr`patch size P`,
    );
    this.finding.textContent = stops[this.over ?? now].finding;
    this.svg.setAttribute(
      'aria-label',
      tr`Patches and patch pairs at each patch size. ${stops.map((s) => tr`${s.P}: ${s.tokens} and ${s.tokens ** 2}`).join('; ')}`,
    );
  }

  drawCut(canvas, name) {
    const { sides, side, P } = this.data.head,
      S = Math.floor(canvas.parentElement.clientWidth),
      unit = S / Math.max(side, ...Object.values(sides));
    if (!S) return;
    const c = fit(canvas, S, S),
      n = sides[name];
    if (name === 'valid' && n < side) {
      // what is dropped: faint
      c.globalAlpha = 0.22;
      c.drawImage(sprite(this.data.original, side, side), 0, 0, side * unit, side * unit);
      c.globalAlpha = 1;
    }
    const size = n * unit;
    c.drawImage(sprite(this.data[name], n, n), 0, 0, size, size);
    c.save();
    c.beginPath();
    c.rect(0, 0, size, size);
    c.clip();
    gridLines(c, size, size, [n / P, n / P]);
    c.restore();
    if (n !== side || name === 'seen') {
      c.strokeStyle = theme(this.wrap).text;
      c.globalAlpha = 0.35;
      c.lineWidth = 1;
      c.strokeRect(0.5, 0.5, size - 1, size - 1);
      c.globalAlpha = 1;
    }
  }
}

export default mount('cost', (root) => new Cost(root));
