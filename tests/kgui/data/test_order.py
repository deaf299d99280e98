import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kgui.data.order import epoch_order, split


@given(rows=st.integers(2, 500), fraction=st.floats(0, 0.99), seed=st.integers(0, 2**32 - 1))
def test_a_split_keeps_every_sample_once(rows: int, fraction: float, seed: int) -> None:
    training, validation = split(rows, fraction, seed)
    assert sorted([*training, *validation]) == list(range(rows))
    assert len(training) >= 1
    assert (len(validation) >= 1) == (fraction > 0)
    again = split(rows, fraction, seed)
    assert (again[0] == training).all() and (again[1] == validation).all()


@given(
    rows=st.integers(1, 300),
    seed=st.integers(0, 2**32 - 1),
    epoch=st.integers(0, 10**6),
    block=st.integers(1, 40),
    window=st.integers(1, 100),
)
def test_an_epoch_goes_through_every_sample_once(rows: int, seed: int, epoch: int, block: int, window: int) -> None:
    kept = np.arange(rows)[:: 1 + seed % 3]
    order = epoch_order(kept, seed, epoch, block=block, window=window)
    assert sorted(order) == kept.tolist()
    assert (epoch_order(kept, seed, epoch, block=block, window=window) == order).all()


def test_epochs_and_seeds_differ() -> None:
    rows = np.arange(1000)
    orders = [epoch_order(rows, seed, epoch).tolist() for seed in (0, 1) for epoch in (0, 1)]
    assert all(one != other for index, one in enumerate(orders) for other in orders[:index])


def test_the_order_is_the_same_in_every_version() -> None:
    # Runs that are resumed, perhaps after an update, depend on it.
    assert epoch_order(np.arange(8), 1, 2).tolist() == [7, 0, 5, 4, 6, 2, 3, 1]
    assert split(8, 0.25, 1)[1].tolist() == [0, 6]


def test_samples_of_a_window_come_from_few_blocks() -> None:
    order = epoch_order(np.arange(10_000), 0, 0, block=100, window=500)
    for start in range(0, 10_000, 500):
        assert len(set(order[start : start + 500] // 100)) == 5
