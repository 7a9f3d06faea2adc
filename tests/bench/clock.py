"""When things reach the screen, read in the browser's own clock and without the page's help."""

# Every drawing on a canvas and every change of text in the main block gets a time stamp: that of
# the second animation frame after it, when it can be seen. The slider's own number does not count.
INSTRUMENT = """
(() => {
    const now = () => performance.timeOrigin + performance.now();
    const clock = window.clock = {
        pressed: 0, drawn: 0, changed: 0, first: 0, texts: [], images: [],
    };
    const seen = (then) => requestAnimationFrame(() => requestAnimationFrame(() => then(now())));
    const context = CanvasRenderingContext2D.prototype;
    let scheduled = false;
    for (const name of ['drawImage', 'putImageData', 'fillRect']) {
        const draw = context[name];
        context[name] = function (...all) {
            if (this.canvas.isConnected && !scheduled) {
                scheduled = true;
                const image = this.canvas.closest('.image');
                seen((time) => {
                    scheduled = false;
                    clock.drawn = time;
                    if (image && !clock.first) clock.first = time;
                });
            }
            return draw.apply(this, all);
        };
    }
    addEventListener('keydown', () => { clock.pressed = now(); }, true);
    const counts = (node) => {
        const element = node.nodeType === 1 ? node : node.parentElement;
        return element && element.closest('[data-testid=stMain]')
            && !element.closest('[data-testid=stSlider]');
    };
    new MutationObserver((records) => {
        if (!records.some((record) => counts(record.target))) return;
        seen((time) => { clock.changed = time; });
    }).observe(document, {childList: true, characterData: true, subtree: true});
    const note = (list, value) => { if (value && list.at(-1) !== value) list.push(value); };
    const watch = () => {
        const main = document.querySelector('[data-testid=stMain]');
        const title = main && (main.querySelector('.finding') ?? main.querySelector('h1'));
        const value = main && main.innerText.match(/^value \\d+$/m);
        note(clock.texts, title ? title.innerText : value && value[0]);
        for (const box of main ? main.querySelectorAll('div') : []) {
            const wrap = box.shadowRoot && box.shadowRoot.querySelector('[data-rev]');
            if (wrap && wrap.querySelector('canvas.one')) note(clock.images, wrap.dataset.rev);
        }
        requestAnimationFrame(watch);
    };
    watch();
})();
"""
QUIET_MS = 700  # nothing has changed for so long: everything is there
WAITING = '[data-state="waiting"], .figure-state.loading'


def press_and_wait(page, locator, key: str, *, seconds: float = 20.0) -> float:
    """Press a key; milliseconds from it to the last change, the model's answer included."""
    locator.press(key)
    page.wait_for_function(
        "Math.max(clock.drawn, clock.changed) > clock.pressed", timeout=1000 * seconds
    )
    wait_until_quiet(page, seconds=seconds)
    page.locator(WAITING).first.wait_for(state="detached", timeout=1000 * seconds)
    wait_until_quiet(page, seconds=seconds)
    return page.evaluate("Math.max(clock.drawn, clock.changed) - clock.pressed")


def wait_until_quiet(page, *, seconds: float = 30.0, quiet: int = QUIET_MS) -> None:
    """Wait until no image was drawn and no text changed for a while."""
    page.wait_for_function(
        "quiet => performance.timeOrigin + performance.now()"
        " - Math.max(clock.drawn, clock.changed, clock.pressed) > quiet",
        arg=quiet,
        timeout=1000 * seconds,
    )
