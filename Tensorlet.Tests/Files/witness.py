"""Writes witness.json: files of NumPy and of safetensors' layout, in base64, with what they hold.

    python3 Tensorlet.Tests/Files/witness.py

and, if a folder is named, prints what NumPy finds in the .npy and .npz files there.
"""
import base64, io, json, pathlib, struct, sys
import numpy as np
from numpy.lib import format

here = pathlib.Path(__file__).parent
ramp = np.arange(6).reshape(2, 3)
files = {}


def add(name, data, arrays):
    files[name] = {"file": base64.b64encode(data).decode(), "arrays": {
        key: {"shape": list(a.shape), "kind": a.dtype.kind, "size": a.dtype.itemsize,
              "values": [float(x) for x in a.ravel()]} for key, a in arrays.items()}}


def npy(array, version=None):
    out = io.BytesIO()
    format.write_array(out, array, version=version)
    return out.getvalue()


for code in ["|b1", "|i1", "|u1"] + [order + c for order in "<>" for c in ["i2", "u2", "i4", "u4", "i8", "f2", "f4", "f8"]]:
    signed = ramp - 3 if code[1] in "if" else ramp
    a = (signed * 1.25 if "f" in code else signed).astype(code)
    if code[1] in "iu" and code[2] != "8":
        a[0, 0], a[1, 2] = np.iinfo(code).min, np.iinfo(code).max
    add(f"{code}.npy", npy(a), {"": a})
for version in [(1, 0), (2, 0), (3, 0)]:
    add(f"version {version[0]}.npy", npy(ramp, version), {"": ramp})
cube = np.arange(24.0).reshape(2, 3, 4)
add("fortran.npy", npy(np.asfortranarray(cube)), {"": cube})
add("fortran big-endian.npy", npy(np.asfortranarray(cube.astype(">f4"))), {"": cube.astype(">f4")})
add("0-d.npy", npy(np.float32(7)[...]), {"": np.float32(7)[...]})
add("1-d.npy", npy(np.arange(5)), {"": np.arange(5)})
add("empty.npy", npy(np.zeros((0, 3))), {"": np.zeros((0, 3))})
bounds = np.array([np.iinfo("i8").min, np.iinfo("i4").min, -1, np.iinfo("i4").max])
add("bounds.npy", npy(bounds), {"": bounds})

named = {"weight": cube.astype("f4"), "layer/bias:0": np.arange(3.0), "é": np.array([True, False])}
for name, save in [("stored.npz", np.savez), ("deflated.npz", np.savez_compressed)]:
    out = io.BytesIO()
    save(out, **named)
    add(name, out.getvalue(), named)

header = {"__metadata__": {"format": "pt"}, "a": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]},
          "b": {"dtype": "F16", "shape": [1, 2], "data_offsets": [4, 8]},
          "c": {"dtype": "U8", "shape": [3], "data_offsets": [8, 11]}}
text = json.dumps(header).encode()
add("other.safetensors", struct.pack("<Q", len(text)) + text + bytes([0x80, 0x3f, 0x20, 0xc0])
    + np.array([0.5, -65504], "<f2").tobytes() + bytes([0, 7, 255]),
    {"a": np.array([1, -2.5], "f2"), "b": np.array([[0.5, -65504]], "f2"), "c": np.array([0, 7, 255], "u1")})
(here / "witness.json").write_text(json.dumps(files, indent=0))

if len(sys.argv) > 1:
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.np[yz]")):
        loaded = np.load(path)
        for key, a in loaded.items() if path.suffix == ".npz" else [("", loaded)]:
            print(path.name, key, a.dtype, a.shape, a.ravel().tolist())
