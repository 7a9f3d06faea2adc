// The lens's numbers: codes as they were sent, read back as shares of attention.
// In each row code 255 is the row's own maximum, `peaks`; the others are square roots of what the row holds besides,
// in steps of its second largest share. So one bright patch takes nothing from the precision of the rest.
// A token that is not a patch (class token, registers) is counted -1, -2, ... beside the patches 0, 1, ...
const SQUARES = Float32Array.from({ length: 256 }, (_, code) => (code / 254) ** 2);
const ITSELF = 0, ROW = 1, COLUMN = 2, RECEIVED = 3;   // what `sums` holds of each patch, exactly

class Shares {
  constructor(data) {
    const { head } = data, [rows, columns] = head.grid;
    this.blocks = head.blocks; this.heads = head.heads; this.rows = rows; this.columns = columns;
    this.prefix = head.prefix.length; this.count = rows * columns; this.tokens = this.prefix + this.count;
    const lines = this.blocks * this.heads * this.tokens;
    fits('codes', data.codes, lines * this.count);
    fits('peaks', data.peaks, lines);
    fits('seconds', data.seconds, lines);
    fits('before', data.before, lines * this.prefix);
    fits('sums', data.sums, 4 * this.blocks * this.heads * this.count);
    Object.assign(this, { codes: data.codes, peaks: data.peaks, seconds: data.seconds, before: data.before, sums: data.sums });
    this.maps = new Float32Array(this.blocks * this.heads * this.count);
    this.maxima = new Float32Array(this.blocks * this.heads);
  }
  line(k, p) { return k * this.tokens + (p < 0 ? -1 - p : this.prefix + p); }   // k: block * heads + head
  share(k, from, to) {                      // of token `from`'s attention, what goes to token `to`
    const line = this.line(k, from);
    if (to < 0) return this.before[line * this.prefix - 1 - to];
    const code = this.codes[line * this.count + to];
    return code === 255 ? this.peaks[line] : this.seconds[line] * SQUARES[code];
  }
  sum(k, p, what) { return this.sums[4 * (k * this.count + p) + what]; }
  outside(k, p) {                           // what token p gives to tokens that are no patches
    const line = this.line(k, p);
    let sum = 0;
    for (let t = 0; t < this.prefix; t++) sum += this.before[line * this.prefix + t];
    return sum;
  }
  map(k) { return this.maps.subarray(k * this.count, (k + 1) * this.count); }
  compute(p, direction) {                   // all maps of token p, each one's maximum, and the largest of all
    const { count, prefix, codes, peaks, seconds, before, maps, maxima } = this;
    this.largest = 0;
    for (let k = 0, at = 0; k < maxima.length; k++) {
      let max = 0;
      if (direction === 'from') {
        const line = this.line(k, p), peak = peaks[line], second = seconds[line], start = line * count;
        for (let i = 0; i < count; i++) { const code = codes[start + i]; maps[at++] = code === 255 ? peak : second * SQUARES[code]; }
        max = peak;
      } else {
        for (let i = 0, line = this.line(k, 0); i < count; i++, line++) {
          let share;
          if (p < 0) share = before[line * prefix - 1 - p];
          else { const code = codes[line * count + p]; share = code === 255 ? peaks[line] : seconds[line] * SQUARES[code]; }
          maps[at++] = share;
          if (share > max) max = share;
        }
      }
      maxima[k] = max;
      if (max > this.largest) this.largest = max;
    }
  }
}
function fits(name, array, wanted) {
  if (array?.length !== wanted) throw new Error(`"${name}" holds ${array?.length ?? 0} numbers, its header speaks of ${wanted}`);
}
const largestOf = (map) => { let best = 0; for (let i = 1; i < map.length; i++) if (map[i] > map[best]) best = i; return best; };
