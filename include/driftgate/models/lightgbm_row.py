"""LightGBM's call for a single row, prepared once: ``Booster.predict`` prepares for longer than the trees take."""

import ctypes
import weakref
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import lightgbm as lgb

_NORMAL, _FLOAT64, _FIRST_TREE = ctypes.c_int(0), ctypes.c_int(1), ctypes.c_int(0)


class SingleRow:
    """The prepared call of one thread; gives the bits that ``predict`` gives.

    It uses LightGBM's C interface, which is public, through Python's binding of it, which is not.
    """

    def __init__(self, booster: "lgb.Booster") -> None:
        from lightgbm.basic import _LIB, _safe_call

        self._booster = booster  # which must live as long as what is prepared of it
        # Called without letting go of the interpreter: to get it back from a busy thread takes longer than the trees.
        holding = ctypes.PyDLL(_LIB._name, handle=_LIB._handle)
        self._call, self._check = holding.LGBM_BoosterPredictForMatSingleRowFast, _safe_call
        self._score, self._written = ctypes.c_double(), ctypes.c_int64()
        self._into = ctypes.byref(self._written), ctypes.byref(self._score)
        self._prepared = ctypes.c_void_p()
        _safe_call(
            _LIB.LGBM_BoosterPredictForMatSingleRowFastInit(
                booster._handle,
                _NORMAL,
                _FIRST_TREE,
                ctypes.c_int(booster.best_iteration),
                _FLOAT64,
                ctypes.c_int32(booster.num_feature()),
                b"num_threads=1",
                ctypes.byref(self._prepared),
            )
        )
        weakref.finalize(self, _LIB.LGBM_FastConfigFree, self._prepared).atexit = False

    def score(self, row: bytes) -> NDArray[np.float64]:
        """Return the score of one row: the doubles of all its features."""
        if self._call(self._prepared, row, *self._into):
            self._check(-1)  # raises LightGBM's sentence
        return np.array((self._score.value,))
