// uses saving shares reading view_words intervention readout drawing pointing
// The attention view: hover over a patch, and every head of every block shows what it attends to,
// or what attends to it. What outlives the page in this window: the link that was followed last,
// and how maps are shown.
const WINDOW = (globalThis.__vitExplorerLens ??= {
  followed: null,
  direction: 'from',
  scale: 'each',
  head: null,
});

class Lens extends Pointing {
  constructor(root) {
    super(root, WINDOW);
    const $ = (selector) => root.querySelector(selector);
    Object.assign(this, {
      badge: $('.badge'),
      thisHead: $('.this-head'),
      thisBlock: $('.this-block'),
      answers: $('.answers'),
      effect: $('.effect'),
    });
    this.changes = new Changes();
    this.listen(root, this.events.signal);
    this.watch(this.wrap);
  }
  listen(root, signal) {
    const on = super.listen(root, signal),
      click = (selector, act) => on(root.querySelector(selector), 'click', act);
    const more = root.querySelector('.unfold'),
      extra = root.querySelector('.extra'),
      fold = () => unfold(more, extra, false);
    on(more, 'click', () => unfold(more, extra, extra.hidden));
    on(document, 'pointerdown', (event) => {
      if (!event.composedPath().includes(more.parentElement)) fold();
    });
    document.addEventListener(
      'keydown',
      (event) => {
        // before the image hears of it, and clears the pin
        if (event.key !== 'Escape' || extra.hidden) return;
        event.stopPropagation();
        fold();
        more.focus();
      },
      { signal, capture: true },
    );
    click('.reset', () => this.change(() => this.changes.reset()));
    click('.shuffle', () => this.change(() => this.changes.shuffle()));
    click('.this-head', () => this.change(() => this.changes.toggleHead(this.index(this.chosen))));
    click('.this-block', () => this.change(() => this.changes.toggleBlock(this.chosen[0])));
  }
  get choices() {
    return ['direction', 'scale', 'mode', 'positions'];
  }
  choose(name, value) {
    if (name === 'positions')
      this.change(() => {
        this.changes.positions = value === 'on';
      });
    else if (name === 'mode') {
      this.mode = value;
      this.picked = this.stroke = null;
      this.image.style.touchAction = value === 'erase' ? 'none' : '';
    } else this.setView({ [name]: value });
    this.schedule();
  }

  // ---- how maps are shown: Python hears of it, for the address
  setView(view) {
    super.setView(view);
    clearTimeout(this.telling); // arrow keys run over many maps
    this.telling = setTimeout(() => this.tellView(), 150);
  }
  tellView() {
    this.keep('view', { direction: WINDOW.direction, scale: WINDOW.scale, head: WINDOW.head });
  }

  // ---- pointing at the image
  pinAt(p) {
    // a click or Enter on patch p, or on a token's button
    if (p < 0 || this.mode === 'point') super.pinAt(p);
    else if (this.mode === 'erase') this.change(() => this.changes.erase(p));
    else if (this.picked === null) {
      this.picked = p;
      this.schedule();
    } else {
      const other = this.picked;
      this.picked = null;
      if (other === p) this.schedule();
      else this.change(() => this.changes.swap(other, p));
    }
  }
  before(on) {
    // while erasing: a drag erases, or brings back, all that it passes; sent once, at its end
    const under = (event) => {
      const r = this.image.getBoundingClientRect();
      return cell(event.clientX - r.left, event.clientY - r.top, this.W, this.H, this.grid);
    };
    on(this.image, 'click', (event) => {
      if (this.mode === 'erase') event.stopImmediatePropagation();
    }); // it was a drag already
    on(this.image, 'pointerdown', (event) => {
      const p = this.mode === 'erase' && this.live && event.button === 0 ? under(event) : null;
      if (p === null) return;
      this.image.setPointerCapture(event.pointerId);
      this.stroke = { erases: this.changes.from[p] !== ERASED, last: p };
      this.dab(p);
    });
    on(this.image, 'pointermove', (event) => {
      const p = this.stroke ? under(event) : null;
      if (p === null) return;
      const [, columns] = this.grid,
        { last } = this.stroke,
        [y, x] = [Math.floor(last / columns), last % columns],
        [down, right] = [Math.floor(p / columns) - y, (p % columns) - x];
      const steps = Math.max(Math.abs(down), Math.abs(right));
      for (let s = 1; s <= steps; s++)
        this.dab(
          (y + Math.round((s * down) / steps)) * columns + x + Math.round((s * right) / steps),
        );
      this.stroke.last = p;
    });
    for (const name of ['pointerup', 'pointercancel'])
      on(this.image, name, () => {
        if (this.stroke) {
          this.stroke = null;
          this.change(() => {});
        }
      });
  }
  dab(p) {
    if ((this.changes.from[p] !== ERASED) !== this.stroke.erases) return;
    this.changes.erase(p);
    this.composed();
    this.schedule();
  }
  letGo() {
    if (this.picked !== null) {
      this.picked = null;
      this.schedule();
      return;
    }
    super.letGo();
  }
  share() {
    // other figures follow, and so does the URL
    pin.write(this.pinned, this.grid, this);
    this.schedule();
  }
  get numPrefixTokens() {
    return this.head.prefix.length;
  }

  // ---- pointing at the maps
  get switches() {
    return true;
  }
  off(k) {
    return this.live && this.changes.off.has(k);
  }
  get sources() {
    return this.changes.from;
  }
  point(at) {
    super.point(at);
    this.heads.title =
      !at || !('h' in at || 'l' in at)
        ? ''
        : !('h' in at)
          ? this.blockWords(at.l)
          : at.knob
            ? this.headWords(at.l, at.h)
            : '';
  }
  press(at) {
    if (!at) return;
    if (!('h' in at)) this.change(() => this.changes.toggleBlock(at.l));
    else if (at.knob) this.change(() => this.changes.toggleHead(this.index([at.l, at.h])));
    else super.press(at);
  }
  key(event) {
    if (!this.live) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      this.change(() =>
        event.shiftKey
          ? this.changes.toggleBlock(this.chosen[0])
          : this.changes.toggleHead(this.index(this.chosen)),
      );
      return;
    }
    super.key(event);
  }
  headWords(l, h) {
    return this.changes.off.has(this.index([l, h]))
      ? tr`Restore L${l + 1}H${h + 1}`
      : tr`Ablate L${l + 1}H${h + 1}`;
  }
  blockWords(l) {
    return this.changes.whole(l) ? tr`Restore block ${l + 1}` : tr`Ablate block ${l + 1}`;
  }
  change(act) {
    // shown at once; the numbers follow when Python has them
    if (!this.live) return;
    act();
    this.changes.send(this.keep);
    this.composed();
    this.schedule();
  }

  // ---- data
  setData(data) {
    this.meet(data);
    const { head, live } = this;
    this.changes.meet(head);
    if (live && head.look && head.look[0] !== WINDOW.looked) {
      WINDOW.looked = head.look[0];
      this.setView({ head: head.look.slice(1) });
    }
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
  meetLink() {
    // what a link asks for holds once; else what this window has stays
    const { link } = this.head;
    if (link && link.id !== WINDOW.followed) {
      clearTimeout(this.telling);
      Object.assign(WINDOW, {
        followed: link.id,
        direction: link.direction,
        scale: link.scale,
        head: link.head,
      });
    }
    this.pinned = pin.read(this.grid, this.numPrefixTokens);
  }
  compose(source) {
    return this.changes.compose(source, this.grid, this.head.mean);
  }

  // ---- drawing
  get pressed() {
    return { ...super.pressed, mode: this.mode, positions: this.changes.positions ? 'on' : 'off' };
  }
  drawControls(p) {
    super.drawControls(p);
    for (const selector of ['.shuffle', '[data-mode=swap]'])
      this.wrap.querySelector(selector).disabled = this.onePatch;
    const words = this.changes.words(this.head.blocks),
      brief =
        words.includes(' · ') && breadth(words) > 52
          ? this.changes.words(this.head.blocks, true)
          : words;
    if (this.badge.title !== words) {
      this.badge.textContent = brief;
      this.badge.title = words;
    }
    this.wrap.querySelector('.reset').hidden = !words;
    const [l, h] = this.chosen ?? [0, 0];
    this.thisHead.textContent = this.live ? this.headWords(l, h) : tr`Ablate head`;
    this.thisBlock.textContent = this.live ? this.blockWords(l) : tr`Ablate block`;
    for (const button of [this.thisHead, this.thisBlock]) button.disabled = !this.live;
    for (const button of this.wrap.querySelectorAll('[data-positions]')) {
      button.disabled = !this.head.placed;
      button.title = this.head.placed ? '' : tr`This model has no position embeddings.`;
    }
    this.lens.classList.toggle('pending', this.live && this.changes.pending);
    this.drawAnswers();
  }
  drawAnswers() {
    // only when they are new: pointing does not change them
    const head = this.live ? this.head : (this.model?.head ?? this.head),
      narrow = this.wrap.clientWidth <= 700;
    const mark = `${head.rev}|${narrow}|${this.changes.shown}`;
    if (mark === this.answered) return;
    this.answered = mark;
    const all = head.changes.heads.length === head.blocks * head.heads;
    predict(this.wrap, head.answers, head.changed, all);
  }

  // ---- words
  at(p) {
    const at = super.at(p),
      { blocks, heads, pixels } = this.head,
      count = (n) => Array.from({ length: n }, (_, i) => `${i + 1}`);
    return {
      ...at,
      named: { blocks: count(blocks), heads: count(heads) },
      called: this.mapName(at.l, at.h),
      pixels: pixels / this.grid[0],
    };
  }
  say(p) {
    const { shares } = this.model,
      at = this.at(p);
    const most = this.alike
      ? tr`Only one token`
      : tr`max. ${share(this.scale === 'each' ? shares.maxima[at.k] : shares.largest)}`;
    if (this.high.textContent !== most) this.high.textContent = most;
    this.read.replaceChildren(...readout(shares, at));
    this.fill();
  }
  tellHow() {
    const how =
      this.onePatch && this.mode === 'point'
        ? tr`${ONE_PATCH}. Choose a smaller patch size.`
        : howTo(this.mode, FINGER.matches, this.picked !== null);
    if (this.hint.textContent !== how) this.hint.textContent = how;
  }
  sayAwaited() {
    const { what, then, done } = this.head;
    this.read.replaceChildren(strong(tr`${what} `), then);
    if (done === null) return;
    const bar = el('span'),
      fill = el('i');
    bar.className = 'bar';
    fill.style.width = 100 * done + '%';
    bar.append(fill);
    this.read.append(bar);
  }
}

export default mount('attention_lens', (root) => new Lens(root));
