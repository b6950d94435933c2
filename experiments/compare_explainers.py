"""Post-hoc explanations of a plain classifier beside GSAT's attention: agreement with the truth, fidelity, time.

Examples:
  python experiments/compare_explainers.py --config=configs/ba2motifs.py
  python experiments/compare_explainers.py --config=configs/ba2motifs.py --config.seeds=0:5 --workdir=runs/compared
  python experiments/compare_explainers.py --config=configs/mutag.py --classifier_run=runs/plain --gsat_run=runs/gsat
  python experiments/compare_explainers.py --config=configs/spmotif.py --max_graphs=500 --config.pretraining.epochs=20
  python experiments/compare_explainers.py --config=configs/ba2motifs.py --methods=gsat,gnn_explainer,random

For each seed one classifier without attention is trained as by experiments/pretrain.py, and one GSAT model as by
experiments/gsat.py, in their folders (`--classifier_run`, `--gsat_run`); what is there is not trained again. Every
method then explains the graphs of the test part (of the part `explained`, where the split has one). The folder of the
comparison receives `results.json`, `comparison.md`, `comparison.png`, and for each seed `explained_graphs.png`. A
killed run continues when the same command is given again; a finished one is shown, not run again.
"""

import functools
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# experiments/ and data_prep/ live in the repository and are not part of the installed package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jax
import jax.numpy as jnp
import numpy as np
from absl import flags
from flax import nnx
from jax.sharding import Mesh
from ml_collections import ConfigDict
from tqdm import tqdm

from experiments import gsat, pretrain
from experiments.command_line import define_config_flag, parse_seeds, run_main
from experiments.devices import device_mesh
from experiments.explainer_report import METHODS, draw_graphs, report
from experiments.from_config import load_dataset, run_settings, split_dataset
from experiments.seeds import run_seeds
from experiments.workers import num_workers
from gnnjax import data, explain, models, plot, train
from gnnjax.errors import RunError
from gnnjax.explain import post_hoc
from gnnjax.parallel import is_first_process
from gnnjax.train.run_folder import read_json
from gnnjax.train.steps import split


def run(
    config: ConfigDict,
    dataset: data.GraphDataset,
    workdir: Path,
    options: dict[str, Any],
    *,
    classifier_run: Path | None = None,
    gsat_run: Path | None = None,
    overwrite: bool = False,
    mesh: Mesh | None = None,
    workers: int = 1,
) -> list[dict]:
    """Compares the methods for each seed, or picks up what is already there, and returns a result for each.

    Args:
      config: of data, classifier and GSAT.
      dataset: the graphs.
      workdir: the folder of the comparison.
      options: see `default_options`.
      classifier_run, gsat_run: folders of experiments/pretrain.py and experiments/gsat.py, by default theirs; what they
        lack is trained.
      overwrite: delete an earlier comparison in the folder first.
      mesh: devices that share each batch of a training.
      workers: trainings at a time.

    Raises:
      RunError: a method is not known, or a folder holds another run.
    """
    unknown = [method for method in options["methods"] if method not in METHODS]
    if unknown or not options["methods"]:
        raise RunError(f"--methods: {', '.join(unknown) or 'none'} is not known; choose from {', '.join(METHODS)}")
    classifier_run = classifier_run or pretrain.default_workdir(config)
    gsat_run = gsat_run or gsat.default_workdir(config)
    settings = run_settings(config, dataset) | {"pretrained": bool(config.pretrained), "comparison": options}
    missing = [seed for seed in parse_seeds(config.seeds) if not (workdir / f"seed-{seed}" / "result.json").exists()]
    if missing or overwrite:
        if set(options["methods"]) != {"gsat"}:
            pretrain.run(config, dataset, classifier_run, mesh=mesh, workers=workers)
        if "gsat" in options["methods"]:
            gsat.run(config, dataset, gsat_run, mesh=mesh, workers=workers)
    compare = functools.partial(run_seed, config, dataset, options, classifier_run, gsat_run)
    return run_seeds(workdir, settings, parse_seeds(config.seeds), compare, overwrite=overwrite)


def default_options() -> dict[str, Any]:
    """What decides a comparison beside the configuration; the command line has a flag for each."""
    return {
        "methods": list(METHODS),
        "max_graphs": 0,
        "top_fraction": 0.25,
        "target": "prediction",
        "integrated_gradients_steps": 32,
        "gnn_explainer_steps": 100,
        "gnn_explainer_size": 0.005,
        "gnn_explainer_entropy": 1.0,
        "pg_explainer_epochs": 30,
        "pg_explainer_size": 0.05,
        "pg_explainer_entropy": 1.0,
    }


def run_seed(
    config: ConfigDict,
    dataset: data.GraphDataset,
    options: dict[str, Any],
    classifier_run: Path,
    gsat_run: Path,
    seed: int,
    folder: Path,
) -> dict:
    """Explains with every method and judges the explanations; processes other than the first only train."""
    if not is_first_process():
        return {}
    splits = split_dataset(config, dataset, seed)
    indices = splits["explained" if "explained" in splits else "test"]
    if options["max_graphs"]:
        # Evenly through the part, since graphs may be sorted by class.
        shown = np.linspace(0, len(indices) - 1, min(options["max_graphs"], len(indices)))
        indices = indices[shown.astype(int)]
    batch_size = config.training.batch_size
    found, scores = {}, {}
    model: Any = None
    classify: Any = None
    bar = tqdm(options["methods"], desc=f"explainers, seed {seed}", unit="method", mininterval=0)
    for method in bar:
        bar.set_postfix_str(METHODS[method])
        fit_seconds = None
        if method == "gsat":
            attending = load_gsat(config, dataset, splits, gsat_run, seed)
            explained_by = explain.masked_classifier(attending)
            explainer = functools.partial(post_hoc.attention, attending)
        else:
            if model is None:
                wanted = pretrain.description(config, dataset, splits, seed)
                model = train.load_classifier(classifier_run / f"seed-{seed}" / "classifier", **wanted)
                classify = explain.masked_classifier(model)
            explained_by = classify
            explainer, fit_seconds = build_explainer(method, model, classify, dataset, splits, options, config, seed)
        found[method], seconds = timed(functools.partial(explainer, dataset, indices, batch_size=batch_size))
        judged = explain.judge(
            found[method], explained_by, seed=seed, batch_size=batch_size, top_fraction=options["top_fraction"]
        )
        scores[method] = judged | {"milliseconds_per_graph": 1e3 * seconds / len(indices)}
        if fit_seconds is not None:
            scores[method]["fit_seconds"] = fit_seconds
    plot.save_figure(draw_graphs(found), folder / "explained_graphs.png")
    return {"seed": seed, "num_graphs": len(indices), "methods": scores}


def build_explainer(
    method: str, model, classify, dataset, splits, options: dict[str, Any], config: ConfigDict, seed: int
) -> tuple[Callable[..., explain.Explanations], float | None]:
    """`explainer(dataset, indices, batch_size=...)` of a post-hoc method, and the seconds that its training took."""
    target = options["target"]
    if method == "random":
        return functools.partial(post_hoc.random_scores, classify, seed=seed), None
    if method in ("gradient_times_input", "absolute_gradient"):
        absolute = method == "absolute_gradient"
        return functools.partial(post_hoc.gradient_times_input, classify, target=target, absolute=absolute), None
    if method == "integrated_gradients":
        steps = options["integrated_gradients_steps"]
        return functools.partial(post_hoc.integrated_gradients, classify, target=target, num_steps=steps), None
    if method == "gnn_explainer":
        numbers = {name: options[f"gnn_explainer_{name}"] for name in ("size", "entropy")}
        numbers |= {"num_steps": options["gnn_explainer_steps"], "seed": seed}
        return functools.partial(post_hoc.gnn_explainer, classify, target=target, **numbers), None
    embed = post_hoc.node_embedding(model)
    explainer = post_hoc.PGExplainer(model.hidden_size, rngs=nnx.Rngs(seed))
    epochs = options["pg_explainer_epochs"]
    begin = time.perf_counter()
    with tqdm(total=epochs, desc=f"PGExplainer, seed {seed}", unit="epoch", leave=False) as bar:

        def on_epoch(_, loss):
            bar.set_postfix_str(f"loss={loss:.3f}", refresh=False)
            bar.update()

        explainer.fit(
            classify,
            dataset,
            splits["train"],
            target=target,
            embed=embed,
            epochs=epochs,
            size=options["pg_explainer_size"],
            entropy=options["pg_explainer_entropy"],
            seed=seed,
            batch_size=config.training.batch_size,
            on_epoch=on_epoch,
        )
    return functools.partial(explainer, classify, embed=embed), time.perf_counter() - begin


def load_gsat(config: ConfigDict, dataset: data.GraphDataset, splits: dict, folder: Path, seed: int) -> models.GSAT:
    """The model of a seed of experiments/gsat.py, with the weights of its best epoch.

    Raises:
      RunError: the folder holds no finished run of the seed.
      CheckpointError: its weights are those of another model.
    """
    seed_folder = folder / f"seed-{seed}"
    if not (seed_folder / "result.json").exists():
        raise RunError(f"{seed_folder} holds no finished run; train it with experiments/gsat.py --workdir={folder}")
    model = gsat.build_model(config, dataset, splits, seed)
    with train.Checkpoints(seed_folder / "checkpoints") as checkpoints:
        weights = checkpoints.restore_best(split(model)[1:], read_json(seed_folder / "result.json")["best_epoch"])
    # Orbax ties arrays to a device, fresh ones are not.
    nnx.update(model, *jax.tree.map(lambda array: jnp.asarray(np.asarray(array)), weights))
    return model


def timed(explainer: Callable[[], explain.Explanations]) -> tuple[explain.Explanations, float]:
    """The explanations and the seconds of a second call, which has nothing to compile."""
    explainer()
    begin = time.perf_counter()
    found = explainer()
    return found, time.perf_counter() - begin


def main() -> None:
    config = CONFIG.value
    title = f"{config.name}, {config.model.backbone}"
    options = {name: flag.value for name, flag in OPTIONS.items()}
    workdir = Path(WORKDIR.value or f"runs/{config.name}-{config.model.backbone}-explainers")
    results = run(
        config,
        load_dataset(config),
        workdir,
        options,
        classifier_run=Path(CLASSIFIER_RUN.value) if CLASSIFIER_RUN.value else None,
        gsat_run=Path(GSAT_RUN.value) if GSAT_RUN.value else None,
        overwrite=OVERWRITE.value,
        mesh=device_mesh(),
        workers=num_workers(),
    )
    if is_first_process():
        report(results, workdir, title, options)


if __name__ == "__main__":
    CONFIG = define_config_flag("configs/ba2motifs.py")
    WORKDIR = flags.DEFINE_string("workdir", None, "Folder of the run (default: runs/<data>-<backbone>-explainers).")
    CLASSIFIER_RUN = flags.DEFINE_string(
        "classifier_run", None, "Folder of the classifiers (default: runs/<data>-<backbone>-classifier)."
    )
    GSAT_RUN = flags.DEFINE_string("gsat_run", None, "Folder of the GSAT models (default: runs/<data>-<backbone>).")
    OVERWRITE = flags.DEFINE_bool("overwrite", False, "Delete an earlier comparison in the folder first.")
    DEFAULT = default_options()
    OPTIONS = {
        "methods": flags.DEFINE_list("methods", DEFAULT["methods"], f"Which of {', '.join(METHODS)}."),
        "max_graphs": flags.DEFINE_integer("max_graphs", 0, "Explain so many graphs at most; 0: all.", lower_bound=0),
        "top_fraction": flags.DEFINE_float(
            "top_fraction", DEFAULT["top_fraction"], "Share of the edges that fidelity takes or leaves.", 0.0, 1.0
        ),
        "target": flags.DEFINE_enum("target", "prediction", ["prediction", "label"], "What is explained."),
        "integrated_gradients_steps": flags.DEFINE_integer(
            "integrated_gradients_steps", DEFAULT["integrated_gradients_steps"], "Gradients along the way.", 1
        ),
        "gnn_explainer_steps": flags.DEFINE_integer(
            "gnn_explainer_steps", DEFAULT["gnn_explainer_steps"], "Steps of Adam.", 1
        ),
        "pg_explainer_epochs": flags.DEFINE_integer(
            "pg_explainer_epochs", DEFAULT["pg_explainer_epochs"], "Passes over the training part.", 1
        ),
    }
    for NAME in ("gnn_explainer_size", "gnn_explainer_entropy", "pg_explainer_size", "pg_explainer_entropy"):
        MEANING = f"Weight of the {'size' if NAME.endswith('size') else 'entropy'} of the mask."
        OPTIONS[NAME] = flags.DEFINE_float(NAME, DEFAULT[NAME], MEANING, 0.0)
    run_main(main)
