"""Model configurations that a stranger might put into a file: each name -> what it does to a plain one."""

import base64
import marshal
from collections.abc import Callable
from pathlib import Path
from typing import Any

Config = dict[str, Any]
Attack = Callable[[Config, Path], None]


def code_that_creates(canary: Path) -> str:
    """The marshalled code of a function that creates the file ``canary``, as Keras stores a Lambda's."""
    source = f"lambda x: (open({str(canary)!r}, 'w').close(), x)[1]"
    function = eval(source)
    return base64.b64encode(marshal.dumps(function.__code__)).decode("ascii")


def lambda_function(canary: Path) -> Config:
    code = {"code": code_that_creates(canary), "defaults": None, "closure": None}
    return {"class_name": "__lambda__", "config": code}


def keras_3_lambda(canary: Path) -> Config:
    return layer("Lambda", function=lambda_function(canary), arguments={})


def keras_2_lambda(canary: Path) -> Config:
    function = [code_that_creates(canary), None, None]
    return layer("Lambda", function=function, function_type="lambda", module="__main__", arguments={})


def layer(kind: str, module: str = "keras.layers", **settings: Any) -> Config:
    return {
        "module": module,
        "class_name": kind,
        "config": {"name": "x", **settings},
        "registered_name": None,
    }


def add(make: Callable[[Path], Config]) -> Attack:
    """Put one more layer behind the others."""

    def attack(config: Config, canary: Path) -> None:
        config["config"]["layers"].append(make(canary))

    return attack


def set_dense(key: str, value: Any) -> Attack:
    """Change one setting of the Dense layer; a function is called with the canary first."""

    def attack(config: Config, canary: Path) -> None:
        config["config"]["layers"][1]["config"][key] = value(canary) if callable(value) else value

    return attack


def set_dense_key(key: str, value: Any) -> Attack:
    """Change what stands beside the Dense layer's settings: its module, class or registered name."""

    def attack(config: Config, _: Path) -> None:
        config["config"]["layers"][1][key] = value

    return attack


def set_input(key: str, value: Any) -> Attack:
    def attack(config: Config, _: Path) -> None:
        config["config"]["layers"][0]["config"][key] = value

    return attack


def set_layers(*layers: Config) -> Attack:
    """Other layers altogether."""

    def attack(config: Config, _: Path) -> None:
        config["config"]["layers"] = list(layers)

    return attack


def set_top(key: str, value: Any) -> Attack:
    def attack(config: Config, _: Path) -> None:
        config[key] = value

    return attack


def nest(depth: int) -> Attack:
    def attack(config: Config, canary: Path) -> None:
        inner = keras_3_lambda(canary)
        for level in range(depth):
            inner = {"class_name": "Sequential", "config": {"name": f"s{level}", "layers": [inner]}}
        config["config"]["layers"].append(inner)

    return attack


def image_input(*shape: int) -> Config:
    return layer("InputLayer", batch_shape=[None, *shape], dtype="float32")


def tensor(name: str, call: int = 0, output: int = 0) -> Config:
    history = {"shape": [None, 4], "dtype": "float32", "keras_history": [name, call, output]}
    return {"class_name": "__keras_tensor__", "config": history}


def functional(*nodes: Any, outputs: Any = ("d", 0, 0)) -> Attack:
    """A Functional model of an input ``i`` and a Dense layer ``d``, called as ``nodes`` say."""

    def attack(config: Config, _: Path) -> None:
        dense = {**config["config"]["layers"][1], "name": "d", "inbound_nodes": list(nodes)}
        image = {**config["config"]["layers"][0], "name": "i", "inbound_nodes": []}
        config["class_name"], config["registered_name"] = "Functional", None
        config["config"] = {
            "name": "f",
            "layers": [image, dense],
            "input_layers": ["i", 0, 0],
            "output_layers": list(outputs) if isinstance(outputs, tuple) else outputs,
        }

    return attack


def call_with(*arguments: Any, **settings: Any) -> Config:
    return {"args": list(arguments), "kwargs": settings}


def builtin(kind: str, module: str = "keras.initializers", **settings: Any) -> Config:
    return {"module": module, "class_name": kind, "config": settings, "registered_name": None}


def function(name: str, module: str = "builtins") -> Config:
    return {"module": module, "class_name": "function", "config": name, "registered_name": "function"}


CODE = {
    "Lambda of Keras 3": (add(keras_3_lambda), "'Lambda'"),
    "Lambda of Keras 2": (add(keras_2_lambda), "'Lambda'"),
    "Lambda of a function by name": (
        add(
            lambda canary: layer(
                "Lambda", function=function("system", "os"), arguments={"command": str(canary)}
            )
        ),
        "'Lambda'",
    ),
    "Lambda in a nested model": (nest(2), "'Lambda'"),
    "Lambda in a wrapper": (
        add(lambda c: layer("TimeDistributed", layer=keras_3_lambda(c))),
        "'TimeDistributed'",
    ),
    "Lambda as the activation": (set_dense("activation", keras_3_lambda), "activation 'Lambda'"),
    "__lambda__ as the activation": (
        set_dense("activation", lambda_function),
        "activation '__lambda__'",
    ),
    "__lambda__ as an initialiser": (
        set_dense("kernel_initializer", lambda_function),
        "kernel_initializer '__lambda__'",
    ),
    "__lambda__ inside an initialiser": (
        set_dense("bias_initializer", lambda c: builtin("Constant", value=lambda_function(c))),
        "setting 'value'",
    ),
    "__lambda__ as a regulariser": (
        set_dense("kernel_regularizer", lambda_function),
        "kernel_regularizer '__lambda__'",
    ),
    "__lambda__ as the number of units": (
        set_dense("units", lambda_function),
        "units '__lambda__'",
    ),
    "activation from os": (set_dense("activation", function("system", "os")), "activation 'function'"),
    "activation by a dotted name": (set_dense("activation", "os.system"), "activation 'os.system'"),
    "activation of another built-in": (set_dense("activation", function("exec")), "activation 'function'"),
    "layer from os": (set_dense_key("module", "os"), "'Dense' of module 'os'"),
    "layer from builtins": (
        add(lambda _: layer("exec", "builtins", source="1")),
        "'exec' of module 'builtins'",
    ),
    "layer from a module of the folder": (set_dense_key("module", "payload"), "'Dense' of module 'payload'"),
    "module that only begins like keras": (set_dense_key("module", "keras_evil"), "module 'keras_evil'"),
    "custom class under a known name": (set_dense_key("registered_name", "evil>Dense"), "'Dense'"),
    "custom class": (set_dense_key("class_name", "evil>Dense"), "'evil>Dense'"),
    "keras.utils.get_file as a layer (CVE-2025-8747)": (
        add(lambda c: layer("get_file", "keras.utils", fname=str(c), origin="file:///etc/hostname")),
        "'get_file' of module 'keras.utils'",
    ),
    "keras.utils.get_file as an initialiser": (
        set_dense("kernel_initializer", builtin("get_file", "keras.utils", origin="file:///etc/hostname")),
        "kernel_initializer 'get_file'",
    ),
    "subprocess.run as an initialiser (CVE-2025-1550)": (
        set_dense("kernel_initializer", lambda c: builtin("run", "subprocess", args=["touch", str(c)])),
        "kernel_initializer 'run'",
    ),
    "known initialiser of another module": (
        set_dense("kernel_initializer", builtin("Zeros", "payload")),
        "kernel_initializer 'Zeros'",
    ),
    "constraint of another module": (
        set_dense("kernel_constraint", builtin("MaxNorm", "payload")),
        "kernel_constraint 'MaxNorm'",
    ),
    "custom regulariser": (
        set_dense("bias_regularizer", builtin("Evil", "payload")),
        "bias_regularizer 'Evil'",
    ),
    "dtype policy of another module": (
        set_dense("dtype", builtin("DTypePolicy", "payload", name="float32")),
        "dtype 'DTypePolicy'",
    ),
    "dtype policy of another class": (set_dense("dtype", builtin("Evil", "keras")), "dtype 'Evil'"),
    "dtype of no array": (set_dense("dtype", "resource"), "dtype 'resource'"),
    "operation of TensorFlow by name": (
        add(lambda _: layer("TFOpLambda", function="io.read_file")),
        "'TFOpLambda'",
    ),
    "operation of keras.ops with a known layer's name": (
        add(lambda _: layer("Identity", "keras.src.ops.core")),
        "'Identity' of module 'keras.src.ops.core'",
    ),
    "pickle inside TorchModuleWrapper": (
        add(lambda _: layer("TorchModuleWrapper", module_="gASVAAAA")),
        "'TorchModuleWrapper'",
    ),
    "SavedModel inside TFSMLayer": (add(lambda c: layer("TFSMLayer", filepath=str(c))), "'TFSMLayer'"),
    "function inside JaxLayer": (add(lambda _: layer("JaxLayer", call_fn=function("eval"))), "'JaxLayer'"),
    "model class of another module": (set_top("module", "payload"), "model of type 'Sequential'"),
    "model class of one's own": (set_top("class_name", "Evil"), "model of type 'Evil'"),
    "quantizer": (
        set_dense("quantization_config", builtin("Int8QuantizationConfig", "keras.quantizers")),
        "'quantization_config'",
    ),
    "code in a call": (
        functional(call_with(tensor("i"), training=lambda_function(Path("never")))),
        "'training'",
    ),
}

FILES = {
    "TextVectorization reads a file": (
        add(lambda _: layer("TextVectorization", vocabulary="/etc/passwd")),
        "'TextVectorization'",
    ),
    "StringLookup reads a file": (
        add(lambda _: layer("StringLookup", vocabulary="/etc/passwd")),
        "'StringLookup'",
    ),
    "IntegerLookup reads a file": (
        add(lambda _: layer("IntegerLookup", vocabulary="/etc/hosts")),
        "'IntegerLookup'",
    ),
    "path where a number belongs": (set_dense("units", "/etc/passwd"), "units '/etc/passwd'"),
    "path where a word belongs": (
        set_layers(image_input(4, 4, 3), layer("MaxPooling2D", pool_size=2, padding="/etc/passwd")),
        "padding '/etc/passwd'",
    ),
}

MEMORY = {
    "ten million units": (set_dense("units", 10**7), "configuration of 40,000,000 weights"),
    "more units than any computer has": (set_dense("units", 10**30), "units"),
    "weights by way of a large image": (
        set_layers(image_input(2**14, 2**14, 3), layer("Flatten"), layer("Dense", units=10)),
        "too large|weights",
    ),
    "an image of no reasonable size": (set_input("batch_shape", [None, 2**40]), "input shape"),
    "an image of no shape": (set_input("batch_shape", "32x32"), "input shape"),
    "an image of 100 dimensions": (set_input("batch_shape", [None] + [1] * 100), "input shape"),
    "upsampling": (set_layers(image_input(32, 32, 3), layer("UpSampling2D", size=10**5)), "too large"),
    "padding": (set_layers(image_input(32, 32, 3), layer("ZeroPadding2D", padding=10**6)), "too large"),
    "low-rank weights beside the kernel": (set_dense("lora_rank", 10**9), "'lora_rank'"),
    "a list without end": (set_dense("units", [1] * 1000), "units"),
    "thousands of layers": (
        set_layers(image_input(4), *[layer("Activation", activation="relu")] * 3000),
        "more than 1,000 layers",
    ),
    "models in models": (nest(50), "nested more than 8 deep"),
    "a name of a megabyte": (set_dense("name", "n" * 2**20), "name"),
}

NONSENSE = {
    "no class": (set_dense_key("class_name", None), "without a class name"),
    "no settings": (set_dense_key("config", None), "without settings"),
    "settings that are a list": (set_dense_key("config", [1]), "without settings"),
    "no layers": (set_top("config", {"name": "empty"}), "without layers"),
    "layers that are text": (set_layers("Dense"), "not a JSON object"),  # type: ignore[arg-type]
    "unknown setting": (set_dense("backdoor", 1), "'backdoor'"),
    "negative units": (set_dense("units", -3), "cannot build"),
    "units that are no number": (set_dense("units", float("nan")), "cannot build|units"),
    "units that are true": (set_dense("use_bias", builtin("Zeros")), "use_bias 'Zeros'"),
    "name that is a number": (set_dense("name", 7), "name '7'"),
    "line breaks and escapes in a name": (
        set_dense_key("class_name", "Evil\n\x1b[31mError: all is well\r\n"),
        r"Evil\\n\\x1b\[31m",
    ),
    "sparse input": (set_input("sparse", True), "sparse"),
    "no input shape": (set_top("config", {"name": "s", "layers": [layer("Flatten")]}), "input shape"),
    "a layer that feeds itself": (functional(call_with(tensor("d"))), "does not exist"),
    "an input from nowhere": (functional(call_with(tensor("gone"))), "'gone'"),
    "an output from nowhere": (functional(call_with(tensor("i")), outputs=("d", 7, 0)), "does not exist"),
    "a negative index": (functional(call_with(tensor("i", -1))), "names no layer's output"),
    "an index that is text": (functional([["i", "0", 0, {}]]), "names no layer's output"),
    "a number for a tensor": (functional(call_with(tensor("i"), 1.0)), "not a tensor"),
    "unknown settings of a call": (functional([["i", 0, 0, {"y": 1.0}]]), "'y'"),
    "connections that are text": (functional("i"), "not a list"),
    "no outputs": (functional(call_with(tensor("i")), outputs=None), "not a list"),
}

ATTACKS: dict[str, tuple[Attack, str]] = {**CODE, **FILES, **MEMORY, **NONSENSE}
