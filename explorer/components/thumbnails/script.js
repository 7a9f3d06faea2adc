// Thumbnails as a radio group: one tab stop, arrow keys move and choose.
class Thumbnails {
  constructor(root) {
    this.box = root.querySelector('.thumbs');
  }

  setData(data) {
    const { indices, labels, chosen, size } = data.head,
      per = size * size * 3;
    while (this.box.children.length > indices.length) this.box.lastChild.remove();
    while (this.box.children.length < indices.length) this.box.append(this.button());
    [...this.box.children].forEach((button, i) => {
      const canvas = button.firstChild;
      canvas.width = canvas.height = size;
      canvas
        .getContext('2d')
        .drawImage(sprite(data.rgb.subarray(i * per, (i + 1) * per), size, size), 0, 0);
      button.setAttribute('aria-label', labels[i]);
      button.title = labels[i];
      button.onclick = () => {
        this.ring(i);
        this.send('index', indices[i]);
      };
      button.onkeydown = (event) => this.move(event, i);
    });
    this.ring(indices.indexOf(chosen));
  }

  button() {
    const button = el('button');
    button.type = 'button';
    button.setAttribute('role', 'radio');
    button.append(el('canvas'));
    return button;
  }

  ring(chosen) {
    [...this.box.children].forEach((button, i) => {
      button.setAttribute('aria-checked', i === chosen);
      button.tabIndex = i === Math.max(0, chosen) ? 0 : -1;
    });
  }

  move(event, i) {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 5, ArrowUp: -5 }[event.key];
    const next = step && this.box.children[i + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.click();
  }
}

export default mount('thumbnails', (root) => new Thumbnails(root));
