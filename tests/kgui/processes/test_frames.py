"""Frames: what goes in comes out, and nothing else is taken for a frame."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgui.processes.frames import HEAD, MAGIC, FrameError, read_frame, write_frame

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=40)
@given(st.dictionaries(st.text(), VALUES, max_size=5), st.lists(st.binary(max_size=100), max_size=4))
def test_a_frame_survives(message: dict[str, object], buffers: list[bytes]) -> None:
    stream = io.BytesIO()
    write_frame(stream, message, buffers)
    write_frame(stream, {}, [])
    stream.seek(0)
    got = read_frame(stream)
    assert got is not None
    assert got[0] == message
    assert [bytes(buffer) for buffer in got[1]] == buffers
    assert read_frame(stream) == ({}, [])
    assert read_frame(stream) is None


@given(st.binary(max_size=200))
def test_other_bytes_are_no_frame(data: bytes) -> None:
    try:
        got = read_frame(io.BytesIO(data))
    except (FrameError, ValueError):
        return
    assert got is None and data == b""


@pytest.mark.parametrize("cut", [1, 5, 11, 12, 15, 20, 21])
def test_a_frame_that_ends_early_is_an_error(cut: int) -> None:
    stream = io.BytesIO()
    write_frame(stream, {}, [b"x"])
    with pytest.raises(FrameError):
        read_frame(io.BytesIO(stream.getvalue()[:cut]))


def test_sizes_beyond_all_messages_are_refused_before_memory_is_asked_for() -> None:
    for head in (
        HEAD.pack(MAGIC, 1 << 31, 0),
        HEAD.pack(MAGIC, 2, 1 << 20),
        HEAD.pack(MAGIC, 2, 1) + struct.pack("<Q", 1 << 60),
    ):
        with pytest.raises(FrameError):
            read_frame(io.BytesIO(head + b"{}"))
