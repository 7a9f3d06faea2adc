// The lens in words: the readout, the class bars, and the same numbers as a table.
const share = (x) => (x >= .9995 ? '100' : x >= .0005 ? (100 * x).toFixed(1) : x > 0 ? '<0.1' : '0') + '%';   // never 100 beside something else
const strong = (text) => { const b = document.createElement('b'); b.textContent = text; return b; };

function howTo(mode, finger, picked) {      // one line above the picture
  if (mode === 'erase') return `${finger ? 'Stroke' : 'Click or drag'} over patches to fill them with the mean colour of the data; once more brings them back.`;
  if (mode === 'swap') return picked ? `Now the patch that changes places with the one at ${picked}.` : `${finger ? 'Tap' : 'Click'} two patches: they change places.`;
  return finger ? 'Tap a patch to ask where it looks; tap a small map to enlarge it; the switch in its corner turns that head off.'
    : 'Point at a patch; click to keep it. Click a small map to enlarge it; the switch in its corner turns that head off.';
}

// ---- the readout. `at`: { p, target, k, l, h, direction, pinned, names, size, [rows, columns] grid }
function readout(shares, at) {
  const { p, target, k, l, h, direction, pinned, names, grid } = at, { count: N, prefix } = shares, map = shares.map(k), best = largestOf(map);
  const called = (t) => (t < 0 ? `the ${names[-1 - t]} token` : `the patch at ${place(t, grid)}`), cap = (text) => text[0].toUpperCase() + text.slice(1);
  const name = `ead ${h + 1} of block ${l + 1}`, most = best === p ? 'itself' : called(best);
  const parts = [strong(`${p < 0 ? cap(called(p)) : `Patch at ${place(p, grid)}`}${pinned ? ' (pinned). ' : '. '}`)];
  if (target !== null) {
    const [from, to] = direction === 'from' ? [p, target] : [target, p];
    const given = strong(share(to === from && p >= 0 ? shares.sum(k, p, ITSELF) : shares.share(k, from, to)));   // the same number as below
    if (to === from) parts.push('It keeps ', given, ' of its attention for itself. ');
    else if (direction === 'from') parts.push(`${cap(called(to))} gets `, given, ' of its attention. ');
    else parts.push(`${cap(called(from))} gives it `, given, ' of its attention. ');
  }
  if (direction === 'to') {
    const given = `In h${name} it is looked at most by ${most} (${share(map[best])} of that patch’s attention).`;
    if (p < 0) return [...parts, given];
    const even = shares.sum(k, p, RECEIVED) / (N / shares.tokens);
    return [...parts, `${given} From ${N === 1 ? 'the one patch' : `all ${N} patches together`} it receives ${even.toFixed(2)} times an even share.`];
  }
  const outside = shares.outside(k, p), rest = [];
  const tokens = names.map((_, t) => shares.share(k, p, -1 - t)), top = largestOf(tokens), beyond = prefix > 0 && tokens[top] > map[best];
  const sees = beyond ? `${-1 - top === p ? 'itself' : called(-1 - top)} (${share(tokens[top])}); of the patches, at ${most.replace('the patch at ', 'the one at ')}` : most;
  let first = `For this ${p < 0 ? 'token' : 'patch'}, h${name} looks most at ${sees} (${share(map[best])})`;
  if (p >= 0 && N > 1 && outside < 1) first += `; mean distance ${distance(map, p, at).toFixed(1)} pixels`;
  if (prefix && !(beyond && prefix === 1)) rest.push(`${share(outside)} goes to ${prefix === 1 ? `the ${names[0]} token` : 'the tokens that are not patches'}`);
  if (p >= 0 && N > 1) rest.push(around(shares, at, best === p));
  return [...parts, [first, ...rest.length ? [rest.join('; ')] : []].join('. ') + '.'];
}
function distance(map, p, { grid: [rows, columns], size }) {
  let weighted = 0, sum = 0;
  for (let i = 0; i < map.length; i++) {
    sum += map[i];
    weighted += map[i] * Math.hypot((Math.floor(i / columns) - Math.floor(p / columns)) * size[0] / rows, (i % columns - p % columns) * size[1] / columns);
  }
  return sum ? weighted / sum * 32 / size[0] : 0;
}
function around(shares, { p, k, grid: [rows, columns] }, most) {   // itself apart from row and column, so that nothing holds trivially
  const even = [(columns - 1) / shares.tokens, (rows - 1) / shares.tokens].map(share), spread = even[0] === even[1] ? `${even[0]} for each of the two` : `${even[0]} and ${even[1]}`;
  const self = most ? '' : `${share(shares.sum(k, p, ITSELF))} stays on itself, `;
  return `${self}${share(shares.sum(k, p, ROW))} goes to the rest of its row, ${share(shares.sum(k, p, COLUMN))} to the rest of its column (an even spread: ${spread})`;
}

// ---- class bars: now against before
const MOST_BARS = 10;
function answer(root, answers, changed, sentence) {
  const bars = root.querySelector('.bars'), verdict = root.querySelector('.verdict'), { names, truth, now, before } = answers;
  const size = (i) => (now ? Math.max(now[i], before[i]) : -i);
  let listed = names.map((_, i) => i);
  if (names.length > MOST_BARS) listed = listed.sort((a, b) => size(b) - size(a)).slice(0, MOST_BARS).sort((a, b) => a - b);
  while (bars.children.length > listed.length) bars.lastChild.remove();
  while (bars.children.length < listed.length) {
    const item = document.createElement('li');
    item.innerHTML = '<span class="name"></span><span class="track"><span class="fill"></span><span class="was"></span></span><span class="val"></span>';
    bars.append(item);
  }
  const top = now ? largestOf(now) : -1, first = now ? largestOf(before) : -1;
  const preferred = (values, i) => (Math.max(...values) - Math.min(...values) < UNDECIDED ? ['undecided'] : [word(names[i], i === truth), ` ${percent(values[i])}`]);
  listed.forEach((i, n) => {
    const item = bars.children[n], part = (name) => item.querySelector(name);
    item.className = `${i === top ? 'top ' : ''}${i === truth ? 'truth' : ''}`;
    part('.name').textContent = names[i];
    part('.fill').style.width = now ? 100 * now[i] + '%' : 0;
    part('.was').style.left = now ? 100 * before[i] + '%' : 0;
    part('.val').textContent = !now ? '–' : changed ? `${percent(before[i])} → ${percent(now[i])}` : percent(now[i]);
  });
  bars.style.gridTemplateRows = root.clientWidth <= 700 ? '' : `repeat(${Math.ceil(listed.length / 2)}, 22px)`;
  bars.classList.toggle('changed', changed);
  root.querySelector('.key').hidden = !changed;
  const moves = () => [...preferred(before, first), ' → ', ...preferred(now, top)];
  verdict.replaceChildren('Answer: ', ...!now ? ['–'] : changed ? ['before ', ...preferred(before, first), ' → now ', ...preferred(now, top)] : preferred(now, top));
  root.querySelector('.effect').replaceChildren(...changed && now ? moves() : []);
  root.querySelector('.note').textContent = changed && now ? `${sentence}${moved(names, now, before)}` : '';
}
function word(text, truth) { const span = document.createElement('span'); span.textContent = text; span.className = truth ? 'truth' : ''; return span; }
function moved(names, now, before) {
  const by = now.map((x, i) => x - before[i]), i = largestOf(by.map(Math.abs)), points = 100 * by[i];
  return Math.abs(points) < .05 ? 'The answer does not move.' : `The most moved: ${names[i]}, by ${points > 0 ? '+' : '−'}${Math.abs(points).toFixed(1)} percentage points.`;
}
function aboutAllOff(pooling) {
  return 'All heads are off: no token sees another. ' + (pooling === 'class' ? 'The class token never sees the picture, so every picture gets this answer. ' : 'Each patch is judged by itself, and the answer is the mean of their votes. ');
}

// ---- the same numbers as a table; filled only while it is open
function tables(shares, at) {
  const { p, k, l, h, direction, names, grid: [rows, columns], grid } = at;
  const who = p < 0 ? `${names[-1 - p]} token` : `patch at ${place(p, grid)}`;
  const one = shareTable(`Block ${l + 1}, head ${h + 1}: ${direction === 'from' ? `where the ${who} looks` : `who looks at the ${who}`}`, 'row', Array.from({ length: columns }, (_, c) => `column ${c + 1}`),
    rows, (r) => `${r + 1}`, (r, c) => share(shares.map(k)[r * columns + c]));
  const all = shareTable(direction === 'from' ? `All heads: which patch the ${who} looks at most` : `All heads: which patch looks at the ${who} most`, '', Array.from({ length: shares.heads }, (_, c) => `head ${c + 1}`),
    shares.blocks, (r) => `block ${r + 1}`, (r, c) => { const map = shares.map(r * shares.heads + c), best = largestOf(map); return `${share(map[best])} ${best === p ? 'itself' : place(best, grid)}`; });
  return [one, all];
}
function shareTable(title, corner, across, rows, name, cellText) {
  const element = document.createElement('table'), make = (tag, text, scope) => { const e = document.createElement(tag); e.textContent = text; if (scope) e.scope = scope; return e; };
  const line = (...cells) => { const tr = document.createElement('tr'); tr.append(...cells); return tr; };
  element.append(make('caption', title), line(make(corner ? 'th' : 'td', corner), ...across.map((text) => make('th', text, 'col'))));
  for (let r = 0; r < rows; r++) element.append(line(make('th', name(r), 'row'), ...across.map((_, c) => make('td', cellText(r, c)))));
  return element;
}
