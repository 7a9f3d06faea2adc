"""The optimiser step: the only part of training that differs by backend."""

from __future__ import annotations

import functools
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import keras
import numpy as np
from keras import ops

from vitcore import backend
from vitcore.config import TrainConfig
from vitcore.initialisation import initial_weights
from vitcore.model import ViT, build
from vitcore.training.data import Batch
from vitcore.training.distributed import ProcessGroup
from vitcore.training.muon import Muon
from vitcore.training.processes import COMPILING
from vitcore.training.rng import DROPOUT, generator, sampled_patch_sizes
from vitcore.training.train_state import ENDS_COUNT
from vitcore.training.weight_averaging import CycleAverage


def make_optimizer(config: TrainConfig, model: ViT) -> keras.optimizers.Optimizer:
    """The recipe's optimiser, built for the model's weights.

    Source: Loshchilov & Hutter 2019, AdamW, https://arxiv.org/abs/1711.05101; Muon as in Liu et
    al. 2025, section 2.2, https://arxiv.org/abs/2502.16982: matrices inside the blocks move along
    the orthogonal matrix nearest to their momentum, everything else by AdamW.
    """
    average = {"use_ema": True, "ema_momentum": config.ema_decay} if config.ema_decay else {}
    decay = {"weight_decay": config.weight_decay, "global_clipnorm": 1.0}
    if config.optimizer == "adam":  # as Keras has it: its steps are not clipped
        own = {"weight_decay": config.weight_decay or None}
        optimizer = keras.optimizers.Adam(config.learning_rate, **own, **average)
    elif config.optimizer == "muon":
        optimizer = Muon(
            config.learning_rate,
            adam_weight_decay=config.weight_decay,
            exclude_layers=["/head/", "/class_token$", "/registers$"],
            **decay,
            **average,
        )
    else:
        optimizer = keras.optimizers.AdamW(config.learning_rate, **decay, **average)
    kept = [
        variable
        for name, variable in model.weights_by_name().items()
        if not name.endswith("kernel") or name.endswith(config.frozen)
    ]
    optimizer.exclude_from_weight_decay(var_list=kept)
    optimizer.build(model.trainable_variables)
    return optimizer


def _frozen(config: TrainConfig, names: list[str]) -> list[bool]:
    """Whether each weight stays as it began.

    Raises:
        ValueError: if an end is that of no weight, or nothing is left to train.
    """
    for end in config.frozen:
        if not any(name.endswith(end) for name in names):
            raise ValueError(
                f"frozen must list suffixes of weight names, e.g. {names[0]}, got {end!r}"
            )
    frozen = [name.endswith(config.frozen) for name in names]
    if all(frozen):
        ends = " or ".join(config.frozen)
        raise ValueError(f"frozen must leave a trainable weight; every name ends with {ends}")
    return frozen


def mean_loss(logits: Any, labels: Any, smoothing: float) -> Any:
    """Mean cross-entropy of logits (B, C) against labels, some of it spread evenly.

    Args:
        labels: (B,) whole numbers, or (B, C) shares of each class.
    """
    classes = logits.shape[-1]
    shares = labels if len(labels.shape) == 2 else ops.one_hot(labels, classes)
    targets = shares * (1 - smoothing) + smoothing / classes
    return -ops.mean(ops.sum(targets * ops.log_softmax(logits, axis=-1), axis=-1))


def _compiled_from(config: TrainConfig) -> tuple[Any, ...]:
    """All of a configuration that is written into a compiled step."""
    names = "precision optimizer weight_decay ema_decay frozen label_smoothing".split()
    # What a trainer keeps beside its steps counts as well.
    return config.model_config(), config.cycles > 1, *(getattr(config, name) for name in names)


class Trainer:
    """A model and its optimiser, moved one step at a time.

    On JAX the values live in this object between steps; `sync` writes them back.

    Args:
        model: made inside the group's `scope`, as this object.
        config: how to train it.
        group: the processes whose devices share each batch; by default this one's first alone.
    """

    def __init__(
        self, model: ViT, config: TrainConfig, *, group: ProcessGroup | None = None
    ) -> None:
        self.model = model
        self.config = config
        self.group = group or ProcessGroup()
        self._frozen = _frozen(config, [*model.weights_by_name()])
        self.optimizer = make_optimizer(config, model)
        self._finished: ViT | None = None
        self._ends = CycleAverage(model.trainable_variables) if config.cycles > 1 else None
        self._jax = backend.check() == "jax"
        self._steps: dict[int, Any] = {}
        self._values: list[Any] = []  # of JAX, between two steps
        self._compiling: dict[int, Future[None]] = {}
        self._seed_dropout()
        if self._jax:
            self._take()

    def _seed_dropout(self) -> None:
        # Keras seeds each dropout layer from the clock.
        for index, state in enumerate(self.model.non_trainable_variables):
            drawn = generator(self.config.seed, DROPOUT, index).integers(2**31)
            state.assign(np.array([drawn, 0]))

    def takes_steps_of(self, config: TrainConfig) -> bool:
        """Whether the steps of a run of `config` are compiled from what these were."""
        return _compiled_from(config) == _compiled_from(self.config)

    def begin_anew(self, config: TrainConfig) -> None:
        """Forget what was trained: from here on it is a new trainer for `config`.

        Args:
            config: one that `takes_steps_of` is true for.
        """
        self.config = config
        for variable in self.optimizer.variables:
            variable.assign(np.zeros(variable.shape))
        self.optimizer.learning_rate.assign(config.learning_rate)
        if self._ends is not None:
            self._ends.forget()
        self._seed_dropout()
        self.begin_with(initial_weights(self.model.config, config.seed))

    def begin_with(self, weights: dict[str, np.ndarray]) -> None:
        """Put these in place of the first weights, by name, before any step is taken."""
        for name, variable in self.model.weights_by_name().items():
            variable.assign(weights[name])
        if self._jax:
            self._take()

    def step(
        self, images: np.ndarray, labels: np.ndarray, *, patch_size: int, rate: float
    ) -> tuple[float, float]:
        """Take one step; returns its loss and its share of right answers."""
        loss, right = self.begin(images, labels, patch_size=patch_size, rate=rate)
        return float(loss), float(right)

    def begin(
        self, images: np.ndarray, labels: np.ndarray, *, patch_size: int, rate: float
    ) -> tuple[Any, Any]:
        """The same as the backend's numbers: on an accelerator only float() waits for them."""
        if (compiling := self._compiling.pop(patch_size, None)) is not None:
            compiling.result()
        if patch_size not in self._steps:
            make = self._make_jax if self._jax else self._make_tensorflow
            self._steps[patch_size] = make(patch_size)
        arrays = self.group.placed(images), self.group.placed(labels), np.float32(rate)
        if not self._jax:
            return self._steps[patch_size](*arrays)
        *self._values, loss, right = self._steps[patch_size](*self._values, *arrays)
        return loss, right

    def compile_ahead(self, empty: Callable[[int], Batch]) -> None:
        """Begin to compile the steps of all patch sizes, beside each other and the first steps.

        Only JAX on one device does: there each takes a core a while, and the accelerator none.

        Args:
            empty: a batch of the shapes that steps at a patch size take.
        """
        if not self._jax or self.group.spread is not None:
            return
        import jax

        shapes = [[(value.shape, value.dtype) for value in group] for group in self._values]
        sizes = sampled_patch_sizes(self.config) or (self.model.config.chosen_patch_size(),)

        def compile_one(size: int) -> None:
            zeros = [[jax.numpy.zeros(*like) for like in group] for group in shapes]
            batch = empty(size)
            self._steps[size](*zeros, batch.images, batch.labels, np.float32(0))

        pool = ThreadPoolExecutor(len(sizes), thread_name_prefix=COMPILING)
        for size in sizes:
            self._steps[size] = self._make_jax(size)
            self._compiling[size] = pool.submit(compile_one, size)
        pool.shutdown(wait=False)

    def compiled(self, patch_size: int, seconds: float) -> bool:
        """Whether a step at this size can be taken at once; waits up to `seconds` for that."""
        compiling = self._compiling.get(patch_size)
        if compiling is None:
            return True
        wait([compiling], seconds)
        return compiling.done()

    def _loss(self, logits: Any, labels: Any) -> tuple[Any, Any]:
        loss = mean_loss(logits, labels, self.config.label_smoothing)
        if len(labels.shape) == 2:  # right is the class of which there is most
            labels = ops.argmax(labels, axis=-1)
        right = ops.equal(ops.argmax(logits, axis=-1), labels)
        return loss, ops.mean(ops.cast(right, "float32"))

    def _thawed(self, gradients: list[Any]) -> list[Any]:
        """The same, but zero for what stays as it began: no optimiser moves along these."""
        pairs = zip(gradients, self._frozen, strict=True)
        return [ops.zeros_like(slope) if frozen else slope for slope, frozen in pairs]

    def _make_tensorflow(self, patch_size: int) -> Any:
        import tensorflow as tf

        variables = self.model.trainable_variables

        # Nothing in it is Python's control flow over tensors, and looking for such takes seconds.
        @tf.function(jit_compile=False, autograph=False)
        def step(images: Any, labels: Any, rate: Any) -> Any:
            with tf.GradientTape() as tape:
                logits = self.model(images, patch_size=patch_size, training=True)
                loss, right = self._loss(logits, labels)
            gradients = tape.gradient(loss, [variable.value for variable in variables])
            self.optimizer.learning_rate.assign(rate)
            self.optimizer.apply(self._thawed(gradients), variables)
            return loss, right

        return lambda *arrays: step(*map(tf.constant, arrays))

    def _make_jax(self, patch_size: int) -> Any:
        import jax

        place = next(
            index
            for index, variable in enumerate(self.optimizer.variables)
            if variable is self.optimizer.learning_rate
        )

        def loss_of(trainable: Any, other: Any, images: Any, labels: Any) -> Any:
            logits, other = self.model.stateless_call(
                trainable, other, images, patch_size=patch_size, training=True
            )
            loss, right = self._loss(logits, labels)
            return loss, (right, other)

        everywhere = self.group.everywhere
        placed = {} if everywhere is None else {"out_shardings": everywhere}

        @functools.partial(jax.jit, donate_argnums=(0, 1, 2), **placed)
        def step(
            trainable: Any, other: Any, state: Any, images: Any, labels: Any, rate: Any
        ) -> Any:
            (loss, (right, other)), gradients = jax.value_and_grad(loss_of, has_aux=True)(
                trainable, other, images, labels
            )
            state = [*state[:place], rate, *state[place + 1 :]]
            trainable, state = self.optimizer.stateless_apply(
                state, self._thawed(gradients), trainable
            )
            return trainable, other, state, loss, right

        return step

    def _take(self) -> None:
        """Copies of all values: the step donates them, and the variables must keep theirs."""
        groups = (
            self.model.trainable_variables,
            self.model.non_trainable_variables,
            self.optimizer.variables,
        )
        self._values = [[variable.value + 0 for variable in group] for group in groups]

    def sync(self) -> None:
        """Write values back into the Keras variables; call before reading them."""
        if self._jax:
            groups = (
                self.model.trainable_variables,
                self.model.non_trainable_variables,
                self.optimizer.variables,
            )
            for group, values in zip(groups, self._values, strict=True):
                for variable, value in zip(group, values, strict=True):
                    variable.assign(value)

    def end_cycle(self, *, times: int = 1) -> None:
        """Take the model of now into the mean of those at the ends of cycles.

        Args:
            times: of how many ends it is the mean itself.
        """
        values = [np.asarray(variable) for variable in self._newest().trainable_variables]
        if self._ends is not None:  # as of runs of several cycles
            self._ends.add(values, times=times)

    def finished(self) -> ViT:
        """The model to be used, always the same one.

        Its weights are the mean of those at the ends of cycles so far; before there is any, or
        where there is one cycle, their moving average; where none is kept, those of now.
        """
        if self._ends is None or not int(self._ends.count):
            return self._newest()
        for target, mean in zip(self._answers().trainable_variables, self._ends.means, strict=True):
            target.assign(self.group.local(mean))
        return self._answers()

    def _answers(self) -> ViT:
        if self._finished is None:
            self._finished = build(self.model.config)
        return self._finished

    def _newest(self) -> ViT:
        """With the moving average of the weights, where one is kept yet."""
        self.sync()
        model = self._answers()
        for target, source in zip(
            model.trainable_variables, self.model.trainable_variables, strict=True
        ):
            target.assign(self.group.local(source))
        if int(self.optimizer.iterations):  # before the first step Keras' average is all zeros
            self.optimizer.finalize_variable_values(model.trainable_variables)
            for target in model.trainable_variables:
                target.assign(self.group.local(target))
        return model

    def arrays(self) -> dict[str, Any]:
        """Every variable that a resumed run needs, by a name that lasts."""
        self.sync()
        named = {f"model/{name}": v for name, v in self.model.weights_by_name().items()}
        # By place: Keras counts the names of these up in each process.
        dropout = self.model.non_trainable_variables
        named |= {f"dropout/{i:04d}": v for i, v in enumerate(dropout)}
        named |= {f"optimizer/{i:04d}": v for i, v in enumerate(self.optimizer.variables)}
        if self._ends is not None:
            means = zip(self.model.weights_by_name(), self._ends.means, strict=True)
            named |= {f"ends/{name}": mean for name, mean in means}
            named[ENDS_COUNT] = self._ends.count
        return named

    def fitting(self, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Saved values in the types of this backend.

        Raises:
            ValueError: if they are those of another configuration.
        """
        wanted = self.arrays()
        if set(wanted) != set(arrays):
            odd = sorted(set(wanted) ^ set(arrays))
            raise ValueError(f"saved state has another configuration: {', '.join(odd[:4])}")
        for name, variable in wanted.items():
            if tuple(variable.shape) != arrays[name].shape:
                raise ValueError(
                    f"{name} must have shape {tuple(variable.shape)}, got {arrays[name].shape}"
                )
        return {name: arrays[name].astype(np.asarray(v).dtype) for name, v in wanted.items()}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Put saved values back.

        Raises:
            ValueError: if they are those of another configuration.
        """
        fitting = self.fitting(arrays)
        for name, variable in self.arrays().items():
            variable.assign(fitting[name])
        if self._jax:
            self._take()


class Trainers:
    """Makes the trainers of runs that follow each other in one process.

    Compiling a step takes seconds, so where the next run's are compiled from the same as the
    last one's, its trainer is the same object, begun anew: of these runs only the newest may
    still be asked for its model.
    """

    def __init__(self) -> None:
        self._last: Trainer | None = None

    def make(self, config: TrainConfig, group: ProcessGroup) -> Trainer:
        """A trainer that has taken no step yet."""
        last, self._last = self._last, None  # not two at once in memory
        if last is not None and last.group == group and last.takes_steps_of(config):
            last.begin_anew(config)
            trainer = last
        else:
            del last
            with group.scope():
                model = build(config.model_config(), seed=config.seed, precision=config.precision)
                trainer = Trainer(model, config, group=group)
        self._last = trainer
        return trainer
