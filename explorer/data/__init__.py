"""Images and where they come from: both data sets, and a visitor's own."""

WHOLE = 10_000  # images of either test set, 1,000 per class
