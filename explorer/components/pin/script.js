// What is pinned in a figure goes to Python, for the URL; what a link pins goes to the figures.
class Messenger {
  constructor() {
    pin.follow(this);
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

export default mount('pin', () => new Messenger());
