// A training as a film: one scrubber moves every panel; nothing is asked of the server.
class Replay extends Panels {
  constructor(root) {
    super();
    const $ = (selector) => root.querySelector(selector);
    Object.assign(this, { wrap: $('.wrap'), range: $('input'), ticks: $('.ticks'), when: $('.when'), play: $('.play'), newest: $('.newest'), chips: $('.blocks'), read: $('.read') });
    this.sections = Object.fromEntries(['positions', 'filters', 'attention', 'answer'].map((name) => {
      const section = $('.s-' + name), pick = (selector) => section.querySelector(selector);
      return [name, { section, note: pick('.note'), main: pick('.main'), number: pick('.number'), means: pick('.means'), line: pick('.line') }];
    }));
    this.index = 0; this.moved = false; this.block = null; this.speed = 5; this.timer = 0;
    this.listen(root, this.events.signal);
    this.watch(this.wrap);
  }
  stop() { super.stop(); clearInterval(this.timer); }
  listen(root, signal) {
    const on = (element, name, act) => element.addEventListener(name, act, { signal });
    on(this.range, 'input', () => { this.pause(); this.goto(Number(this.range.value)); });
    on(this.play, 'click', () => (this.timer ? this.pause() : this.run()));
    on(this.newest, 'click', () => { this.pause(); this.moved = false; this.index = this.latest(); this.schedule(); });
    root.querySelectorAll('.speed button').forEach((button) => on(button, 'click', () => {
      this.speed = Number(button.dataset.speed);
      root.querySelectorAll('.speed button').forEach((other) => other.setAttribute('aria-pressed', other === button));
      if (this.timer) this.run();
    }));
  }

  // ---- moving
  get last() { return this.data.head.steps.length - 1; }
  goto(index) { this.index = index; this.moved = index < this.last; this.schedule(); }
  run() {
    clearInterval(this.timer);
    if (this.index >= this.last || !this.moved) this.index = 0;
    this.moved = true;
    this.timer = setInterval(() => { if (this.index < this.last) { this.index++; this.draw(); } if (this.index >= this.last) this.pause(); }, 1000 / this.speed);
    this.schedule();
  }
  pause() {
    clearInterval(this.timer); this.timer = 0;
    this.moved = this.index < this.last;
    this.schedule();
  }
  latest() {                                // the moment that became the model, else the newest that is known or awaited
    const { weights, looks, kept } = this.data.head;
    if (kept !== null && weights[kept] === 1 && looks[kept] === 1) return kept;
    const both = weights.map((state, i) => state === 1 && looks[i] === 1).lastIndexOf(true), one = weights.lastIndexOf(1);
    return both >= 0 ? both : one >= 0 ? one : this.last;
  }

  // ---- data
  setData(data) {
    const step = this.data?.head.steps[this.index], first = !this.data, head = data.head;
    this.data = data;
    this.block = Math.min(this.block ?? head.blocks - 1, head.blocks - 1);
    this.seen = sprite(data.rgb, head.size, head.size);
    this.fillChips(head.blocks);
    if (first || !this.moved) this.index = this.latest();
    else this.index = Math.max(0, head.steps.findLastIndex((one) => one <= step));
    this.range.max = this.last;
    this.ranks = this.rank();
    this.farthest = 1.15 * Math.max(head.even, ...data.distance);
    this.fillTicks();
    this.draw();
    this.painted({ rev: head.rev });
  }
  fillChips(count) {
    if (this.chips.children.length === count) return;
    this.chips.replaceChildren(...Array.from({ length: count }, (_, l) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.setAttribute('aria-label', `Block ${l + 1}`);
      button.append(document.createElement('canvas'), String(l + 1));
      button.onclick = () => { this.block = l; this.schedule(); };
      return button;
    }));
  }
  fillTicks() {
    const { weights, looks } = this.data.head;
    this.ticks.replaceChildren(...weights.map((state, i) => {
      const tick = document.createElement('i');
      tick.style.left = `${100 * (this.last ? i / this.last : .5)}%`;
      tick.classList.toggle('known', state === 1 && looks[i] === 1);
      return tick;
    }));
  }
  rank() {                                  // of many classes those that were ever likely; ten stay in their order
    const { names, truth } = this.data.head, C = names.length;
    if (C <= 10) return [...names.keys()];
    const most = names.map((_, k) => (k === truth ? 2 : Math.max(...this.data.head.steps.map((_, i) => this.data.answers[i * C + k])))), order = [...names.keys()].sort((a, b) => most[b] - most[a]);
    return names.map((_, k) => order.indexOf(k));
  }
  // The moment to draw for one that may not be known: itself, or the nearest before it, which is drawn faint; -1: none.
  shown(states, i) {
    if (states[i] === 1) return i;
    const before = states.lastIndexOf(1, i);
    return before >= 0 ? before : states.indexOf(1);
  }

  // ---- drawing
  draw() {
    this.colours = theme(this.wrap);
    this.over = this.colours.over(.9);
    const { head } = this.data, i = this.index = Math.min(this.index, this.last), { positions, filters, attention, answer } = this.sections;
    const w = this.shown(head.weights, i), k = this.shown(head.looks, i);
    for (const [panels, states, at] of [[[positions, filters], head.weights, w], [[attention, answer], head.looks, k]]) for (const { section, note } of panels) {
      section.classList.toggle('awaited', states[i] !== 1);
      section.classList.toggle('nothing', at < 0 && section !== attention.section);
      note.textContent = states[i] === 1 ? '' : states[i] === 0 ? 'being computed' : 'no numbers';
    }
    if (w >= 0) {
      this.drawPositions(positions.main, w);
      this.drawFilters(filters.main, w);
      const closeness = head.weights.map((state, j) => (state === 1 ? head.closeness[j] : null)), strongest = head.weights.map((state, j) => (state === 1 ? this.strongest(j) : null));
      const low = closeness.some((v) => v !== null && v < -.1) ? -1 : 0;
      this.drawCurve(positions.line, closeness, w, [low, 1]);
      this.drawCurve(filters.line, strongest, w, [0, 1]);
      this.number(positions, head.closeness[w] === null ? { none: 'no position embeddings' }[head.positions] ?? 'nothing to compare' : ['closeness ', signed(head.closeness[w]), head.positions === 'learned' ? '' : ', fixed'], head.closeness[w] === null ? '' : '1: the nearer, the more alike; 0: nearness does not count');
      this.number(filters, ['five strongest carry ', percent(strongest[w])], 'of all that the filters look for; 100%: five would do');
      if (head.weights[i] === 1 && head.positions !== 'none') this.legend(positions.note, head.means[w] - head.reach, head.means[w] + head.reach);
      if (head.weights[i] === 1) filters.note.textContent = `${head.K} of ${head.S} × ${head.S}`;
    }
    this.drawAttention(attention.main, k);
    this.drawBlocks(k);
    this.drawHeads(attention.line, k);
    this.number(attention, `heads of block ${this.block + 1}`, '');
    if (head.looks[i] === 1) attention.note.textContent = `block ${this.block + 1}, up to ${percent(head.brightest[this.block])}`;
    this.drawAnswer(answer.main, k);
    this.drawDistance(answer.line, k);
    this.number(answer, k < 0 ? '' : ['heads look ', `${this.far(k).toFixed(1)} px`, ' far, by block'], k < 0 ? '' : `dotted: everywhere alike, ${head.even.toFixed(1)}; grey: the first weights`);
    this.say(i);
  }
  number(panel, words, means) {             // a number, and below it in a short clause what it is
    panel.means.textContent = means;
    const [before, strong, after] = Array.isArray(words) ? words : [words];
    const b = document.createElement('b');
    b.textContent = strong ?? '';
    panel.number.replaceChildren(before, b, after ?? '');
  }
  legend(note, low, high) {                 // what the two ends of the colours stand for, at this moment
    const bar = document.createElement('i');
    bar.style.background = `linear-gradient(90deg, ${this.colours.diverging.join(',')})`;
    note.replaceChildren(signed(Math.max(-1, low)), bar, signed(Math.min(1, high)));
  }
  strongest(i) { return [...this.part(this.data.shares, i, this.data.head.K)].sort((a, b) => b - a).slice(0, 5).reduce((a, b) => a + b, 0); }
  far(i) { const { blocks, heads } = this.data.head, all = this.part(this.data.distance, i, blocks * heads); return all.reduce((a, b) => a + b, 0) / all.length; }
  moment(i) {
    const { steps, epochs, total, kept } = this.data.head;
    return `Step ${steps[i].toLocaleString('en')}${total ? ` of ${total.toLocaleString('en')}` : ''}${epochs[i] === null ? '' : `, epoch ${epochs[i] < 10 ? epochs[i].toFixed(1) : Math.round(epochs[i])}`}${i === kept ? ', kept as the best' : ''}`;
  }
  say(i) {
    const { head } = this.data, words = this.moment(i), strong = document.createElement('b'), state = [head.weights[i], head.looks[i]];
    this.range.value = i;
    this.range.setAttribute('aria-valuetext', words);
    const [step, ...epoch] = words.split(', epoch'), b = document.createElement('b');
    b.textContent = step;
    this.when.replaceChildren(b, epoch.length ? `, epoch${epoch[0]}` : '');
    this.play.textContent = this.timer ? 'Pause' : 'Play';
    this.play.disabled = this.last < 1;
    this.newest.hidden = !head.lives;
    this.newest.disabled = !this.moved;
    this.read.setAttribute('aria-live', this.timer ? 'off' : 'polite');
    this.wrap.dataset.state = state.includes(0) ? 'waiting' : 'reading';
    this.wrap.dataset.moment = head.steps[i];
    strong.textContent = `${words}. `;
    const trouble = state.find((one) => typeof one === 'string');
    if (trouble !== undefined) { this.read.replaceChildren(strong, trouble); return; }
    const said = [];
    if (state[0] === 1) said.push(this.sayWeights(i));
    if (state[1] === 1) said.push(this.sayLooks(i));
    if (state.includes(0)) said.push(`${state[0] === 0 ? 'This moment is' : 'What it does with the picture is'} not computed yet. ${head.waiting}`);
    else if (head.lives && !this.moved) said.push('The next moment appears here when it is kept.');
    this.read.replaceChildren(strong, said.join(' '));
  }
  sayWeights(i) {
    const { closeness, positions, weights } = this.data.head, first = weights.indexOf(1);
    const known = positions === 'none' ? 'The model has no position embeddings.' : closeness[i] === null ? '' : `Positions have closeness ${signed(closeness[i])} of at most 1${i !== first && closeness[first] !== null ? ` (${signed(closeness[first])} at the start)` : ''}.`;
    return `${known} The five strongest components carry ${percent(this.strongest(i))} of what the filters look for.`.trim();
  }
  sayLooks(i) {
    const { names, truth, grid, even } = this.data.head, shares = this.shares(i, this.block), most = shares.indexOf(Math.max(...shares)), top = this.top(i);
    const times = shares[most] * shares.length, share = top < 0 ? 0 : this.data.answers[i * names.length + top];
    const verdict = truth === null ? '' : top === truth ? ', which is right' : `; it is ${/^[aeiou]/.test(names[truth]) ? 'an' : 'a'} ${names[truth]}`;
    const answer = top < 0 ? 'It prefers no class' : `It answers ${names[top]} (${percent(share)})${verdict}`;
    const where = shares.length > 1 ? `In block ${this.block + 1} most goes to ${place(most, grid)}, ${times.toFixed(1)} times an even share. Heads look ${this.far(i).toFixed(1)} pixels far on average (an even spread: ${even.toFixed(1)}). ` : '';
    return `${where}${answer}.`;
  }
}

export default mount('replay', (root) => new Replay(root));
