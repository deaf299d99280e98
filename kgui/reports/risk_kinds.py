"""The kinds of risks that a model file can hold, and which loader would let each of them happen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["risk", "notice"]


@dataclass(frozen=True, slots=True)
class Risk:
    """One risk.

    Attributes:
        kind: A short name for programs: "lambda-bytecode", "import-gadget", "external-storage", ….
        where: The place in the file, as the user would name it: "layer 'lam'", "archive member 'x'".
        detail: What it is, as a sentence that a person understands.
        runs_when: Which loader would run it, and when.
    """

    kind: str
    where: str
    detail: str
    runs_when: str


@dataclass(frozen=True, slots=True)
class RiskKind:
    """What is the same for every risk of a kind.

    Attributes:
        title: A heading of a few words.
        explanation: Why it matters, for a person who has never heard of it.
        runs_when: Which loader would let it happen, where the case at hand does not say it better.
        level: A "notice" is worth knowing and is no risk by itself: it never makes `kgui check` fail.
    """

    title: str
    explanation: str
    runs_when: str
    level: Level = "risk"


SAFE_MODE = (
    "Keras before 2.13 and tf_keras run it on load; Keras 3 refuses it in .keras files, and since 3.11.3 in .h5 files "
    "too, unless safe_mode=False is passed"
)
IMPORTS = (
    "tf_keras and Keras 3.0 to 3.8 import the module on load, even in safe mode; Keras 3.9 and later import only "
    "Keras' own packages"
)
KERAS_FUNCTION = (
    "Keras 3.0 to 3.10 call it on load, even in safe mode; Keras 3.11 and later refuse part of such functions, "
    "3.15 all that are known"
)
HDF5_OUTSIDE = (
    "Any program on libhdf5 follows it without asking; Keras before 3.12.1 (and 3.13.0, 3.13.1) and tf_keras do so "
    "on load"
)
ANY_READER = "Any program that reads the whole of it"

RISK_KINDS: dict[str, RiskKind] = {
    # Code that is in the file.
    "lambda-bytecode": RiskKind(
        "Python byte code",
        "The file carries compiled Python code. A loader that accepts it runs whatever its author wanted.",
        SAFE_MODE,
    ),
    "torch-pickle": RiskKind(
        "Pickled PyTorch module",
        "The file carries a pickled PyTorch module. Unpickling runs whatever its author wanted.",
        "Keras 3.11.0 to 3.11.2 unpickle it on load; Keras 3.11.3 and later refuse unless safe_mode=False",
    ),
    "pickle": RiskKind(
        "Pickled data",
        "The file carries pickled Python objects. Unpickling runs whatever their author wanted.",
        "Keras before 3.9 and numpy.load(allow_pickle=True) unpickle it; Keras 3.9 and later refuse",
    ),
    "yaml-python-object": RiskKind(
        "YAML that makes Python objects",
        "A tag in the YAML asks the loader to call a Python function or to make a Python object.",
        "model_from_yaml of Keras and of TensorFlow before 2.6 run it; later versions have no YAML",
    ),
    "saved-model-op": RiskKind(
        "Operation with side effects",
        "An operation in the graph reads or writes files, or calls Python.",
        "TensorFlow runs it when the model is called, some on tf.saved_model.load",
    ),
    # Code that is not in the file, but that the file makes a loader run.
    "import-gadget": RiskKind(
        "Foreign code called by name",
        "The file names Python code outside Keras. A loader that imports by name runs it, with arguments "
        "that the file chooses.",
        IMPORTS,
    ),
    "keras-function": RiskKind(
        "Keras function that acts on the machine",
        "The file names a function of Keras that downloads, reads or writes files, loads other models, or switches "
        "protections off. No model needs it.",
        KERAS_FUNCTION,
    ),
    "tensorflow-function": RiskKind(
        "TensorFlow function that acts on the machine",
        "The file names a function of TensorFlow that reads or writes files, or calls Python.",
        "tf_keras and tf.keras 2.4 to 2.15 call it when the model is built",
    ),
    "external-model": RiskKind(
        "Loads another model",
        "A layer loads a SavedModel from a path that the file names. Its operations can read and write files.",
        "Keras 3 before 3.12.1 (and 3.13.0, 3.13.1) loads it even in safe mode; later versions refuse unless "
        "safe_mode=False",
    ),
    "package-code": RiskKind(
        "Code of an installed package",
        "A layer is rebuilt from functions or modules of another framework, found by name.",
        "Keras 3 with the named package installed, on load",
    ),
    "registered-name": RiskKind(
        "Keras class under a foreign name",
        "A class of Keras carries the registered name of another class. A loader that knows that name takes "
        "the other class and nobody notices.",
        "tf_keras and Keras before 3.15 take the registered class if there is one",
    ),
    # Other files.
    "vocabulary-path": RiskKind(
        "Vocabulary outside the file",
        "A layer reads its vocabulary or weights from a path or a URL that the file names: the loader sends a "
        "request to it, or reads a file of the user's into the model.",
        "Keras before 3.12 and tf_keras read it on load, local or remote",
    ),
    "outside-file": RiskKind(
        "Points to a file elsewhere",
        "A name in the file leads out of its own folder.",
        "A loader that joins the names without a check reads that file",
    ),
    "external-link": RiskKind(
        "HDF5 link to another file", "Opening the object opens another file on this machine.", HDF5_OUTSIDE
    ),
    "soft-link": RiskKind(
        "HDF5 soft link",
        "A name in the file stands for another object: what a program checks and what it reads can be two things.",
        "Any program on libhdf5 follows it without asking",
    ),
    "external-storage": RiskKind(
        "HDF5 data in another file", "The values of the array are bytes of another file on this machine.", HDF5_OUTSIDE
    ),
    "virtual-dataset": RiskKind(
        "HDF5 virtual dataset",
        "The values of the array come from other files; even asking for its shape opens them.",
        HDF5_OUTSIDE,
    ),
    "unknown-filter": RiskKind(
        "HDF5 filter that is not known",
        "The values can only be read with a filter plug-in: native code that libhdf5 looks for on this machine.",
        "Any program on libhdf5 loads the plug-in if it finds one",
    ),
    # Exhaustion.
    "shape-bomb": RiskKind(
        "Array far larger than the file",
        "The file states an array whose values it cannot hold. Reading it fills the memory of the machine.",
        "Keras before 3.15 and tf_keras allocate it on load",
    ),
    "hdf5-cycle": RiskKind("HDF5 group within itself", "A walk through the groups of the file never ends.", ANY_READER),
    "decompression-bomb": RiskKind(
        "Decompression bomb", "A small member unpacks to far more than the size of the file.", ANY_READER
    ),
    "json-bomb": RiskKind(
        "Excessive text",
        "The configuration is nested, long or repeated beyond anything that a model needs.",
        ANY_READER,
    ),
    # Tricks with names and containers.
    "duplicate-member": RiskKind(
        "Two members of one name",
        "The archive holds two members of the same name: one program sees one of them, another the other.",
        "Python takes the last one, other readers the first",
    ),
    "member-name": RiskKind(
        "Member name that leads out of the archive",
        "Unpacking the archive could write outside the folder.",
        "Programs that unpack without a check; Keras before 3.14 in get_file(extract=True)",
    ),
    "odd-member": RiskKind(
        "Odd archive member",
        "A member of the archive is a link, is encrypted, is itself an archive, or lies about its size or place.",
        "Programs that trust the archive",
    ),
    "duplicate-key": RiskKind(
        "Key that is given twice",
        "The configuration gives a key twice: one program sees one value, another the other.",
        "Python takes the last one, other readers the first",
    ),
    "odd-name": RiskKind(
        "Name made to deceive",
        "A name holds control characters, reverses the direction of text, holds HTML, or is extremely long.",
        "Programs that show it as it is; kgui shows it as plain text",
    ),
    # Worth knowing, and no risk by itself.
    "custom-class": RiskKind(
        "Custom class",
        "The model needs a class that is not part of Keras. Its code is not in the file.",
        "Keras runs it once the user has registered or imported it; tf_keras and Keras 3.0 to 3.8 import its module "
        "by themselves",
        level="notice",
    ),
    "custom-function": RiskKind(
        "Custom function",
        "The model needs a function that is not part of Keras. Its code is not in the file.",
        "Keras calls it once the user has registered or imported it; tf_keras and Keras 3.0 to 3.8 import its module "
        "by themselves",
        level="notice",
    ),
}
"""Every kind of risk and notice. `Risk.kind` is always one of these names."""


def risk(kind: str, where: str, detail: str, runs_when: str | None = None) -> Risk:
    """A risk of a kind from `RISK_KINDS`, with the kind's own `runs_when` where none is given.

    Raises:
        KeyError: No such kind.
    """
    return Risk(kind, where, detail, RISK_KINDS[kind].runs_when if runs_when is None else runs_when)
