"""Rules that a network alone answers: parameters, receptive field, kinds of layers.

What looks at layers starts Keras, so it is imported where there is a network to look at.
"""

from typing import Annotated, Literal

from msgspec import Meta

from eip_cli.foundation.records import Count

from .bounds import BoundedRule
from .layer_names import CONVOLUTION_KINDS, LAYER_KINDS
from .rule import Rule
from .rule_check import RuleCheck, count
from .subject import Network, Subject


class Parameters(BoundedRule, frozen=True, tag="parameters"):
    """How many numbers the network has: ``total`` as Keras counts them, or the ``trainable`` ones."""

    count: Literal["total", "trainable"] = "total"

    def describe(self) -> str:
        """``Fewer than 100,000 parameters``."""
        noun = "parameters" if self.count == "total" else "trainable parameters"
        words = {"above": "more than", "below": "fewer than"}
        return f"{self.describe_bounds('{:,.0f}'.format, words)} {noun}".capitalize()

    def check(self, subject: Subject) -> RuleCheck:
        """By the network, or by what is stated of it."""
        if subject.network is not None:
            return self._count(subject.network)
        if subject.stated_params is not None and self.count == "total":
            stated = subject.stated_params
            return self.found(f"{stated:,} parameters, as stated: not counted", self.admit(stated))
        return self.found(f"parameters unknown: {subject.no_network}", None)

    def _count(self, network: Network) -> RuleCheck:
        from .layer_types import count_constants

        if self.count == "trainable":
            trainable = network.summary.trainable_params
            return self.found(f"{trainable:,} trainable parameters", self.admit(trainable))
        counted, constants = network.summary.total_params, count_constants(network.calls)
        words = f"{counted:,} parameters"
        if constants:
            words += f", and {constants:,} constants that do the work of some"
        return self.found(words, self.admit(counted + constants))


class ReceptiveField(BoundedRule, frozen=True, tag="receptive-field"):
    """The network's largest receptive field in pixels, along its shorter and its longer side."""

    def describe(self) -> str:
        """``Receptive field above 44``."""
        return f"Receptive field {self.describe_bounds('{:g}'.format)}"

    def check(self, subject: Subject) -> RuleCheck:
        """A network whose units see the whole image is above every bound."""
        if subject.network is None:
            return self.found(subject.no_network, None)
        summary = subject.network.summary
        if summary.whole_image_seen:
            return self.found("units of its feature maps see the whole image", self.admit(float("inf")))
        if summary.receptive_field is None:
            return self.found(summary.receptive_field_unknown or "it has none", None)
        height, width = map(float, summary.receptive_field)
        words = f"{height:g}" if height == width else f"{height:g}x{width:g}"
        return self.found(f"{words} pixels", self.admit(height) and self.admit(width))


class ConvolutionKinds(Rule, frozen=True, kw_only=True, tag="convolutions"):
    """Of which kinds every convolution must be."""

    only: Annotated[tuple[str, ...], Meta(min_length=1)]

    def __post_init__(self) -> None:
        self.require_one_of("only", self.only, CONVOLUTION_KINDS)

    def describe(self) -> str:
        """``Depthwise separable convolutions only``."""
        words = ["depthwise separable" if kind == "separable" else kind for kind in self.only]
        return f"{' and '.join(words)} convolutions only".capitalize()

    def check(self, subject: Subject) -> RuleCheck:
        """By looking at every call of a layer."""
        if subject.network is None:
            return self.found(subject.no_network, None)
        from .convolutions import check_convolutions

        found = check_convolutions(subject.network.calls, self.only)
        return self.found(found.words, found.holds, found.names)


class Layers(Rule, frozen=True, kw_only=True, tag="layers"):
    """How many layers of one kind there must be: at least one, unless a number is stated."""

    layer: str
    at_least: Count | None = None
    at_most: Count | None = None

    def __post_init__(self) -> None:
        self.require_one_of("layer", (self.layer,), LAYER_KINDS)

    def describe(self) -> str:
        """``Batch normalization``, ``No max pooling layers``, ``At least 2 dilated convolutions``."""
        noun = LAYER_KINDS[self.layer]
        if self.at_most == 0:
            return f"No {noun}"
        parts = [f"at least {count(self.at_least, noun)}"] if self.at_least is not None else []
        parts += [f"at most {count(self.at_most, noun)}"] if self.at_most is not None else []
        return (" and ".join(parts) or self.layer.replace("-", " ")).capitalize()

    def check(self, subject: Subject) -> RuleCheck:
        """By the types of the layers; a dropout of rate 0 is none."""
        if subject.network is None:
            return self.found(subject.no_network, None)
        return self._check(subject.network)

    def _check(self, network: Network) -> RuleCheck:
        from .layer_kinds import find_layers
        from .layer_types import list_opaque

        found = find_layers(network, self.layer)
        number = len(found.names)
        words = count(number, LAYER_KINDS[self.layer]) + found.detail
        least = 1 if self.at_least is None and self.at_most is None else self.at_least or 0
        is_too_many = self.at_most is not None and number > self.at_most
        if is_too_many:
            return self.found(f"{words}:", False, found.names)
        if self.at_most is not None and (opaque := list_opaque(network.calls)):
            return self.found(f"{words} in sight, but layers that may hold some:", None, opaque)
        words += "; rate 0, so idle:" if found.idle else ""
        return self.found(words, number >= least, found.idle)
