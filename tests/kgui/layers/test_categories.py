import pytest

from kgui.layers.categories import CATEGORIES, category, classes_of


@pytest.mark.parametrize(
    ("class_name", "module", "expected"),
    [
        ("Conv2D", "keras.layers", "Convolution"),
        ("Convolution2D", None, "Convolution"),
        ("Add", "keras.layers", "Merging"),
        ("Add", "keras.src.ops.numpy", "Operation"),
        ("TFOpLambda", None, "Operation"),
        ("Functional", "keras.src.models.functional", "Nested"),
        ("LayerScale", None, "Custom"),
        ("Dense", "my_package.layers", "Custom"),
        ("Merge", None, "Merging"),
        ("TimeDistributedDense", None, "Core"),
    ],
)
def test_category(class_name, module, expected):
    assert category(class_name, module) == expected


def test_every_class_has_one_category():
    names = [name for which in CATEGORIES for name in classes_of(which)]
    assert len(names) == len(set(names))
