"""What was published for GSAT, in %, as (mean, standard deviation or None).

`paper`: tables 1 and 2 of Miao et al., ICML 2022 (arXiv 2201.12987). `re-run`: the same code, mended since, run again
by Chen et al., ICML 2024 (arXiv 2406.07955).
"""

__all__ = ["PUBLISHED"]

_EXPLANATION, _ACCURACY, _ROC_AUC = "explanation_roc_auc", "accuracy", "roc_auc"

# (data, backbone) -> source -> metric
PUBLISHED: dict[tuple[str, str], dict[str, dict[str, tuple[float, float | None]]]] = {
    ("ba2motifs", "gin"): {"paper": {_EXPLANATION: (98.74, 0.55)}, "re-run": {_EXPLANATION: (98.85, 0.47)}},
    ("ba2motifs", "pna"): {"paper": {_EXPLANATION: (93.77, None)}, "re-run": {_EXPLANATION: (89.35, 5.41)}},
    ("mutag", "gin"): {"paper": {_EXPLANATION: (99.60, None)}, "re-run": {_EXPLANATION: (99.35, 0.95)}},
    ("mutag", "pna"): {"paper": {_EXPLANATION: (99.07, None)}, "re-run": {_EXPLANATION: (99.00, 0.37)}},
    ("mnist75sp", "gin"): {
        "paper": {_EXPLANATION: (83.36, None), _ACCURACY: (96.24, None)},
        "re-run": {_EXPLANATION: (80.47, 1.86), _ACCURACY: (96.20, 1.48)},
    },
    ("mnist75sp", "pna"): {
        "paper": {_EXPLANATION: (84.68, None), _ACCURACY: (93.96, None)},
        "re-run": {_EXPLANATION: (85.72, 1.10), _ACCURACY: (93.69, 0.73)},
    },
    ("spmotif_0.5", "gin"): {
        "paper": {_EXPLANATION: (78.45, None), _ACCURACY: (52.74, None)},
        "re-run": {_EXPLANATION: (74.49, 4.46), _ACCURACY: (47.45, 5.87)},
    },
    ("spmotif_0.7", "gin"): {
        "paper": {_EXPLANATION: (74.07, None), _ACCURACY: (49.12, None)},
        "re-run": {_EXPLANATION: (72.95, 6.40), _ACCURACY: (43.57, 2.43)},
    },
    ("spmotif_0.9", "gin"): {
        "paper": {_EXPLANATION: (71.97, None), _ACCURACY: (44.22, None)},
        "re-run": {_EXPLANATION: (65.25, 4.42), _ACCURACY: (45.39, 5.02)},
    },
    ("spmotif_0.5", "pna"): {
        "paper": {_EXPLANATION: (83.34, None), _ACCURACY: (68.74, None)},
        "re-run": {_EXPLANATION: (79.84, 3.21), _ACCURACY: (68.41, 1.76)},
    },
    ("spmotif_0.7", "pna"): {
        "paper": {_EXPLANATION: (86.94, None), _ACCURACY: (64.38, None)},
        "re-run": {_EXPLANATION: (79.76, 3.66), _ACCURACY: (67.78, 3.22)},
    },
    ("spmotif_0.9", "pna"): {
        "paper": {_EXPLANATION: (88.66, None), _ACCURACY: (57.01, None)},
        "re-run": {_EXPLANATION: (80.70, 5.45), _ACCURACY: (51.51, 2.98)},
    },
    ("graph_sst2", "gin"): {"re-run": {_ACCURACY: (83.14, 0.96)}},
    ("graph_sst2", "pna"): {"re-run": {_ACCURACY: (80.90, 0.37)}},
    ("molhiv", "gin"): {"paper": {_ROC_AUC: (76.47, None)}, "re-run": {_ROC_AUC: (76.12, 0.91)}},
    ("molhiv", "pna"): {"paper": {_ROC_AUC: (80.24, None)}, "re-run": {_ROC_AUC: (79.82, 0.67)}},
}
