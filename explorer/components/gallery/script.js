// Images with two lines of text below each; a click selects one.
class Gallery {
  constructor(root) {
    this.box = root.querySelector('.gallery');
  }

  setData(data) {
    const { numbers, captions, labels, chosen, size, label } = data.head,
      per = size * size * 3;
    this.box.setAttribute('aria-label', label);
    while (this.box.children.length > numbers.length) this.box.lastChild.remove();
    while (this.box.children.length < numbers.length) this.box.append(this.button());
    [...this.box.children].forEach((button, i) => {
      const [canvas, first, second] = button.children;
      canvas.width = canvas.height = size;
      canvas
        .getContext('2d')
        .drawImage(sprite(data.rgb.subarray(i * per, (i + 1) * per), size, size), 0, 0);
      [first.textContent, second.textContent] = captions[i];
      button.title = labels[i];
      button.setAttribute('aria-label', labels[i]);
      button.setAttribute('aria-pressed', numbers[i] === chosen);
      button.onclick = () => this.send('number', numbers[i]);
    });
  }

  button() {
    const button = el('button');
    button.type = 'button';
    button.append(el('canvas'));
    for (const name of ['first', 'second']) {
      const span = el('span', name);
      button.append(span);
    }
    return button;
  }
}

export default mount('gallery', (root) => new Gallery(root));
