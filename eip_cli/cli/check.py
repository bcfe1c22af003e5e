"""``eip check``."""

from pathlib import Path

import click

from .common.help_texts import SUBMISSION_HELP
from .common.messages import shown_progress
from .common.options import (
    data_dir_option,
    format_option,
    pixels_option,
    rules_option,
    trust_option,
    verbose_option,
    weights_model_option,
)
from .common.predictions import check_network_options, check_params, params_option


@click.command(epilog=SUBMISSION_HELP)
@click.argument("submission")
@rules_option
@weights_model_option
@params_option
@data_dir_option
@pixels_option
@trust_option
@verbose_option
@format_option
@click.pass_context
def check(
    context: click.Context,
    submission: str,
    rules: str,
    model: str | None,
    params: int | None,
    data_dir: Path | None,
    pixels: str | None,
    trust: bool,
    output_format: str,
) -> None:
    """Check SUBMISSION against the rules of an assignment.

    Its accuracy is measured here, on the test images. The exit status is 0 only if all rules hold; a rule
    that what was handed in says nothing of does not.
    """
    check_params(context, [submission], params)
    check_network_options(context, [submission], model=model, pixels=pixels, trust=trust)

    from eip_cli.datasets.loading import load_dataset
    from eip_cli.display.printing import print_report
    from eip_cli.display.rule_tables import report_check
    from eip_cli.grading.submissions import find_subject
    from eip_cli.rules.rule_set import load_rules
    from eip_cli.rules.submission import Reading, check_submission, is_run

    rule_set = load_rules(rules)
    with shown_progress() as progress:
        if Path(submission).is_dir() and not is_run(submission):
            subject = find_subject(Path(submission))
            progress.notice(f"{submission}: taking {subject}")
            submission = str(subject)
        checked = check_submission(
            submission,
            rule_set,
            lambda: load_dataset(rule_set.dataset, data_dir, progress),
            Reading(model, pixels, params, trust),
            progress,
        )
    print_report(report_check(checked), output_format)
    context.exit(0 if checked.holds else 1)
