// A button on a figure that saves it as a PNG for a slide: as it stands below its heading, without
// what can be pressed, in the colours of the light theme (PRINT, which stands in front, has them by
// their CSS names), at three pixels for each of CSS. In a block, because every figure has names of
// its own.
{
  const DENSITY = 3,
    MARGIN = 12, // of page around a saved figure, in CSS pixels
    SPARE = 60, // below it, for text that wraps sooner on paper; what is left of it is cut
    TITLE = 34; // height of the heading above it
  // Of a choice its value is left, as text; a slider says it beside itself, if at all.
  const ON_PAPER = `
    .on-paper :is(.plain, .reset, .modes, .scrub, .speed, .hint, details, input[type='range'],
      label:has(> input[type='range']):not(:has(output)), .prefix button:not(:has(i)),
      .seg button:not([aria-pressed='true']), .seg:not(:has([aria-pressed='true'], output))) {
      display: none; }
    .on-paper :is(.seg, .seg button) { border: 0; padding: 0; font-weight: 600;
      color: var(--st-text-color); background: none; }
    .on-paper select { appearance: none; border: 0; padding: 0; background: none; }`;

  EQUIP.push((root, figure, kind) => {
    const button = (figure.saving = el('button', 'save-png', 'PNG'));
    button.type = 'button';
    button.title = tr`Save this figure as a PNG`;
    button.addEventListener('click', async () => {
      button.hidden = true;
      try {
        const heading = headingOf(root),
          image = await printed(root, figure, heading);
        const link = document.createElement('a');
        link.download = figure.file ?? `${fileName(heading) || kind}.png`;
        link.href = URL.createObjectURL(image);
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 1e4);
      } finally {
        button.hidden = false;
      }
    });
    const style = el('style');
    style.textContent = `
    :host, :has(> .save-png) { position: relative; }
    .save-png { all: unset; position: absolute; bottom: 100%; right: 0; z-index: 3; opacity: 0;
      padding: 1px 8px; font: 600 0.75rem var(--st-font); color: var(--st-text-color);
      cursor: pointer; background: var(--st-background-color);
      border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius); }
    .save-png[hidden] { display: none; }
    ${ON_PAPER}
    .wrap:hover ~ .save-png, .save-png:hover, .save-png:focus-visible { opacity: 1; }
    @media (hover: none) { .wrap:not(:hover) ~ .save-png { pointer-events: none; } }`; // a tap shows it
    root.append(style, button);
  });

  // The heading that a figure stands under: its own, else the last one before it on the page.
  function headingOf(root) {
    const own = root.querySelector('h3.head');
    if (own) return { text: own.textContent, inside: true };
    const before = [...document.querySelectorAll('h1, h2, h3')].filter(
      (one) =>
        one.checkVisibility() &&
        one.compareDocumentPosition(root.host ?? root) & one.DOCUMENT_POSITION_FOLLOWING,
    );
    return { text: before.at(-1)?.innerText.trim() ?? '', inside: false };
  }
  const fileName = ({ text }) =>
    text
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .filter(Boolean)
      .join('-');

  // Draw the figure for paper, copy what is seen, and draw it for the screen again.
  async function printed(root, figure, heading) {
    const wrap = root.querySelector('.wrap');
    const screen = wrap.getAttribute('style');
    for (const [name, value] of Object.entries(PRINT)) wrap.style.setProperty(name, value);
    PAPER.density = DENSITY;
    wrap.classList.add('on-paper');
    let page;
    try {
      figure.drawAgain();
      await settled();
      page = await asSvg(wrap, heading.inside ? '' : heading.text);
    } finally {
      PAPER.density = 0;
      wrap.classList.remove('on-paper');
      if (screen === null) wrap.removeAttribute('style');
      else wrap.setAttribute('style', screen);
      figure.drawAgain();
    }
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(page.svg)}`;
    await image.decode();
    const canvas = new OffscreenCanvas(page.width * DENSITY, page.height * DENSITY),
      c = canvas.getContext('2d');
    c.scale(DENSITY, DENSITY);
    c.drawImage(image, 0, 0, page.width, page.height);
    const height = Math.max(inked(canvas) + MARGIN, page.height - SPARE) * DENSITY,
      cut = new OffscreenCanvas(canvas.width, height);
    cut.getContext('2d').drawImage(canvas, 0, 0);
    return cut.convertToBlob({ type: 'image/png' });
  }

  // Height down to the last row that is not all of one color, in CSS pixels.
  function inked(canvas) {
    const { width, height } = canvas,
      { data } = canvas.getContext('2d').getImageData(0, 0, width, height),
      pixels = new Uint32Array(data.buffer);
    let end = pixels.length - 1;
    while (end > 0 && pixels[end] === pixels.at(-1)) end -= 1;
    return Math.ceil((end + 1) / width / DENSITY);
  }

  // What a figure schedules is drawn in the next frame.
  const settled = () =>
    new Promise((done) =>
      requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))),
    );

  // The figure as an SVG image that holds its elements, its style and its fonts.
  async function asSvg(wrap, title) {
    const { width, height } = wrap.getBoundingClientRect(),
      seen = getComputedStyle(wrap),
      copy = wrap.cloneNode(true);
    const pairs = (selector) => {
      const copies = [...copy.querySelectorAll(selector)];
      return [...wrap.querySelectorAll(selector)].map((one, i) => [one, copies[i]]);
    };
    for (const [canvas, blank] of pairs('canvas')) {
      const box = getComputedStyle(canvas);
      Object.assign(blank.style, {
        display: box.display,
        width: box.width,
        height: box.height,
        background:
          canvas.width && canvas.height ? `url(${canvas.toDataURL()}) 0 0 / 100% 100%` : '',
      });
    }
    for (const [field, blank] of pairs('input')) {
      blank.setAttribute('value', field.value);
      blank.toggleAttribute('checked', field.checked);
    }
    for (const [box, blank] of pairs('option')) blank.toggleAttribute('selected', box.selected);
    const sheets = [...wrap.getRootNode().querySelectorAll('style')].map((one) => one.textContent),
      named = new Set(sheets.join().match(/--st-[\w-]+/g)),
      values = [...named].map((name) => `${name}: ${seen.getPropertyValue(name)};`).join(' '),
      fonts = await fontFaces(seen.fontFamily),
      top = title ? TITLE : 0,
      size = [width + 2 * MARGIN, top + height + 2 * MARGIN + SPARE].map(Math.ceil);
    const body = document.createElement('div');
    body.setAttribute(
      'style',
      `${values} box-sizing: border-box; width: ${size[0]}px; height: ${size[1]}px; ` +
        `padding: ${MARGIN}px; background: ${PRINT['--st-background-color']}; ` +
        `color: ${seen.color}; font: ${getComputedStyle(document.body).font}`,
    );
    const style = document.createElement('style');
    style.textContent = `html { font-size: ${getComputedStyle(document.documentElement).fontSize}; }
    ${fonts} ${sheets.join('\n')}`;
    body.append(style);
    if (title) {
      const line = el('p', '', title);
      line.setAttribute(
        'style',
        `height: ${TITLE}px; font: 600 1.2rem ${seen.fontFamily}; white-space: nowrap`,
      );
      body.append(line);
    }
    body.append(copy);
    const elements = new XMLSerializer().serializeToString(body);
    const svg =
      `<svg xmlns="http://www.w3.org/2000/svg" width="${size[0]}" height="${size[1]}">` +
      `<foreignObject width="100%" height="100%">${elements}</foreignObject></svg>`;
    return { svg, width: size[0], height: size[1] };
  }

  // The page's own fonts of a family list with their files inside: an image may load none.
  async function fontFaces(families) {
    const faces = [...document.styleSheets]
      .flatMap((sheet) => {
        try {
          return [...sheet.cssRules].map((rule) => [rule, sheet.href ?? document.baseURI]);
        } catch {
          return []; // of another origin
        }
      })
      .filter(([rule]) => rule instanceof CSSFontFaceRule)
      .filter(([rule]) => families.includes(rule.style.getPropertyValue('font-family')));
    const texts = faces.map(async ([rule, base]) => {
      const [, address] = rule.cssText.match(/url\("?([^")]+)"?\)/) ?? [];
      if (!address) return '';
      const file = await (await fetch(new URL(address, base))).blob(),
        reader = new FileReader();
      await new Promise((done) => {
        reader.onload = done;
        reader.readAsDataURL(file);
      });
      return rule.cssText.replace(address, reader.result);
    });
    return (await Promise.all(texts)).join('\n');
  }
}
