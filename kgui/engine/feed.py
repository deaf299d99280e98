"""From a source of samples to the batches that Keras trains on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from kgui.data.order import epoch_order
from kgui.data.source import Field
from kgui.engine.samples import Samples
from kgui.errors import KguiError
from kgui.training import Feed, Plan

WINDOW_BYTES = 32 << 20
"""Samples that are handed to TensorFlow at once."""


@dataclass(slots=True)
class Position:
    """Where training stands; the order of the samples follows from it."""

    epoch: int = 0


class Batches:
    """Batches of a plan's samples as `tf.data` datasets.

    Args:
        plan: The plan.
        samples: Its samples.
        position: Looked at whenever an epoch begins.

    Attributes:
        failure: Why reading the samples failed, as the error that TensorFlow raises then says it badly.
    """

    def __init__(self, plan: Plan, samples: Samples, position: Position) -> None:
        self.plan = plan
        self.samples = samples
        self.position = position
        self.failure: KguiError | None = None
        row_bytes = sum(field.row_bytes for field in samples.source.fields.values())
        batches = max(1, WINDOW_BYTES // max(1, row_bytes * plan.batch_size))
        self._window = batches * plan.batch_size

    @property
    def steps(self) -> int:
        """Training steps in an epoch."""
        return self._count(len(self.samples.training))

    @property
    def even(self) -> bool:
        """Whether every device gets the same number of samples of every training batch."""
        return len(self.samples.training) % self.plan.devices.replicas == 0

    def _count(self, rows: int) -> int:
        """Batches that some samples make.

        The last may be smaller. But TensorFlow gives the replicas of a batch that is smaller than their number nothing
        to do, and synchronised batch normalisation then waits for them ("Shape mismatch in the collective instance",
        2 samples on 4 devices): so few go into the batch before.
        """
        whole, left = divmod(rows, self.plan.batch_size)
        return max(1, whole + (left >= self.plan.devices.replicas))

    def training(self) -> tf.data.Dataset:
        """One epoch of training: the one that `position` names when the iteration begins."""
        return self._dataset(self._training_order, len(self.samples.training))

    def validation(self) -> tf.data.Dataset | None:
        """The samples for validation, in ascending order; None where there are none."""
        if not len(self.samples.validation):
            return None
        return self._dataset(lambda: self.samples.validation, len(self.samples.validation))

    def zeros(self, rows: int) -> tuple[Any, Any]:
        """Inputs and targets of a batch, all zero."""
        fields = self.samples.source.fields
        arrays = {name: tf.zeros((rows, *field.shape), _dtype(field)) for name, field in fields.items()}
        return self._prepared(_side(arrays, "input"), _side(arrays, "target"))

    def _training_order(self) -> np.ndarray[Any, Any]:
        return epoch_order(
            self.samples.training,
            self.plan.seed,
            self.position.epoch,
            block=self.samples.source.block,
            window=self._window,
        )

    def _windows(self, order: np.ndarray[Any, Any]) -> Iterator[tuple[int, Any, Any]]:
        """Yields samples that fill a number of batches: that number, inputs, targets."""
        fields = self.samples.source.fields
        batch, left = self.plan.batch_size, self._count(len(order))
        start = 0
        try:
            while left:
                count = min(left, self._window // batch)
                left -= count
                end = start + count * batch if left else len(order)
                arrays = self.samples.source.read(order[start:end])
                # TensorFlow knows the machine's own order of bytes only.
                arrays = {name: array.astype(_dtype(fields[name]), copy=False) for name, array in arrays.items()}
                yield count, _side(arrays, "input"), _side(arrays, "target")
                start = end
        except KguiError as error:
            self.failure = error
            raise

    def _dataset(self, order: Any, rows: int) -> tf.data.Dataset:
        batch = self.plan.batch_size
        fields = self.samples.source.fields
        signature = {name: tf.TensorSpec((None, *field.shape), _dtype(field)) for name, field in fields.items()}

        def batches_of(count: tf.Tensor, x: Any, y: Any) -> tf.data.Dataset:
            rows = tf.shape(tf.nest.flatten(x)[0], tf.int64)[0]

            def one(index: tf.Tensor) -> Any:
                end = tf.where(index == count - 1, rows, (index + 1) * batch)
                return self._prepared(*tf.nest.map_structure(lambda tensor: tensor[index * batch : end], (x, y)))

            return tf.data.Dataset.range(count).map(one)

        dataset = tf.data.Dataset.from_generator(
            lambda: self._windows(order()),
            output_signature=(tf.TensorSpec((), tf.int64), _side(signature, "input"), _side(signature, "target")),
        ).flat_map(batches_of)
        # Of a dataset of unknown length Keras takes one step too many per epoch (optimizer.iterations and dropout's
        # seed advance 33 times in 3 epochs of 10 steps).
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(self._count(rows))).prefetch(2)
        options = tf.data.Options()
        # With autotune on, the end of an epoch sometimes waits seconds for the tuner's back-off.
        options.autotune.enabled = False
        options.deterministic = True
        options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
        return dataset.with_options(options)

    def _prepared(self, x: dict[str, tf.Tensor], y: dict[str, tf.Tensor]) -> tuple[Any, Any]:
        inputs = {name: _scaled(tensor, self.plan.data.inputs[name]) for name, tensor in x.items()}
        targets = {name: _target(tensor, self.plan.data.targets[name]) for name, tensor in y.items()}
        return _single(inputs), _single(targets)


def _side(values: Mapping[str, Any], side: str) -> dict[str, Any]:
    return {name[len(side) + 1 :]: value for name, value in values.items() if name.startswith(side + " ")}


def _dtype(field: Field) -> str:
    return np.dtype(field.dtype).newbyteorder("=").name


def _single(values: dict[str, Any]) -> Any:
    return next(iter(values.values())) if len(values) == 1 else values


def _scaled(tensor: tf.Tensor, feed: Feed) -> tf.Tensor:
    if feed.scale == 1 and feed.offset == 0:
        return tensor
    return tf.cast(tensor, tf.float32) * feed.scale + feed.offset


def _target(tensor: tf.Tensor, feed: Feed) -> tf.Tensor:
    scaled = _scaled(tensor, feed)
    # Labels are often kept in one byte; Keras' losses compare and gather with wider ones.
    return tf.cast(scaled, tf.int64) if scaled.dtype.is_integer or scaled.dtype.is_bool else scaled
