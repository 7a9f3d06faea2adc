"""What all Plotly figures share."""

import plotly.graph_objects as go
import pytest

from explorer.figures.style import palette, plain


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_figure_is_opaque_for_its_png_and_its_camera(theme):
    colours = palette(theme)
    assert plain(go.Figure(), colours, height=100).layout.paper_bgcolor == colours.background
