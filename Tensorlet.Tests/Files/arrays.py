"""Writes arrays.npz and packed.npz: 0 … 5 as (2, 3), in NumPy's types and orders, for NpyTests to read."""
import numpy as np

values = np.arange(6).reshape(2, 3)
arrays = {f'{kind}{order}': np.array(values % 2 if kind == 'b1' else values, dtype=kind, order=order)
          for kind in ('b1', '<i8', '>i8', '<i4', '>i2', 'i1', 'u1', '<u2', '>u4', '<f2', '>f2', '<f4', '>f4', '<f8')
          for order in 'CF'}
arrays |= {'scalar': np.float64(5), 'empty': np.zeros((0, 3)), 'row': np.arange(3), 'folder/inside': values}
arrays = {name.replace('<', 'l').replace('>', 'b'): array for name, array in arrays.items()}
np.savez('arrays.npz', **arrays)
np.savez_compressed('packed.npz', **arrays)
