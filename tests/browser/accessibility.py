"""What axe-core finds on a page."""

from axe_playwright_python.sync_playwright import Axe

GRAVE = ("serious", "critical")
# What passes is not listed element by element, which takes most of the time.
ASKED = {"resultTypes": ["violations"]}


def violations(page, context=None) -> list[str]:
    """Serious and critical violations, one line per element.

    Args:
        page: the browser's page.
        context: a CSS selector of the part to test; the whole page by default.
    """
    found = Axe().run(page, context=context, options=ASKED).response["violations"]
    return [
        f"{one['impact']} {one['id']}: {node['target']} {node['html'][:120]}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]
