// Matrices too large for numbers, as heat: one pixel of a sprite per entry, scaled to its box.

// quantile of the magnitudes that takes the full color: with the largest the rest is blank
const CAP = 0.985;
function reach(values) {
  const step = Math.max(1, Math.floor(values.length / 4096)),
    sample = [];
  for (let i = 0; i < values.length; i += step)
    if (Number.isFinite(values[i])) sample.push(Math.abs(values[i]));
  sample.sort((a, b) => a - b);
  return sample[Math.floor(CAP * (sample.length - 1))] || 1;
}
const heat = (M, words, sequential, most) =>
  pixels(
    M.cols,
    M.rows,
    sequential
      ? (n) => words[Math.round(255 * Math.sqrt(Math.min(1, Math.max(0, M.v[n] / most))))]
      : (n) => words[Math.round(127.5 + 127.5 * Math.max(-1, Math.min(1, M.v[n] / most)))],
  );

// One matrix: the whole as an image, the row of the query marked, the pointed entry ringed.
class Heat {
  constructor(parent, name, label, { sequential = false } = {}) {
    Object.assign(this, { name, sequential });
    this.box = element(parent, 'div', 'heat');
    this.box.dataset.matrix = name;
    this.canvas = element(this.box, 'canvas');
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute('role', 'application');
    this.canvas.setAttribute(
      'aria-label',
      tr`${label}. Arrow keys: move. Enter: select the row as query.`,
    );
    this.bar = element(this.box, 'i', 'bar'); // the row (or column) that is lit
    this.spot = element(this.box, 'i', 'spot'); // the entry under the pointer
    this.cursor = { name, i: 0, j: 0 }; // where the arrow keys go on from: what was pressed last
    this.canvas.addEventListener('pointerdown', (event) => {
      this.cursor = this.at(event);
    });
  }
  place({ x, y, w, h }) {
    // of the whole box
    Object.assign(this, { w, h });
    Object.assign(this.box.style, {
      left: `${x}px`,
      top: `${y}px`,
      width: `${w}px`,
      height: `${h}px`,
    });
  }
  paint(M, colors) {
    const key = `${colors.diverging}${colors.sequential}${this.w},${this.h}`;
    if (this.M === M && this.key === key) return;
    Object.assign(this, { M, key });
    const sprite = heat(
      M,
      this.sequential ? colors.solid : colors.signed,
      this.sequential,
      this.sequential ? largest(M.v) : reach(M.v),
    );
    const c = fit(this.canvas, this.w, this.h);
    c.imageSmoothingEnabled =
      // smaller than a pixel: averages, not every other one
      M.rows > this.h * devicePixelRatio || M.cols > this.w * devicePixelRatio;
    c.drawImage(sprite, 0, 0, this.w, this.h);
  }
  at(event) {
    const r = this.canvas.getBoundingClientRect(),
      i = Math.floor(((event.clientY - r.top) / this.h) * this.M.rows),
      j = Math.floor(((event.clientX - r.left) / this.w) * this.M.cols);
    return {
      name: this.name,
      i: Math.max(0, Math.min(this.M.rows - 1, i)),
      j: Math.max(0, Math.min(this.M.cols - 1, j)),
    };
  }
  focused() {
    const { name, i, j } = this.cursor,
      { rows, cols } = this.M; // of another image they may be less
    return { name, i: Math.min(i, rows - 1), j: Math.min(j, cols - 1) };
  }
  walk(event) {
    // arrow keys move the cursor within the matrix; false for any other key
    const { name, i, j } = this.focused(),
      { rows, cols } = this.M,
      to = {
        ArrowRight: [i, j + 1],
        ArrowLeft: [i, j - 1],
        ArrowDown: [i + 1, j],
        ArrowUp: [i - 1, j],
        Home: [i, 0],
        End: [i, cols - 1],
      }[event.key];
    if (!to) return false;
    event.preventDefault();
    if (to[0] >= 0 && to[1] >= 0 && to[0] < rows && to[1] < cols)
      this.cursor = { name, i: to[0], j: to[1] };
    return true;
  }
  frame(node, i, j) {
    // null: over all rows, or columns
    const { rows, cols } = this.M,
      u = this.h / rows,
      s = this.w / cols;
    const box = [
      j === null ? 0 : j * s,
      i === null ? 0 : i * u,
      j === null ? this.w : Math.max(s, 2),
      i === null ? this.h : Math.max(u, 2),
    ];
    node.hidden = false;
    node.classList.toggle('column', i === null);
    node.classList.toggle('single', i !== null && j !== null);
    Object.assign(node.style, {
      left: `${box[0]}px`,
      top: `${box[1]}px`,
      width: `${box[2]}px`,
      height: `${box[3]}px`,
    });
  }
  mark(lit, spot) {
    if (lit) this.frame(this.bar, ...lit);
    else this.bar.hidden = true;
    if (spot) this.frame(this.spot, ...spot);
    else this.spot.hidden = true;
  }
  show(visible) {
    this.box.hidden = !visible;
  }
}

// One row of a matrix, enlarged: bars of one height, colored as the matrix is.
class Strip {
  constructor(parent, name) {
    this.name = name;
    this.box = element(parent, 'div', 'strip');
    this.label = element(this.box, 'span', 'strip-name');
    this.canvas = element(this.box, 'canvas');
    this.value = element(this.box, 'span', 'strip-value');
  }
  paint(values, colors, { sequential, most, over, width, height }) {
    Object.assign(this, { values, width });
    const c = fit(this.canvas, width, height),
      step = width / values.length,
      words = sequential ? colors.solid : colors.signed;
    c.drawImage(
      heat(matrix(1, values.length, values), words, sequential, most),
      0,
      0,
      width,
      height,
    );
    if (over !== null && over < values.length)
      ring(c, over * step, 0, Math.max(step, 3), height, false);
  }
  at(event) {
    const j = Math.floor(
      ((event.clientX - this.canvas.getBoundingClientRect().left) / this.width) *
        this.values.length,
    );
    return Math.max(0, Math.min(this.values.length - 1, j));
  }
}
