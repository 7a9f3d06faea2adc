// uses saving svg self_attention/arithmetic self_attention/words self_attention/example self_attention/cells
// uses self_attention/strips self_attention/lines self_attention/heads_layout
// Several heads over the same tokens: each its own matrices, all contexts side by side, one
// projection.

class ManyHeads extends Figure {
  constructor(root) {
    super();
    const $ = (selector) => root.querySelector(selector),
      { signal } = this.events;
    Object.assign(this, {
      wrap: $('.wrap'),
      said: $('.lead'),
      about: $('.about'),
      read: $('.read'),
      countTool: $('.count-tool'),
      counts: [...root.querySelectorAll('.count button')],
      over: null,
      heatOf: new Map(), // by their canvases
    });
    this.stage = $('.stage');
    this.counts.forEach((button, k) =>
      button.addEventListener('click', () => SHARED.set({ heads: k + 1 }), { signal }),
    );
    this.layers = { example: element(this.stage, 'div'), image: element(this.stage, 'div') };
    this.svg = svg(this.stage, 'svg', { 'aria-hidden': 'true' });
    this.built = { example: '', image: '' };
    const point = (event) => this.point(this.under(event));
    hovering(this.stage, point, () => this.point(null), signal);
    this.stage.addEventListener('focusin', point, { signal });
    this.stage.addEventListener('focusout', () => this.point(null), { signal });
    this.stage.addEventListener('click', (event) => this.pick(this.under(event)), { signal });
    this.stage.addEventListener('keydown', (event) => this.key(event), { signal });
    SHARED.listen(this);
    this.watch(this.wrap);
  }
  stop() {
    super.stop();
    SHARED.leave(this);
  }
  onShared() {
    this.schedule();
  }
  setData(data) {
    this.data = data;
    this.draw();
    this.painted({ rev: 'many-heads' });
  }
  headOf(name) {
    const k = Number(name.slice(1));
    return /^[AC]\d$/.test(name) ? { head: k } : {};
  }
  under(event) {
    // the entry under the pointer, or the one that has the focus: of cells, or of a heat map
    const one = this.heatOf.get(event.composedPath()[0]);
    if (!one) return cellAt(event);
    return event.type === 'focusin' ? one.focused() : one.at(event);
  }
  pick(at) {
    if (!at || at.name === 'WO') return;
    if (SHARED.mode === 'image' && SHARED.image) this.pickToken(at.i);
    else SHARED.set({ query: at.i, ...this.headOf(at.name) });
  }
  key(event) {
    const one = this.heatOf.get(event.composedPath()[0]),
      at = one ? one.focused() : cellAt(event);
    if (!at) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      this.pick(at);
    } else if (!one) walk(event, at, this.cells[at.name]);
    else if (one.walk(event)) this.point(one.focused());
  }
  point(at) {
    const same =
      at === this.over ||
      (at &&
        this.over &&
        at.name === this.over.name &&
        at.i === this.over.i &&
        at.j === this.over.j);
    if (same) return;
    this.over = at;
    if (SHARED.mode === 'example') this.markCells();
    else this.markHeats();
    this.sayCell();
  }

  draw() {
    const width = Math.min(1240, Math.floor(this.wrap.clientWidth));
    if (!width) return;
    this.colors = theme(this.wrap);
    if (this.palette?.key !== this.colors.diverging.join() + this.colors.sequential.join())
      this.palette = new Palette(this.colors);
    const image = SHARED.mode === 'image' && SHARED.image,
      mode = image ? 'image' : 'example';
    this.layers.example.hidden = mode !== 'example';
    this.layers.image.hidden = mode !== 'image';
    this.countTool.hidden = mode === 'image';
    this.counts.forEach((button, k) => button.setAttribute('aria-pressed', k + 1 === SHARED.heads));
    const height = image ? this.drawImage(width, image) : this.drawExample(width);
    this.stage.style.height = `${Math.ceil(height)}px`;
    this.sayCell();
  }
  title(layer, x, y, head, what) {
    const node = element(layer, 'div', 'title');
    node.append(element(null, 'b'), element(null, 'span'));
    say(node.firstChild, head);
    say(node.lastChild, what);
    Object.assign(node.style, { left: `${x}px`, top: `${y}px` });
    return node;
  }
  headName(layer, x, y, k, choose) {
    const node = element(layer, 'button', 'title head-name', tr`Head ${k + 1}`);
    node.type = 'button';
    node.onclick = choose;
    Object.assign(node.style, { left: `${x}px`, top: `${y}px` });
    return node;
  }

  // ---- the example
  drawExample(width) {
    const { heads, count, cross } = SHARED,
      layout = (this.layout = headsLayout(width, { heads, count, keys: SHARED.keys() })),
      { boxes } = layout,
      all = (this.all = SHARED.together()),
      key = `${width},${heads},${count},${cross}`;
    if (this.built.example !== key) this.buildExample(layout, all, key);
    this.links(layout);
    const limit = largest(all.runs.flatMap((run) => [...run.C.v]));
    all.runs.forEach((run, k) => {
      this.cells[`A${k}`].paint(run.A, this.palette, { limit: 1 });
      this.cells[`C${k}`].paint(run.C, this.palette, { limit, digits: 2 });
      boxes.heads[k].minis.forEach(({ name, w, h }, n) =>
        this.mini(this.minis[3 * k + n], run[name], w, h),
      );
      this.names[k].classList.toggle('now', k === SHARED.head);
    });
    this.cells.joined.paint(all.joined, this.palette, { limit, digits: 2 });
    this.cells.WO.paint(all.WO, this.palette);
    this.cells.out.paint(all.out, this.palette, { digits: 2 });
    this.markCells();
    say(
      this.said,
      findingOfHeads(
        all.runs.map((run) => strongestKey(run, SHARED.query)),
        (i) => vector('x', i + 1),
        cross ? (j) => vector('y', j + 1) : null,
      ),
    );
    this.sayShapes(heads, WIDTH, HEAD_WIDTH);
    return layout.height;
  }
  buildExample(layout, all, key) {
    const layer = this.layers.example,
      { boxes, narrow } = layout,
      { heads } = SHARED;
    this.built.example = key;
    layer.replaceChildren();
    this.cells = {};
    this.minis = [];
    this.names = [];
    const place = (name, label, B, options) => {
      const cells = (this.cells[name] = new Cells(layer, name, label, options));
      cells.place(B, B.rows, B.cols, Math.max(9.5, Math.min(12.5, boxes.heads[0].A.w * 0.36)));
    };
    boxes.heads.forEach(({ A, C, minis, y }, k) => {
      this.names.push(
        this.headName(layer, 0, y - layout.headTitle, k, () => SHARED.set({ head: k })),
      );
      for (const one of minis) {
        const node = element(layer, 'div', 'mini');
        Object.assign(node.style, { left: `${one.x}px`, top: `${one.y + 8}px` });
        const label = element(node, 'span');
        say(label, `*W*_{${one.name[1]}}^{${k + 1}}`.replace(/\^\{\d\}/, ''));
        this.minis.push(element(node, 'canvas'));
      }
      place(`A${k}`, tr`Attention of head ${k + 1}`, A, { sequential: true });
      place(`C${k}`, tr`Context vectors of head ${k + 1}`, C);
    });
    place('joined', tr`All context vectors, concatenated`, boxes.joined);
    place('WO', tr`Output weights`, boxes.WO);
    place('out', tr`Output`, boxes.out);
    const top = (B) => (narrow || B.y > boxes.heads[0].y ? B.y - layout.title + 2 : 0),
      [first] = boxes.heads;
    this.title(
      layer,
      first.A.x,
      0,
      tr`Attention`,
      tr`*A* ${`\`(${first.A.rows}, ${first.A.cols})\``} each`,
    );
    this.title(layer, first.C.x, 0, tr`Context`, `*C* \`(${first.C.rows}, 3)\``);
    this.title(
      layer,
      boxes.joined.x,
      top(boxes.joined),
      tr`Concatenated`,
      `${heads === 1 ? '*C*_{1}' : `[${Array.from({ length: heads }, (_, k) => `*C*_{${k + 1}}`).join(' ')}]`} \`(${boxes.joined.rows}, ${boxes.joined.cols})\``,
    );
    this.title(
      layer,
      boxes.out.x,
      top(boxes.out),
      tr`Output`,
      `× *W*_{O} \`(${boxes.out.rows}, 5)\``,
    );
    this.title(layer, boxes.WO.x, top(boxes.WO), '*W*_{O}', `\`(${boxes.WO.rows}, 5)\``);
  }
  mini(canvas, M, w, h) {
    fit(canvas, w, h).drawImage(
      heat(M, this.colors.signed, false, largest(M.v) / DEPTH || 1),
      0,
      0,
      w,
      h,
    );
  }
  markCells() {
    const { over } = this,
      q = SHARED.query,
      lit = over ? this.operands(over) : [];
    const isLit = (name, i, j) =>
      lit.some(
        ([n, a, b, to]) =>
          n === name &&
          (a === null || a === i) &&
          (b === null || (to === undefined ? b === j : b <= j && j < to)),
      );
    for (const [name, cells] of Object.entries(this.cells))
      cells.mark((i, j) => {
        const on = over && over.name === name && over.i === i && over.j === j,
          edge =
            name === 'joined' && j && j % 3 === 0
              ? ' edge'
              : name === 'WO' && i && i % 3 === 0
                ? ' roof'
                : '';
        return (
          (on ? 'on' : isLit(name, i, j) ? 'lit' : name !== 'WO' && i !== q ? 'dim' : '') + edge
        ).trim();
      });
  }
  operands({ name, i, j }) {
    if (name === 'out')
      return [
        ['joined', i, null],
        ['WO', null, j],
      ];
    if (name === 'joined') return [[`C${Math.floor(j / 3)}`, i, j % 3]];
    if (name[0] === 'C') return [[`A${name[1]}`, i, null]];
    return [];
  }
  links({ boxes, narrow, title }) {
    this.svg.replaceChildren();
    if (narrow) return;
    const { joined, out, WO, heads } = boxes,
      image = boxes.heads[0].photo,
      wide = (image ? joined.w : joined.w * joined.cols) / heads.length;
    heads.forEach(({ C, A, y }, k) => {
      const mid = y + (C.bottom - C.y) / 2,
        x = Math.round(joined.x + (k + 0.5) * wide),
        on = k === (image ? SHARED.imageHead : SHARED.head) ? ' on' : '';
      if (k === 0) {
        line(this.svg, `M${C.right + 6} ${mid}H${joined.x - 8}`, `link${on}`);
        line(this.svg, TIPS.right(joined.x - 8, mid), `link${on}`);
      } else {
        line(this.svg, elbow(C.right + 6, mid, x, joined.bottom + 7), `link${on}`);
        line(this.svg, TIPS.up(x, joined.bottom + 7), `link${on}`);
      }
      line(this.svg, `M${A.right + 6} ${mid}H${C.x - 7}`);
      line(this.svg, TIPS.right(C.x - 7, mid));
    });
    const mid = joined.y + (joined.bottom - joined.y) / 2,
      x = Math.round((WO.x + WO.right) / 2);
    line(this.svg, `M${joined.right + 6} ${mid}H${out.x - 8}`);
    line(this.svg, TIPS.right(out.x - 8, mid));
    line(this.svg, `M${x} ${WO.y - title - 2}V${out.bottom + 8}`);
    line(this.svg, TIPS.up(x, out.bottom + 8));
    note(this.svg, (joined.right + out.x) / 2 - 1, mid - 8, '×');
  }

  // ---- the image
  drawImage(width, image) {
    const { head } = image,
      layout = (this.layout = imageHeadsLayout(width, head)),
      { boxes } = layout,
      all = image.together(),
      q = SHARED.looking(),
      key = `${width},${head.rev}`;
    if (this.built.image !== key) this.buildImage(layout, image, key);
    this.links(layout);
    const patch = q - head.prefix.length,
      { grid } = head;
    all.runs.forEach((run, k) => {
      const one = this.heads[k],
        size = boxes.heads[k].photo.w,
        s = size / grid[1],
        shares = rowOf(run.A, q).subarray(head.prefix.length),
        most = largest(shares) || 1,
        c = fit(one.photo, size, size);
      c.drawImage(this.sprite, 0, 0, size, size);
      c.drawImage(
        field(
          Uint8Array.from(shares, (v) => Math.round((255 * v) / most)),
          grid[1],
          grid[0],
          this.colors.over(0.86),
        ),
        0,
        0,
        size,
        size,
      );
      if (patch >= 0) ring(c, (patch % grid[1]) * s, Math.floor(patch / grid[1]) * s, s, s, false);
      one.A.paint(run.A, this.colors);
      one.C.paint(run.C, this.colors);
      this.imageNames[k].classList.toggle('now', k === SHARED.imageHead);
    });
    this.heats.joined.paint(all.joined, this.colors);
    this.heats.WO.paint(all.WO, this.colors);
    this.heats.out.paint(all.out, this.colors);
    this.markHeats();
    const line = findingOfHeads(
      all.runs.map((run) => strongestKey(run, q)),
      (i) => image.called(i).replace(/^.*(?=\()/, ''), // of a patch the coordinates alone
    );
    say(this.said, tr`Block ${head.block + 1}: ${line}`);
    this.sayShapes(head.heads, head.width, head.headWidth);
    return layout.height;
  }
  buildImage(layout, image, key) {
    const layer = this.layers.image,
      { boxes, narrow } = layout,
      { head } = image,
      T = head.tokens,
      d = head.headWidth;
    this.built.image = key;
    layer.replaceChildren();
    this.sprite = sprite(image.data.rgb, head.size[1], head.size[0]);
    this.imageNames = [];
    this.heads = [];
    this.heats = {};
    this.heatOf.clear();
    const made = (...given) => {
      const one = new Heat(layer, ...given);
      this.heatOf.set(one.canvas, one);
      return one;
    };
    boxes.heads.forEach(({ photo, A, C, y }, k) => {
      this.imageNames.push(
        this.headName(layer, 0, y - layout.headTitle, k, () => SHARED.set({ imageHead: k })),
      );
      const node = element(layer, 'div', 'photo'),
        canvas = element(node, 'canvas'),
        one = {
          photo: canvas,
          A: made(`A${k}`, tr`Attention of head ${k + 1}`, { sequential: true }),
          C: made(`C${k}`, tr`Context vectors of head ${k + 1}`),
        };
      Object.assign(node.style, { left: `${photo.x}px`, top: `${photo.y}px` });
      canvas.setAttribute('role', 'img');
      canvas.setAttribute('aria-label', tr`Attention map of head ${k + 1}`);
      one.A.place(A);
      one.C.place(C);
      this.heads.push(one);
    });
    for (const [name, label] of [
      ['joined', tr`All context vectors, concatenated`],
      ['WO', tr`Output weights`],
      ['out', tr`Output`],
    ]) {
      this.heats[name] = made(name, label);
      this.heats[name].place(boxes[name]);
    }
    const top = (B) => (narrow || B.y > boxes.heads[0].y ? B.y - layout.title + 2 : 0),
      [first] = boxes.heads;
    this.title(layer, first.photo.x, 0, tr`Attention map`, tr`of the query`);
    this.title(layer, first.A.x, 0, tr`Attention`, `\`(${T}, ${T})\``);
    this.title(layer, first.C.x, 0, tr`Context`, `\`(${T}, ${d})\``);
    this.title(
      layer,
      boxes.joined.x,
      top(boxes.joined),
      tr`Concatenated`,
      `\`(${T}, ${d * head.heads})\``,
    );
    this.title(
      layer,
      boxes.out.x,
      top(boxes.out),
      tr`Output`,
      `× *W*_{O} \`(${T}, ${head.width})\``,
    );
    this.title(
      layer,
      boxes.WO.x,
      top(boxes.WO),
      '*W*_{O}',
      `\`(${d * head.heads}, ${head.width})\``,
    );
  }
  markHeats() {
    if (!SHARED.image || !this.heads) return;
    const { over } = this,
      row = [SHARED.looking(), null],
      spot = (name) => (over?.name === name ? [over.i, over.j] : null);
    this.heads.forEach((one, k) => {
      one.A.mark(row, spot(`A${k}`));
      one.C.mark(row, spot(`C${k}`));
    });
    for (const [name, one] of Object.entries(this.heats))
      one.mark(name === 'WO' ? null : row, spot(name));
  }
  pickToken(i) {
    const { prefix, grid } = SHARED.image.head;
    pin.write(pinOfToken(i, prefix.length), grid, null);
    SHARED.lookFrom({});
  }

  // ---- words
  sayShapes(heads, width, d) {
    say(
      this.about,
      tr`${3 * heads} matrices ${`\`(${width}, ${d})\``}, context ${heads}·${d} = ${heads * d}`,
    );
  }
  sayCell() {
    const { over, read } = this,
      image = SHARED.mode === 'image' && SHARED.image,
      token = image ? (n) => image.token(n) : (n) => String(n + 1),
      named = image ? (n) => image.named(n) : tokenName,
      d = image ? image.head.headWidth : HEAD_WIDTH;
    read.classList.toggle('hint', !over);
    if (!over) {
      say(read, tr`Select an entry for its arithmetic, or the name of a head to show it above.`);
      return;
    }
    const { name, i, j } = over,
      { joined, WO, out, runs } = image ? image.together() : this.all,
      bias = image && image.data.outBias[j];
    if (name === 'out') {
      const sum = sumOfProducts(rowOf(joined, i), columnOf(WO, j)),
        value = figure(entry(out, i, j));
      say(
        read,
        image
          ? tr`output(${token(i)}, ${j + 1}) = row of ${named(i)} · column ${j + 1} of *W*_{O} = ${sum} + bias ${inBrackets(bias)} = ${value}`
          : tr`output(${token(i)}, ${j + 1}) = row ${token(i)} · column ${j + 1} of *W*_{O} = ${sum} = ${value}`,
      );
    } else if (name === 'WO')
      say(
        read,
        tr`*W*_{O}(${i + 1}, ${j + 1}) = ${figure(entry(WO, i, j))}: weight from dimension ${(i % d) + 1} of head ${Math.floor(i / d) + 1} to dimension ${j + 1} of the output.`,
      );
    else if (name === 'joined')
      say(
        read,
        tr`dimension ${j + 1} of ${named(i)} = dimension ${(j % d) + 1} of head ${Math.floor(j / d) + 1} = ${figure(entry(joined, i, j))}`,
      );
    else
      say(
        read,
        tr`head ${Number(name[1]) + 1}: ${arithmetic(runs[name[1]], name[0], i, j, { token, named, room: image ? 4 : 6 })}`,
      );
  }
}

export default mount('many_heads', (root) => new ManyHeads(root));
