"""The one error of the data sets."""


class DataError(ValueError):
    """A data set cannot be read or fetched; the message is a sentence to show to a person."""
