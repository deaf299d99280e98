import math
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kgui.errors import FileError
from kgui.training.metrics import EPOCH, MAP_FROM, STEP, MetricsReader, MetricsWriter, Row

COLUMNS = ["batch_loss", "loss", "val_loss"]


def rows(start: int, stop: int) -> list[Row]:
    return [(STEP, step // 10, step, 1e9 + step, [step * 0.5, step * 0.25, math.nan]) for step in range(start, stop)]


def written(path: Path, count: int) -> bytes:
    writer = MetricsWriter(path, COLUMNS)
    writer.write(rows(0, count))
    writer.close()
    return path.read_bytes()


def steps(path: Path) -> list[int]:
    with MetricsReader(path) as reader:
        return [int(step) for step in reader.read()["step"]]


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "metrics.klog"
    writer = MetricsWriter(path, COLUMNS)
    writer.write([*rows(0, 3), (EPOCH, 0, 3, 5.5, [1.0, 2.0, 3.0])])
    with MetricsReader(path) as reader:
        assert reader.columns == COLUMNS
        read = reader.read()
        assert read["kind"].tolist() == [STEP, STEP, STEP, EPOCH]
        assert read["step"].tolist() == [0, 1, 2, 3]
        assert read["time"][3] == 5.5
        np.testing.assert_array_equal(read["values"][1], [0.5, 0.25, np.nan])
        assert len(reader.read()) == 0
        writer.write(rows(3, 5))
        assert reader.read()["step"].tolist() == [3, 4]
    writer.close()


def test_a_long_log_is_mapped_and_quick_to_open(tmp_path: Path) -> None:
    path = tmp_path / "metrics.klog"
    written(path, 100_000)
    assert path.stat().st_size > MAP_FROM
    with MetricsReader(path) as reader:
        read = reader.read()
        assert isinstance(read, np.memmap)
        assert len(read) == 100_000
        assert read["step"][-1] == 99_999


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(count=st.integers(0, 40), cut=st.integers(0, 200), junk=st.binary(max_size=120))
def test_any_torn_tail_leaves_the_whole_rows_before_it(tmp_path: Path, count: int, cut: int, junk: bytes) -> None:
    path = tmp_path / "metrics.klog"
    path.unlink(missing_ok=True)
    size = len(written(path, 0))
    whole = written(path, count)
    row = (len(whole) - size) // count if count else 48
    kept = max(len(whole) - cut, size)
    path.write_bytes(whole[:kept] + junk)
    found = steps(path)
    intact = (kept - size) // row
    # Junk that happens to be what was cut off is as good as the original.
    assert found[:intact] == list(range(intact))
    assert found == list(range(len(found))) and len(found) <= count
    writer = MetricsWriter(path, COLUMNS)
    writer.write(rows(len(found), len(found) + 3))
    writer.close()
    assert steps(path) == list(range(len(found) + 3))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(where=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_flipped_bit_never_gives_a_wrong_row(tmp_path: Path, where: int, bit: int) -> None:
    path = tmp_path / "metrics.klog"
    path.unlink(missing_ok=True)
    size = len(written(path, 0))
    data = bytearray(written(path, 20))
    position = size + where % (len(data) - size)
    data[position] ^= 1 << bit
    path.write_bytes(data)
    row = (len(data) - size) // 20
    assert steps(path) == list(range((position - size) // row))


def test_a_row_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "metrics.klog"
    size = len(written(path, 0))
    data = written(path, 4)
    row = (len(data) - size) // 4
    path.write_bytes(data + data[-row:])
    assert steps(path) == [0, 1, 2, 3]


def test_zeros_after_a_power_cut_are_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "metrics.klog"
    path.write_bytes(written(path, 4) + bytes(4096))
    assert steps(path) == [0, 1, 2, 3]


def test_a_log_with_other_columns_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "metrics.klog"
    written(path, 4)
    with pytest.raises(FileError, match="has the columns batch_loss, loss, val_loss, not loss"):
        MetricsWriter(path, ["loss"])
    assert steps(path) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"KGUI",
        b"not a log of metrics",
        b"KGUILOG1" + struct.pack("<I", 1 << 31),
        b"KGUILOG1" + struct.pack("<I", 4) + b"null",
        b"KGUILOG1" + struct.pack("<I", 15) + b'{"columns": 13}',
    ],
)
def test_what_is_no_log_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "metrics.klog"
    path.write_bytes(data)
    with pytest.raises(FileError):
        MetricsReader(path)
