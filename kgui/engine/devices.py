"""What to train on: devices of TensorFlow, and the strategy that spreads a model over them.

TensorFlow fixes its devices when it first uses one, and a second strategy in a process fails ("Collective ops is
aborted", tensorflow issues 61314 and 62790): one process, one choice.
"""

from __future__ import annotations

import contextlib
from typing import Any

import tensorflow as tf

from kgui.errors import PlanError
from kgui.training import Devices


def set_up(devices: Devices) -> tf.distribute.Strategy | None:
    """Makes the chosen devices the only ones of this process.

    Args:
        devices: The plan's devices.

    Returns:
        The strategy to build and train the model in, or None for a single device.

    Raises:
        PlanError: A GPU is not there.
    """
    if devices.kind == "gpu":
        names = _use_gpus(devices.ids)
    else:
        tf.config.set_visible_devices([], "GPU")
        names = [f"CPU:{number}" for number in range(devices.replicas)]
        processors = tf.config.list_physical_devices("CPU")
        tf.config.set_logical_device_configuration(
            processors[0], [tf.config.LogicalDeviceConfiguration() for _ in names]
        )
    if len(names) == 1:
        return None
    return tf.distribute.MirroredStrategy(names)


def scope(strategy: tf.distribute.Strategy | None) -> contextlib.AbstractContextManager[Any]:
    """The strategy's scope; nothing for a single device."""
    if strategy is None:
        return contextlib.nullcontext()
    entered: contextlib.AbstractContextManager[Any] = strategy.scope()
    return entered


def names() -> list[str]:
    """The devices of this process, as TensorFlow calls them: "CPU:0", "GPU:1"."""
    return [device.name.partition("device:")[2] for device in tf.config.list_logical_devices()]


def _use_gpus(ids: tuple[int, ...]) -> list[str]:
    there = tf.config.list_physical_devices("GPU")
    if missing := [number for number in ids if number >= len(there)]:
        told = f"TensorFlow sees {len(there)}" if there else "TensorFlow sees none"
        raise PlanError(
            f"GPU {missing[0]} is not there ({told})",
            where="devices",
            hint="Choose the CPU or another GPU; GPUs need kgui[gpu] and a driver.",
        )
    chosen = [there[number] for number in ids]
    tf.config.set_visible_devices(chosen, "GPU")
    for gpu in chosen:
        # Otherwise the first process takes all the memory of every GPU that it sees.
        tf.config.experimental.set_memory_growth(gpu, True)
    return [f"GPU:{number}" for number in range(len(chosen))]
