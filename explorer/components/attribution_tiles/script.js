// uses saving
// Maps over the image, side by side; below each its deletion and insertion curve.
const CURVES = ['deletion', 'insertion'],
  NAMES = { deletion: tr`deletion`, insertion: tr`insertion` },
  CURVE_HEIGHT = 72,
  LEFT = 32,
  BELOW = 15,
  SCALE_HEIGHT = 22;

class Tiles extends FollowingFigure {
  constructor(root) {
    super();
    const $ = (selector) => root.querySelector(selector);
    this.wrap = $('.wrap');
    this.groups = $('.groups');
    this.readout = $('.read');
    this.progress = $('.progress');
    this.tiles = [];
    this.opacity = 0.82;
    this.step = null;
    const { signal } = this.events;
    $('input').addEventListener(
      'input',
      (event) => {
        this.opacity = event.target.value / 100;
        this.schedule();
      },
      { signal },
    );
    this.watch(this.wrap);
  }

  setData(data) {
    const head = data.head,
      [rows, columns] = head.grid,
      [height, width] = head.size,
      count = rows * columns;
    this.head = head;
    this.grid = head.grid;
    this.source = sprite(data.rgb, width, height);
    this.hover = this.step = null;
    this.shares = data.shares;
    const shape = JSON.stringify(
      head.groups.map((group) => [group.tiles.length, group.tiles.map((tile) => tile.tested)]),
    );
    if (shape !== this.shape) {
      this.shape = shape;
      this.build();
    }
    this.wrap.classList.toggle(
      'tested',
      head.groups.some((group) => group.tiles.some((tile) => tile.tested)),
    );
    let t = 0;
    head.groups.forEach((group, g) => {
      const section = this.groups.children[g];
      section.className = [
        head.awaited ? 'awaited' : '',
        group.tiles.length > 2 ? 'three' : '',
      ].join(' ');
      section.querySelector('.group').textContent = group.name;
      section
        .querySelectorAll('.test')
        .forEach((p, i) => p.replaceChildren(...this.strong(head.tests[i])));
      for (const p of section.querySelectorAll('.untested')) p.textContent = group.untested;
      for (const tile of group.tiles) {
        const one = this.tiles[t],
          values = data.values.subarray(t * count, (t + 1) * count),
          K = this.shares?.length ?? 0;
        Object.assign(one, {
          ...tile,
          group: group.name,
          values,
          top: group.top,
          untested: group.untested,
        });
        one.order = [...values.keys()].sort((a, b) => values[b] - values[a] || a - b);
        one.rank = [];
        one.order.forEach((p, i) => {
          one.rank[p] = i + 1;
        });
        // A curve and its random order, [deletion, insertion]; none while they are computed.
        one.lines =
          tile.curve === null
            ? null
            : CURVES.map((_, i) =>
                [data.curves, data.chance].map((all) =>
                  all.subarray((2 * tile.curve + i) * K, (2 * tile.curve + i + 1) * K),
                ),
              );
        one.figure.querySelector('.name').textContent = tile.name;
        one.figure.querySelector('.note').textContent = tile.note;
        one.top_.classList.toggle('missing', !tile.there);
        one.map.setAttribute(
          'aria-label',
          tr`${group.name}, ${tile.name}: ${tile.note}. Arrow keys: move.`,
        );
        t++;
      }
    });
    const [what, done] = head.progress ?? ['', 0];
    this.progress.hidden = !head.progress;
    this.progress.firstElementChild.textContent = what && `${what} ${percent(done)}`;
    this.progress.lastElementChild.style.setProperty('--done', done);
    this.draw();
    this.painted({ rev: head.rev });
  }
  strong(text) {
    // 'Deletion (...)' -> its first word in bold
    const [, first, rest] = text.match(/^([^\s（：]*)(.*)$/);
    return [strong(first), rest];
  }
  build() {
    const { signal } = this.events,
      make = (tag, name, parent) => {
        const e = el(tag, name);
        parent.append(e);
        return e;
      };
    this.groups.replaceChildren();
    this.tiles = [];
    let at = 1;
    for (const group of this.head.groups) {
      const section = make('section', '', this.groups),
        tested = group.tiles.some((tile) => tile.tested);
      section.style.setProperty('--place', `${at} / span ${group.tiles.length}`);
      make('p', 'group', section);
      for (const name of tested ? CURVES : []) make('p', `test ${name}-test`, section);
      if (tested) make('p', 'untested', section);
      group.tiles.forEach((tile, index) => {
        const figure = make('figure', '', section),
          top = make('div', 'top', figure),
          one = { figure, top_: top };
        figure.style.setProperty('--column', at + index);
        figure.style.setProperty('--own', index + 1);
        make('p', 'name', top);
        one.map = make('canvas', 'map', top);
        one.map.tabIndex = 0;
        one.map.setAttribute('role', 'application');
        one.bar = make('canvas', 'scale', top);
        one.bar.setAttribute('aria-hidden', 'true');
        make('p', 'note', top);
        pickable(one.map, (x, y) => cell(x, y, one.side, one.high, this.grid), this, signal);
        keyable(one.map, this, signal);
        one.charts = !tile.tested
          ? []
          : CURVES.map((name) => {
              const part = make('div', name, figure),
                canvas = make('canvas', 'curve', part),
                area = make('p', 'area', part);
              canvas.setAttribute('role', 'img');
              const out = () => {
                this.step = null;
                this.schedule();
              };
              hovering(canvas, (event) => this.along(one, name, event), out, signal);
              return { name, canvas, area };
            });
        this.tiles.push(one);
      });
      at += group.tiles.length;
    }
    this.wrap.style.setProperty('--across', this.tiles.length);
  }
  along(one, name, event) {
    // the step of a curve under the pointer
    if (!one.lines) return;
    const r = event.currentTarget.getBoundingClientRect(),
      x = (event.clientX - r.left - LEFT) / (r.width - LEFT - 2);
    let k = 0;
    this.shares.forEach((share, i) => {
      if (Math.abs(share - x) < Math.abs(this.shares[k] - x)) k = i;
    });
    this.step = { one, name, k };
    this.schedule();
  }

  draw() {
    const colours = theme(this.wrap),
      over = colours.over(this.opacity);
    const signed = (list, veil = this.opacity) => table(list, () => Math.round(255 * veil));
    const named = getComputedStyle(this.wrap)
      .getPropertyValue('--st-chart-categorical-colors')
      .match(/#[0-9a-fA-F]{6}/g) ?? ['#0b6b7f', '#b3541e', '#6b7780'];
    const plain = ['first', 'second', 'third'],
      hex = (name) => named[plain.indexOf(name)],
      middle = /^#[0-9a-f]{6}$/i.test(colours.page) ? colours.page : '#ffffff';
    for (const one of this.tiles) {
      const [rows, columns] = this.grid,
        S = (one.side = Math.max(40, Math.floor(one.top_.clientWidth))),
        H = (one.high = Math.round((S * rows) / columns));
      const two = one.ends ? [hex(one.ends[0]), middle, hex(one.ends[1])] : colours.diverging;
      this.paint(fit(one.map, S, H), one, S, H, one.signed ? signed(two) : over, colours);
      this.scale(
        fit(one.bar, S, SCALE_HEIGHT),
        one,
        S,
        one.signed ? two : colours.sequential,
        colours,
      );
      for (const chart of one.charts) this.chart(chart, one, colours);
    }
    this.say();
  }
  paint(c, one, S, H, words, colours) {
    const [rows, columns] = this.grid,
      box = (p) => [
        ((p % columns) * S) / columns,
        (Math.floor(p / columns) * H) / rows,
        S / columns,
        H / rows,
      ];
    c.drawImage(this.source, 0, 0, S, H);
    if (!one.there) {
      c.globalAlpha = 0.7;
      c.fillStyle = colours.page;
      c.fillRect(0, 0, S, H);
      c.globalAlpha = 1;
      c.fillStyle = colours.text;
      c.font = `13px ${colours.font}`;
      c.textAlign = 'center';
      c.fillText(tr`computing…`, S / 2, H / 2);
      return;
    }
    if (this.step?.one === one) {
      // the very image that the model was given at this step
      const steps = Math.round(this.shares[this.step.k] * rows * columns),
        deleted = this.step.name === 'deletion';
      c.fillStyle = `rgb(${this.head.mean})`;
      one.order.forEach((p, i) => {
        if (i < steps === deleted) c.fillRect(...box(p));
      });
      return;
    }
    const span = Math.max(one.high_ - one.low_, 1e-12);
    const code = (v) =>
      one.signed
        ? Math.round(127.5 + 127.5 * Math.max(-1, Math.min(1, v / one.high_)))
        : Math.round(255 * Math.max(0, Math.min(1, (v - one.low_) / span)));
    c.drawImage(
      pixels(columns, rows, (i) => words[code(one.values[i])]),
      0,
      0,
      S,
      H,
    );
    const p = this.shown();
    if (p !== null && p < rows * columns) ring(c, ...box(p), p === pin.read(this.grid));
  }
  scale(c, one, W, list, colours) {
    // the bar of a map's colors, and what its ends mean
    if (!one.scale.length) return;
    const ramp = c.createLinearGradient(0, 0, W, 0);
    list.forEach((colour, i) => ramp.addColorStop(i / (list.length - 1), colour));
    c.fillStyle = ramp;
    c.fillRect(0, 3, W, 6);
    c.fillStyle = colours.text;
    c.globalAlpha = 0.75;
    c.font = `11px ${colours.font}`;
    c.textBaseline = 'bottom';
    one.scale.forEach((text, i) => {
      const place = i / (one.scale.length - 1 || 1);
      c.textAlign = ['left', 'center', 'right'][Math.round(2 * place)];
      c.fillText(text, place * W, SCALE_HEIGHT);
    });
  }
  chart({ name, canvas, area }, one, colours) {
    const W = one.side,
      H = CURVE_HEIGHT,
      c = fit(canvas, W, H),
      i = CURVES.indexOf(name),
      N = this.grid[0] * this.grid[1];
    const right = W - 2,
      foot = H - BELOW - 1,
      at = (share, v) => [
        LEFT + share * (right - LEFT),
        3 + (1 - Math.min(1, v / one.top)) * (foot - 3),
      ];
    canvas.classList.toggle('none', Boolean(one.untested));
    if (one.untested) {
      area.textContent = '';
      canvas.setAttribute('aria-label', tr`${NAMES[name]}: not tested`);
      return;
    }
    c.strokeStyle = colours.text;
    c.globalAlpha = 0.22;
    c.lineWidth = 1;
    c.strokeRect(LEFT - 0.5, 2.5, right - LEFT + 1, foot - 2);
    c.fillStyle = colours.text;
    c.globalAlpha = 0.75;
    c.font = `10.5px ${colours.font}`;
    c.textAlign = 'right';
    c.textBaseline = 'top';
    c.fillText(percent(one.top), LEFT - 4, 1);
    c.textBaseline = 'bottom';
    c.fillText('0%', LEFT - 4, foot + 2);
    c.textBaseline = 'bottom';
    c.fillText(i ? tr`${N} revealed` : tr`${N} masked`, right, H);
    c.textAlign = 'left';
    c.fillText('0', LEFT, H);
    c.globalAlpha = 1;
    if (!one.lines) {
      area.textContent = tr`computing…`;
      canvas.setAttribute('aria-label', tr`${NAMES[name]}: computing`);
      return;
    }
    const [line, chance] = one.lines[i],
      path = (values) => {
        c.beginPath();
        values.forEach((v, k) => c.lineTo(...at(this.shares[k], v)));
      };
    c.globalAlpha = 0.16;
    c.fillStyle = colours.primary;
    path(line);
    c.lineTo(...at(1, 0));
    c.lineTo(...at(0, 0));
    c.fill();
    c.globalAlpha = 1;
    c.strokeStyle = colours.text;
    c.globalAlpha = 0.7;
    c.setLineDash([3, 3]);
    c.lineWidth = 1.2;
    path(chance);
    c.stroke();
    c.setLineDash([]);
    c.globalAlpha = 1;
    c.strokeStyle = colours.primary;
    c.lineWidth = 2;
    path(line);
    c.stroke();
    if (this.step?.one === one && this.step.name === name) {
      const k = this.step.k;
      c.fillStyle = colours.primary;
      c.beginPath();
      c.arc(...at(this.shares[k], line[k]), 4, 0, 7);
      c.fill();
    }
    const strong = el('b');
    const digits = one.top < 0.5 ? 3 : 2;
    strong.textContent = one.areas[i].toFixed(digits);
    area.replaceChildren('AUC ', strong, tr` (random ${one.chances[i].toFixed(digits)})`);
    canvas.setAttribute('aria-label', tr`${NAMES[name]}: ${area.textContent}`);
  }
  number(one, v) {
    if (one.unit === 'share') return percent(v);
    if (one.unit === 'relative') return tr`${percent(v / one.high_)} of max.`;
    const digits = Math.abs(v).toFixed(2);
    return v < 0 && +digits ? `−${digits}` : digits;
  }
  say() {
    const strong = el('b'),
      { awaited } = this.head,
      [rows, columns] = this.grid,
      N = rows * columns;
    if (awaited) {
      this.readout.replaceChildren(awaited);
      return;
    }
    if (this.step) {
      const { one, name, k } = this.step,
        steps = Math.round(this.shares[k] * N),
        [line, chance] = one.lines[CURVES.indexOf(name)],
        now = `${one.class} ${percent(line[k])}`;
      strong.textContent = tr`${one.name}, ${NAMES[name]}. `;
      this.readout.replaceChildren(
        strong,
        name === 'deletion'
          ? tr`${steps} of ${N} patches masked: ${now} (random order ${percent(chance[k])})`
          : tr`${steps} of ${N} patches revealed: ${now} (random order ${percent(chance[k])})`,
      );
      return;
    }
    const p = this.shown();
    if (p === null || p >= N) {
      this.readout.replaceChildren();
      return;
    }
    strong.textContent = `(${Math.floor(p / columns) + 1}, ${(p % columns) + 1}) `;
    const parts = this.tiles
      .filter((one) => one.there)
      .map((one) => {
        const value = `${one.said} ${this.number(one, one.values[p])}`;
        return !one.tested || N === 1 ? value : tr`${value} (rank ${one.rank[p]})`;
      });
    this.readout.replaceChildren(strong, parts.join(' · '));
  }
}

export default mount('attribution_tiles', (root) => new Tiles(root));
