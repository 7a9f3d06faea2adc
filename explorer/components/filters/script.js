// uses saving
// The embedding filters and their principal components, as grids of small crisp images.
class Gallery {
  // one grid of images; `sheet` holds them all, one below the other
  constructor(section, owner, signal) {
    this.canvas = section.querySelector('canvas');
    this.head = section.querySelector('.head');
    this.owner = owner;
    this.over = null;
    pickable(this.canvas, (x, y) => this.at(x, y), this, signal);
    keyable(this.canvas, this, signal);
  }
  shown() {
    return this.over;
  }
  pinAt() {}
  letGo() {
    this.setHover(null);
  }
  setHover(p) {
    const next = p !== null && p < this.count ? p : null;
    if (next === this.over) return;
    this.over = next;
    this.owner.schedule(next === null ? null : this);
  }
  set(rgb, count, P) {
    this.count = count;
    this.P = P;
    this.over = null;
    this.sheet = count ? sprite(rgb, P, P * count) : null;
  }
  at(x, y) {
    const i = Math.floor(x / this.step),
      j = Math.floor(y / this.step);
    return i < 0 || i >= this.columns || j < 0 ? null : j * this.columns + i;
  }
  draw() {
    const W = Math.floor(this.canvas.parentElement.clientWidth),
      H = 200,
      n = Math.max(1, this.count);
    if (!W) return;
    this.columns = 1; // the largest tiles that fit into W x H
    while (Math.ceil(n / this.columns) * Math.min(W / this.columns, 60) > H) this.columns++;
    this.step = Math.min(W / this.columns, 60);
    this.columns = Math.max(this.columns, Math.min(n, Math.floor(W / this.step)));
    const rows = Math.ceil(n / this.columns),
      gap = Math.min(4, Math.max(1.5, this.step * 0.09));
    this.grid = [rows, this.columns];
    const c = fit(this.canvas, W, H);
    for (let i = 0; i < this.count; i++)
      this.one(
        c,
        i,
        (i % this.columns) * this.step,
        Math.floor(i / this.columns) * this.step,
        this.step - gap,
      );
    if (this.over !== null)
      ring(
        c,
        (this.over % this.columns) * this.step,
        Math.floor(this.over / this.columns) * this.step,
        this.step - gap,
        this.step - gap,
        false,
      );
  }
  one(c, i, x, y, w) {
    c.drawImage(this.sheet, 0, i * this.P, this.P, this.P, x, y, w, w);
  }
}

class Filters extends Figure {
  constructor(root) {
    super();
    this.wrap = root.querySelector('.wrap');
    this.large = root.querySelector('.large');
    this.read = root.querySelector('.read');
    this.galleries = ['filters', 'components'].map(
      (name) => new Gallery(root.querySelector('.' + name), this, this.events.signal),
    );
    this.active = null;
    this.watch(this.wrap);
  }
  schedule(active) {
    this.active = active;
    super.schedule();
  }
  setData(data) {
    const { P, D, explained, headings } = data.head;
    this.data = data;
    this.active = null;
    this.galleries[0].set(data.filters, D, P);
    this.galleries[1].set(data.components, explained.length, P);
    this.galleries.forEach((gallery, i) => {
      gallery.head.textContent = headings[i];
    });
    this.draw();
    this.painted({ rev: data.head.rev });
  }
  draw() {
    for (const gallery of this.galleries) gallery.draw();
    const [filters, components] = this.galleries,
      gallery = this.active ?? components,
      k = this.active ? (gallery.over ?? 0) : 0;
    const c = fit(this.large, 72, 72),
      { explained } = this.data.head;
    if (gallery.count) gallery.one(c, k, 0, 0, 72);
    const strong = el('b');
    if (gallery === filters) {
      strong.textContent = tr`Filter ${k + 1}: `;
      this.read.replaceChildren(
        strong,
        tr`patches like it give token dimension ${k + 1} a large value. Contrast-stretched.`,
      );
    } else {
      strong.textContent = tr`Component ${k + 1}: `;
      const own = percent(explained[k]),
        sum = percent(explained.slice(0, k + 1).reduce((a, b) => a + b, 0));
      this.read.replaceChildren(
        strong,
        k
          ? tr`${own} of variance, components 1–${k + 1}: ${sum} (sign is arbitrary)`
          : tr`${own} of variance (sign is arbitrary)`,
      );
    }
  }
}

export default mount('filters', (root) => new Filters(root));
