"""PyTorch's side of the comparison: the article's network, and transformers' ViT."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from vitcore.bench import BATCH


class _Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(64, eps=1e-3), nn.LayerNorm(64, eps=1e-3)
        self.qkv, self.out = nn.Linear(64, 3 * 256), nn.Linear(256, 64)
        self.mlp = nn.Sequential(
            nn.Linear(64, 128),
            nn.GELU(),
            nn.Dropout(0.1),
            nn.Linear(128, 64),
            nn.GELU(),
            nn.Dropout(0.1),
        )

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        batch, count, _ = tokens.shape
        qkv = self.qkv(self.norm1(tokens)).reshape(batch, count, 3, 4, 64)
        queries, keys, values = qkv.permute(2, 0, 3, 1, 4)
        dropout = 0.1 if self.training else 0.0
        mixed = functional.scaled_dot_product_attention(queries, keys, values, dropout_p=dropout)
        tokens = tokens + self.out(mixed.transpose(1, 2).reshape(batch, count, 256))
        return tokens + self.mlp(self.norm2(tokens))


class _Network(nn.Module):
    """The article's network with PyTorch's attention."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 64, 4, stride=4)
        self.positions = nn.Parameter(torch.zeros(1, 64, 64))
        self.blocks = nn.Sequential(nn.Dropout(0.2), *(_Block() for _ in range(6)))
        self.norm, self.head = nn.LayerNorm(64, eps=1e-3), nn.Linear(64, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        tokens = self.patches(images).flatten(2).transpose(1, 2) + self.positions
        return self.head(self.norm(self.blocks(tokens)).mean(dim=1))


def _article() -> Callable[[], Any]:
    rng = np.random.default_rng(0)
    images = torch.from_numpy(rng.integers(0, 256, (BATCH, 3, 32, 32), np.uint8))
    labels = torch.from_numpy(rng.integers(0, 10, BATCH))
    network = _Network().train()
    optimizer = torch.optim.Adam(network.parameters(), 2e-3)

    def step() -> None:
        optimizer.zero_grad()
        loss = functional.cross_entropy(network(images.float() / 255), labels)
        loss.backward()
        optimizer.step()
        loss.item()

    return step


def _trace(side: int) -> Callable[[], Any]:
    from transformers import ViTConfig, ViTForImageClassification

    patch, width, depth, heads = {32: (4, 192, 6, 3), 224: (16, 768, 12, 12)}[side]
    config = ViTConfig(
        image_size=side,
        patch_size=patch,
        hidden_size=width,
        num_hidden_layers=depth,
        num_attention_heads=heads,
        intermediate_size=4 * width,
        num_labels=10,
        attn_implementation="eager",
    )
    model = ViTForImageClassification(config).eval()
    image = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)

    def once() -> None:
        pixels = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 127.5 - 1
        with torch.no_grad():
            answer = model(pixels, output_attentions=True)
        for attention in answer.attentions:
            attention.numpy()

    return once


ENTRANTS: dict[str, Callable[[], Callable[[], Any]]] = {
    "article": _article,
    "trace 32": partial(_trace, 32),
    "trace 224": partial(_trace, 224),
}
