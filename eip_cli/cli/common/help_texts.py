"""What the help of several commands says of the names that a user may give."""

MODEL_HELP = (
    "MODEL is separable (the default), base, residual, quick, file.py:function or module:function (a "
    "function that returns a Keras model; its code runs), or a CHECKPOINT."
)
CHECKPOINT_HELP = (
    "CHECKPOINT is a model file (.h5, .keras), a run's directory or id (its best checkpoint), or latest. "
    "A bare file name that is not here is looked for in the runs, newest first."
)
COMPARED_HELP = (
    "RUN is compared by the final accuracy in its record, its last epoch's; a CHECKPOINT, such as RUN's "
    "checkpoint.h5, by evaluating it. RUN is a run's directory, its id, or latest; CHECKPOINT is a model "
    "file (.h5, .keras), or predictions of any framework (.npz, .csv); SWEEP is a sweep's directory, or its "
    "id under sweeps/."
)
MEASURED_HELP = (
    f"{CHECKPOINT_HELP} Predictions of any framework (a .npz or .csv file, such as evaluate "
    "--write-predictions writes) may stand in its place."
)
RUN_HELP = "RUN is a run's directory, an id that eip runs lists, or latest (the run started last)."
SUBMISSION_HELP = (
    "SUBMISSION is a run's directory, id or latest (its last epoch is measured), a model file (.h5, .keras), "
    "a file of predictions (.npz, .csv), a folder with one of these, or a network without weights: a known "
    "one's name, or file.py:function (its code runs)."
)
