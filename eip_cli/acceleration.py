"""A faster twin of a Keras model for a CPU: the same variables and mathematics, in fewer passes over memory.

``accelerate`` is the one way in. The twin runs convolutions together with the batch norm,
activation and dropout behind them (``fused_block``), and dropout and pooling elsewhere
(``fused_layers``), by TensorFlow code of this package, and every other layer as it is. The
model itself is left as it was: train the twin, save the model.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .backend import keras

if TYPE_CHECKING:
    from .fused_block import BlockForm

layers = keras.layers

Run = Callable[..., Any]  # input tensor, training -> output tensor


def accelerate(model: keras.Model) -> keras.Model | None:
    """A model that computes what ``model`` does on the same variables, faster; None where nothing applies.

    The twin lists ``model``'s variables in ``model``'s order. Dropout draws from the seed
    generators of ``model``'s layers and advances them as Keras does; the masks are other ones
    than Keras draws from the same state. Inference equals Keras's to float32 rounding.

    Nothing applies on other backends than TensorFlow, where TensorFlow sees a GPU, to subclassed
    models, to models with several inputs or outputs, and where no layer is known here. Whether a
    layer is frozen is read here: freeze first.
    """
    if not _runs_on_cpu() or not _is_plain_graph(model):
        return None
    replaced = _find_replacements(keras.Model(model.inputs, model.outputs))
    return _Twin(model, replaced) if replaced else None


class _Twin(keras.Model):
    """Runs a model's graph with some operations replaced; the model it holds is where its variables live."""

    def __init__(self, plain: keras.Model, replaced: dict[int, Run]) -> None:
        super().__init__(name=f"{plain.name}_twin")
        self.plain = plain
        graph = keras.Model(plain.inputs, plain.outputs)
        # In a closure, where Keras does not find it: its layers are tracked as the plain model's alone.
        self._run = lambda inputs, training: _run_graph(graph, replaced, inputs, training)
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        """The model's output for ``inputs``, in training or inference mode."""
        return self._run(inputs, bool(training))


def _runs_on_cpu() -> bool:
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return not tf.config.list_physical_devices("GPU")


def _is_plain_graph(model: keras.Model) -> bool:
    """Whether the model does what its graph says and no more, for one tensor in and one out."""
    if isinstance(model, keras.Sequential):
        plain = type(model) is keras.Sequential and model.built
    else:
        plain = isinstance(model, keras.Function) and type(model).call is _functional_call()
    return (
        plain
        and len(model.inputs) == len(model.outputs) == 1
        and hasattr(keras.Function, "_run_through_graph")
    )


def _functional_call() -> Any:
    tensor = keras.Input((1,))
    return type(keras.Model(tensor, tensor)).call


def _run_graph(graph: keras.Model, replaced: dict[int, Run], inputs: Any, training: bool) -> Any:
    def operation_of(operation: Any) -> Run:
        if id(operation) in replaced:
            run = replaced[id(operation)]
            return lambda tensor, **_: run(tensor, training)
        if getattr(operation, "_call_has_training_arg", False):
            return lambda *args, **settings: operation(*args, **{**settings, "training": training})
        return operation

    outputs = graph._run_through_graph(
        [keras.ops.convert_to_tensor(inputs, dtype="float32")], operation_fn=operation_of
    )
    return outputs[0] if isinstance(outputs, list | tuple) else outputs


@dataclass(frozen=True)
class _Chain:
    """A convolution and what follows it with nobody else looking at what is between."""

    convolution: keras.layers.Layer
    norm: keras.layers.Layer | None
    relu: keras.layers.Layer | None
    dropout: keras.layers.Layer | None
    pool: keras.layers.Layer | None
    pools_first: bool  # before the dropout, if there is one

    @property
    def members(self) -> list[keras.layers.Layer]:
        """The layers, the convolution first."""
        layers = (self.convolution, self.norm, self.relu, self.dropout, self.pool)
        return [layer for layer in layers if layer is not None]

    @property
    def has_relu(self) -> bool:
        """Whether a ReLU follows the convolution directly, inside it or behind."""
        inside = self.convolution.activation is keras.activations.relu
        return inside or (self.norm is None and self.relu is not None)


def _find_replacements(graph: keras.Model) -> dict[int, Run]:
    """What runs in the place of an operation, by the operation's id()."""
    replaced: dict[int, Run] = {}
    followers = _sole_followers(graph)
    for node in _nodes(graph):
        layer = node.operation
        if id(layer) in replaced:
            continue
        if _is_convolution(layer) and _calls_once_plainly(layer, graph) and _has_known_size(node):
            chain = _chain_from(layer, followers)
            replaced |= {id(member): _pass_through for member in chain.members[1:]}
            replaced[id(layer)] = _pooled_runner(chain) if chain.pools_first else _block_runner(chain)
        elif _is_dropout(layer) and all(_is_plain_call(call) for call in _calls(layer, graph)):
            replaced[id(layer)] = _dropout_runner(layer)
        elif _is_pooling(layer):
            replaced[id(layer)] = _pooling_runner(layer)
    return replaced


def _nodes(graph: keras.Model) -> Iterator[Any]:
    for depth in sorted(graph._nodes_by_depth, reverse=True):
        yield from (node for node in graph._nodes_by_depth[depth] if not node.is_input)


def _calls(layer: keras.layers.Layer, graph: keras.Model) -> list[Any]:
    return [node for node in _nodes(graph) if node.operation is layer]


def _is_plain_call(node: Any) -> bool:
    """Called with one tensor and nothing else; Keras overrules ``training`` by the model's own."""
    settings = {name: value for name, value in node.arguments.kwargs.items() if value is not None}
    return len(node.arguments.args) == 1 and not settings.keys() - {"training"}


def _calls_once_plainly(layer: keras.layers.Layer, graph: keras.Model) -> bool:
    calls = _calls(layer, graph)
    return len(calls) == 1 and _is_plain_call(calls[0])


def _sole_followers(graph: keras.Model) -> dict[int, keras.layers.Layer]:
    """By a layer's id(), the layer that alone takes its output, where both are called once and plainly."""
    consumers: dict[int, list[Any]] = {}
    for node in _nodes(graph):
        for tensor in node.input_tensors:
            consumers.setdefault(id(tensor), []).append(node.operation)
    shown = {id(tensor) for tensor in graph.outputs}
    followers = {}
    for node in _nodes(graph):
        tensor = node.outputs[0]
        found = consumers.get(id(tensor), [])
        if len(found) == 1 and id(tensor) not in shown and _calls_once_plainly(found[0], graph):
            followers[id(node.operation)] = found[0]
    return followers


def _chain_from(convolution: keras.layers.Layer, followers: dict[int, keras.layers.Layer]) -> _Chain:
    last = convolution

    def take(suits: Callable[[Any], bool]) -> keras.layers.Layer | None:
        nonlocal last
        following = followers.get(id(last))
        if following is None or not suits(following):
            return None
        last = following
        return following

    norm, relu = take(_is_batch_norm), take(_is_relu)
    if type(convolution) is layers.Conv2D and norm is None and (pool := take(_is_pooling)) is not None:
        return _Chain(convolution, norm, relu, take(_is_dropout), pool, pools_first=True)
    dropout = take(_is_dropout)
    return _Chain(convolution, norm, relu, dropout, take(_is_filling_average), pools_first=False)


def _has_known_size(node: Any) -> bool:
    return None not in node.outputs[0].shape[1:]


def _is_float32(layer: keras.layers.Layer) -> bool:
    return layer.dtype_policy.name == "float32" and getattr(layer, "activity_regularizer", None) is None


def _is_convolution(layer: Any) -> bool:
    if type(layer) not in (layers.SeparableConv2D, layers.Conv2D):
        return False
    return (
        _is_float32(layer)
        and layer.data_format == "channels_last"
        and tuple(layer.dilation_rate) == (1, 1)
        and layer.strides[0] == layer.strides[1]
        and getattr(layer, "groups", 1) == 1
        and not getattr(layer, "lora_enabled", False)
        and layer.activation in (keras.activations.relu, keras.activations.linear)
    )


def _is_batch_norm(layer: Any) -> bool:
    return (
        type(layer) is layers.BatchNormalization
        and _is_float32(layer)
        and layer.axis in (-1, 3)
        and layer.trainable
        and not layer.renorm
        and not layer.synchronized
    )


def _is_relu(layer: Any) -> bool:
    if type(layer) is layers.ReLU:
        return (
            _is_float32(layer)
            and layer.max_value is None
            and not layer.negative_slope
            and not layer.threshold
        )
    return (
        type(layer) is layers.Activation and _is_float32(layer) and layer.activation is keras.activations.relu
    )


def _is_dropout(layer: Any) -> bool:
    return (
        type(layer) is layers.Dropout
        and _is_float32(layer)
        and layer.noise_shape is None
        and 0 < layer.rate < 1
    )


def _is_pooling(layer: Any) -> bool:
    if type(layer) not in (layers.AveragePooling2D, layers.MaxPooling2D):
        return False
    return (
        _is_float32(layer)
        and layer.data_format == "channels_last"
        and layer.padding == "valid"
        and tuple(layer.strides) == tuple(layer.pool_size)
        and None not in layer.input.shape[1:]
    )


def _is_filling_average(layer: Any) -> bool:
    """Whether this is average pooling whose windows leave nothing out."""
    if type(layer) is not layers.AveragePooling2D or not _is_pooling(layer):
        return False
    sizes = zip(layer.input.shape[1:3], layer.pool_size, strict=True)
    return all(size % window == 0 for size, window in sizes)


def _pass_through(tensor: Any, training: bool) -> Any:
    return tensor


def _dropout_runner(layer: keras.layers.Layer) -> Run:
    from .fused_layers import dropout

    def run(tensor: Any, training: bool) -> Any:
        return dropout(tensor, layer.seed_generator.next(), layer.rate) if training else tensor

    return run


def _pooling_runner(layer: keras.layers.Layer) -> Run:
    from .fused_layers import pool

    return lambda tensor, training: pool(tensor, _pooling_kind(layer), tuple(layer.pool_size))


def _pooling_kind(layer: keras.layers.Layer) -> str:
    return "max" if type(layer) is layers.MaxPooling2D else "average"


def _pooled_runner(chain: _Chain) -> Run:
    import tensorflow as tf

    from .fused_layers import finish_convolution

    convolution, pooling, dropout = chain.convolution, chain.pool, chain.dropout
    assert pooling is not None

    def run(tensor: Any, training: bool) -> Any:
        kernel = tf.convert_to_tensor(convolution.kernel)
        product = tf.nn.conv2d(tensor, kernel, convolution.strides, convolution.padding.upper())
        rate, state = 0.0, tf.zeros((2,), tf.int64)
        if training and dropout is not None:
            rate, state = dropout.rate, dropout.seed_generator.next()
        size = tuple(pooling.pool_size)
        bias, kind = _bias_of(convolution), _pooling_kind(pooling)
        return finish_convolution(product, bias, chain.has_relu, kind, size, rate, state)

    return run


def _bias_of(convolution: keras.layers.Layer) -> Any:
    import tensorflow as tf

    return (
        tf.zeros((convolution.filters,))
        if convolution.bias is None
        else tf.convert_to_tensor(convolution.bias)
    )


def _form_of(chain: _Chain) -> "BlockForm":
    from .fused_block import BlockForm

    return BlockForm(
        separable=type(chain.convolution) is layers.SeparableConv2D,
        strides=tuple(chain.convolution.strides),
        padding=chain.convolution.padding,
        inner_relu=chain.has_relu,
        batch_norm=chain.norm is not None,
        outer_relu=chain.norm is not None and chain.relu is not None,
        epsilon=chain.norm.epsilon if chain.norm is not None else 0.0,
        dropout=chain.dropout.rate if chain.dropout is not None else 0.0,
        average=tuple(chain.pool.pool_size) if chain.pool is not None else (1, 1),
    )


def _block_runner(chain: _Chain) -> Run:
    import tensorflow as tf

    from .fused_block import convolution_block, convolution_block_inference

    form, norm, convolution = _form_of(chain), chain.norm, chain.convolution
    filters = convolution.filters

    def value_of(variable: Any, default: float) -> Any:
        return tf.fill((filters,), default) if variable is None else tf.convert_to_tensor(variable)

    def run(tensor: Any, training: bool) -> Any:
        if form.separable:
            pointwise = tf.convert_to_tensor(convolution.pointwise_kernel)[0, 0]
            kernels = [tf.convert_to_tensor(convolution.depthwise_kernel), pointwise]
        else:
            kernels = [tf.convert_to_tensor(convolution.kernel)]
        bias = _bias_of(convolution)
        gamma = value_of(norm and norm.gamma, 1.0)
        beta = value_of(norm and norm.beta, 0.0)
        if not training:
            if norm is None:
                return convolution_block_inference(form, tensor, kernels, bias, gamma, beta)
            scale = gamma * tf.math.rsqrt(norm.moving_variance + norm.epsilon)
            offset = beta - norm.moving_mean * scale
            return convolution_block_inference(form, tensor, kernels, bias, scale, offset)
        state = tf.zeros((2,), tf.int64) if chain.dropout is None else chain.dropout.seed_generator.next()
        output, mean, variance = convolution_block(form, tensor, kernels, bias, gamma, beta, state)
        if norm is not None:
            momentum = norm.momentum
            norm.moving_mean.assign(norm.moving_mean * momentum + mean * (1 - momentum))
            norm.moving_variance.assign(norm.moving_variance * momentum + variance * (1 - momentum))
        return output

    return run
