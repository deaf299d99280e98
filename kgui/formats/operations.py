"""Operations of Keras 3 in legacy HDF5 files, which do not say that they are operations and no layers.

A layer's arguments always have "trainable", an operation's never (`keras.src.ops.operation.Operation`).
"""

from __future__ import annotations

from kgui.graph import Layer
from kgui.layers.specs import spec

_MODULES = {
    "core": "AssociativeScan Cast Cond ConvertToTensor ForiLoop Map SaturateCast Scan Scatter ScatterUpdate Slice "
    "SliceUpdate StopGradient Switch Unstack VectorizedMap WhileLoop",
    "image": "AffineTransform CropImages ElasticTransform ExtractPatches GaussianBlur HSVToRGB MapCoordinates "
    "PadImages PerspectiveTransform RGBToGrayscale RGBToHSV Resize SSIM ScaleAndTranslate SobelEdges",
    "linalg": "Cholesky CholeskyInverse Det Eig Eigh Inv JVP Lstsq LuFactor MatrixRank Norm Pinv Qr SVD Solve "
    "SolveTriangular",
    "math": "CDist Erf Erfc Erfinv ExtractSequences FFT FFT2 IFFT2 IRFFT ISTFT InTopK Logdet Logsumexp RFFT Rsqrt STFT "
    "SegmentMax SegmentMin SegmentProd SegmentReduction SegmentSum TopK ViewAsComplex ViewAsReal",
    "nn": "AdaptiveAveragePool AdaptiveMaxPool AveragePool BatchNorm BinaryCrossentropy CTCDecode CTCLoss "
    "CategoricalCrossentropy Celu Conv ConvTranspose DepthToSpace DepthwiseConv DotProductAttention Elu Fold Gelu Glu "
    "HardShrink HardSigmoid HardSilu HardTanh LayerNorm LeakyRelu LogSigmoid LogSoftmax MaxPool Moments MultiHot "
    "Normalize OneHot PSNR Polar RMSNorm Relu Relu6 Selu SeparableConv Sigmoid Silu SoftShrink Softmax Softplus "
    "Softsign SpaceToDepth SparseCategoricalCrossentropy SparsePlus SparseSigmoid Sparsemax Squareplus TanhShrink "
    "Threshold Unfold",
    "einops": "Rearrange",
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names.split()}


def implied_module(layer: Layer) -> str | None:
    """The module of an operation in a file of Keras 3 that names no modules, or None for a layer."""
    config = layer.config
    if layer.module is not None or layer.model is not None or layer.is_input or layer.registered_name is not None:
        return None
    if not config or "trainable" in config:
        return None
    if "dtype" in config and spec(layer.class_name) is not None:
        return None  # Cast and Prod have a dtype too; a layer without "trainable" has been written by hand.
    return f"keras.src.ops.{_MODULE_OF.get(layer.class_name, 'numpy')}"
