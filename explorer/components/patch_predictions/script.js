// uses saving
// The prediction of each patch after each block: one block large with words, the others small.
class Answers extends FollowingFigure {
  constructor(root) {
    super();
    const $ = (selector) => root.querySelector(selector);
    Object.assign(this, {
      wrap: $('.wrap'),
      large: $('.large'),
      blocks: $('.blocks'),
      legend: $('.legend'),
      readout: $('.read'),
    });
    this.chosen = null;
    this.peek = null;
    const { signal } = this.events;
    pickable(this.large, (x, y) => cell(x, y, this.S, this.H, this.grid), this, signal);
    keyable(this.large, this, signal);
    this.watch(this.wrap);
  }
  at() {
    return this.peek ?? this.chosen;
  }

  setData(data) {
    const head = data.head,
      [height, width] = head.size;
    this.head = head;
    this.grid = head.grid;
    this.shares = data.shares;
    this.source = sprite(data.rgb, width, height);
    const count = head.grid[0] * head.grid[1],
      C = head.names.length;
    this.tops = Array.from({ length: head.places * count }, (_, i) => {
      const row = data.shares.subarray(i * C, (i + 1) * C);
      let best = 0;
      for (let c = 1; c < C; c++) if (row[c] > row[best]) best = c;
      return best;
    });
    if (!(this.chosen < head.places) || this.chosen === null) this.chosen = head.places - 1;
    while (this.blocks.children.length > head.places) this.blocks.lastChild.remove();
    while (this.blocks.children.length < head.places)
      this.blocks.append(this.button(this.blocks.children.length));
    this.hover = this.peek = null;
    this.draw();
    this.painted({ rev: head.rev });
  }
  button(place) {
    const button = el('button');
    button.type = 'button';
    button.append(el('canvas'), this.short(place));
    button.addEventListener('click', () => {
      this.chosen = place;
      this.schedule();
    });
    button.addEventListener('pointerenter', (event) => {
      if (event.pointerType === 'mouse') {
        this.peek = place;
        this.schedule();
      }
    });
    button.addEventListener('pointerleave', () => {
      this.peek = null;
      this.schedule();
    });
    return button;
  }
  second() {
    return (
      getComputedStyle(this.wrap)
        .getPropertyValue('--st-chart-categorical-colors')
        .match(/#[0-9a-fA-F]{6}/g)?.[1] ?? '#B3541E'
    );
  }
  where(place) {
    return place ? tr`After block ${place}` : tr`At the embedding`;
  }
  short(place) {
    return place ? tr`block ${place}` : tr`embedding`;
  }

  draw() {
    const colours = theme(this.wrap),
      [rows, columns] = this.grid,
      count = rows * columns,
      [a, b] = this.head.coloured;
    const second = this.second();
    const board = this.large.parentElement.clientWidth,
      S = (this.S = Math.min(380, Math.floor(board < 400 ? board : (board - 18) * 0.58))),
      H = (this.H = Math.round((S * rows) / columns));
    this.paint(fit(this.large, S, H), this.at(), S, H, { colours, second, a, b });
    [...this.blocks.children].forEach((button, place) => {
      const w = Math.floor(button.clientWidth),
        h = Math.round((w * rows) / columns);
      button.setAttribute('aria-pressed', place === this.chosen);
      if (w)
        this.paint(fit(button.firstChild, w, h), place, w, h, {
          colours,
          second,
          a,
          b,
          small: true,
        });
    });
    const tops = this.tops.slice(this.at() * count, (this.at() + 1) * count),
      chip = (c, colour) => {
        const span = el('span'),
          i = el('i');
        i.style.background = colour;
        span.append(
          i,
          tr`${this.head.names[c]}: ${tops.filter((t) => t === c).length} of ${count}`,
        );
        return span;
      };
    const rest = el('span', '', tr`other: ${tops.filter((t) => t !== a && t !== b).length}`);
    this.legend.replaceChildren(chip(a, colours.primary), chip(b, second), rest);
    this.say();
  }
  paint(c, place, S, H, { colours, second, a, b, small }) {
    const [rows, columns] = this.grid,
      count = rows * columns,
      w = S / columns,
      h = H / rows;
    c.drawImage(this.source, 0, 0, S, H);
    c.fillStyle = 'rgba(0,0,0,.58)';
    c.fillRect(0, 0, S, H);
    for (let p = 0; p < count; p++) {
      const top = this.tops[place * count + p];
      if (top === a || top === b) {
        c.globalAlpha = 0.86;
        c.fillStyle = top === a ? colours.primary : second;
        c.fillRect((p % columns) * w, Math.floor(p / columns) * h, w, h);
        c.globalAlpha = 1;
      }
    }
    if (small) return;
    gridLines(c, S, H, this.grid);
    // As large as the longest name allows, down to 8 pixels; a name that is still too long is cut.
    const longest = Math.max(
      ...this.tops
        .slice(place * count, (place + 1) * count)
        .map((top) => breadth(this.head.names[top])),
    );
    const size = Math.max(8, Math.min(15, Math.floor((w / longest) * 1.7), h * 0.5));
    c.font = `600 ${size}px ${colours.font}`;
    c.textAlign = 'center';
    c.textBaseline = 'middle';
    for (let p = 0; p < count; p++) {
      const top = this.tops[place * count + p],
        own = top === a || top === b;
      if (own && w < 26) continue; // its colour says it
      let word = this.head.names[top];
      while (word.length > 1 && c.measureText(word).width > w - 3) word = word.slice(0, -1);
      c.fillStyle = own ? colours.page : '#fff';
      c.fillText(word, ((p % columns) + 0.5) * w, (Math.floor(p / columns) + 0.5) * h);
    }
    const p = this.shown();
    if (p !== null && p < count)
      ring(c, (p % columns) * w, Math.floor(p / columns) * h, w, h, p === pin.read(this.grid));
  }
  say() {
    const [rows, columns] = this.grid,
      count = rows * columns,
      p = this.shown(),
      place_ = this.at(),
      C = this.head.names.length,
      strong = el('b');
    if (p === null || p >= count) {
      strong.textContent = this.where(place_);
      this.readout.replaceChildren(strong);
      return;
    }
    const row = this.shares.subarray((place_ * count + p) * C, (place_ * count + p + 1) * C),
      order = [...row.keys()].sort((x, y) => row[y] - row[x]).slice(0, 3);
    const at = `(${Math.floor(p / columns) + 1}, ${(p % columns) + 1})`;
    strong.textContent = place_ ? tr`${at} after block ${place_}: ` : tr`${at} at the embedding: `;
    this.readout.replaceChildren(
      strong,
      commas(order.map((c) => `${this.head.names[c]} ${percent(row[c])}`)),
    );
  }
}

export default mount('patch_predictions', (root) => new Answers(root));
