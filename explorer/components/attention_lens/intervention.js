// Interventions: ablated heads, masked and moved patches, position embeddings.
// A click shows here at once; Python answers with new numbers a moment later.
const LARGEST_SEED = 9999;

function shuffled(seed, count) {
  // the source of each patch; lens_codes.py draws the same from the same seed
  const order = Array.from({ length: count }, (_, i) => i);
  for (let last = count - 1; last > 0; last--) {
    seed = (Math.imul(1664525, seed) + 1013904223) >>> 0;
    const other = Math.floor((seed * (last + 1)) / 2 ** 32);
    [order[last], order[other]] = [order[other], order[last]];
  }
  if (count > 1 && order.every((from, i) => from === i)) [order[0], order[1]] = [1, 0];
  return order;
}

class Changes {
  constructor() {
    this.off = new Set();
    this.from = [];
    this.positions = true;
    this.wanted = null;
    this.shown = null;
    this.asked = false;
    this.turn = 0;
    this.seed = null;
  }

  // ---- what Python knows
  meet(head) {
    // a payload: does it belong to what is wanted now?
    const told = JSON.stringify(head.changes);
    this.shown = told;
    // a link or a figure beside the lens: newer than what was asked for here
    const others = head.adopt !== this.adopted;
    this.adopted = head.adopt;
    // an answer, perhaps to an older click
    if (!others && head.of === this.of && head.heads === this.heads && this.asked) return;
    this.of = head.of;
    this.wanted = told;
    this.asked = false;
    this.heads = head.heads;
    this.off = new Set(head.changes.heads.map(([l, h]) => l * head.heads + h));
    this.from = Array.from({ length: head.grid[0] * head.grid[1] }, (_, i) => i);
    for (const [target, source] of head.changes.patches) this.from[target] = source;
    this.positions = head.changes.positions;
  }
  get pending() {
    return this.wanted !== this.shown;
  }
  get any() {
    return this.off.size > 0 || !this.positions || this.from.some((source, i) => source !== i);
  }
  value() {
    return {
      heads: [...this.off]
        .sort((a, b) => a - b)
        .map((k) => [Math.floor(k / this.heads), k % this.heads]),
      patches: this.from.flatMap((source, i) => (source === i ? [] : [[i, source]])),
      positions: this.positions,
    };
  }
  send(keep) {
    const value = this.value();
    this.wanted = JSON.stringify(value);
    this.asked = true;
    this.turn = Math.max(this.turn + 1, Date.now()); // the same change twice is still two events
    keep('changes', {
      turn: this.turn,
      of: this.of,
      ...value,
      ...(this.seed !== null && { seed: this.seed }),
    });
    this.seed = null;
  }

  // ---- what a person does
  toggleHead(k) {
    if (!this.off.delete(k)) this.off.add(k);
  }
  whole(l) {
    return Array.from({ length: this.heads }, (_, h) => l * this.heads + h).every((k) =>
      this.off.has(k),
    );
  }
  toggleBlock(l) {
    const all = Array.from({ length: this.heads }, (_, h) => l * this.heads + h),
      on = this.whole(l);
    for (const k of all)
      if (on) this.off.delete(k);
      else this.off.add(k);
  }
  erase(p) {
    // or bring back what is missing
    if (this.from[p] !== ERASED) this.from[p] = ERASED;
    else
      this.from[p] = this.from.includes(p)
        ? this.from.findIndex((_, i) => !this.from.includes(i))
        : p;
  }
  swap(a, b) {
    [this.from[a], this.from[b]] = [this.from[b], this.from[a]];
  }
  shuffle() {
    // an erased place stays one; a link needs the seed only
    this.seed = Math.floor(Math.random() * (LARGEST_SEED + 1));
    const order = shuffled(this.seed, this.from.length);
    this.from = this.from.map((from, i) => (from === ERASED ? ERASED : order[i]));
  }
  reset() {
    this.off.clear();
    this.from = this.from.map((_, i) => i);
    this.positions = true;
  }

  // ---- what it looks like
  compose(source, [rows, columns], mean) {
    // the image with its patches erased and moved
    if (this.from.length !== rows * columns || this.from.every((from, i) => from === i))
      return source;
    const w = source.width / columns,
      h = source.height / rows,
      canvas = new OffscreenCanvas(source.width, source.height),
      c = canvas.getContext('2d');
    c.fillStyle = `rgb(${mean.join(',')})`;
    this.from.forEach((from, i) => {
      const box = [(i % columns) * w, Math.floor(i / columns) * h, w, h];
      if (from === ERASED) c.fillRect(...box);
      else c.drawImage(source, (from % columns) * w, Math.floor(from / columns) * h, w, h, ...box);
    });
    return canvas;
  }
  words(blocks, short) {
    // for the badge; where it is long, heads are counted only
    const parts = [],
      n = this.off.size,
      erased = this.from.filter((source) => source === ERASED).length;
    if (n === blocks * this.heads) parts.push(tr`all heads ablated`);
    else if (n) {
      const ablated = n === 1 ? tr`${n} head ablated` : tr`${n} heads ablated`;
      parts.push(short ? ablated : tr`${ablated} (${this.headsInWords(blocks)})`);
    }
    if (erased)
      parts.push(erased === 1 ? tr`${erased} patch masked` : tr`${erased} patches masked`);
    const moved = this.from.filter((source, i) => source !== i && source !== ERASED).length;
    if (moved) parts.push(moved === 1 ? tr`${moved} patch moved` : tr`${moved} patches moved`);
    if (!this.positions) parts.push(tr`no position embeddings`);
    return parts.join(' · ');
  }
  headsInWords(blocks) {
    const parts = [];
    for (let l = 0; l < blocks; l++) {
      const off = Array.from({ length: this.heads }, (_, h) => h).filter((h) =>
        this.off.has(l * this.heads + h),
      );
      if (off.length === this.heads && this.heads > 1) parts.push(`L${l + 1}`);
      else parts.push(...off.map((h) => `L${l + 1}H${h + 1}`));
    }
    return commas(parts);
  }
}
