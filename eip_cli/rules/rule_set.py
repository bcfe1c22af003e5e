"""An assignment's rules as they are written down: TOML, and the rule sets that have a name.

A named set is a file of ``named/``; ``session3``, the report's own, is what is checked by default.
"""

from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from eip_cli.foundation.errors import RulesError
from eip_cli.foundation.named_texts import list_names, read_named
from eip_cli.recipes.configuration import DATASETS

from .network_rules import ConvolutionKinds, Layers, Parameters, ReceptiveField
from .rule import Rule, describe_unknown
from .rule_check import RuleCheck
from .subject import Subject
from .training_rules import Accuracy, AnyEpoch, Consistency, Epochs

DEFAULT_RULES = "session3"
KINDS: tuple[type[Rule], ...] = (
    Parameters,
    ReceptiveField,
    ConvolutionKinds,
    Layers,
    Epochs,
    Accuracy,
    AnyEpoch,
    Consistency,
)
KINDS_BY_NAME = {str(kind.__struct_config__.tag): kind for kind in KINDS}
_WING = "rules"
MAX_RULES = 100


class RuleSet(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of one assignment, whose accuracies are of the test images of ``dataset``."""

    title: str
    description: str = ""
    dataset: str = "cifar10"
    rules: Annotated[tuple[Rule, ...], Meta(min_length=1, max_length=MAX_RULES)]

    @property
    def ask_history(self) -> bool:
        """Whether a rule is of the accuracies of a run's epochs."""
        return any(isinstance(rule, AnyEpoch | Consistency) for rule in self.rules)

    @property
    def points(self) -> float:
        """Those that all rules are worth together."""
        return sum(rule.points for rule in self.rules)

    @property
    def introduction(self) -> str:
        """The assignment in a sentence or two, for the top of a page."""
        return self.description or f"{self.title}."

    def check(self, subject: Subject) -> tuple[RuleCheck, ...]:
        """Each rule in its order, asked of ``subject``."""
        return tuple(rule.check(subject) for rule in self.rules)


class _Written(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rules file before its rules are read, so that each of these can be named by its number."""

    title: Annotated[str, Meta(min_length=1, max_length=200)]
    description: Annotated[str, Meta(max_length=2000)] = ""
    dataset: str = "cifar10"
    rule: Annotated[list[dict[str, Any]], Meta(min_length=1, max_length=MAX_RULES)]


def list_rule_sets() -> dict[str, RuleSet]:
    """The named rule sets, by name."""
    texts = {name: read_named_rules(name) for name in list_names(_WING)}
    return {name: parse_rules(text, f"{name}.toml") for name, text in texts.items() if text is not None}


def read_named_rules(name: str) -> str | None:
    """The text of the rule set called ``name``; None where there is none."""
    return read_named(_WING, name)


def load_rules(spec: str | Path) -> RuleSet:
    """The rule set that ``spec`` means: one with a name, or a file. Raises RulesError where it is none."""
    spec = str(spec)
    if (text := read_named_rules(spec)) is not None:
        return parse_rules(text, f"{spec}.toml")
    path = Path(spec)
    if not path.suffix and not path.exists():
        raise RulesError(f"rules: {describe_unknown(spec, list_names(_WING))}, or a file")
    try:
        return parse_rules(path.read_text(encoding="utf-8-sig"), spec)
    except FileNotFoundError:
        raise RulesError(f"no file {spec}") from None
    except UnicodeDecodeError:
        raise RulesError(f"{spec} is no TOML: it is not UTF-8") from None
    except OSError as error:
        raise RulesError(f"cannot read {spec}: {error.strerror or error}") from None


def parse_rules(text: str, where: str) -> RuleSet:
    """The rule set that ``text`` holds; ``where`` names it in messages.

    Raises RulesError where it is no TOML, or has a key or a value that there is not: with the nearest name.
    """
    try:
        written = msgspec.toml.decode(text.encode(), type=_Written)
    except msgspec.ValidationError as error:
        raise RulesError(f"{where}: {_explain(error, _Written)}") from None
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise RulesError(f"{where} is no TOML: {error!s:.200}") from None
    if written.dataset not in DATASETS:
        raise RulesError(f"{where}: dataset: {describe_unknown(written.dataset, DATASETS)}")
    rules = tuple(_read_rule(one, f"{where}: rule {number}") for number, one in enumerate(written.rule, 1))
    said = [one.words for one in rules]
    if twice := next((words for words in said if said.count(words) > 1), None):
        raise RulesError(f"{where}: two rules say {twice!r}: leave one out, or give one another text")
    for name, words in (
        ("title", written.title),
        ("description", written.description.replace("\n", " ")),
        *((f"rule {number}: text", one.text) for number, one in enumerate(rules, 1)),
    ):
        if not words.isprintable():
            raise RulesError(f"{where}: {name}: expected plain text")
    return RuleSet(title=written.title, description=written.description, dataset=written.dataset, rules=rules)


def _read_rule(content: dict[str, Any], where: str) -> Rule:
    if "kind" not in content:
        raise RulesError(f"{where}: kind is missing: use {', '.join(KINDS_BY_NAME)}")
    name = content["kind"]
    kind = KINDS_BY_NAME.get(name) if isinstance(name, str) else None
    if kind is None:
        raise RulesError(f"{where}: kind: {describe_unknown(name, KINDS_BY_NAME)}")
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        raise RulesError(f"{where} ({name}): {_explain(error, kind)}") from None


def _explain(error: msgspec.ValidationError, kind: type[msgspec.Struct]) -> str:
    message = str(error).replace("`", "").replace(" - at $.", " at ")
    marker = "Object contains unknown field "
    if message.startswith(marker):
        unknown = message.removeprefix(marker).partition(" at ")[0]
        return describe_unknown(unknown, kind.__struct_fields__)
    return f"{message[0].lower()}{message[1:]}"
