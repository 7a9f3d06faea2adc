// Cosines of a number of things with each other, several times, as `cosines_as_codes` packs them.
const MOST = 32767; // of an int16
class Cosines {
  constructor(bytes, count) {
    this.codes = new Int16Array(bytes.slice().buffer);
    this.size = (count * (count + 1)) / 2;
  }
  at(k, p, q) {
    const i = Math.max(p, q);
    return this.codes[k * this.size + (i * (i + 1)) / 2 + Math.min(p, q)] / MOST;
  }
  extremes(k) {
    // lowest and highest, of a thing with itself too: all that the tiles show
    const own = this.codes.subarray(k * this.size, (k + 1) * this.size);
    return [Math.min, Math.max].map((most) => own.reduce((a, b) => most(a, b)) / MOST);
  }
}
// The colors of cosines: from -1 to 1, or about a mean, as far as most of them are from it.
const cosineLimits = (scale, mean, reach) =>
  // lowest, middle, highest
  scale === 'full' ? [-1, 0, 1] : [Math.max(-1, mean - reach), mean, Math.min(1, mean + reach)];
function colorOfCosine(signedColors, v, [low, middle, high]) {
  const away = v - middle,
    share = away / ((away < 0 ? middle - low : high - middle) || 1);
  return signedColors[Math.round(127.5 + 127.5 * Math.max(-1, Math.min(1, share)))];
}
// The ends of the scale, marked where values beyond them have their color; `shown` are the lowest
// and the highest value.
function drawEnds(ends, [low, , high], shown) {
  const beyond = [shown[0] < low - 0.005, shown[1] > high + 0.005];
  [low, high].forEach((limit, i) => {
    const number = Math.abs(limit) === 1 ? String(limit).replace('-', '−') : signed(limit);
    ends[i].textContent = beyond[i] ? `${'≤≥'[i]} ${number}` : number;
  });
}
