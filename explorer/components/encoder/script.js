// uses saving maths pass stages numbers strips plots diagram panel panel_patch panel_stream panel_norm
// uses panel_attention panel_mlp panel_readout panels
// The microscope: which token, which block, which stage is open; everything under the pointer
// happens here.
// outlives a change of page
const SHOWN = (globalThis.__vitExplorerEncoder ??= {
  stage: null,
  turn: null,
  all: false,
  terms: '',
});

const NARROW = 860; // as in encoder.css

class Encoder extends PatchFigure {
  constructor(root) {
    super();
    const $ = (selector) => root.querySelector(selector);
    Object.assign(this, {
      wrap: $('.wrap'),
      image: $('.image'),
      which: $('.which'),
      of: $('.of'),
      chips: $('.prefix'),
      blocks: $('.blocks'),
      key: $('.key'),
      tip: $('.tip'),
      said: $('.said'),
      after: $('.after'),
    });
    Object.assign(this, {
      panelBox: $('.panel'),
      title: $('.title'),
      sign: $('.equation'),
      what: $('.what'),
      body: $('.body'),
      whole: $('.whole'),
      code: $('.numpy pre'),
      prints: $('.prints'),
    });
    this.over = this.held = null; // entries hovered over and selected: { strip, i, axis }
    this.cost = [];
    this.diagram = new Diagram(this, root);
    this.allStrip = new Strip(this.whole.querySelector('canvas'), this);
    this.listen(root, this.events.signal);
    this.watch(this.wrap);
  }
  listen(root, signal) {
    this.wrap.addEventListener('keydown', (event) => event.key === 'Escape' && this.hold(null), {
      signal,
    });
    pickable(
      this.image,
      (x, y) => cell(x, y, this.image.clientWidth, this.image.clientHeight, this.grid),
      this,
      signal,
    );
    keyable(this.image, this, signal);
    for (const button of root.querySelectorAll('[data-show]'))
      button.addEventListener(
        'click',
        () => {
          this.choose({ all: button.dataset.show === 'all' });
        },
        { signal },
      );
    for (const [selector, step] of [
      ['.previous', -1],
      ['.next', 1],
    ])
      root
        .querySelector(selector)
        .addEventListener(
          'click',
          () => this.open(STAGES[STAGES.indexOf(stageOf(this.stage)) + step]?.id),
          { signal },
        );
    this.steps = { previous: root.querySelector('.previous'), next: root.querySelector('.next') };
    root.querySelector('.copy').addEventListener(
      'click',
      (event) => {
        navigator.clipboard?.writeText(this.code.textContent);
        event.target.textContent = tr`Copied`;
        setTimeout(() => {
          event.target.textContent = tr`Copy`;
        }, 1200);
      },
      { signal },
    );
    root.querySelector('.numpy').addEventListener('toggle', () => this.schedule(), { signal });
  }

  // ---- which token
  token() {
    return tokenOfPin(this.cursor(), this.pass.prefix);
  }
  cursor() {
    return this.hover ?? this.pinned ?? this.start;
  }
  get numPrefixTokens() {
    return this.pass.prefix;
  }

  // ---- which stage
  get stage() {
    return SHOWN.stage;
  }
  open(id) {
    if (!id) return;
    const before = this.stage;
    SHOWN.stage = id;
    this.point(null);
    this.tell();
    if (id !== before) this.draw();
    if (this.wrap.clientWidth <= NARROW)
      this.panelBox.scrollIntoView({ block: 'start', behavior: calm() ? 'auto' : 'smooth' });
  }
  choose(values) {
    Object.assign(SHOWN, values);
    this.schedule();
    this.tell();
  }
  tell() {
    this.keep('view', {
      block: (this.wanted ?? this.pass.head.block) + 1,
      stage: this.stage,
      rows: SHOWN.all,
      terms: SHOWN.terms,
    });
  }
  goToBlock(b) {
    if (b === (this.wanted ?? this.pass.head.block)) return;
    this.wanted = b;
    this.wrap.classList.add('pending');
    this.pressBlocks();
    this.tell();
  }
  pressBlocks() {
    const b = this.wanted ?? this.pass.head.block;
    [...this.blocks.children].forEach((button, k) => button.setAttribute('aria-pressed', k === b));
  }

  // ---- data
  setData(data) {
    const { head } = data,
      fresh = ['depth', 'width', 'patch'].some((name) => this.pass?.head[name] !== head[name]);
    this.data = data;
    this.pass = this.diagram.pass = new Pass(data);
    this.grid = head.grid;
    this.start = Math.min(head.start, this.pass.patches - 1);
    this.pinned = pin.read(this.grid, this.numPrefixTokens);
    this.hover = null;
    this.over = null;
    if (fresh) this.held = null;
    if (head.block === this.wanted) this.wanted = undefined;
    this.wrap.classList.toggle('pending', this.wanted !== undefined);
    if (SHOWN.turn !== head.turn) {
      // the URL has chosen it: on opening the page, and by the back button
      Object.assign(SHOWN, {
        turn: head.turn,
        stage: head.open,
        all: head.rows,
        terms: head.terms,
      });
      this.wanted = undefined;
    }
    this.source = sprite(data.rgb, this.grid[1] * head.patch, this.grid[0] * head.patch);
    this.chipsFor(head.prefix);
    if (fresh)
      this.blocks.replaceChildren(
        ...Array.from({ length: head.depth }, (_, b) => {
          const button = el('button', '', String(b + 1));
          button.type = 'button';
          button.setAttribute('aria-label', tr`Block ${b + 1}`);
          button.onclick = () => this.goToBlock(b);
          return button;
        }),
      );
    this.pressBlocks();
    this.closePanel();
    this.diagram.wired = '';
    this.draw();
    this.painted({ rev: head.rev });
  }
  chipsFor(names) {
    const words = names.map(shortName);
    if ([...this.chips.children].map((chip) => chip.textContent).join() === words.join()) return;
    this.chips.replaceChildren(
      ...words.map((name, k) => {
        const chip = el('button', '', name);
        chip.type = 'button';
        chip.onclick = () => {
          this.hover = null;
          this.pinAt(-1 - k);
        };
        return chip;
      }),
    );
  }

  closePanel() {
    this.panel?.leave();
    if (this.panel?.strips.includes(this.held?.strip)) this.held = null;
    this.panel = null;
  }

  // ---- hovering over an entry, or selecting one
  get number() {
    return this.over ?? this.held;
  }
  hold(strip, i = null) {
    // it stays when the pointer leaves, until it is selected again
    const row = strip?.pointedRow ?? null,
      { held } = this,
      same = held?.strip === strip && held?.i === i && held?.row === row;
    this.held = i === null || same ? null : { strip, i, axis: strip.axis, row };
    this.askNumber();
  }
  point(strip, i = null, where = null) {
    const next =
        strip && i !== null
          ? { strip, i, axis: strip.axis, row: strip.pointedRow ?? null, where }
          : null,
      now = this.over;
    if (!next && !now) return;
    if (
      next &&
      now &&
      next.strip === now.strip &&
      next.i === now.i &&
      next.row === now.row &&
      next.where?.canvas === now.where?.canvas
    )
      return;
    this.over = next;
    this.askNumber();
  }
  askNumber() {
    this.numbersAsked ||= requestAnimationFrame(() => {
      this.numbersAsked = 0;
      this.drawNumber();
    });
  }
  drawNumber() {
    const from = performance.now();
    for (const { strip } of this.diagram.rows) strip.draw();
    if (!this.whole.hidden) this.allStrip.draw();
    this.diagram.hair(this.number);
    this.panel?.redraw();
    this.drawTip();
    this.spent(performance.now() - from);
  }
  drawTip() {
    const at = this.number,
      shown = at?.strip.values && at.strip.canvas.clientWidth,
      line = shown ? (at.strip.explain?.(at.i, at.strip.rows > 1 ? at.row : null) ?? '') : '';
    this.tip.hidden = !line;
    this.said.textContent = line;
    if (!line) return;
    this.tip.textContent = line;
    const zero = this.wrap.getBoundingClientRect(),
      canvas = (at.where?.canvas ?? at.strip.canvas).getBoundingClientRect(),
      { x, y } = at.where ?? at.strip.place(at.i),
      w = this.tip.offsetWidth;
    this.tip.style.left =
      Math.max(0, Math.min(zero.width - w, canvas.left - zero.left + x - w / 2)) + 'px';
    this.tip.style.top = canvas.top - zero.top + y + 7 + 'px';
  }

  // ---- drawing
  unit(room, size) {
    return room >= size ? Math.floor(room / size) : room / size;
  }
  look() {
    const colors = theme(this.wrap),
      { signed } = colors,
      css = (word) => `rgb(${word & 255},${(word >> 8) & 255},${(word >> 16) & 255})`;
    // for shares, which have no sign: zero is in the middle
    const half = signed.map((_, code) => colors.solid[Math.max(0, 2 * code - 255)]);
    const style = getComputedStyle(this.wrap);
    this.colors = {
      ...colors,
      over: colors.over(0.9),
      solid0: half,
      cold: css(signed[26]),
      warm: css(signed[229]),
      quiet: this.mix(style.color, colors.page, 0.55),
    };
    this.wrap.style.setProperty('--dash', this.colors.warm);
  }
  mix(a, b, share) {
    // a canvas knows no color-mix
    const probe = new OffscreenCanvas(1, 1).getContext('2d'),
      read = (color) => {
        probe.fillStyle = color;
        probe.fillRect(0, 0, 1, 1);
        return probe.getImageData(0, 0, 1, 1).data;
      };
    const x = read(a),
      y = read(b);
    return `rgb(${[0, 1, 2].map((k) => Math.round(share * x[k] + (1 - share) * y[k]))})`;
  }
  resized() {
    this.diagram.wired = '';
    this.draw();
  }
  draw() {
    const from = performance.now();
    this.look();
    const t = this.token(),
      { head } = this.pass;
    this.measure();
    this.drawImage(t);
    for (const button of this.wrap.querySelectorAll('[data-show]'))
      button.setAttribute('aria-pressed', (button.dataset.show === 'all') === SHOWN.all);
    this.wrap.classList.toggle('all', SHOWN.all);
    this.diagram.draw(t, { all: SHOWN.all, open: this.stage });
    this.sayAfter(head);
    this.drawPanel(t);
    this.diagram.hair(this.number);
    this.drawTip();
    this.wrap.dataset.token = t;
    this.wrap.dataset.stage = this.stage;
    this.wrap.dataset.block = head.block;
    this.spent(performance.now() - from);
  }
  measure() {
    // what is beside a strip has a fixed width; the strip takes whole pixels a dimension, the panel
    // what is left
    this.wide = this.wrap.clientWidth;
    const room = Math.max(96, this.wide <= NARROW ? this.wide - 170 : this.wide - 36 - 480 - 239);
    const unit = this.unit(room, this.pass.width);
    this.stripWidth = unit >= 1 ? unit * this.pass.width : room;
    this.wrap.style.setProperty('--strip', `${this.stripWidth}px`);
  }
  drawImage(t) {
    const {
        pass,
        grid,
        grid: [rows, columns],
      } = this,
      S = 132,
      c = fit(this.image, S, (S * rows) / columns),
      u = S / columns;
    c.drawImage(this.source, 0, 0, S, (S * rows) / columns);
    gridLines(c, S, (S * rows) / columns, grid);
    if (pass.isPatch(t)) {
      const p = t - pass.prefix;
      ring(c, (p % columns) * u, Math.floor(p / columns) * u, u, u, p === this.pinned);
    }
    this.which.textContent = capital(tokenName(t, pass.head));
    this.of.textContent = countsOf(pass);
    [...this.chips.children].forEach((chip, k) => chip.setAttribute('aria-pressed', k === t));
  }
  sayAfter({ block, depth }) {
    const left = depth - block - 1;
    this.after.textContent =
      left === 0
        ? ''
        : left === 1
          ? tr`then block ${depth}`
          : tr`then blocks ${block + 2} to ${depth}`;
  }
  drawPanel(t) {
    const { pass, stage: id } = this,
      { head } = pass,
      k = STAGES.indexOf(stageOf(id)),
      name = (at) => {
        const stage = STAGES[at];
        return stage ? (stage.on === 'sum' ? `+ ${stage.name}` : stageName(stage.id, head)) : '';
      };
    if (!this.panel || this.panel.id !== id) {
      this.closePanel();
      this.panel = new PANELS[id](this, id, this.body);
    }
    const called =
      {
        position: tr`Position embedding`,
        entering: tr`input`,
        residual1: tr`residual connection`,
        residual2: tr`residual connection`,
        norm: tr`Final LayerNorm`,
      }[id] ?? stageName(id, head);
    this.title.textContent =
      stageOf(id).group === 'block' ? tr`Block ${head.block + 1}: ${called}` : called;
    this.sign.textContent = EQUATIONS[id]?.(head) ?? '';
    this.what.replaceChildren(...this.panel.draw(t));
    for (const [way, step] of [
      ['previous', -1],
      ['next', 1],
    ]) {
      const to = name(k + step);
      this.steps[way].disabled = !to;
      this.steps[way].title = to;
      this.steps[way].setAttribute(
        'aria-label',
        way === 'next' ? tr`Next stage: ${to}` : tr`Previous stage: ${to}`,
      );
    }
    this.drawWhole(t);
    this.drawCode(t);
  }
  drawWhole(t) {
    // where all tokens are shown: the open stage once more, large enough to hover over a row
    const { pass, stage: id } = this,
      shown = SHOWN.all && !['patch', 'pool', 'head', 'softmax'].includes(id);
    this.whole.hidden = !shown;
    if (!shown) return;
    const before = id === 'embed' ? pass.prefix : 0,
      values = pass.all(id).subarray(before * pass.width),
      rows = pass.count - before,
      unit = this.unit(Math.max(96, this.whole.clientWidth - 96), pass.width);
    this.whole.firstElementChild.textContent =
      id === 'embed' ? tr`All ${rows} patches (rows)` : tr`All ${rows} tokens (rows)`;
    this.allStrip.show(values, {
      unit,
      height: rows * Math.max(1, Math.round(190 / rows)),
      rows,
      limit: pass.limit(id),
      colors: this.colors.signed,
      axis: 'width',
      row: t < before ? null : t - before,
      explain: (i, row) => {
        const k = row === null ? t : row + before;
        return tr`${tokenName(k, pass.head)}: ${ARITHMETIC[id](pass, k, i)}`;
      },
    });
  }
  drawCode(t) {
    const { head, prefix } = this.pass,
      { stage } = this,
      text =
        head.snippets[t < prefix && `${stage}_prefix` in head.snippets ? `${stage}_prefix` : stage];
    this.code.textContent = text
      .replaceAll('@block@', head.block)
      .replaceAll('@token@', t)
      .replaceAll('@name@', tokenName(t, head));
    const lines = this.panel.printed(t).map((values) =>
      Array.from(values)
        .slice(0, 6)
        .map((v) => v.toFixed(4).replace('-', '−'))
        .join('  '),
    );
    this.prints.textContent = tr`Output: ${lines.join('\n')}`;
  }
  spent(ms) {
    this.cost.push(ms);
    if (this.cost.length > 200) this.cost.shift();
    this.wrap.__cost = this.cost;
  } // read by the measuring tests
}

const EQUATIONS = {
  // of Dosovitskiy et al. 2021, numbered as in the paper
  patch: () => 'x ∈ ℝ^(P²·C)',
  embed: () => tr`xE, eq. 1`,
  position: () => tr`z₀ = xE + E_pos, eq. 1`,
  entering: ({ block }) => `z${[...String(block)].map((digit) => '₀₁₂₃₄₅₆₇₈₉'[digit]).join('')}`,
  norm1: () => tr`n = LN(z), eq. 2`,
  attention: () => tr`a = MSA(LN(z)), eq. 2`,
  residual1: () => tr`z′ = a + z, eq. 2`,
  norm2: () => tr`n′ = LN(z′), eq. 3`,
  mlp: () => tr`m = MLP(LN(z′)), eq. 3`,
  residual2: () => tr`z″ = m + z′, eq. 3`,
  norm: () => tr`y = LN(z_L), eq. 4`,
  pool: ({ pooling }) => (pooling === 'class' ? tr`y = LN(z_L⁰), eq. 4` : 'p = mean(LN(z_L))'),
  head: () => 'logits = pW + b',
  softmax: () => 'softmax(logits)',
};

export default mount('encoder', (root) => new Encoder(root));
