// What is pinned in a figure goes to Python, for the URL; what a link pins goes to the figures.
class Messenger {
  constructor() {
    pin.follow(this);
    onePressOneStep();
  }
  stop() {
    pin.leave(this);
  }
  setData({ head }) {
    document.documentElement.lang = head.language;
    if (head.mark === PINS.followed) return;
    PINS.followed = head.mark;
    const [token, side] = head.pinned ?? [null, 1];
    pin.write(token, [side, side], this);
  }
  onPin() {
    this.send('pinned', PINS.at ?? []);
  }
}

// "Back" undoes one press: Streamlit adds an entry to the history for each field of the URL that one press
// sets, and for the page that is left one more, without its fields.
function onePressOneStep() {
  if (PINS.counted) return;
  PINS.counted = true;
  const add = history.pushState.bind(history);
  let pressed = false;
  const press = ({ button = 0 }) => (pressed = button < 3); // 3 and 4 go back and forward
  addEventListener('pointerdown', press, true);
  addEventListener('keydown', press, true);
  addEventListener('popstate', () => (pressed = false), true);
  history.pushState = (...entry) => {
    if (pressed) add(...entry);
    else history.replaceState(...entry);
    pressed = false;
  };
}

export default mount('pin', () => new Messenger());
