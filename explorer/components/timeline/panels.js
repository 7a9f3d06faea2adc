// The panels of the timeline: each draws one snapshot.

class Panels extends Figure {
  part(array, i, size) {
    return array.subarray(i * size, (i + 1) * size);
  }
  // Cosine similarity of position embeddings: one tile per position, at its own place.
  drawPositions(canvas, i) {
    const { head, codes } = this.data,
      [rows, columns] = head.grid,
      count = rows * columns,
      n = head.tiles,
      W = this.side(canvas),
      c = fit(canvas, W, W);
    if (head.positions === 'none') {
      this.frame(c, W, W, tr`none`);
      return;
    }
    const mean = head.means[i],
      words = this.colours.signed.map(
        (_, code) =>
          this.colours.signed[
            Math.round(
              127.5 + 127.5 * Math.max(-1, Math.min(1, (code / 127.5 - 1 - mean) / head.reach)),
            )
          ],
      );
    const sheet = field(this.part(codes, i, n * n * count), columns, rows * n * n, words),
      pitch = W / n,
      gap = n > 1 ? Math.min(6, Math.max(2, pitch * 0.08)) : 0;
    for (let t = 0; t < n * n; t++)
      c.drawImage(
        sheet,
        0,
        t * rows,
        columns,
        rows,
        (t % n) * pitch,
        Math.floor(t / n) * pitch,
        pitch - gap,
        pitch - gap,
      );
  }
  drawFilters(canvas, i) {
    const {
        head: { S, K },
        filters,
      } = this.data,
      W = this.side(canvas),
      c = fit(canvas, W, W),
      sheet = sprite(this.part(filters, i, K * S * S * 3), S, S * K);
    const columns = Math.ceil(Math.sqrt(K)),
      pitch = W / columns,
      gap = Math.min(5, Math.max(2, pitch * 0.1));
    for (let k = 0; k < K; k++)
      c.drawImage(
        sheet,
        0,
        k * S,
        S,
        S,
        (k % columns) * pitch,
        Math.floor(k / columns) * pitch,
        pitch - gap,
        pitch - gap,
      );
  }
  // Shares of a block's map at a moment: the mean over heads, or one head.
  shares(i, l, h = null) {
    const {
        head: { blocks, heads, grid },
        maps,
        tops,
      } = this.data,
      count = grid[0] * grid[1],
      out = new Float32Array(count),
      chosen = h === null ? [...Array(heads).keys()] : [h];
    for (const k of chosen) {
      const at = (i * blocks + l) * heads + k,
        scale = tops[at] / 255 / chosen.length;
      for (let p = 0; p < count; p++) out[p] += maps[at * count + p] * scale;
    }
    return out;
  }
  overImage(c, shares, most, x, y, w) {
    const [rows, columns] = this.data.head.grid,
      codes = Uint8Array.from(shares, (share) => Math.min(255, Math.round((255 * share) / most)));
    c.drawImage(this.seen, x, y, w, w);
    c.drawImage(field(codes, columns, rows, this.over), 0, 0, columns, rows, x, y, w, w);
  }
  drawAttention(canvas, i) {
    const { head } = this.data,
      W = this.side(canvas),
      c = fit(canvas, W, W);
    if (i < 0) c.drawImage(this.seen, 0, 0, W, W);
    else this.overImage(c, this.shares(i, this.block), head.brightest[this.block], 0, 0, W);
    gridLines(c, W, W, head.grid);
  }
  drawBlocks(i) {
    const { head } = this.data;
    [...this.chips.children].forEach((button, l) => {
      const canvas = button.querySelector('canvas'),
        w = Math.max(6, Math.min(34, Math.floor(button.clientWidth))),
        c = fit(canvas, w, w);
      button.setAttribute('aria-pressed', l === this.block);
      if (i < 0) c.drawImage(this.seen, 0, 0, w, w);
      else this.overImage(c, this.shares(i, l), head.brightest[l], 0, 0, w);
    });
  }
  drawHeads(canvas, i) {
    // the heads of the block, each on the block's scale
    const { head } = this.data,
      W = this.side(canvas),
      H = 54,
      gap = 5,
      w = Math.min(H, (W - (head.heads - 1) * gap) / head.heads),
      c = fit(canvas, W, H);
    if (i < 0) return;
    const all = [...Array(head.heads).keys()].map((h) => this.shares(i, this.block, h)),
      most = Math.max(head.brightest[this.block], ...all.map((one) => Math.max(...one)));
    all.forEach((one, h) => this.overImage(c, one, most, h * (w + gap), 0, w));
  }
  drawDistance(canvas, i) {
    // a ring per head, over the blocks; dotted: uniform
    const {
        head: { blocks, heads, even },
        distance,
      } = this.data,
      W = this.side(canvas),
      H = 122,
      left = 24,
      low = H - 17,
      c = fit(canvas, W, H),
      { text, primary } = this.colours;
    const top = Math.max(1, this.farthest),
      x = (l) => left + ((W - left) * (l + 0.5)) / blocks,
      y = (v) => low - ((low - 6) * v) / top;
    const line = (at, opacity) => {
      c.globalAlpha = opacity;
      c.beginPath();
      for (let l = 0; l < blocks; l++) {
        let sum = 0;
        for (let h = 0; h < heads; h++) sum += distance[(at * blocks + l) * heads + h];
        c.lineTo(x(l), y(sum / heads));
      }
      c.stroke();
      c.globalAlpha = 1;
    };
    c.font = `12px ${this.colours.font}`;
    c.fillStyle = text;
    c.strokeStyle = text;
    c.lineWidth = 1;
    c.globalAlpha = 0.72;
    c.textBaseline = 'middle';
    c.textAlign = 'right';
    for (const v of [0, even]) c.fillText(Math.round(v), left - 6, Math.min(low - 3, y(v)));
    c.textAlign = 'center';
    const step = Math.ceil(blocks / 12);
    for (let l = 0; l < blocks; l += step) c.fillText(l + 1, x(l), H - 6);
    c.globalAlpha = 0.3;
    c.beginPath();
    c.moveTo(left, low + 0.5);
    c.lineTo(W, low + 0.5);
    c.stroke();
    c.globalAlpha = 0.7;
    c.setLineDash([2, 3]);
    c.beginPath();
    c.moveTo(left, y(even));
    c.lineTo(W, y(even));
    c.stroke();
    c.setLineDash([]);
    c.globalAlpha = 1;
    if (i < 0) return;
    const first = this.data.head.looks.indexOf(1);
    c.lineWidth = 1.5;
    if (first >= 0 && first !== i) line(first, 0.32);
    c.strokeStyle = primary;
    c.lineWidth = 2;
    line(i, 1);
    c.lineWidth = 1.5;
    for (let l = 0; l < blocks; l++)
      for (let h = 0; h < heads; h++) {
        c.beginPath();
        c.arc(x(l), y(distance[(i * blocks + l) * heads + h]), 3, 0, 7);
        c.stroke();
      }
  }
  // One number over all snapshots, and where the present one is.
  drawCurve(canvas, values, now, [low, high]) {
    const W = this.side(canvas),
      H = 108,
      c = fit(canvas, W, H),
      { text, primary } = this.colours,
      left = 26,
      n = values.length;
    const x = (i) => left + 4 + (W - left - 8) * (n > 1 ? i / (n - 1) : 0.5),
      y = (v) => 6 + ((H - 14) * (high - v)) / (high - low);
    c.font = `12px ${this.colours.font}`;
    c.textAlign = 'right';
    c.textBaseline = 'middle';
    c.fillStyle = text;
    c.globalAlpha = 0.72;
    for (const v of [low, high]) c.fillText(v, left - 5, Math.max(8, Math.min(H - 8, y(v))));
    c.strokeStyle = text;
    c.lineWidth = 1;
    c.globalAlpha = 0.25;
    for (const v of [low, high]) {
      c.beginPath();
      c.moveTo(left, Math.round(y(v)) + 0.5);
      c.lineTo(W, Math.round(y(v)) + 0.5);
      c.stroke();
    }
    if (now >= 0) {
      c.globalAlpha = 0.4;
      c.beginPath();
      c.moveTo(x(now), 4);
      c.lineTo(x(now), H - 6);
      c.stroke();
    }
    c.globalAlpha = 1;
    c.strokeStyle = primary;
    c.lineWidth = 2;
    c.beginPath();
    let drawing = false;
    values.forEach((v, i) => {
      if (v === null) {
        drawing = false;
        return;
      }
      if (drawing) c.lineTo(x(i), y(v));
      else c.moveTo(x(i), y(v));
      drawing = true;
    });
    c.stroke();
    c.fillStyle = primary;
    values.forEach((v, i) => {
      if (v !== null) {
        c.beginPath();
        c.arc(x(i), y(v), i === now ? 4.5 : 1.8, 0, 7);
        c.fill();
      }
    });
  }
  drawAnswer(list, i) {
    const {
        head: { names, truth },
        answers,
      } = this.data,
      C = names.length,
      p = i < 0 ? new Float32Array(C) : this.part(answers, i, C),
      top = i < 0 ? -1 : this.top(i);
    const order = [...names.keys()].sort((a, b) => this.ranks[a] - this.ranks[b]).slice(0, 10);
    while (list.children.length > order.length) list.lastChild.remove();
    while (list.children.length < order.length) list.append(this.bar());
    order.forEach((k, row) => {
      const li = list.children[row];
      li.classList.toggle('top', k === top);
      li.classList.toggle('truth', k === truth);
      li.querySelector('.name').textContent = names[k];
      li.querySelector('.fill').style.width = `${100 * p[k]}%`;
      li.querySelector('.val').textContent = i < 0 ? '' : percent(p[k]);
    });
  }
  top(i) {
    // the class it prefers, or -1 where it prefers none
    const p = this.part(this.data.answers, i, this.data.head.names.length),
      most = Math.max(...p);
    return most - Math.min(...p) < UNDECIDED ? -1 : p.indexOf(most);
  }
  bar() {
    const li = el('li');
    for (const name of ['name', 'track', 'val']) {
      const span = el('span', name);
      li.append(span);
    }
    const fill = el('i', 'fill');
    li.querySelector('.track').append(fill);
    return li;
  }
  side(canvas) {
    return Math.max(1, Math.floor(canvas.parentElement.clientWidth));
  }
  frame(c, w, h, words) {
    c.globalAlpha = 0.35;
    c.strokeStyle = this.colours.text;
    c.setLineDash([4, 4]);
    c.strokeRect(0.5, 0.5, w - 1, h - 1);
    c.setLineDash([]);
    c.globalAlpha = 0.72;
    c.fillStyle = this.colours.text;
    c.font = `13px ${this.colours.font}`;
    c.textAlign = 'center';
    c.textBaseline = 'middle';
    c.fillText(words, w / 2, h / 2);
    c.globalAlpha = 1;
  }
}
