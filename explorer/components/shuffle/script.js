// uses saving
// The image and its shuffled patches, with the predictions of both.
class Shuffle extends Figure {
  constructor(root) {
    super();
    const $ = (selector) => root.querySelector(selector);
    this.wrap = $('.wrap');
    this.canvases = [...root.querySelectorAll('canvas')];
    this.again = $('.again');
    this.answers = $('.answers');
    this.absent = $('.absent');
    this.again.addEventListener('click', () => this.send('again', true), {
      signal: this.events.signal,
    });
    this.watch(this.wrap);
  }

  setData(data) {
    const { size, moves, absent } = data.head;
    this.data = data;
    this.sources = [data.original, data.shuffled].map((rgb) => sprite(rgb, size, size));
    this.again.disabled = !moves;
    this.answers.hidden = Boolean(absent);
    this.absent.hidden = !absent;
    if (absent) {
      this.absent.classList.toggle('error', absent.kind === 'error');
      this.absent.setAttribute('role', absent.kind === 'error' ? 'alert' : 'status');
      this.absent.replaceChildren(strong(absent.what), el('p', '', absent.then));
    } else this.answers.querySelectorAll('section').forEach((section, k) => this.table(section, k));
    this.draw();
    this.painted({ rev: data.head.rev });
  }
  table(section, k) {
    // probabilities of the two images, with position embeddings or without
    const { classes, truth, notes } = this.data.head,
      C = classes.length,
      two = [2 * k, 2 * k + 1].map((row) => this.data.answers.subarray(row * C, (row + 1) * C)),
      tops = two.map(largestOf);
    section.querySelector('ol').replaceChildren(
      ...classes.map((name, c) => {
        const line = el('li', tops.includes(c) ? 'top' : ''),
          bars = el('span', 'two');
        line.classList.toggle('truth', c === truth);
        two.forEach((shares, which) => {
          const bar = el('i', which ? 'after' : '');
          bar.style.width = `${100 * shares[c]}%`;
          bars.append(bar);
        });
        const moved = two.map((shares) => percent(shares[c])).join(' → ');
        line.append(el('span', 'name', name), bars, el('span', 'v', moved));
        return line;
      }),
    );
    section.querySelector('.note').textContent = notes[k];
  }

  draw() {
    this.canvases.forEach((canvas, k) => {
      const S = Math.floor(canvas.parentElement.clientWidth);
      fit(canvas, S, S).drawImage(this.sources[k], 0, 0, S, S);
    });
  }
}

export default mount('shuffle', (root) => new Shuffle(root));
