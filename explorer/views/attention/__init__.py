"""The Attention page, its tabs and their state."""
