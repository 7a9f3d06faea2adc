"""Several processes, on one host or many, that train one model: how they meet and agree.

Each draws the whole of every batch, for a batch is a pure function of seed and step, and puts
only its own share on its devices; what the devices must tell each other XLA puts into the step.
Process 0 leads: it alone has the run's folder, and its word is what all do.
"""

from __future__ import annotations

import json
import os
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitcore.config import TrainConfig
from vitcore.training.control import Control

ADDRESS = "JAX_COORDINATOR_ADDRESS"  # JAX' own environment variable
_MEETING_SECONDS = 300  # for all to begin
_LEAVING_SECONDS = 30  # between the first that ends and the last
_STEPS_BETWEEN_WORDS = 8  # on accelerators, which each word would make wait
_RUN, _STOP, _WAIT, _FAILED = range(4)


class ProcessGroupError(OSError):
    """The processes of a run did not meet, or one of them is gone."""


class PeerError(ProcessGroupError):
    """A process failed, and told it."""


@dataclass(frozen=True)
class ProcessGroup:
    """The processes of one run; by default this one alone, which asks nobody.

    Every process must call the same methods in the same order.
    """

    count: int = 1
    index: int = 0
    devices: int = 1  # of all processes
    steps_between_words: int = 1
    spread: Any = None  # keras.distribution.DataParallel over all devices; None: one device

    @property
    def leads(self) -> bool:
        """Whether this process has the run's folder."""
        return self.index == 0

    def check_batch(self, config: TrainConfig, patch_size: int) -> None:
        """Raise a ValueError where a batch cannot be shared out evenly.

        Args:
            config: the run's.
            patch_size: the model's own, where the config draws none.
        """
        if config.batch_size % self.count:
            raise ValueError(
                "batch_size must be divisible by the number of processes, "
                f"got {config.batch_size} and {self.count}"
            )
        if config.batch_size % self.devices:
            raise ValueError(
                "batch_size must be divisible by the number of devices of all processes, "
                f"got {config.batch_size} and {self.devices}"
            )
        finest = min(config.patch_sizes or (patch_size,))
        if (count := config.batch_at(finest)) < self.devices:
            raise ValueError(
                f"each device needs an image: max_tokens {config.max_tokens} gives "
                f"{count} at patch size {finest}, for {self.devices} devices"
            )

    def scope(self) -> AbstractContextManager[Any]:
        """Variables made inside lie on all devices."""
        return nullcontext() if self.spread is None else self.spread.scope()

    def shared(self, count: int) -> int:
        """How many of a batch's images are used: as many on each device.

        The others are left over where a token budget makes a batch that is not whole times that.
        """
        return count - count % self.devices

    def placed(self, batch: np.ndarray) -> Any:
        """This process' share of the batch (B, ...) on its devices, as a part of the whole."""
        if self.spread is None:
            return batch
        import jax

        batch = batch[: self.shared(len(batch))]
        layout = self.spread.get_data_layout(batch.shape).backend_layout
        return jax.make_array_from_callback(batch.shape, layout, batch.__getitem__)

    @property
    def everywhere(self) -> Any:
        """The layout of what all devices hold whole; None for one device."""
        if self.spread is None:
            return None
        import jax

        mesh = self.spread.device_mesh.backend_mesh
        return jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())

    def local(self, variable: Any) -> Any:
        """What a variable that all devices hold whole is on one device of this process."""
        return variable if self.spread is None else variable.value.addressable_data(0)

    def meets_at(self, step: int) -> bool:
        """Whether the processes exchange a word before they take the step after `step`."""
        return step % self.steps_between_words == 0

    def gate(self, control: Control, **options: Any) -> str:
        """`control.gate` of process 0 for all: "run" or "stop". Its control must rest by `rest`."""
        if self.count == 1:
            return control.gate(**options)
        if self.leads:
            word = control.gate(**options)
            self._agree(_STOP if word == "stop" else _RUN)
            return word
        while (said := self._agree()) == _WAIT:
            pass
        return "stop" if said == _STOP else "run"

    def rest(self, seconds: float) -> None:
        """Wait while paused; the others wait, too."""
        if self.count > 1:
            self._agree(_WAIT)
        time.sleep(seconds)

    def any_stop(self, control: Control) -> bool:
        """Whether process 0 was told to stop."""
        if self.count == 1:
            return control.look() == "stop"
        return self._agree(_STOP if self.leads and control.look() == "stop" else _RUN) == _STOP

    def share(self, make: Callable[[], Any]) -> Any:
        """What `make` returns on process 0, told to all; it must be JSON.

        Raises:
            ProcessGroupError: elsewhere, where it raised on process 0.
        """
        if self.count == 1:
            return make()
        value = None
        if self.leads:
            with self.telling():
                value = make()
        self._agree()
        return self._tell(value)

    def check(self, problem: str) -> None:
        """Raise a PeerError on every process where one has a problem; "" is none."""
        if self.count == 1:
            return
        from jax.experimental import multihost_utils

        with self.together():
            found = np.flatnonzero(multihost_utils.process_allgather(np.int32(problem != "")))
        if problem:
            raise PeerError(problem)
        if len(found):
            raise PeerError(f"process {found[0]} of this run failed; see its message")

    def share_arrays(self, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Process 0's arrays; elsewhere `arrays` says their names, shapes and types."""
        if self.count == 1:
            return arrays
        self._agree()
        return {name: _broadcast(arrays[name]) for name in sorted(arrays)}

    @contextmanager
    def together(self) -> Iterator[None]:
        """What goes wrong inside, where all devices exchange numbers, is that one is missing."""
        try:
            yield
        except (ValueError, RuntimeError) as error:  # JAX raises either
            if self.count == 1:
                raise
            raise _gone(error) from error

    @contextmanager
    def telling(self) -> Iterator[None]:
        """What goes wrong inside, on process 0 alone, ends the others too."""
        try:
            yield
        except Exception as error:
            told = isinstance(error, PeerError) or getattr(error, "told", False)
            if self.count > 1 and not told:
                error.told = True  # type: ignore[attr-defined]
                self._agree(_FAILED)
                self._tell(str(error) or type(error).__name__)
            raise

    def all_know(self, error: BaseException) -> bool:
        """Whether this error ends every process: one told it to the others, or all see it."""
        return isinstance(error, PeerError | ArithmeticError) or getattr(error, "told", False)

    def finish(self) -> None:
        """Wait until process 0 has written everything."""
        if self.count > 1:
            self._agree()

    def _agree(self, word: int = _RUN) -> int:
        """Process 0's word. Every exchange begins with one, so that a failure is always heard."""
        said = int(_broadcast(np.int32(word)))
        if said == _FAILED and not self.leads:
            raise PeerError(f"process 0 of this run failed: {self._tell(None)}")
        return said

    def _tell(self, value: Any) -> Any:
        text = np.frombuffer(json.dumps(value).encode(), np.uint8)
        length = int(_broadcast(np.int32(len(text))))
        padded = np.zeros(1 << max(10, length.bit_length()), np.uint8)  # few shapes to compile
        if self.leads:
            padded[:length] = text
        return json.loads(bytes(_broadcast(padded)[:length]))


def _broadcast(value: Any) -> Any:
    from jax.experimental import multihost_utils

    try:
        return multihost_utils.broadcast_one_to_all(value)
    except (ValueError, RuntimeError) as error:
        raise _gone(error) from error


def _gone(error: Exception) -> ProcessGroupError:
    return ProcessGroupError(f"another process of this run is lost: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def join(
    processes: int, process: int | None = None, coordinator: str | None = None
) -> ProcessGroup:
    """Meet the other processes of a run; call it before anything else of JAX or Keras.

    Args:
        processes: how many there are; 1 spreads batches over all devices of this one.
        process: the number of this one, from 0. None where Slurm, Open MPI or another manager
            that JAX knows started it.
        coordinator: host:port at which process 0 can be reached; by default
            JAX_COORDINATOR_ADDRESS, or what the manager says.

    Raises:
        ValueError: if the numbers make no sense, or Keras runs on another backend than JAX.
        ProcessGroupError: if they do not meet.
    """
    coordinator = coordinator or os.environ.get(ADDRESS)
    _check(processes, process, coordinator)
    import jax

    if processes > 1:
        try:
            jax.distributed.initialize(
                coordinator,
                processes,
                process,
                initialization_timeout=_MEETING_SECONDS,
                shutdown_timeout_seconds=_LEAVING_SECONDS,
            )
        except (ValueError, RuntimeError) as error:
            where = coordinator or "the address of their manager"
            raise ProcessGroupError(
                f"{processes} processes could not connect at {where}: {_first_line(error)}. "
                "Start each with --process 0, 1, ... and the same --coordinator HOST:PORT"
            ) from None
    import keras

    # By it Keras draws first values. Ours replace them, but no device may hold another's till then.
    random.seed(0)
    return ProcessGroup(
        count=jax.process_count(),
        index=jax.process_index(),
        devices=jax.device_count(),
        steps_between_words=1 if jax.default_backend() == "cpu" else _STEPS_BETWEEN_WORDS,
        spread=keras.distribution.DataParallel(),
    )


def _check(processes: int, process: int | None, coordinator: str | None) -> None:
    if processes < 1:
        raise ValueError(f"processes must be an integer >= 1, got {processes}")
    if process is not None and not 0 <= process < processes:
        raise ValueError(f"process must be an integer from 0 to {processes - 1}, got {process}")
    if coordinator is not None and not re.fullmatch(r".+:\d{1,5}", coordinator):
        raise ValueError(f"coordinator must be HOST:PORT, got {coordinator!r}")
    from vitcore import backend  # which refuses what KERAS_BACKEND says, once it is imported

    if (name := os.environ.get("KERAS_BACKEND") or backend.installed()) != "jax":
        raise ValueError(f"multiple processes need KERAS_BACKEND=jax, got {name}")
