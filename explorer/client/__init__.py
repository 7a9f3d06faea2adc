"""The only way from views to models and data: typed functions over a `Selection`."""

from explorer.client.activations import (
    attention_inputs,
    block_pass,
    dense_conv_difference,
    forward,
    norm_sample,
    patch_embedding,
    residual_ablation,
    shuffle_predictions,
    token_maps,
)
from explorer.client.attribution import attribution_maps, deletion_insertion
from explorer.client.evaluation import evaluate
from explorer.client.head_analysis import (
    head_ablation,
    head_ablation_many,
    head_metrics,
    head_metrics_many,
)
from explorer.client.models import (
    card,
    load_error,
    model_names,
    resolve,
    unexpected,
    unexpected_errors,
    weights,
)
from explorer.client.session import (
    begin_run,
    end_run,
    news,
    start_worker,
    stop_worker,
    wait_no_longer,
    worker_status,
)

__all__ = [
    "attention_inputs",
    "attribution_maps",
    "begin_run",
    "block_pass",
    "card",
    "deletion_insertion",
    "dense_conv_difference",
    "end_run",
    "evaluate",
    "forward",
    "head_ablation",
    "head_ablation_many",
    "head_metrics",
    "head_metrics_many",
    "load_error",
    "model_names",
    "news",
    "norm_sample",
    "patch_embedding",
    "residual_ablation",
    "resolve",
    "shuffle_predictions",
    "start_worker",
    "stop_worker",
    "token_maps",
    "unexpected",
    "unexpected_errors",
    "wait_no_longer",
    "weights",
    "worker_status",
]
