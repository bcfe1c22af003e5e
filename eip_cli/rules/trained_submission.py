"""Submissions with a network: what the rules find of a run, of a model file, and of a network untrained."""

from collections.abc import Callable, Mapping
from functools import partial

from eip_cli.checkpoints.naming import is_architecture_name
from eip_cli.checkpoints.opening import OpenedModel, open_model
from eip_cli.comparison.evaluation.assessment import assess_model, open_announced
from eip_cli.comparison.evaluation.results import Assessment
from eip_cli.datasets.dataset import Dataset
from eip_cli.datasets.download import DownloadProgress
from eip_cli.datasets.loading import problem_of
from eip_cli.foundation.errors import EipError, in_one_line
from eip_cli.networks.graphs import list_calls
from eip_cli.networks.known import KNOWN_NETWORKS
from eip_cli.networks.model import require_classifier
from eip_cli.networks.summary import summarize_model
from eip_cli.networks.users_code import is_user_network
from eip_cli.runs.run_directory import BEST_FILE, FINAL_FILE, RECORD_FILE, Run

from .measured_accuracy import describe_accuracy
from .rule_set import RuleSet
from .run_examination import Examination, describe_training, examine_run, find_obstacle
from .subject import Network, Subject, Training
from .submission import CheckedSubmission, Reading

# Of 10,000 images a few fall otherwise on another processor; what is further off was not measured so.
WORST_AGREEMENT = 0.002
NOTHING_TRAINED = "fresh weights: nothing was trained"
Images = Callable[[], Dataset]


def is_network_name(name: str) -> bool:
    """Whether ``name`` means a network without weights: a known one, a user's, or a JSON file."""
    return name in KNOWN_NETWORKS or is_user_network(name) or is_architecture_name(name)


def check_network(name: str, rules: RuleSet, reading: Reading) -> CheckedSubmission:
    """Ask ``rules`` of a network alone. Raises ModelError or CheckpointError where it cannot be had."""
    opened = open_model(name, trust=reading.trust, problem=problem_of(rules.dataset))
    subject = Subject(network=_look_at(opened), no_training=NOTHING_TRAINED, no_final=NOTHING_TRAINED)
    return CheckedSubmission(name, "network", rules, subject, rules.check(subject))


def check_checkpoint(
    name: str, rules: RuleSet, images: Images, reading: Reading, progress: DownloadProgress
) -> CheckedSubmission:
    """Ask ``rules`` of a model file, and of the run that it lies in.

    Raises CheckpointError, ModelError or RunError where the file cannot be read.
    """
    opened = open_announced(name, progress, reading.network, reading.trust, rules.dataset)
    measure = partial(_measure, rules=rules, images=images, reading=reading, progress=progress)
    assessment, reason = measure(opened)
    contradictions: tuple[str, ...] = ()
    training, no_training = None, "a model file alone: nothing is known of its training"
    if opened.run is not None and opened.path is not None:
        no_training = f"its {RECORD_FILE} is of another file: nothing is known of its training"
        if opened.is_as_recorded:
            try:
                examined = examine_run(opened.run, reading.trust, reading.network)
                measured = {opened.path.name: assessment}
                training, contradictions = _read_training(examined, measured, rules, measure)
            except EipError as error:
                no_training = in_one_line(error)
    return _conclude(
        name, "checkpoint", rules, opened, assessment, reason, training, no_training, contradictions
    )


def check_run(
    name: str, run: Run, rules: RuleSet, images: Images, reading: Reading, progress: DownloadProgress
) -> CheckedSubmission:
    """Ask ``rules`` of a run: of the weights of its last epoch, and of its history.

    Raises RunError or CheckpointError where its record, history or checkpoints are missing or damaged.
    """
    examined = examine_run(run, reading.trust, reading.network)
    final = run.path / FINAL_FILE
    measure = partial(_measure, rules=rules, images=images, reading=reading, progress=progress)
    opened, measured = examined.opened, {}
    reason = f"not finished: there is no {FINAL_FILE}"
    if examined.is_complete and final.is_file():
        opened = open_announced(str(final), progress, reading.network, reading.trust, rules.dataset)
        measured[FINAL_FILE], reason = measure(opened)
    training, contradictions = _read_training(examined, measured, rules, measure)
    if opened.model.count_params() != examined.opened.model.count_params():
        contradictions += (f"{BEST_FILE} and {FINAL_FILE} hold different networks",)
    assessment = measured.get(FINAL_FILE)
    return _conclude(name, "run", rules, opened, assessment, reason, training, "", contradictions)


def _conclude(
    name: str,
    kind: str,
    rules: RuleSet,
    opened: OpenedModel,
    assessment: Assessment | None,
    reason: str,
    training: Training | None,
    no_training: str,
    contradictions: tuple[str, ...],
) -> CheckedSubmission:
    network = _look_at(opened)
    final = None
    if assessment is not None:
        final, reason = describe_accuracy(assessment.evaluation, network.summary)
    subject = Subject(
        network=network,
        training=training,
        no_training=no_training,
        final=final,
        no_final=reason,
    )
    notes = assessment.evaluation.notes if assessment is not None else ()
    return CheckedSubmission(
        name, kind, rules, subject, rules.check(subject), contradictions, notes, assessment
    )


def _look_at(opened: OpenedModel) -> Network:
    return Network(tuple(list_calls(opened.model)), summarize_model(opened.model, opened.name))


def _measure(
    opened: OpenedModel, rules: RuleSet, images: Images, reading: Reading, progress: DownloadProgress
) -> tuple[Assessment | None, str]:
    """The network on the test images, or why it cannot be asked about them."""
    try:
        require_classifier(opened.model, opened.name, problem_of(rules.dataset))
        return assess_model(opened, images(), reading.pixels, progress), ""
    except EipError as error:
        return None, in_one_line(error)


def _read_training(
    examined: Examination,
    measured: Mapping[str, Assessment | None],
    rules: RuleSet,
    measure: Callable[[OpenedModel], tuple[Assessment | None, str]],
) -> tuple[Training, tuple[str, ...]]:
    """The run's training as far as it is to be believed, and what contradicts it.

    ``measured`` are checkpoints of the run that were measured, by name. A history's accuracies count where
    its best checkpoint has the best of them here; where it is the last one's file, that is known already.
    """
    obstacle = find_obstacle(examined.record, rules.dataset)
    assessments = dict(measured)
    if obstacle is None and rules.ask_history:
        hashes = examined.file_hashes
        if FINAL_FILE in assessments and hashes.get(FINAL_FILE) == hashes.get(BEST_FILE):
            assessments[BEST_FILE] = assessments[FINAL_FILE]
        if BEST_FILE not in assessments:
            assessments[BEST_FILE] = measure(examined.opened)[0]
        best = assessments[BEST_FILE]
        if best is None or best.evaluation.doubt is not None:
            obstacle = f"its best epoch's {BEST_FILE} could not be measured here"
    claims = {FINAL_FILE: examined.record.final_accuracy, BEST_FILE: examined.best.val_accuracy}
    found = list(examined.disagreements)
    for file, claimed in claims.items() if obstacle is None else ():
        assessment = assessments.get(file)
        if assessment is None or claimed is None or assessment.evaluation.doubt is not None:
            continue
        accuracy = assessment.evaluation.accuracy
        if abs(claimed - accuracy) > WORST_AGREEMENT:
            found.append(f"{RECORD_FILE} claims {claimed:.2%} of {file}, which has {accuracy:.2%} here")
    return describe_training(examined, obstacle, found), tuple(found)
