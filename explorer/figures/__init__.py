"""Arrays in, Plotly figures out: pure functions, no Streamlit and no model."""
