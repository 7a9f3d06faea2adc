// uses finding memory marks picker questions placing card
// The tour: one step at a time over the live page. Python says which step, and the model's result;
// the rest happens here.
const CARE = 7000,
  SETTLING = 1500,
  // milliseconds in which a step is brought into view again; how often a button is pressed until it
  // is
  TRIES = 25;
const BUSY =
  'input, textarea, select, [contenteditable="true"], [role="slider"], [role="application"], [role="radio"], [role="tab"], [role="option"], [role="combobox"]';

class Tour {
  events = new AbortController();
  constructor(root) {
    const $ = (selector) => root.querySelector(selector),
      { signal } = this.events;
    this.wrap = $('.tour');
    this.marks = new Marks($('.marks'));
    this.card = new Card(root, {
      guess: (k) => this.guess(k),
      go: (k) => this.go(k),
      link: (page) => this.send('go', { page }),
    });
    this.picker = new Picker($('.over'), $('canvas.picker'), (p) => this.guess(p), signal);
    $('.back').addEventListener('click', () => this.go(this.head.number - 1), { signal });
    $('.next').addEventListener('click', () => this.forward(), { signal });
    $('.leave').addEventListener('click', () => this.leave(), { signal });
    $('.fold').addEventListener(
      'click',
      () => {
        TOUR.folded = !TOUR.folded;
        this.redraw();
      },
      { signal },
    );
    addEventListener('keydown', (event) => this.key(event), { signal });
    const follow = () => {
      this.asked ||= requestAnimationFrame(() => {
        this.asked = 0;
        this.follow();
      });
    };
    document.addEventListener('scroll', follow, { signal, capture: true, passive: true });
    addEventListener('resize', follow, { signal });
    const alone = () => {
      this.care = 0;
    }; // who scrolls is not scrolled back
    for (const name of ['wheel', 'touchmove', 'pointerdown'])
      document.addEventListener(
        name,
        (event) => {
          if (!event.composedPath().includes(this.card.box)) alone();
        },
        { signal, capture: true, passive: true },
      );
    this.clock = setInterval(follow, 300); // figures come, grow and go without a word
  }
  stop() {
    this.events.abort();
    clearInterval(this.clock);
    cancelAnimationFrame(this.asked);
    document.documentElement.style.removeProperty('--tour-room');
  }

  setData(data) {
    this.data = data;
    const { head } = data,
      fresh = ['tour', 'number', 'here'].some((name) => this.head?.[name] !== head[name]);
    this.head = head;
    this.wrap.hidden = false;
    if (fresh) {
      this.attend();
      this.begun = performance.now();
      this.presses = new Map(head.clicks.map((path) => [path, TRIES]));
      this.card.drawnOptions = '';
    }
    if (head.here) memory.reach(head.tour, head.number);
    this.redraw();
    if (fresh && head.here) {
      this.card.content.scrollTop = 0;
      if (TOUR.moved) this.card.box.focus({ preventScroll: true });
      TOUR.moved = false;
    }
    Object.assign(this.wrap.dataset, { step: head.step, rev: head.rev });
  }
  attend() {
    this.care = performance.now() + CARE;
    this.brought = this.found = 0;
  }
  get made() {
    const { ask, tour, step, basis } = this.head;
    return ask ? memory.guess(tour, step, basis) : null;
  }
  redraw() {
    this.card.draw(this.head, this.made);
    this.setMarks();
    this.follow();
  }
  setMarks() {
    const { head, made } = this,
      { ask, grid } = head,
      wanted = [];
    const open = head.here && ask && !made;
    if (head.here) for (const path of head.ring) wanted.push({ kind: 'ring', path });
    if (head.here && ask)
      for (const path of ask.veil) wanted.push({ kind: made ? 'seen' : 'veil', path });
    if (head.here && made && ask.kind === 'patch') {
      const at = (p) => [p, ...grid],
        path = ask.picker,
        same = made.guess === made.right;
      wanted.push(
        { kind: 'model', path, at: at(made.right) },
        { kind: 'tag', path, at: at(made.right), word: same ? tr`you and the model` : tr`model` },
      );
      if (made.guess !== null && !same)
        wanted.push(
          { kind: 'you', path, at: at(made.guess) },
          { kind: 'tag', path, at: at(made.guess), word: tr`you` },
        );
    }
    this.marks.set(wanted);
    if (open && ask.kind === 'patch' && ready(ask))
      this.picker.open({
        path: ask.picker,
        rgb: this.data.rgb,
        size: head.size,
        grid,
        query: head.pin,
      });
    else this.picker.close();
  }
  follow() {
    if (!this.head) return;
    this.doClicks();
    this.marks.follow();
    this.picker.follow();
    const rings = this.marks.boxes('ring'),
      veils = [...this.marks.boxes('veil'), ...this.marks.boxes('seen')],
      all = [...rings, ...this.marks.boxes('you')],
      now = performance.now();
    placeCard(this.card.box, all, { beside: veils, settled: now > this.begun + SETTLING });
    if (rings.length && !this.found) {
      // a slow page may draw it only now
      this.found = now;
      this.care &&= now + CARE;
    }
    if (this.head.here && rings.length && now < this.care && now - this.brought > 650) {
      this.brought = now;
      bring(this.card.box, rings, veils);
    } // figures above it may still grow
    const room = `${this.card.box.offsetHeight + 40}px`,
      { style } = document.documentElement;
    if (style.getPropertyValue('--tour-room') !== room) style.setProperty('--tour-room', room);
  }
  doClicks() {
    // press what the step presses, and pin what it pins, once it is there
    const { head } = this;
    if (!head.here) return;
    for (const path of head.clicks) {
      const left = this.presses.get(path),
        button = left > 0 ? find(path) : null;
      if (!button) continue;
      const pressed =
        button.getAttribute('aria-pressed') === 'true' ||
        button.getAttribute('aria-current') === 'step';
      // before its figure has begun, a press is lost
      this.presses.set(path, pressed ? 0 : left - 1);
      if (!pressed) button.click();
    }
    // A lens that opens by a link lets go of what was pinned: so it is pinned until someone points.
    if (head.pin !== null && performance.now() < this.care && pin.read(head.grid) !== head.pin)
      pin.write(head.pin, head.grid, null);
  }

  // ---- the way
  forward() {
    const { head } = this;
    if (!head.here) this.go(head.number);
    else if (TOUR.folded) {
      TOUR.folded = false;
      this.redraw();
    } else if (head.ask && !this.made) {
      if (ready(head.ask)) this.guess(null);
    } else if (head.number + 1 < head.of) this.go(head.number + 1);
    else this.leave();
  }
  go(number) {
    if (number < 0 || number >= this.head.of) return;
    TOUR.moved = true;
    TOUR.folded = false;
    this.send('go', number);
  }
  leave() {
    this.send('go', -1);
    this.wrap.hidden = true;
  }
  guess(k) {
    const { ask, tour, step, grid, basis } = this.head;
    if (!ready(ask) || this.made) return;
    memory.keep(tour, step, { ...predicted(ask, k, grid), basis });
    this.attend();
    this.redraw();
    if (ask.then) this.send('told', step);
    this.card.box.focus({ preventScroll: true });
  }
  key(event) {
    if (
      event.defaultPrevented ||
      event.altKey ||
      event.ctrlKey ||
      event.metaKey ||
      event.shiftKey ||
      this.wrap.hidden
    )
      return;
    const [target] = event.composedPath(),
      // what a presenter's remote sends
      page = this.head.present && !target.matches?.('input, textarea');
    const way = { ArrowRight: 1, ArrowLeft: -1, ...(page && { PageDown: 1, PageUp: -1 }) }[
      event.key
    ];
    if (
      !way ||
      (event.key.startsWith('Arrow') && (target.matches?.(BUSY) || target.closest?.(BUSY)))
    )
      return;
    event.preventDefault();
    if (way > 0) this.forward();
    else this.go(this.head.number - 1);
  }
}

export default mount('tour', (root) => new Tour(root));
