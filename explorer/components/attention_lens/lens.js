// The lens: point at a patch, and every head of every block shows where it looks, or who looks at it.
// What outlives the page in this window: the link that was followed last, and how maps are shown.
const WINDOW = (globalThis.__vitExplorerLens ??= { followed: null, direction: 'from', scale: 'each', head: null });

const FINGER = matchMedia('(pointer: coarse)');

class Lens extends Drawing {
  constructor(root) {
    super();
    const $ = (selector) => root.querySelector(selector);
    Object.assign(this, { wrap: $('.wrap'), lens: $('.lens'), picture: $('canvas.picture'), heads: $('canvas.heads'), read: $('.read'), which: $('.which'), bar: $('.legend .bar'), high: $('.legend .hi'),
      chips: $('.prefix'), badge: $('.badge'), thisHead: $('.this-head'), thisBlock: $('.this-block'), answers: $('.answers'), numbers: $('.numbers'), hint: $('.hint'), effect: $('.effect') });
    this.mode = 'point'; this.opacity = .88;
    this.aim = null; this.picked = null; this.peek = null; this.cost = [];
    this.model = null;                      // the last reading; it stays, dimmed, while its successor is awaited
    this.changes = new Changes();
    this.listen(root, this.events.signal);
    this.watch(this.wrap);
  }
  stop() { super.stop(); clearTimeout(this.filling); clearTimeout(this.telling); }
  listen(root, signal) {
    const on = (element, name, act) => element.addEventListener(name, act, { signal }), click = (selector, act) => on(root.querySelector(selector), 'click', act);
    this.brush(on);
    pickable(this.picture, (x, y) => cell(x, y, this.W, this.H, this.grid), this, signal);
    keyable(this.picture, this, signal);
    on(this.heads, 'pointermove', (event) => { if (event.pointerType === 'mouse') this.point(this.under(event)); });
    on(this.heads, 'pointerleave', () => this.point(null));
    on(this.heads, 'click', (event) => this.press(this.under(event)));
    on(this.heads, 'keydown', (event) => this.key(event));
    for (const name of ['direction', 'scale', 'mode', 'positions']) {
      for (const button of root.querySelectorAll(`[data-${name}]`)) on(button, 'click', () => this.choose(name, button.dataset[name]));
    }
    on(root.querySelector('input'), 'input', (event) => { this.opacity = event.target.value / 100; this.mute(); this.schedule(); });
    const unfold = (button, folded, open) => { folded.hidden = !open; button.setAttribute('aria-expanded', open); };
    const more = root.querySelector('.unfold'), extra = root.querySelector('.extra'), table = root.querySelector('.as-table');
    on(more, 'click', () => unfold(more, extra, extra.hidden));
    on(this.wrap, 'pointerdown', (event) => { if (!event.composedPath().some((one) => one === more || one === extra)) unfold(more, extra, false); });
    on(extra, 'keydown', (event) => { if (event.key === 'Escape') { unfold(more, extra, false); more.focus(); } });
    on(table, 'click', () => { unfold(table, this.numbers, this.numbers.hidden); this.fill(); });
    click('.reset', () => this.change(() => this.changes.reset()));
    click('.shuffle', () => this.change(() => this.changes.shuffle()));
    click('.this-head', () => this.change(() => this.changes.toggleHead(this.index(this.chosen))));
    click('.this-block', () => this.change(() => this.changes.toggleBlock(this.chosen[0])));
  }
  choose(name, value) {
    if (name === 'positions') this.change(() => { this.changes.positions = value === 'on'; });
    else if (name === 'mode') { this.mode = value; this.picked = this.stroke = null; this.picture.style.touchAction = value === 'erase' ? 'none' : ''; } else this.setView({ [name]: value });
    this.schedule();
  }

  // ---- how maps are shown: at once here; Python hears of it, for the address
  get direction() { return WINDOW.direction; }
  get onePatch() { return this.grid[0] * this.grid[1] === 1; }
  get scale() { return this.onePatch ? 'common' : WINDOW.scale; }   // by its own highest share, a map of one patch is always full
  get chosen() {                            // the map shown large: a person's choice, or the one that the page's title is about
    const { head } = WINDOW, { blocks, heads, start } = this.model?.head ?? this.head;
    return head && head[0] < blocks && head[1] < heads ? head : start ? [start.block, start.head] : null;
  }
  setView(view) {
    Object.assign(WINDOW, view);
    clearTimeout(this.telling);             // arrow keys run over many maps
    this.telling = setTimeout(() => this.tellView(), 150);
    this.schedule();
  }
  tellView() { this.keep('view', { direction: WINDOW.direction, scale: WINDOW.scale, head: WINDOW.head }); }

  // ---- pointing at the picture. While a patch is pinned, the pointer asks what it gives to another.
  get pinnedHere() { return this.pinned !== null; }
  shown() { return this.pinned ?? this.hover ?? this.start; }
  cursor() { return this.hover ?? this.shown(); }
  target() { return this.aim ?? (this.pinnedHere ? this.hover : null); }
  pinAt(p) {                                // a click or Enter on patch p, or on a token's button
    if (p < 0 || this.mode === 'point') {
      this.pinned = p === this.pinned ? null : p;
      this.share();
    } else if (this.mode === 'erase') this.change(() => this.changes.erase(p));
    else if (this.picked === null) { this.picked = p; this.schedule(); } else {
      const other = this.picked;
      this.picked = null;
      if (other === p) this.schedule(); else this.change(() => this.changes.swap(other, p));
    }
  }
  brush(on) {                               // while erasing: a drag erases, or brings back, all that it passes; sent once, at its end
    const under = (event) => { const r = this.picture.getBoundingClientRect(); return cell(event.clientX - r.left, event.clientY - r.top, this.W, this.H, this.grid); };
    on(this.picture, 'click', (event) => { if (this.mode === 'erase') event.stopImmediatePropagation(); });   // it was a drag already
    on(this.picture, 'pointerdown', (event) => {
      const p = this.mode === 'erase' && this.live && event.button === 0 ? under(event) : null;
      if (p === null) return;
      this.picture.setPointerCapture(event.pointerId);
      this.stroke = { erases: this.changes.from[p] !== ERASED, last: p };
      this.dab(p);
    });
    on(this.picture, 'pointermove', (event) => {
      const p = this.stroke ? under(event) : null;
      if (p === null) return;
      const [, columns] = this.grid, { last } = this.stroke, [y, x] = [Math.floor(last / columns), last % columns], [down, right] = [Math.floor(p / columns) - y, p % columns - x];
      const steps = Math.max(Math.abs(down), Math.abs(right));
      for (let s = 1; s <= steps; s++) this.dab((y + Math.round(s * down / steps)) * columns + x + Math.round(s * right / steps));
      this.stroke.last = p;
    });
    for (const name of ['pointerup', 'pointercancel']) on(this.picture, name, () => { if (this.stroke) { this.stroke = null; this.change(() => {}); } });
  }
  dab(p) {
    if ((this.changes.from[p] !== ERASED) !== this.stroke.erases) return;
    this.changes.erase(p);
    this.composed();
    this.schedule();
  }
  letGo() {
    if (this.picked !== null) { this.picked = null; this.schedule(); return; }
    this.hover = this.pinned = null;
    this.share();
  }
  share() {                                 // other figures follow, and so does Python
    const p = this.pinned !== null && this.pinned >= 0 ? this.pinned : null;
    pin.write(p, this.grid, this);
    this.tell(p);
    this.schedule();
  }
  tell(p) { this.keep('pinned', p === null ? null : [p, ...this.grid]); }

  // ---- pointing at the maps
  index([l, h]) { return l * this.model.head.heads + h; }
  under(event) {                            // { l } for a block's heading, else { l, h, p, knob }
    if (!this.live) return null;
    const r = this.heads.getBoundingClientRect(), { grid: [rows, columns], blocks, heads } = this.head, T = this.tile, TH = this.tileHeight;
    const l = Math.floor((event.clientX - r.left - this.left) / (T + this.gap)), h = Math.floor((event.clientY - r.top - this.top) / (TH + this.gap));
    const x = event.clientX - r.left - this.left - l * (T + this.gap), y = event.clientY - r.top - this.top - h * (TH + this.gap);
    if (l < 0 || l >= blocks || h >= heads || x > T || y > TH) return null;
    const finger = event.pointerType === 'touch', knob = x > T - this.knob && !(finger && T < 48);   // too small for a finger: there are buttons under More
    if (h < 0) return knob ? { l } : null;
    const head = this.index([l, h]), shown = !finger || this.alike || this.changes.off.has(head) || head === this.index(this.chosen);
    return { l, h, knob: knob && shown && y < this.knob, p: Math.min(rows - 1, Math.floor(y / TH * rows)) * columns + Math.min(columns - 1, Math.floor(x / T * columns)) };
  }
  point(at) {
    this.peek = at && 'h' in at ? [at.l, at.h] : null;
    this.aim = at && 'h' in at && !at.knob ? at.p : null;
    this.heads.title = !at || !('h' in at || 'l' in at) ? '' : !('h' in at) ? `Switch all heads of block ${at.l + 1} off or on` : at.knob ? this.switchWords(at.l, at.h) : '';
    this.schedule();
  }
  press(at) {
    if (!at) return;
    if (!('h' in at)) this.change(() => this.changes.toggleBlock(at.l));
    else if (at.knob) this.change(() => this.changes.toggleHead(this.index([at.l, at.h])));
    else this.setView({ head: [at.l, at.h] });
  }
  key(event) {
    if (!this.live) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      this.change(() => (event.shiftKey ? this.changes.toggleBlock(this.chosen[0]) : this.changes.toggleHead(this.index(this.chosen))));
      return;
    }
    const step = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
    if (!step) return;
    event.preventDefault();
    const within = (v, n) => Math.max(0, Math.min(n - 1, v));
    const [l, h] = this.chosen;
    this.peek = this.aim = null;
    this.setView({ head: [within(l + step[0], this.head.blocks), within(h + step[1], this.head.heads)] });
  }
  switchWords(l, h) { return `Switch block ${l + 1}, head ${h + 1} ${this.changes.off.has(this.index([l, h])) ? 'on' : 'off'}`; }
  change(act) {                             // shown at once; the numbers follow when Python has them
    if (!this.live) return;
    act();
    this.changes.send(this.keep);
    this.composed();
    this.schedule();
  }

  // ---- data
  setData(data) {
    const head = data.head, live = head.state === 'reading', [height, width] = head.size;
    fits('rgb', data.rgb, 3 * width * height);
    const shares = live ? new Shares(data) : null;   // throws before anything is touched
    this.head = head; this.grid = head.grid; this.live = live;
    this.alike = head.grid[0] * head.grid[1] + head.prefix.length === 1;   // one token: every map is the same square, so there are only switches
    this.source = sprite(data.rgb, width, height);
    this.changes.meet(head);
    if (live) {
      this.model = { head, shares };
      this.start = head.start.patch;
      if (head.look && head.look[0] !== WINDOW.looked) { WINDOW.looked = head.look[0]; this.setView({ head: head.look.slice(1) }); }
    } else this.start = null;
    this.theme = theme(this.wrap);
    this.composed();
    this.meetLink();
    this.hover = this.aim = this.peek = null;
    if (this.picked >= this.grid[0] * this.grid[1]) this.picked = null;
    this.wrap.dataset.state = head.state;
    this.lens.classList.toggle('awaited', !live);
    this.chipsFor(head.prefix);
    this.draw();
    this.painted({ rev: head.rev });
  }
  meetLink() {                              // what a link asks for holds once; else what this window has stays, and Python hears of the pin
    const { link, prefix } = this.head, first = !this.met, followed = link && link.id !== WINDOW.followed, pins = followed && 'patch' in link;
    this.met = true;
    if (followed) {
      clearTimeout(this.telling);
      Object.assign(WINDOW, { followed: link.id, direction: link.direction, scale: link.scale, head: link.head });
    }
    if (pins) pin.write(link.patch, this.grid, this);
    const other = this.pinned !== null && this.pinned < 0 && -this.pinned <= prefix.length ? this.pinned : null;
    this.pinned = pins ? link.patch : other ?? pin.read(this.grid);
    if (pins || (first && this.pinned !== null)) this.tell(this.pinned);
  }
  composed() {                              // the picture as it is changed, and as the maps of the last reading show it
    this.seen = this.changes.compose(this.source, this.grid, this.head.mean);
    if (this.live) this.model.seen = this.seen;
    this.mute();
  }
  chipsFor(names) {                         // one button per token that is not a patch
    if (this.chips.children.length === names.length) return;
    this.chips.replaceChildren(...names.map((name, k) => {
      const chip = document.createElement('button');
      chip.type = 'button'; chip.textContent = `[${name}]`;
      chip.onclick = () => { if (this.live) this.pinAt(-1 - k); };
      chip.onpointerenter = () => this.live && this.setHover(-1 - k);
      chip.onpointerleave = () => this.setHover(null);
      return chip;
    }));
  }

  // ---- drawing
  draw() {
    const start = performance.now(), p = this.shown();
    if (this.live) { this.last = p; this.model.shares.compute(p, this.direction); this.paint(); }
    this.drawPicture(p);
    this.drawHeads();
    this.drawControls(p);
    this.wrap.dataset.shown = p ?? ''; this.wrap.dataset.pinned = this.pinned ?? '';
    this.sayHow();
    this.lens.classList.toggle('alike', Boolean(this.live && this.alike));
    if (this.live) this.say(p); else this.sayAwaited();
    this.cost.push(performance.now() - start);
    if (this.cost.length > 200) this.cost.shift();
    this.wrap.__cost = this.cost;           // read by the measuring tests
  }
  drawControls(p) {
    const one = this.onePatch, pressed = { direction: this.direction, scale: this.scale, mode: this.mode, positions: this.changes.positions ? 'on' : 'off' };
    for (const [name, value] of Object.entries(pressed)) for (const button of this.wrap.querySelectorAll(`[data-${name}]`)) button.setAttribute('aria-pressed', button.dataset[name] === value);
    [...this.chips.children].forEach((chip, k) => { chip.classList.toggle('shown', p === -1 - k); chip.setAttribute('aria-pressed', this.pinned === -1 - k); });
    for (const selector of ['.shuffle', '[data-mode=swap]', '[data-scale=each]']) this.wrap.querySelector(selector).disabled = one;
    const words = this.changes.words(this.head.blocks), brief = words.includes(' · ') && words.length > 52 ? this.changes.words(this.head.blocks, true) : words;
    if (this.badge.title !== words) { this.badge.textContent = brief; this.badge.title = words; }
    this.wrap.querySelector('.reset').hidden = !words;
    const [l, h] = this.chosen ?? [0, 0];
    this.thisHead.textContent = this.live ? this.switchWords(l, h) : 'Switch a head off';
    this.thisBlock.textContent = `Switch all of block ${l + 1} off or on`;
    for (const button of [this.thisHead, this.thisBlock]) button.disabled = !this.live;
    for (const button of this.wrap.querySelectorAll('[data-positions]')) {
      button.disabled = !this.head.placed;
      button.title = this.head.placed ? '' : 'This model has no position embeddings.';
    }
    this.lens.classList.toggle('pending', this.live && this.changes.pending);
    this.drawAnswers();
  }
  drawAnswers() {                           // only when they are new: pointing does not change them
    const head = this.live ? this.head : this.model?.head ?? this.head, narrow = this.wrap.clientWidth <= 700;
    const mark = `${head.rev}|${narrow}|${this.changes.shown}`;
    if (mark === this.answered) return;
    this.answered = mark;
    const all = head.changes.heads.length === head.blocks * head.heads;
    answer(this.wrap, head.answers, head.changed, all ? aboutAllOff(head.pooling) : '');
  }

  // ---- words
  at(p) {
    const [l, h] = this.peek ?? this.chosen;
    return { p, target: this.target(), k: this.index([l, h]), l, h, direction: this.direction, pinned: p === this.pinned, names: this.head.prefix, size: this.head.size, grid: this.grid };
  }
  say(p) {
    const { shares } = this.model, at = this.at(p), each = this.scale === 'each';
    const highest = share(shares.maxima[at.k]), brightest = this.alike ? 'One token: in every head it gives itself 100%, so there are switches here and no maps.'
      : each ? `brightest: ${highest} in the large map; each map has its own` : `brightest: ${share(shares.largest)}, the same in all maps; this map’s highest is ${highest}`;
    if (this.high.textContent !== brightest) this.high.textContent = brightest;
    this.read.replaceChildren(...readout(shares, at));
    this.fill();
  }
  sayHow() {
    const how = howTo(this.mode, FINGER.matches, this.picked === null ? null : place(this.picked, this.grid));
    if (this.hint.textContent !== how) this.hint.textContent = how;
  }
  fill() {                                  // the table follows, a moment behind the pointer
    clearTimeout(this.filling);
    if (!this.numbers.hidden && this.live) this.filling = setTimeout(() => this.numbers.replaceChildren(...tables(this.model.shares, this.at(this.shown()))), 120);
  }
  sayAwaited() {
    const { what, then, done } = this.head;
    this.read.replaceChildren(strong(what + ' '), then);
    if (done === null) return;
    const bar = document.createElement('span'), fill = document.createElement('i');
    bar.className = 'bar'; fill.style.width = 100 * done + '%'; bar.append(fill); this.read.append(bar);
  }
}

export default mount('lens', (root) => new Lens(root));
