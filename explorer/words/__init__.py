"""The words on the pages: sentences, names and numbers, written from the data."""
