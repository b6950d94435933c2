"""Graph classifiers, and the attention that explains them."""

from gnnjax.models.gin import GIN, ClassifierOutput
from gnnjax.models.gsat import GSAT, Backbone, GSATOutput
from gnnjax.models.torch_weights import export_torch_weights, import_torch_weights

__all__ = [
    "GIN",
    "GSAT",
    "Backbone",
    "ClassifierOutput",
    "GSATOutput",
    "export_torch_weights",
    "import_torch_weights",
]
