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
