"""Weights from and to the names of the original PyTorch implementation, as plain arrays: no PyTorch needed."""

from collections.abc import Iterator, Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from flax import nnx

from gnnjax.errors import CheckpointError
from gnnjax.models.gin import GIN
from gnnjax.models.graph_convolution import GraphConvolution
from gnnjax.models.graph_transformer import GraphTransformer
from gnnjax.models.gsat import GSAT
from gnnjax.models.pna import PNA
from gnnjax.models.spmotifnet import SPMotifNet
from gnnjax.nn import BatchNorm, CategoricalEncoder, GraphConv, Linear, MultiHeadAttention

__all__ = ["export_torch_weights", "import_torch_weights"]


def import_torch_weights(model: nnx.Module, weights: Mapping[str, Any]) -> None:
    """Overwrites the weights and batch-norm statistics of `model` by those of a PyTorch checkpoint.

    Args:
      model: `GIN`, `PNA` or `SPMotifNet`, or `GSAT` around one; `GraphConvolution` or `GraphTransformer`.
      weights: name -> array, as in the original's `state_dict()` after `.numpy()`. For GSAT the classifier's names
        start with `clf.` and the attention MLP's with `extractor.`; for a backbone alone there is no prefix.

    Raises:
      CheckpointError: a weight is missing, superfluous or of another shape; the model is then unchanged.

    Examples:
      >>> import numpy as np
      >>> from flax import nnx
      >>> from gnnjax import models
      >>> model = models.GraphConvolution(3, 2, hidden_size=8, num_layers=1, rngs=nnx.Rngs(0))
      >>> weights = {name: np.ones_like(value) for name, value in models.export_torch_weights(model).items()}
      >>> models.import_torch_weights(model, weights)
      >>> model.encoder.kernel[...].mean().item()
      1.0
    """
    arrays = {name: np.asarray(value) for name, value in weights.items() if not name.endswith(".num_batches_tracked")}
    unused = _unused(getattr(model, "backbone", model))
    arrays = {name: value for name, value in arrays.items() if name.removeprefix("clf.").split(".")[0] not in unused}
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

    Examples:
      >>> from flax import nnx
      >>> from gnnjax import models
      >>> model = models.GraphConvolution(3, 2, hidden_size=8, num_layers=1, rngs=nnx.Rngs(0))
      >>> weights = models.export_torch_weights(model)
      >>> sorted(weights)
      ['layers.0.bias', 'layers.0.lin.weight', 'lin_in.bias', 'lin_in.weight', 'lin_out.bias', 'lin_out.weight']
      >>> weights["lin_in.weight"].shape
      (8, 3)
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
                if module.use_bias:
                    yield f"{prefix}.bias", (module.bias, False)
            case CategoricalEncoder():
                for index, table in enumerate(module.tables):
                    yield f"{prefix}.{index}.weight", (table, False)
            case BatchNorm():
                yield f"{prefix}.weight", (module.scale, False)
                yield f"{prefix}.bias", (module.bias, False)
                yield f"{prefix}.running_mean", (module.mean, False)
                yield f"{prefix}.running_var", (module.var, False)
            case GraphConv():
                yield f"{prefix}.lin.weight", (module.linear.kernel, True)
                yield f"{prefix}.bias", (module.bias, False)
            case MultiHeadAttention():
                yield f"{prefix}.in_proj_weight", (module.in_projection.kernel, True)
                # Typed as optional in Flax, and always there.
                yield f"{prefix}.in_proj_bias", (module.in_projection.bias, False)  # pyrefly: ignore[invalid-yield]
                yield f"{prefix}.out_proj.weight", (module.out_projection.kernel, True)
                yield f"{prefix}.out_proj.bias", (module.out_projection.bias, False)
    if isinstance(model, GraphTransformer) and model.bias_scale is not None:
        yield "attn_bias_scale", (model.bias_scale, False)


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
            named = _encoders(model) | {"fc_out.0": model.classifier}
            for index, conv in enumerate(model.convs):
                named[f"convs.{index}.nn.0"] = conv.mlp.layers[0]
                named[f"convs.{index}.nn.1"] = conv.mlp.batch_norms[0]
                named[f"convs.{index}.nn.3"] = conv.mlp.layers[1]
                if conv.edge_linear is not None:
                    named[f"convs.{index}.lin"] = conv.edge_linear
            return named
        case PNA():
            named = _encoders(model) | _classifier(model)
            for index, (conv, norm) in enumerate(zip(model.convs, model.batch_norms, strict=True)):
                named[f"convs.{index}.post_nn.0"] = conv.linear
                named[f"batch_norms.{index}.module"] = norm
            return named
        case SPMotifNet():
            named = {"node_emb": model.node_encoder} | _classifier(model)
            for index, conv in enumerate(model.convs):
                named[f"convs.{index}.lin1"] = conv.sender_linear
                named[f"convs.{index}.lin2"] = conv.receiver_linear
                named[f"convs.{index}.lin3"] = conv.self_linear
            return named
        case GraphConvolution() | GraphTransformer():
            named = {"lin_in": model.encoder, "lin_out": model.classifier}
            named |= {f"layers.{index}": layer for index, layer in enumerate(model.layers)}
            if isinstance(model, GraphTransformer) and model.positional_encoder is not None:
                named["lin_pos_enc"] = model.positional_encoder
            return named
        case _:
            raise CheckpointError(f"PyTorch weights of a {type(model).__name__} are not known")


def _encoders(model: GIN | PNA) -> dict[str, nnx.Module]:
    named = {}
    for part, tables in (("node", "atom"), ("edge", "bond")):
        encoder = getattr(model, f"{part}_encoder")
        if encoder is not None:
            categorical = isinstance(encoder, CategoricalEncoder)
            named[f"{part}_encoder" + (f".{tables}_embedding_list" if categorical else "")] = encoder
    return named


def _classifier(model: PNA | SPMotifNet) -> dict[str, nnx.Module]:
    """A Sequential of linear layers with ReLUs between them."""
    return {f"fc_out.{2 * index}": layer for index, layer in enumerate(model.classifier.layers)}


def _unused(model: Any) -> tuple[str, ...]:
    """First parts of the names that the original stores and never uses."""
    match model:
        case SPMotifNet():
            return "conf_mlp", "cq", "conf_fw"
        case GraphTransformer():
            return {"sparse": (), "dense_biased": ("lin_pos_enc",), "dense": ("attn_bias_scale",)}[model.attention]
    return ()
