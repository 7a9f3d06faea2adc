// uses saving svg arithmetic words example cells strips lines numpy layout machine_links editing playing
// uses example_view image_view
// The attention machine: the controls, which of its two views is seen, and the text around it.

const HINTS = {
  example: tr`Select an entry for its arithmetic. Drag, type or paste to edit inputs and weights; select a row for the query.`,
  image: tr`Select an entry of a matrix for its arithmetic. Select a patch or a row for the query.`,
};
const pressed = (buttons, test) =>
  buttons.forEach((button) => button.setAttribute('aria-pressed', test(button)));

class Machine extends Figure {
  constructor(root) {
    super();
    const $ = (selector) => root.querySelector(selector),
      $$ = (selector) => [...root.querySelectorAll(selector)],
      { signal } = this.events;
    this.wrap = $('.wrap');
    this.parts = {
      lead: $('.lead'),
      stage: $('.stage'),
      read: $('.read'),
      absent: $('.absent'),
      numpy: $('.numpy'),
      script: $('.numpy pre'),
      play: $('.play'),
      count: $('.count output'),
      seed: $('.seed output'),
      reset: $('.reset'),
      kind: $('.kind'),
      prefix: $('.prefix'),
      queryTool: $('.query-tool'),
      widths: $('.widths'),
    };
    this.sets = { example: $('.of-example'), image: $('.of-image') };
    this.layers = { example: $('.layer.example'), image: $('.layer.image') };
    this.views = {
      example: new ExampleView(this.layers.example, this, signal),
      image: new ImageView(this.layers.image, this, signal),
    };
    this.playing = new Playing({
      parts: (step) => this.view().parts(step),
      show: (step, _, running) => {
        SHARED.step = running ? null : step;
        this.onShared();
      },
    });
    this.playing.stand(SHARED.step);
    const press = (selector, act) =>
      $$(selector).forEach((button) =>
        button.addEventListener('click', () => act(button), { signal }),
      );
    press('.modes button', (button) => {
      this.playing.stand(null);
      SHARED.set({ mode: button.dataset.mode, step: null });
    });
    press('.count button', (button) =>
      SHARED.set({
        count: Math.max(2, Math.min(MOST_TOKENS, SHARED.count + Number(button.dataset.by))),
      }),
    );
    press('.scale button', (button) => SHARED.set({ scaled: Boolean(button.dataset.on) }));
    press('.mask button', (button) => SHARED.setMaskKind(button.dataset.mask));
    press('.source button', (button) => SHARED.setCross(Boolean(button.dataset.cross)));
    press('.seed button', (button) =>
      SHARED.set({ seed: Math.max(1, Math.min(999, SHARED.seed + Number(button.dataset.by))) }),
    );
    press('.reset', () => SHARED.undo());
    press('.play', () => this.playing.press());
    press('.copy', (button) =>
      navigator.clipboard?.writeText(this.parts.script.textContent).then(
        () => {
          button.textContent = tr`Copied`;
          setTimeout(() => {
            button.textContent = tr`Copy`;
          }, 1600);
        },
        () => {},
      ),
    );
    this.parts.kind.addEventListener('change', () => SHARED.set({ kind: this.parts.kind.value }), {
      signal,
    });
    this.parts.numpy.addEventListener('toggle', () => this.schedule(), { signal });
    this.choices = {
      steps: this.choice($('.steps'), (k) => this.playing.go(k)),
      heads: this.choice($('.heads'), (k) => SHARED.set({ head: k })),
      blocks: this.choice($('.blocks'), (k) => this.askBlock(k)),
      imageHeads: this.choice($('.image-heads'), (k) => SHARED.set({ imageHead: k })),
      prefix: this.choice($('.prefix'), (k) => this.views.image.pickToken(k)),
    };
    SHARED.listen(this);
    pin.follow(this);
    this.watch(this.wrap);
  }
  stop() {
    super.stop();
    this.playing.halt();
    SHARED.leave(this);
    pin.leave(this);
  }
  onShared() {
    this.schedule();
    this.tellServer();
  }
  tellServer() {
    // for the link, once a change is made
    const asked = SHARED.asked(),
      told = JSON.stringify(asked);
    if (this.views.example.editing.busy || told === SHARED.told) return;
    SHARED.told = told;
    this.send('view', asked);
  }
  onPin() {
    SHARED.lookFrom({});
  }
  view() {
    return this.views[SHARED.mode];
  }

  // A row of buttons that is filled when it is known how many there are.
  choice(box, act) {
    return (labels, chosen) => {
      while (box.children.length > labels.length) box.lastChild.remove();
      while (box.children.length < labels.length) {
        const k = box.children.length,
          button = element(box, 'button');
        button.type = 'button';
        button.onclick = () => act(k);
      }
      [...box.children].forEach((button, k) => {
        if (button.textContent !== labels[k]) button.textContent = labels[k];
      });
      pressed(
        [...box.children],
        (button) => labels[[...box.children].indexOf(button)] === labels[chosen],
      );
    };
  }
  askBlock(k) {
    if (k === SHARED.image?.head.block) return;
    this.asked = k;
    SHARED.headChosen = true; // the head stays when another block is chosen
    this.layers.image.classList.add('updating');
    this.send('block', k);
    this.onShared();
  }

  setData(data) {
    this.data = data;
    const { state, asked } = data.head,
      // the last image stays, dimmed, until its successor is there
      kept = state === 'waiting' && SHARED.image !== null;
    this.asked = null;
    this.views.image.over = null;
    this.layers.image.classList.toggle('updating', kept);
    if (SHARED.mark !== asked.mark) {
      SHARED.mark = asked.mark; // a link holds once
      SHARED.restore(asked);
      this.playing.stand(SHARED.step);
    }
    if (!kept) SHARED.take(state === 'image' ? new ImageNumbers(data) : null);
    this.draw();
    this.painted({ rev: data.head.rev });
  }

  // ---- drawing
  draw() {
    const width = Math.min(1240, Math.floor(this.wrap.clientWidth)),
      { mode } = SHARED,
      { stage, absent } = this.parts;
    if (!width) return;
    this.colors = theme(this.wrap);
    if (this.palette?.key !== this.colors.diverging.join() + this.colors.sequential.join())
      this.palette = new Palette(this.colors);
    const there = mode === 'example' || SHARED.image;
    for (const name of ['example', 'image']) {
      this.layers[name].hidden = name !== mode || !there;
      this.sets[name].classList.toggle('away', name !== mode);
    }
    absent.hidden = Boolean(there);
    let height = 480;
    if (there) {
      height = this.view().draw(width, mode === 'example' ? this.palette : this.colors);
      this.view().reveal(this.playing.step);
    } else
      absent.replaceChildren(
        element(null, 'p', '', `${this.data.head.what} ${this.data.head.then}`),
      );
    stage.style.height = `${Math.ceil(height)}px`;
    this.drawControls();
    this.say();
  }
  drawControls() {
    const { parts, choices } = this,
      { step, running } = this.playing,
      numbers = (count) => Array.from({ length: count }, (_, k) => String(k + 1));
    pressed(
      [...this.wrap.querySelectorAll('.modes button')],
      (button) => button.dataset.mode === SHARED.mode,
    );
    pressed(
      [...this.wrap.querySelectorAll('.scale button')],
      (button) => Boolean(button.dataset.on) === SHARED.scaled,
    );
    pressed(
      [...this.wrap.querySelectorAll('.mask button')],
      (button) => button.dataset.mask === SHARED.maskKind,
    );
    pressed(
      [...this.wrap.querySelectorAll('.source button')],
      (button) => Boolean(button.dataset.cross) === SHARED.cross,
    );
    this.wrap.querySelector('[data-mask=causal]').disabled = SHARED.cross;
    parts.count.textContent = SHARED.count;
    this.wrap.querySelectorAll('.count button').forEach((button) => {
      const to = SHARED.count + Number(button.dataset.by);
      button.disabled = to < 2 || to > MOST_TOKENS;
    });
    parts.kind.value = SHARED.kind;
    parts.seed.textContent = SHARED.seed;
    parts.reset.disabled = !SHARED.edited;
    parts.play.textContent = running ? tr`Pause` : calm() ? tr`Step` : tr`Play`;
    choices.steps(STEPS, step);
    choices.heads(numbers(SHARED.heads), SHARED.head);
    const { image } = SHARED;
    if (!image) return;
    choices.blocks(numbers(image.head.blocks), this.asked ?? image.head.block);
    choices.imageHeads(numbers(image.head.heads), SHARED.imageHead);
    say(parts.widths, widthsOf(image.head));
    choices.prefix(image.head.prefix, SHARED.mode === 'image' ? this.views.image.now() : -1);
    parts.queryTool.hidden = !image.head.prefix.length;
  }
  pointed() {
    // only what follows the pointer
    if (!this.view().run) return;
    if (SHARED.mode === 'example') this.views.example.mark();
    else this.views.image.repoint();
    this.sayCell();
  }
  playedCell() {
    const { step, part } = this.playing;
    return step !== null && part !== null ? this.view().partCell(step, part) : null;
  }

  // ---- words
  say() {
    const view = this.view(),
      { image } = SHARED,
      inImage = SHARED.mode === 'image';
    if (inImage && !image) {
      say(this.parts.lead, this.data.head.what);
      say(this.parts.read, this.data.head.then);
      return;
    }
    const query = inImage ? view.now() : SHARED.query,
      names = inImage ? (i) => image.called(i) : (i) => vector('x', i + 1);
    const cross = !inImage && SHARED.cross,
      ofKeys = cross ? (j) => vector('y', j + 1) : null,
      line = finding(strongestKey(view.run, query), names, ofKeys);
    say(
      this.parts.lead,
      inImage
        ? tr`Block ${image.head.block + 1}, head ${SHARED.imageHead + 1}: ${line}`
        : cross
          ? tr`Cross-attention: ${line}`
          : line,
    );
    this.sayCell();
    if (this.parts.numpy.open)
      this.parts.script.textContent = inImage
        ? recomputeFromModel(image.head.script, { head: SHARED.imageHead, query, run: view.run })
        : recomputeInNumpy(view.run, { query, maskKind: SHARED.maskKind, mask: SHARED.mask() });
  }
  sayCell() {
    const view = this.view(),
      { read } = this.parts,
      { over } = view,
      { step } = this.playing,
      query = SHARED.mode === 'image' ? view.now() : SHARED.query;
    read.classList.toggle('hint', !over && step === null);
    if (over) say(read, view.sentence(over));
    else if (step !== null) say(read, this.stepSentence(view, step, query));
    else say(read, HINTS[SHARED.mode]);
  }
  stepSentence(view, step, query) {
    const part = this.playedCell();
    if (part && step !== 5) return view.sentence(part);
    const token = SHARED.mode === 'image' ? (i) => SHARED.image.token(i) : undefined;
    return stepSays(
      step,
      view.run,
      query,
      SHARED.mode === 'example' && SHARED.maskKind !== 'none',
      token,
    );
  }
}

export default mount('self_attention', (root) => new Machine(root));
