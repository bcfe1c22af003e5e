"""The report's experiment over the public Python API: base against separable, one training each.

    python examples/seed_experiment.py --dataset digits --epochs 10
    python examples/seed_experiment.py                # CIFAR-10, 50 epochs: hours on a CPU

Every training is an ordinary run under ``runs/``; the command line reads it too.
"""

import argparse

from eip_cli import (
    TrainConfig,
    build_model,
    compare_with_baseline,
    load_history,
    summarize_model,
    to_frame,
    train_model,
)


def main() -> None:
    """Describe both networks, train both, and compare them with the published results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", choices=["cifar10", "digits"], default="cifar10")
    parser.add_argument("--epochs", type=int, help="default: the networks' own protocols")
    parser.add_argument("--limit-train", type=int, help="use only the first N training images")
    options = parser.parse_args()

    runs = []
    for name in ("base", "separable"):
        summary = summarize_model(build_model(name), name)
        print(f"{name}: {summary.total_params:,} parameters, receptive field {summary.receptive_field}")
        config = TrainConfig(
            model=name, dataset=options.dataset, epochs=options.epochs, limit_train=options.limit_train
        )
        run, record = train_model(config)
        runs.append(str(run.path))
        print(load_history(str(run.path)).tail(3).to_string())
        print(
            f"best {record.best_accuracy:.4f} at epoch {record.best_epoch}, in {record.train_seconds:.0f} s\n"
        )
    columns = ["name", "params", "final_accuracy", "delta", "verdict"]
    print(to_frame(compare_with_baseline(runs))[columns].to_string(index=False))


if __name__ == "__main__":
    main()
