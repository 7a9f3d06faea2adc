// uses saving
// The image in patches of every size, each with the model's prediction; a click selects the size.
const TILE = 88;

class Cuts {
  constructor(root) {
    this.box = root.querySelector('.cuts');
    this.wrap = root.querySelector('.wrap');
  }

  setData(data) {
    const { tiles, present, names, truth } = data.head;
    while (this.box.children.length > tiles.length) this.box.lastChild.remove();
    while (this.box.children.length < tiles.length) this.box.append(this.button());
    let at = 0;
    tiles.forEach((tile, i) => {
      const button = this.box.children[i],
        side = tile.grid * tile.patch,
        size = side * side * 3;
      this.draw(
        button.querySelector('canvas'),
        sprite(data.rgb.subarray(at, at + size), side, side),
        tile,
      );
      at += size;
      const answered = tile.share !== null,
        now = tile.patch === present,
        text = (name, words) => {
          button.querySelector(name).textContent = words;
        };
      button.classList.toggle('awaited', !answered);
      button.setAttribute('aria-pressed', now);
      text('b', `${tile.patch} × ${tile.patch}`);
      text('.n', tile.tokens);
      button.querySelector('.fill').style.width = answered ? 100 * tile.share + '%' : 0;
      text('.p', answered && tile.top >= 0 ? percent(tile.share) : '');
      text(
        '.a',
        !answered
          ? tile.awaited
            ? '…'
            : '–'
          : tile.top < 0
            ? tr`no clear prediction`
            : names[tile.top],
      );
      text('.k', tile.known);
      button.querySelector('.a').classList.toggle('right', answered && tile.top === truth);
      button.onclick = () => {
        if (tile.patch !== present) this.send('patch_size', tile.patch);
      };
    });
    this.wrap.dataset.answered = tiles.filter((tile) => tile.share !== null).length;
  }

  button() {
    const button = el('button');
    button.type = 'button';
    button.innerHTML =
      '<canvas aria-hidden="true"></canvas><b></b><span class="n"></span><span class="share"><span class="track"><span class="fill"></span></span><span class="p"></span></span><span class="a"></span><span class="k"></span>';
    return button;
  }

  draw(canvas, source, { grid, patch }) {
    const c = fit(canvas, TILE, TILE),
      r = density();
    const gap = grid === 1 ? 0 : Math.max(1, Math.round(((TILE * 0.09) / (grid - 1)) * r) / r);
    const side = (TILE - (grid - 1) * gap) / grid,
      whole = (v) => Math.round(v * r) / r; // on whole pixels, so that gaps stay even
    for (let i = 0; i < grid; i++) {
      for (let j = 0; j < grid; j++) {
        const x = whole(j * (side + gap)),
          y = whole(i * (side + gap));
        c.drawImage(
          source,
          j * patch,
          i * patch,
          patch,
          patch,
          x,
          y,
          whole((j + 1) * (side + gap) - gap) - x,
          whole((i + 1) * (side + gap) - gap) - y,
        );
      }
    }
  }
}

export default mount('patch_size_tiles', (root) => new Cuts(root));
