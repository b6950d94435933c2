"""Weights from and to the names of the original PyTorch implementation, as plain arrays: no PyTorch needed."""

from collections.abc import Iterator, Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from flax import nnx

from gnnjax.errors import CheckpointError
from gnnjax.models.gin import GIN
from gnnjax.models.gsat import GSAT
from gnnjax.nn import BatchNorm, Linear

__all__ = ["export_torch_weights", "import_torch_weights"]


def import_torch_weights(model: nnx.Module, weights: Mapping[str, Any]) -> None:
    """Overwrites the weights and batch-norm statistics of `model` by those of a PyTorch checkpoint.

    Args:
      model: `GIN`, or `GSAT` around one.
      weights: name -> array, as in the original's `state_dict()` after `.numpy()`. For GSAT the classifier's names
        start with `clf.` and the attention MLP's with `extractor.`; for a backbone alone there is no prefix.

    Raises:
      CheckpointError: a weight is missing, superfluous or of another shape; the model is then unchanged.
    """
    arrays = {name: np.asarray(value) for name, value in weights.items() if not name.endswith(".num_batches_tracked")}
    for name in [name for name in arrays if name.endswith(".eps")]:
        if (arrays.pop(name) != 0).any():
            raise CheckpointError(f"{name} is not 0: GIN with a trained epsilon is another model")
    entries = dict(_entries(model))
    missing, unexpected = sorted(entries.keys() - arrays), sorted(arrays.keys() - entries)
    if missing or unexpected:
        raise CheckpointError(
            f"these weights are not of this model: missing {missing or 'none'}, unexpected {unexpected or 'none'}"
        )
    for name, (variable, transposed) in entries.items():
        shape = variable.shape[-1:] if isinstance(variable, nnx.BatchStat) else variable.shape
        expected = shape[::-1] if transposed else shape
        if arrays[name].shape != expected:
            raise CheckpointError(f"{name} has shape {list(arrays[name].shape)}, this model needs {list(expected)}")
    for name, (variable, transposed) in entries.items():
        value = jnp.asarray(arrays[name].T if transposed else arrays[name], variable.dtype)
        variable[...] = jnp.broadcast_to(value, variable.shape)


def export_torch_weights(model: nnx.Module) -> dict[str, np.ndarray]:
    """The inverse of `import_torch_weights`.

    Of separate batch-norm statistics per pass those of the pass with attention are taken, since the original keeps one.
    """
    exported = {}
    for name, (variable, transposed) in _entries(model):
        value = np.asarray(variable[-1] if isinstance(variable, nnx.BatchStat) else variable[...])
        exported[name] = value.T if transposed else value
    return exported


def _entries(model: nnx.Module) -> Iterator[tuple[str, tuple[nnx.Variable, bool]]]:
    """Yields PyTorch's name, our variable, and whether one is the transpose of the other."""
    for prefix, module in _modules(model).items():
        match module:
            case Linear():
                yield f"{prefix}.weight", (module.kernel, True)
                yield f"{prefix}.bias", (module.bias, False)
            case BatchNorm():
                yield f"{prefix}.weight", (module.scale, False)
                yield f"{prefix}.bias", (module.bias, False)
                yield f"{prefix}.running_mean", (module.mean, False)
                yield f"{prefix}.running_var", (module.var, False)


def _modules(model: Any) -> dict[str, nnx.Module]:
    named: dict[str, nnx.Module]
    match model:
        case GSAT():
            named = {f"clf.{name}": module for name, module in _modules(model.backbone).items()}
            # The original's hidden layers are Linear, InstanceNorm, ReLU, Dropout: four entries of a Sequential.
            for index, layer in enumerate(model.extractor.layers):
                named[f"extractor.feature_extractor.{4 * index}"] = layer
            return named
        case GIN():
            named = {"node_encoder": model.node_encoder, "fc_out.0": model.classifier}
            if model.edge_encoder is not None:
                named["edge_encoder"] = model.edge_encoder
            for index, conv in enumerate(model.convs):
                named[f"convs.{index}.nn.0"] = conv.mlp.layers[0]
                named[f"convs.{index}.nn.1"] = conv.mlp.batch_norms[0]
                named[f"convs.{index}.nn.3"] = conv.mlp.layers[1]
                if conv.edge_linear is not None:
                    named[f"convs.{index}.lin"] = conv.edge_linear
            return named
        case _:
            raise CheckpointError(f"PyTorch weights of a {type(model).__name__} are not known")
