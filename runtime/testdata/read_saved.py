"""Opens each group of the saved fits that are named with xarray, as someone would who knows nothing of ppl. Prints a list
in JSON: of each file and group the dimensions of each variable, the coordinates, and for draws the mean of each element
over chains and draws, by symbol, weighted where there are weights."""

import json
import sys
import warnings

import numpy as np
import xarray as xr
import zarr

warnings.simplefilter("error")
warnings.filterwarnings("ignore", category=DeprecationWarning)
warnings.filterwarnings("ignore", category=FutureWarning)
warnings.filterwarnings("ignore", category=RuntimeWarning)  # of sums with draws that are not finite


def opened(path):
    groups = {}
    for name in sorted(zarr.open(zarr.storage.ZipStore(path, mode="r"), mode="r").group_keys()):
        with xr.open_zarr(zarr.storage.ZipStore(path, mode="r"), group=name) as data:
            means = {}
            if "chain" in data.dims:
                w = data["weight"] if name == "weighted" else 1 / (data.sizes["chain"] * data.sizes["draw"])
                means = {data[v].attrs.get("symbol", str(v)): [repr(float(x)) for x in np.ravel((w * data[v]).sum(["chain", "draw"], skipna=False).values)] for v in data.data_vars if "draw" in data[v].dims and not (name == "weighted" and v in ("weight", "log_weight"))}
            groups[name] = {
                "dims": {str(v): list(data[v].dims) for v in data.data_vars},
                "coords": {str(c): [str(x) for x in data[c].values] for c in data.coords if c not in ("chain", "draw")},
                "means": means,
            }
    return groups


json.dump([opened(path) for path in sys.argv[1:]], sys.stdout)
