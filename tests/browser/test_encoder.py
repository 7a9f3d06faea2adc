"""The Encoder page in the app: its address, its stages and the way to Self-attention."""

from playwright.sync_api import expect

from tests.browser.person import PAGES


def opens(person, stage):
    person.page.locator(f".st-key-encoder li[data-stage={stage}] .box").click()


def test_the_back_button_opens_the_stage_and_the_block_before(person):
    person.opens("Encoder", block=2, stage="mlp")
    drawn = person.page.locator(".st-key-encoder .wrap[data-stage]")
    drawn.wait_for(timeout=90_000)
    expect(drawn).to_have_attribute("data-stage", "mlp")
    expect(drawn).to_have_attribute("data-block", "1")
    opens(person, "norm1")
    person.eventually(lambda: person.query().get("stage") == "norm1")
    person.page.locator(".st-key-encoder").get_by_role("button", name="Block 3").click()
    expect(drawn).to_have_attribute("data-block", "2")
    person.eventually(lambda: person.query().get("block") == "3")
    person.page.go_back()
    expect(drawn).to_have_attribute("data-block", "1")
    expect(drawn).to_have_attribute("data-stage", "norm1")
    person.page.go_back()
    expect(drawn).to_have_attribute("data-stage", "mlp")
    person.page.go_forward()
    expect(drawn).to_have_attribute("data-stage", "norm1")
    opens(person, "attention")
    person.page.get_by_role("button", name="Open Self-attention").click()
    person.page.wait_for_url(f"**/{PAGES['Self-attention']}*")


def test_the_normalization_axes_follow_the_block_and_name_it(person):
    person.opens("Encoder", image_source="sketch10")
    norms, page = person.page.locator(".st-key-encoder_norms"), person.page
    norms.locator("tbody td").first.wait_for(timeout=90_000)

    def shown():
        return [norms.locator(".at").inner_text(), *norms.locator("td").all_inner_texts()]

    first = shown()
    page.locator(".st-key-encoder").get_by_role("button", name="Block 4").click()
    expect(norms.locator(".at")).to_contain_text("Block 4,", timeout=90_000)
    fourth = shown()
    assert first[1:] != fourth[1:]
    page.reload()
    norms.locator("tbody td").first.wait_for(timeout=90_000)
    person.eventually(lambda: shown() == fourth)


SHOWN = [f".st-key-{key} [aria-pressed=true]" for key in ("encoder_residual", "encoder_norms")]
SHOWN += [".st-key-encoder .way .seg [aria-pressed=true]", ".st-key-encoder .switch [aria-pressed]"]


def test_a_link_carries_what_the_figures_of_the_page_show(person, somebody, server):
    def settings(one):
        one.settles()
        one.waits_for_answer()
        told = [one.page.locator(inside).all() for inside in SHOWN]
        return [
            (button.get_attribute("aria-pressed"), button.get_attribute("aria-label"), words)
            for button in sum(told, [])
            if (words := button.text_content()) is not None
        ]

    def chooses(inside, **words):
        person.page.locator(inside).click()
        person.eventually(lambda: words.items() <= person.query().items())
        seen.append(settings(person))
        assert seen[-1] != seen[-2]

    person.opens("Encoder", image_source="sketch10", stage="residual1")
    for inside in SHOWN:
        person.page.locator(inside).first.wait_for(timeout=90_000)
    seen = [settings(person)]
    chooses(".st-key-encoder [data-show=all]", rows="all")
    chooses(".st-key-encoder [data-value=f]", terms="f")
    person.page.locator(".st-key-encoder_residual .pair button").last.click()
    person.page.mouse.move(2, 2)
    person.eventually(lambda: person.query().get("residual") == "6.mlp.x")
    seen.append(settings(person))
    chooses(".st-key-encoder_norms tbody tr:nth-child(2)", norm="batch")
    chooses(".st-key-encoder_norms .seg button:nth-child(2)", batch="2")
    other = somebody(server)
    other.page.goto(person.page.url)
    for inside in SHOWN:
        other.page.locator(inside).first.wait_for(timeout=90_000)
    other.eventually(lambda: settings(other) == seen[-1])
    # one side of a sum alone stays so where another block is chosen
    person.page.locator(".st-key-encoder").get_by_role("button", name="Block 2").click()
    drawn = person.page.locator(".st-key-encoder .wrap")
    expect(drawn).to_have_attribute("data-block", "1")
    expect(person.page.locator(".st-key-encoder [data-value=f]")).to_have_attribute(
        "aria-pressed", "true"
    )
    person.page.go_back()
    for state in reversed(seen[:-1]):
        person.page.go_back()
        person.eventually(lambda state=state: settings(person) == state)
