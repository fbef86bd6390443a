"""Opens each group of the saved fits that are named with xarray, by consolidated metadata and without, as a ZipStore and,
where zarr takes it for one, by its path alone. Prints a list in JSON of what each opening finds: for each variable its
dimensions, the kind of its elements, its shape and its values as text (floats by their bits), and the coordinates of
each group."""

import json
import sys
import warnings

import numpy as np
import xarray as xr
import zarr

warnings.simplefilter("error")  # of metadata that is not there, of dimensions named twice
warnings.filterwarnings("ignore", category=DeprecationWarning)
warnings.filterwarnings("ignore", category=FutureWarning)


def plain(a):
    a = np.asarray(a).ravel()
    if a.dtype.kind == "f":
        return ["nan" if np.isnan(x) else "%016x" % bits for x, bits in zip(a, a.view("u8"))]
    return [str(x) for x in a]


def kind(a):
    k = np.asarray(a).dtype.kind
    return {"f": "float", "i": "int", "b": "bool", "O": "text", "U": "text", "T": "text"}[k]


def stores(path):
    yield zarr.storage.ZipStore(path, mode="r")
    if zarr.__version__.startswith("2."):
        yield path


def opened(store, consolidated):
    root = zarr.open(store, mode="r")
    groups = {}
    for name in sorted(root.group_keys()):
        with xr.open_zarr(store, group=name, consolidated=consolidated) as data:
            groups[name] = {
                "attrs": data.attrs,
                "coords": sorted(data.coords),
                "variables": {
                    str(v): {"dims": list(data[v].dims), "kind": kind(data[v].values), "shape": list(data[v].shape),
                             "values": plain(data[v].values), "attrs": data[v].attrs}
                    for v in data.variables
                },
            }
    return {"attrs": dict(root.attrs), "groups": groups}


json.dump([opened(store, consolidated) for path in sys.argv[1:] for consolidated in (True, False) for store in stores(path)],
          sys.stdout)
