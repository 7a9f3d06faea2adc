// uses saving cosine_scale
// Tokens of patches after each block: the selected one's cosine with all others, and the first
// three principal components as colors.
const after = (l) => (l ? String(l) : tr`0 (embedding)`);

class TokenMaps extends PatchFigure {
  constructor(root) {
    super();
    const $ = (selector) => root.querySelector(selector);
    this.wrap = $('.wrap');
    this.image = $('canvas.image');
    this.tile = $('canvas.tile');
    this.pcs = $('canvas.pcs');
    this.which = $('.which');
    this.blocks = $('.blocks');
    this.slider = $('.slide input');
    this.output = $('.slide output');
    this.shares = $('.shares');
    this.read = $('.read');
    this.bar = $('.legend .bar');
    this.ends = [$('.legend .lo'), $('.legend .hi')];
    this.scale = 'full';
    this.block = null;
    this.other = {
      over: null,
      shown: () => this.other.over,
      pinAt: (p) => this.pinAt(p),
      letGo: () => this.other.setHover(null),
      setHover: (p) => {
        if (p === this.other.over) return;
        this.other.over = p;
        this.schedule();
      },
    };
    const { signal } = this.events,
      at = (x, y) => cell(x, y, this.side, this.side, this.grid);
    pickable(this.image, at, this, signal);
    pickable(this.pcs, at, this, signal);
    pickable(this.tile, at, this.other, signal);
    keyable(this.image, this, signal);
    keyable(this.tile, this.other, signal);
    this.slider.addEventListener('input', () => this.show(+this.slider.value), { signal });
    this.slider.addEventListener('change', () => this.choose({}), { signal });
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
  pinAt(p) {
    this.other.over = null;
    super.pinAt(p);
  }
  show(block) {
    this.block = block;
    this.schedule();
  }
  choose(values) {
    Object.assign(this, values);
    this.schedule();
    this.send('view', {
      ...(this.block !== this.data.head.means.length - 1 && { after_block: this.block }),
      token_scale: this.scale === 'own',
    });
  }

  setData(data) {
    const { grid, size, means, asked } = data.head,
      count = grid[0] * grid[1];
    this.data = data;
    this.grid = this.other.grid = grid;
    this.hover = this.other.over = null;
    this.pinned = pin.read(grid);
    this.source = sprite(data.rgb, size, size);
    this.cosines = new Cosines(data.cosines, count);
    this.colored = means.map((_, l) =>
      sprite(data.colors.subarray(3 * l * count, 3 * (l + 1) * count), grid[1], grid[0]),
    );
    const last = means.length - 1;
    if (this.mark !== asked.mark) {
      this.mark = asked.mark; // a link holds once
      this.block = asked.after_block;
      this.scale = asked.token_scale ? 'own' : 'full';
    }
    this.block = Math.min(this.block ?? last, last);
    this.slider.max = last;
    this.blocks.replaceChildren(...means.map((_, l) => this.button(l)));
    this.draw();
    this.painted({ rev: data.head.rev });
  }
  button(l) {
    const button = el('button'),
      label = el('span');
    button.type = 'button';
    label.textContent = l;
    button.setAttribute('aria-label', after(l));
    button.append(el('canvas'), el('canvas'), label);
    button.onclick = () => this.choose({ block: l });
    return button;
  }

  limits(l) {
    const { means, reaches } = this.data.head;
    return cosineLimits(this.scale, means[l], reaches[l]);
  }
  map(colours, l, p) {
    // one patch's cosines after a block, a pixel per patch
    const limits = this.limits(l);
    return pixels(this.grid[1], this.grid[0], (q) =>
      colorOfCosine(colours.signed, this.cosines.at(l, p, q), limits),
    );
  }

  draw() {
    const colours = theme(this.wrap),
      [, columns] = this.grid,
      l = this.block,
      p = this.shown(),
      q = this.other.over,
      S = (this.side = Math.floor(this.image.parentElement.clientWidth)),
      s = S / columns,
      box = (i) => [(i % columns) * s, Math.floor(i / columns) * s, s, s];
    this.scales.forEach((button) =>
      button.setAttribute('aria-pressed', button.dataset.scale === this.scale),
    );
    for (const [canvas, image, lines] of [
      [this.image, this.source, true],
      [this.tile, this.map(colours, l, p), false],
      [this.pcs, this.colored[l], false],
    ]) {
      const c = fit(canvas, S, S);
      c.drawImage(image, 0, 0, S, S);
      if (lines) gridLines(c, S, S, this.grid);
      ring(c, ...box(p), p === this.pinned);
      if (q !== null && q !== p) ring(c, ...box(q), false);
    }
    const many = this.blocks.children.length,
      w = Math.max(22, Math.min(40, Math.floor(S / many) - 6));
    this.blocks.style.maxHeight = `${S}px`;
    [...this.blocks.children].forEach((button, k) => {
      button.setAttribute('aria-pressed', k === l);
      [this.map(colours, k, p), this.colored[k]].forEach((image, i) =>
        fit(button.children[i], w, w).drawImage(image, 0, 0, w, w),
      );
    });
    this.slider.value = l;
    this.slider.setAttribute('aria-valuetext', after(l));
    this.output.textContent = after(l);
    this.which.textContent = tr`Similarity to ${this.at(p)}`;
    this.bar.style.background = `linear-gradient(90deg, ${colours.diverging.join(',')})`;
    drawEnds(this.ends, this.limits(l), this.cosines.extremes(l));
    const explained = this.data.head.explained[l];
    this.shares.textContent = tr`Red, green, blue: ${explained.map(percent).join(tr`, `)} of variance`;
    this.say(l, p, q);
  }
  at(p) {
    const [, columns] = this.grid;
    return `(${Math.floor(p / columns) + 1}, ${(p % columns) + 1})`;
  }
  say(l, p, q) {
    const strong = el('b'),
      count = this.grid[0] * this.grid[1],
      where = l ? tr`after block ${l}` : tr`embedding`;
    strong.textContent =
      p === this.pinned ? tr`${this.at(p)} (pinned), ${where}. ` : tr`${this.at(p)}, ${where}. `;
    if (q !== null) {
      this.read.replaceChildren(
        strong,
        tr`Similarity to ${this.at(q)}: ${q === p ? 1 : signed(this.cosines.at(l, p, q))}.`,
      );
      return;
    }
    let most = -1,
      least = -1;
    for (let i = 0; i < count; i++) {
      if (i === p) continue;
      const v = this.cosines.at(l, p, i);
      if (most < 0 || v > this.cosines.at(l, p, most)) most = i;
      if (least < 0 || v < this.cosines.at(l, p, least)) least = i;
    }
    this.read.replaceChildren(
      strong,
      tr`Most similar: ${this.at(most)}, ${signed(this.cosines.at(l, p, most))}. Least: ${this.at(least)}, ${signed(this.cosines.at(l, p, least))}.`,
    );
  }
}

export default mount('token_maps', (root) => new TokenMaps(root));
