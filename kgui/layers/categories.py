"""The category of a layer class: what the palette groups by, and what the canvas colours by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from kgui.layers.eras import CLASSES

Category = Literal[
    "Input",
    "Core",
    "Convolution",
    "Normalization",
    "Pooling",
    "Recurrent",
    "Attention",
    "Merging",
    "Activation",
    "Regularization",
    "Reshaping",
    "Preprocessing",
    "Operation",
    "Nested",
    "Custom",
]

CATEGORIES: tuple[Category, ...] = (
    "Input", "Core", "Convolution", "Normalization", "Pooling", "Recurrent", "Attention", "Merging", "Activation",
    "Regularization", "Reshaping", "Preprocessing", "Operation", "Nested", "Custom",
)  # fmt: skip
"""All categories, in the order in which a palette shows them."""

_CLASSES: Mapping[Category, str] = {
    "Input": "InputLayer Input",
    "Core": """Dense EinsumDense Embedding ReversibleEmbedding Identity Lambda Masking Wrapper Layer MaxoutDense
        Highway AutoEncoder TFSMLayer JaxLayer FlaxLayer TorchModuleWrapper DenseFeatures""",
    "Convolution": """Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose DepthwiseConv1D
        DepthwiseConv2D SeparableConv1D SeparableConv2D LocallyConnected1D LocallyConnected2D""",
    "Normalization": """BatchNormalization GroupNormalization LayerNormalization RMSNormalization UnitNormalization
        SpectralNormalization LRN2D""",
    "Pooling": """MaxPooling1D MaxPooling2D MaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D
        GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GlobalAveragePooling1D GlobalAveragePooling2D
        GlobalAveragePooling3D AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D
        AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D""",
    "Recurrent": """RNN LSTM GRU SimpleRNN LSTMCell GRUCell SimpleRNNCell StackedRNNCells ConvLSTM1D ConvLSTM2D
        ConvLSTM3D ConvLSTM1DCell ConvLSTM2DCell ConvLSTM3DCell Bidirectional TimeDistributed CuDNNLSTM CuDNNGRU
        ConvRecurrent2D JZS1 JZS2 JZS3""",
    "Attention": """Attention AdditiveAttention MultiHeadAttention GroupedQueryAttention GroupQueryAttention""",
    "Merging": "Add Subtract Multiply Average Maximum Minimum Concatenate Dot Merge",
    "Activation": """Activation ReLU LeakyReLU PReLU ELU Softmax ThresholdedReLU ParametricSoftplus SReLU
        ThresholdedLinear""",
    "Regularization": """Dropout AlphaDropout GaussianDropout GaussianNoise SpatialDropout1D SpatialDropout2D
        SpatialDropout3D ActivityRegularization""",
    "Reshaping": """Reshape Flatten Permute RepeatVector Cropping1D Cropping2D Cropping3D UpSampling1D UpSampling2D
        UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D""",
    "Preprocessing": """AugMix AutoContrast CategoryEncoding CenterCrop ContrastLimitedAdaptiveHistogramEqualization
        CutMix Discretization Equalization HashedCrossing Hashing IntegerLookup MaxNumBoundingBoxes MelSpectrogram
        MixUp Normalization Pipeline RandAugment RandomBrightness RandomColorDegeneration RandomColorJitter
        RandomContrast RandomCrop RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale
        RandomHeight RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation
        RandomSharpness RandomShear RandomTranslation RandomWidth RandomZoom Rescaling Resizing STFTSpectrogram
        Solarization StringLookup TextVectorization IndexLookup FeatureSpace""",
    "Operation": "TFOpLambda SlicingOpLambda ClassMethod InstanceMethod TensorFlowOpLayer AddLoss AddMetric",
    "Nested": "Functional Sequential Model Graph Container",
}

_BY_CLASS: dict[str, Category] = {name: category for category, names in _CLASSES.items() for name in names.split()}


def category(class_name: str, module: str | None = None) -> Category:
    """The category of a layer.

    Args:
        class_name: In the words of any era.
        module: Where the file says that the class comes from. It tells an operation `Add` from the layer `Add`, and
            a class of the user's own from one of Keras' with the same name.

    Returns:
        "Custom" for a class that Keras never had.
    """
    if module:
        if module.startswith(("keras.src.ops", "keras.ops")):
            return "Operation"
        if module.partition(".")[0] not in _KERAS_PACKAGES:
            return "Custom"
    return _BY_CLASS.get(class_name) or _BY_CLASS.get(CLASSES.get(class_name, ""), "Custom")


_KERAS_PACKAGES = {"keras", "tf_keras", "tensorflow", "builtins"}


def classes_of(which: Category) -> tuple[str, ...]:
    """The class names of a category, in the order in which a palette shows them."""
    return tuple(_CLASSES.get(which, "").split())
