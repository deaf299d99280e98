"""Models for the tests of layout, pictures and canvas, made by hand."""

from kgui.graph import Call, Layer, Model, TensorRef, TensorSpec
from kgui.inference.result import CallResult, Inference, LayerResult, Problem


class Builder:
    """Adds layers to a model, with what inference says about them."""

    def __init__(self, name="model"):
        self.model = Model("functional", name)
        self.inference = Inference()

    def add(
        self,
        class_name,
        name,
        calls=((),),
        *,
        shape=(None, 8),
        source="rule",
        module="keras.layers",
        inner=None,
        **config,
    ):
        number = len(self.model.layers)
        layer = Layer(number, name, class_name, config, module)
        layer.calls = [call if isinstance(call, Call) else self.call(*call) for call in calls]
        result = LayerResult(
            [CallResult([TensorSpec(shape, "float32")], source) for _ in layer.calls], params=1_234_567
        )
        if inner is not None:
            layer.model, result.model = inner.model, inner.inference
        self.model.layers[number] = layer
        self.inference.layers[number] = result
        return number

    @staticmethod
    def call(*inputs):
        tensors = [ref if isinstance(ref, TensorRef) else TensorRef(ref) for ref in inputs]
        if not tensors:
            return Call()
        return Call([tensors[0] if len(tensors) == 1 else tensors])

    def ends(self, inputs, outputs):
        self.model.inputs = [TensorRef(i) for i in inputs]
        self.model.outputs = [TensorRef(o) for o in outputs]
        return self


def residual(blocks=3, name="residual"):
    made = Builder(name)
    last = made.add("InputLayer", "image", shape=(None, 32, 32, 3), dtype="float32")
    last = made.add(
        "Conv2D", "stem", [(last,)], filters=64, kernel_size=[3, 3], padding="same", shape=(None, 32, 32, 64)
    )
    for block in range(blocks):
        first = last
        for part in "ab":
            last = made.add(
                "Conv2D", f"block{block}_{part}", [(last,)], filters=64, kernel_size=[3, 3], padding="same",
                activation="relu", shape=(None, 32, 32, 64),
            )  # fmt: skip
        last = made.add("Add", f"block{block}_add", [(first, last)], shape=(None, 32, 32, 64))
    last = made.add("Dense", "out", [(last,)], units=10, activation="softmax", shape=(None, 10))
    return made.ends([0], [last])


def siamese():
    """A nested model called twice, a class of the user's own, a frozen layer, keywords, an error, hostile names."""
    encoder = residual(1, "encoder")
    made = Builder("siamese")
    left = made.add("InputLayer", "left", shape=(None, 32, 32, 3))
    right = made.add("InputLayer", "right", shape=(None, 32, 32, 3))
    shared = made.add("Functional", "encoder", [(left,), (right,)], inner=encoder, shape=(None, 10))
    own = made.add("GradientReversal", "reverse", [(TensorRef(shared, 1),)], module="losses", source="assumed")
    dense = made.add("Dense", "project", [(TensorRef(shared, 0),)], units=128, activation="relu", trainable=False)
    attend = made.add(
        "MultiHeadAttention", "attend", [Call([TensorRef(dense)], {"value": TensorRef(own), "key": TensorRef(own)})],
        num_heads=8, key_dim=64,
    )  # fmt: skip
    twice = made.add("Add", "twice", [(attend, attend)])
    last = made.add("Lambda", '<b>&"lam\u202e', [(twice,)], shape=None, source="unknown")
    made.inference.problems = [Problem("error", "Shapes do not fit.", (attend,), 0)]
    return made.ends([left, right], [last])


def nested(depth):
    """A model in a model in a model …"""
    made = residual(1, "innermost")
    for level in range(depth):
        outer = Builder(f"level{level}")
        first = outer.add("InputLayer", "in", shape=(None, 32, 32, 3))
        inner = outer.add("Functional", f"inner{level}", [(first,)], inner=made, shape=(None, 10))
        last = outer.add("Dense", "out", [(inner,)], units=1)
        made = outer.ends([first], [last])
    return made
