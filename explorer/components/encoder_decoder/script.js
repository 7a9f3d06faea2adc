// uses saving svg
// The encoder-decoder Transformer, drawn from the inputs up; a ViT keeps the encoder.

const WIDE = 426,
  HIGH = 572, // of the drawing, in its own units: pixels on a phone
  BOX = 146,
  MARGIN = 24; // a frame is wider than its boxes, for the residual connections
// y and height of what both columns have, or one of them
const ENCODER = {
  x: 114,
  outer: -1,
  name: 'encoder',
  input: tr`Inputs (ViT: patches)`,
  frame: [308, 486],
  boxes: [
    [tr`Embedding + position`, 504, 26],
    [tr`Self-attention`, 444, 28, 'attention'],
    [tr`Add & norm`, 408, 22, 'norm'],
    [tr`Feed-forward`, 358, 26],
    [tr`Add & norm`, 322, 22, 'norm'],
  ],
  sums: [
    [1, 2],
    [3, 4],
  ],
  end: [tr`Classification head`, 186, 28, tr`ViT: class logits`],
};
const DECODER = {
  x: 310,
  outer: 1,
  name: 'decoder',
  input: tr`Previous outputs`,
  frame: [230, 486],
  boxes: [
    [tr`Embedding + position`, 504, 26],
    [tr`Masked self-attention`, 444, 28, 'attention'],
    [tr`Add & norm`, 408, 22, 'norm'],
    [tr`Cross-attention`, 354, 28, 'attention'],
    [tr`Add & norm`, 318, 22, 'norm'],
    [tr`Feed-forward`, 274, 26],
    [tr`Add & norm`, 238, 22, 'norm'],
  ],
  sums: [
    [1, 2],
    [3, 4],
    [5, 6],
  ],
  end: [tr`Linear + softmax`, 186, 28, tr`Output probabilities`],
};
const SAID = tr`Encoder-decoder Transformer. Encoder: self-attention and feed-forward, N times; a ViT keeps it and adds a classification head. Decoder: masked self-attention, cross-attention with keys and values from the encoder, and feed-forward, N times.`;

function arrow(parent, d, x, y, way = 'up') {
  svg(parent, 'path', { class: 'line', d });
  const tip =
    way === 'up' ? `M${x - 4} ${y + 5}L${x} ${y}l4 5` : `M${x - 5} ${y - 4}L${x} ${y}l-5 4`;
  svg(parent, 'path', { class: 'line', d: tip });
}
const label = (parent, x, y, text, name = '') =>
  svg(parent, 'text', { x, y, class: name, 'text-anchor': 'middle' }, text);
function column(parent, { x, outer, name, input, frame, boxes, sums, end }) {
  const group = svg(parent, 'g', { class: name }),
    left = x - BOX / 2,
    [top, bottom] = frame;
  const box = ([text, y, height, kind = '']) => {
    svg(group, 'rect', { class: `box ${kind}`, x: left, y, width: BOX, height, rx: 4 });
    label(group, x, y + height / 2 + 4.5, text, kind);
  };
  svg(group, 'rect', {
    class: 'frame',
    x: left - MARGIN / 2 - (outer < 0 ? MARGIN / 2 : 0),
    y: top,
    width: BOX + 1.5 * MARGIN,
    height: bottom - top,
    rx: 9,
  });
  label(group, x + outer * (BOX / 2 + MARGIN - 10), top - 7, 'N×');
  label(group, x, HIGH - 6, input);
  arrow(group, `M${x} ${HIGH - 20}V533`, x, 533);
  boxes.forEach((one, k) => {
    const [, above, height] = boxes[k + 1] ?? end,
      to = above + height + 3;
    box(one);
    arrow(group, `M${x} ${one[1]}V${to}`, x, to);
  });
  for (const [from, to] of sums) {
    // the residual connection, around what is added
    const [, y, height] = boxes[from],
      [, at, of] = boxes[to],
      edge = x + (outer * BOX) / 2;
    svg(group, 'path', {
      class: 'line',
      d: `M${x} ${y + height + 8}H${edge + outer * 10}V${at + of / 2}H${edge + outer}`,
    });
  }
  const [text, y, height, above] = end;
  box([text, y, height]);
  arrow(group, `M${x} ${y}V${y - 14}`, x, y - 14);
  label(group, x, y - 20, above);
  return group;
}

class EncoderDecoder extends Figure {
  constructor(root) {
    super();
    this.wrap = root.querySelector('.wrap');
    this.drawing = root.querySelector('.drawing');
    this.watch(this.wrap);
  }
  setData({ head }) {
    this.draw();
    this.painted({ rev: head.rev });
  }
  draw() {
    // the same in every width: it scales
    this.drawing.replaceChildren();
    const top = 150,
      box = `0 ${top} ${WIDE} ${HIGH - top}`,
      root = svg(this.drawing, 'svg', { viewBox: box, role: 'img', 'aria-label': SAID }),
      decoder = column(root, DECODER),
      [, y, height] = DECODER.boxes[3],
      gutter = (ENCODER.x + DECODER.x) / 2,
      to = DECODER.x - BOX / 2 - 3,
      from = ENCODER.frame[0] - 14;
    column(root, ENCODER);
    arrow(
      decoder,
      `M${ENCODER.x} ${from}H${gutter}V${y + height / 2}H${to}`,
      to,
      y + height / 2,
      'right',
    );
    label(decoder, (ENCODER.x + gutter) / 2 + 4, from - 6, 'K, V');
    label(decoder, DECODER.x + 12, y + height + 18, 'Q');
  }
}

export default mount('encoder_decoder', (root) => new EncoderDecoder(root));
