"""Images and where they come from: both data sets, and a visitor's own."""
