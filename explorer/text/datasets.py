"""What the datasets are called on pages; in URLs, cards and configs they go by the keys."""

DATASET_NAMES = {"cifar10": "CIFAR-10", "sketch10": "sketch10"}
