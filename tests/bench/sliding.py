"""From a move of the patch slider to everything repainted, against an empty Streamlit app."""

from statistics import median

from tests.bench.clock import INSTRUMENT, press_and_wait, wait_until_quiet
from tests.bench.table import Row
from tests.browser.person import Person
from tests.browser.server import Server

EMPTY_APP = """import streamlit as st

value = st.slider("Value", 0, 100, key="value")
st.write(f"value {value}")
"""
# Streamlit's defaults, but for asking an e-mail address and for reporting usage.
EMPTY_SETTINGS = {
    "STREAMLIT_SERVER_HEADLESS": "true",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
}
ROUNDS = 5
MOVES = 4
PRESSES = 12


def window(browser, server):
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    context.add_init_script(INSTRUMENT)
    return Person(context.new_page(), server.address)


def measure(browser, home, folder) -> list[Row]:
    home.mkdir(parents=True)
    script = home / "empty.py"
    script.write_text(EMPTY_APP)
    with (
        Server(home / "empty", script=script, variables=EMPTY_SETTINGS) as empty,
        Server(home / "app", data=folder) as app,
    ):
        return compare(browser, empty, app)


def compare(browser, empty, app) -> list[Row]:
    plain = window(browser, empty).page
    plain.goto(empty.address)
    plain.get_by_text("value 0").wait_for()
    plain_slider = plain.locator("input[type=range]")

    patches = window(browser, app).opens("Patches")
    patches.waits_for_answer()
    slider = patches.widget("patch_size").locator("input[type=range]")
    for _ in range(2):  # once to and fro, so that every size was seen before, as in the other app
        for key in ("ArrowRight", "ArrowLeft"):
            press_and_wait(patches.page, slider, key)

    attention = window(browser, app)
    times = {"empty": [], "patches": [], "lens": [], "attention": []}
    for turn in range(ROUNDS):
        for move in range(MOVES):
            key = ("ArrowRight", "ArrowLeft")[move % 2]
            times["empty"].append(press_and_wait(plain, plain_slider, key))
            times["patches"].append(press_and_wait(patches.page, slider, key))
        lens, page = fresh_attention(attention, image=turn)
        times["lens"].append(lens)
        times["attention"].append(page)

    rates = {
        "empty": reached(plain, plain_slider),
        "patches": reached(patches.page, slider),
    }
    reference = median(times["empty"])
    return [
        Row("slider to text, empty Streamlit app", times["empty"], "ms", ratio=1.0),
        Row(
            "slider to everything repainted, Patches",
            times["patches"],
            "ms",
            ratio=median(times["patches"]) / reference,
            ratio_bound=2,
        ),
        Row(
            "slider to the lens repainted, Attention at P=4, model included",
            times["lens"],
            "ms",
            ratio=median(times["lens"]) / reference,
            ratio_bound=4,
        ),
        Row(
            "and to the last curve of its maps",
            times["attention"],
            "ms",
            ratio=median(times["attention"]) / reference,
        ),
        Row(f"of {PRESSES} presses on screen, empty app", [rates["empty"]["texts"]], "presses"),
        *(
            Row(
                f"of {PRESSES} presses on screen, Patches, {what}",
                [rates["patches"][name]],
                "presses",
                bound=PRESSES,
                at_least=True,
            )
            for name, what in (("texts", "its title"), ("images", "its image"))
        ),
    ]


def fresh_attention(person, *, image: int) -> tuple[float, float]:
    """Slide from 5 to 4 on an image that the model has not seen.

    Returns:
        Milliseconds to the lens with the model's answer, and to the last change on the page.
    """
    person.opens("Attention", image_class="ship", image_index=20 + image, patch_size=5)
    person.waits_for_answer()
    wait_until_quiet(person.page, quiet=1500)
    slider = person.widget("patch_size").locator("input[type=range]")
    lens = person.page.get_by_role("group", name="Attention view")
    before = lens.get_attribute("data-rev")
    whole = press_and_wait(person.page, slider, "ArrowLeft")
    after, painted = lens.get_attribute("data-rev"), lens.get_attribute("data-painted")
    if after == before:
        raise RuntimeError(f"the lens was not drawn anew: it still shows {after}")
    return float(painted) - person.page.evaluate("clock.pressed"), whole


def reached(page, slider) -> dict[str, int]:
    """How many of twelve presses to and fro, 150 ms apart, changed what stands on the screen."""
    lists = ("texts", "images")
    wait_until_quiet(page)
    before = {name: page.evaluate(f"clock.{name}.length") for name in lists}
    for press in range(PRESSES):
        slider.press(("ArrowRight", "ArrowLeft")[press % 2])
        page.wait_for_timeout(150)
    wait_until_quiet(page, quiet=1500)
    return {name: page.evaluate(f"clock.{name}.length") - before[name] for name in lists}
