"""Molecules as the Open Graph Benchmark describes them: nine categories per atom and three per bond.

Source: Hu et al., NeurIPS 2020 (arXiv 2005.00687), github.com/snap-stanford/ogb.
"""

import numpy as np

from gnnjax.data.dataset import GraphDataset, Task

__all__ = ["ATOM_FEATURES", "BOND_FEATURES", "ELEMENTS", "molecule_dataset"]

_SYMBOLS = """
    H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb
    Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg
    Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts
    Og
"""
ELEMENTS = tuple(_SYMBOLS.split())

# What each category stands for, in rdkit's terms; "other" takes what is not listed, where there is such a category.
ATOM_FEATURES = {
    "atomic number": (*range(1, len(ELEMENTS) + 1), "other"),
    "chirality": ("CHI_UNSPECIFIED", "CHI_TETRAHEDRAL_CW", "CHI_TETRAHEDRAL_CCW", "CHI_OTHER", "other"),
    "degree": (*range(11), "other"),
    "formal charge": (*range(-5, 6), "other"),
    "hydrogens": (*range(9), "other"),
    "radical electrons": (*range(5), "other"),
    "hybridization": ("SP", "SP2", "SP3", "SP3D", "SP3D2", "other"),
    "is aromatic": (False, True),
    "is in ring": (False, True),
}
BOND_FEATURES = {
    "type": ("SINGLE", "DOUBLE", "TRIPLE", "AROMATIC", "other"),
    "stereo": ("STEREONONE", "STEREOZ", "STEREOE", "STEREOCIS", "STEREOTRANS", "STEREOANY"),
    "is conjugated": (False, True),
}


def molecule_dataset(
    name: str,
    *,
    n_atom: np.ndarray,
    n_bond: np.ndarray,
    atoms: np.ndarray,
    bonds: np.ndarray,
    bond_features: np.ndarray,
    labels: np.ndarray,
    task: Task | None = None,
    splits: dict[str, np.ndarray] | None = None,
    source: str = "",
) -> GraphDataset:
    """A dataset in which each bond becomes an edge and, next to it, its reverse.

    Args:
      name, splits, source: see `GraphDataset`.
      n_atom, n_bond: `[graphs]`, sizes.
      atoms: `[sum n_atom, 9]`, categories as in `ATOM_FEATURES`.
      bonds: `[sum n_bond, 2]`, the two atoms, numbered from 0 within each molecule.
      bond_features: `[sum n_bond, 3]`, categories as in `BOND_FEATURES`.
      labels: `[graphs, tasks]`, see `GraphDataset`; NaN is "not labelled".
      task: by default `binary`, or `multilabel` where there are several columns of labels.

    Raises:
      DataError: an array does not fit the others, or holds what it must not.

    Examples:
      >>> carbon, oxygen = [5, 0, 4, 0, 3, 0, 2, 0, 0], [7, 0, 2, 0, 1, 0, 2, 0, 0]
      >>> methanol = molecule_dataset(
      ...     "methanol", n_atom=np.array([2]), n_bond=np.array([1]), atoms=np.array([carbon, oxygen]),
      ...     bonds=np.array([[0, 1]]), bond_features=np.array([[0, 0, 0]]), labels=np.array([[1.0]]),
      ... )
      >>> methanol.vocabulary[methanol.node_names].tolist(), methanol.senders.tolist()
      (['C', 'O'], [0, 1])
    """
    edges = np.stack([bonds, bonds[:, ::-1]], axis=1).reshape(-1, 2).astype(np.int32)
    return GraphDataset(
        name=name,
        task=task or ("binary" if labels.shape[1] == 1 else "multilabel"),
        n_node=n_atom.astype(np.int32),
        n_edge=2 * n_bond.astype(np.int32),
        nodes=atoms.astype(np.int32),
        senders=edges[:, 0],
        receivers=edges[:, 1],
        labels=labels.astype(np.float32),
        edges=np.repeat(bond_features, 2, axis=0).astype(np.int32),
        splits=splits,
        source=source,
        node_categories=tuple(len(values) for values in ATOM_FEATURES.values()),
        edge_categories=tuple(len(values) for values in BOND_FEATURES.values()),
        kind="molecule",
        node_names=atoms[:, 0].astype(np.int32),
        vocabulary=np.array([*ELEMENTS, "*"]),
    )
