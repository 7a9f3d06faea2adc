// uses saving panels
// The timeline of a training: one scrubber moves every panel; nothing is asked of the server.
const BREAK = '\n'; // where the bold value stands in its sentence

class Replay extends Panels {
  constructor(root) {
    super();
    const $ = (selector) => root.querySelector(selector);
    Object.assign(this, {
      wrap: $('.wrap'),
      range: $('input'),
      ticks: $('.ticks'),
      when: $('.when'),
      play: $('.play'),
      newest: $('.newest'),
      chips: $('.blocks'),
      read: $('.read'),
    });
    this.scale = $('.scale');
    this.sections = Object.fromEntries(
      ['positions', 'filters', 'attention', 'answer'].map((name) => {
        const section = $('.s-' + name),
          pick = (selector) => section.querySelector(selector);
        return [
          name,
          {
            section,
            note: pick('.note'),
            main: pick('.main'),
            number: pick('.number'),
            means: pick('.means'),
            line: pick('.line'),
          },
        ];
      }),
    );
    this.index = 0;
    this.moved = false;
    this.block = null;
    this.speed = 5;
    this.timer = 0;
    this.listen(root, this.events.signal);
    this.watch(this.wrap);
  }
  stop() {
    super.stop();
    clearInterval(this.timer);
  }
  listen(root, signal) {
    const on = (element, name, act) => element.addEventListener(name, act, { signal });
    on(this.range, 'input', () => {
      this.pause();
      this.goto(Number(this.range.value));
    });
    on(this.play, 'click', () => (this.timer ? this.pause() : this.run()));
    on(this.newest, 'click', () => {
      this.pause();
      this.moved = false;
      this.index = this.latest();
      this.schedule();
    });
    root.querySelectorAll('.speed button').forEach((button) =>
      on(button, 'click', () => {
        this.speed = Number(button.dataset.speed);
        root
          .querySelectorAll('.speed button')
          .forEach((other) => other.setAttribute('aria-pressed', other === button));
        if (this.timer) this.run();
      }),
    );
  }

  // ---- moving
  get last() {
    return this.data.head.steps.length - 1;
  }
  goto(index) {
    this.index = index;
    this.moved = index < this.last;
    this.schedule();
  }
  run() {
    clearInterval(this.timer);
    if (this.index >= this.last || !this.moved) this.index = 0;
    this.moved = true;
    this.timer = setInterval(() => {
      if (this.index < this.last) {
        this.index++;
        this.draw();
      }
      if (this.index >= this.last) this.pause();
    }, 1000 / this.speed);
    this.schedule();
  }
  pause() {
    clearInterval(this.timer);
    this.timer = 0;
    this.moved = this.index < this.last;
    this.schedule();
  }
  latest() {
    // the moment that became the model, else the newest that is known or awaited
    const { weights, looks, kept } = this.data.head;
    if (kept !== null && weights[kept] === 1 && looks[kept] === 1) return kept;
    const both = weights.map((state, i) => state === 1 && looks[i] === 1).lastIndexOf(true),
      one = weights.lastIndexOf(1);
    return both >= 0 ? both : one >= 0 ? one : this.last;
  }

  // ---- data
  setData(data) {
    const step = this.data?.head.steps[this.index],
      first = !this.data,
      head = data.head;
    this.data = data;
    this.block = Math.min(this.block ?? head.blocks - 1, head.blocks - 1);
    this.seen = sprite(data.rgb, head.size, head.size);
    this.fillChips(head.blocks);
    if (first || !this.moved) this.index = this.latest();
    else
      this.index = Math.max(
        0,
        head.steps.findLastIndex((one) => one <= step),
      );
    this.range.max = this.last;
    this.ranks = this.rank();
    this.farthest = 1.15 * Math.max(head.even, ...data.distance);
    this.fillTicks();
    this.draw();
    this.painted({ rev: head.rev });
  }
  fillChips(count) {
    if (this.chips.children.length === count) return;
    this.chips.replaceChildren(
      ...Array.from({ length: count }, (_, l) => {
        const button = el('button');
        button.type = 'button';
        button.setAttribute('aria-label', tr`Block ${l + 1}`);
        button.append(el('canvas'), String(l + 1));
        button.onclick = () => {
          this.block = l;
          this.schedule();
        };
        return button;
      }),
    );
  }
  fillTicks() {
    const { weights, looks } = this.data.head;
    this.ticks.replaceChildren(
      ...weights.map((state, i) => {
        const tick = el('i');
        tick.style.left = `${100 * (this.last ? i / this.last : 0.5)}%`;
        tick.classList.toggle('known', state === 1 && looks[i] === 1);
        return tick;
      }),
    );
  }
  rank() {
    // of many classes those that were ever likely; ten stay in their order
    const { names, truth } = this.data.head,
      C = names.length;
    if (C <= 10) return [...names.keys()];
    const most = names.map((_, k) =>
        k === truth
          ? 2
          : Math.max(...this.data.head.steps.map((_, i) => this.data.answers[i * C + k])),
      ),
      order = [...names.keys()].sort((a, b) => most[b] - most[a]);
    return names.map((_, k) => order.indexOf(k));
  }
  // The moment to draw for one that may not be known: itself, or the nearest before it, which is
  // drawn faint; -1: none.
  shown(states, i) {
    if (states[i] === 1) return i;
    const before = states.lastIndexOf(1, i);
    return before >= 0 ? before : states.indexOf(1);
  }

  // ---- drawing
  draw() {
    this.colours = theme(this.wrap);
    this.over = this.colours.over(0.9);
    const { head } = this.data,
      i = (this.index = Math.min(this.index, this.last)),
      { positions, filters, attention, answer } = this.sections;
    const w = this.shown(head.weights, i),
      k = this.shown(head.looks, i);
    for (const [panels, states, at] of [
      [[positions, filters], head.weights, w],
      [[attention, answer], head.looks, k],
    ])
      for (const { section, note } of panels) {
        section.classList.toggle('awaited', states[i] !== 1);
        section.classList.toggle('nothing', at < 0 && section !== attention.section);
        note.textContent = states[i] === 1 ? '' : states[i] === 0 ? '…' : '–';
      }
    if (w >= 0) {
      this.drawPositions(positions.main, w);
      this.drawFilters(filters.main, w);
      const closeness = head.weights.map((state, j) => (state === 1 ? head.closeness[j] : null)),
        strongest = head.weights.map((state, j) => (state === 1 ? this.strongest(j) : null));
      const low = closeness.some((v) => v !== null && v < -0.1) ? -1 : 0;
      this.drawCurve(positions.line, closeness, w, [low, 1]);
      this.drawCurve(filters.line, strongest, w, [0, 1]);
      const fixed = head.positions !== 'learned';
      if (head.closeness[w] === null) this.number(positions, '–');
      else
        this.number(
          positions,
          fixed ? tr`r = ${BREAK} (fixed)` : `r = ${BREAK}`,
          signed(head.closeness[w]),
        );
      this.number(filters, tr`top-5 PCs: ${BREAK} of variance`, percent(strongest[w]));
      this.scale.hidden = head.weights[i] !== 1 || head.positions === 'none';
      if (!this.scale.hidden)
        this.legend(this.scale, head.means[w] - head.reach, head.means[w] + head.reach);
      if (head.weights[i] === 1) filters.note.textContent = tr`${head.K} of ${head.S} × ${head.S}`;
    }
    this.drawAttention(attention.main, k);
    this.drawBlocks(k);
    this.drawHeads(attention.line, k);
    this.number(attention, tr`heads of block ${this.block + 1}`);
    if (head.looks[i] === 1)
      attention.note.textContent = tr`block ${this.block + 1}, max. ${percent(head.brightest[this.block])}`;
    this.drawAnswer(answer.main, k);
    this.drawDistance(answer.line, k);
    if (k < 0) this.number(answer, '');
    else this.number(answer, tr`mean distance ${BREAK}`, tr`${this.far(k).toFixed(1)} px`);
    answer.means.textContent = k < 0 ? '' : tr`dotted: uniform; gray: init`;
    this.say(i);
  }
  number(panel, said, main = '') {
    const [before, after = ''] = said.split(BREAK);
    panel.number.replaceChildren(before, strong(main), after);
  }
  legend(note, low, high) {
    // what the two ends of the colours stand for, at this moment
    const bar = el('i');
    bar.style.background = `linear-gradient(90deg, ${this.colours.diverging.join(',')})`;
    note.replaceChildren(signed(Math.max(-1, low)), bar, signed(Math.min(1, high)));
  }
  strongest(i) {
    return [...this.part(this.data.shares, i, this.data.head.K)]
      .sort((a, b) => b - a)
      .slice(0, 5)
      .reduce((a, b) => a + b, 0);
  }
  far(i) {
    const { blocks, heads } = this.data.head,
      all = this.part(this.data.distance, i, blocks * heads);
    return all.reduce((a, b) => a + b, 0) / all.length;
  }
  moment(i) {
    // its step, and what else is known of when it was
    const { steps, epochs, total, kept } = this.data.head;
    const now = thousands(steps[i]),
      step = total ? tr`Step ${now} / ${thousands(total)}` : tr`Step ${now}`,
      epoch = epochs[i] < 10 ? epochs[i]?.toFixed(1) : Math.round(epochs[i]);
    return [
      step,
      `${epochs[i] === null ? '' : tr`, epoch ${epoch}`}${i === kept ? tr`, best` : ''}`,
    ];
  }
  say(i) {
    const { head } = this.data,
      [step, epoch] = this.moment(i),
      state = [head.weights[i], head.looks[i]];
    this.range.value = i;
    this.range.setAttribute('aria-valuetext', step + epoch);
    this.when.replaceChildren(strong(step), epoch);
    this.play.textContent = this.timer ? tr`Pause` : tr`Play`;
    this.play.disabled = this.last < 1;
    this.newest.hidden = !head.lives;
    this.newest.disabled = !this.moved;
    this.read.setAttribute('aria-live', this.timer ? 'off' : 'polite');
    this.wrap.dataset.state = state.includes(0) ? 'waiting' : 'reading';
    this.wrap.dataset.moment = head.steps[i];
    const trouble = state.find((one) => typeof one === 'string'),
      said = state[1] === 1 ? [this.sayLooks(i)] : [];
    if (state.includes(0)) said.push(head.waiting || tr`Computing…`);
    this.read.textContent = trouble ?? said.join(' ');
  }
  sayLooks(i) {
    const {
        names,
        truth,
        grid: [, columns],
        even,
      } = this.data.head,
      shares = this.shares(i, this.block),
      most = shares.indexOf(Math.max(...shares)),
      top = this.top(i);
    const answer =
      top < 0 ? '' : `${names[top]} ${percent(this.data.answers[i * names.length + top])}`;
    const prediction =
      top < 0
        ? tr`no clear prediction`
        : truth === null
          ? answer
          : top === truth
            ? tr`${answer} (correct)`
            : tr`${answer} (true label: ${names[truth]})`;
    const key = `(${Math.floor(most / columns) + 1}, ${(most % columns) + 1})`,
      times = (shares[most] * shares.length).toFixed(1);
    const where =
      shares.length > 1
        ? tr`Block ${this.block + 1}: strongest key ${key}, ${times}× uniform. Mean distance ${this.far(i).toFixed(1)} px (uniform ${even.toFixed(1)}). `
        : '';
    return where + tr`Prediction: ${prediction}.`;
  }
}

export default mount('timeline', (root) => new Replay(root));
