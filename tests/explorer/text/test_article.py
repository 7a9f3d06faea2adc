"""Where each section of the article is shown."""

import re

from explorer import navigation
from explorer.text.article import article, reference, sections_of


def test_every_page_shows_a_section_of_the_article_and_links_it():
    for page in navigation.names():
        said = reference(page)
        assert set(sections_of(page)) == set(
            re.findall(r"\d(?:\.\d)?", said.partition("</cite>")[2])
        )
        assert f'href="{article()["url"]}"' in said
        assert article()["title"] in said


def test_sections_of_the_article_with_a_figure_or_code_step_have_a_page():
    shown = {section for page in navigation.names() for section in sections_of(page)}
    assert shown >= {"1", "1.1", "1.2", "2", "2.1", "2.2", "3", "3.1", "3.2", "4"}


def test_a_page_without_a_section_names_none():
    assert reference("nowhere") == ""
