// Package store is the container of saved fits: named groups of named arrays
// with attributes, in one file that Python, R and Julia read as it is. It
// knows nothing of models or of inference.
//
// # The file
//
// A file is a Zarr store of format 2 [1] in a zip, laid out as ArviZ's
// InferenceData [2]: each group (posterior, sample_stats, ...) holds arrays
// whose dimensions have names (chain, draw, then the model's own), and the
// coordinates of a dimension are an array of its name in the same group.
//
//	.zgroup .zattrs .zmetadata         the root; .zmetadata repeats all JSON, so that a reader needs one request
//	posterior/.zgroup .zattrs
//	posterior/theta/.zarray .zattrs    element type, shape, chunks; attributes, among them _ARRAY_DIMENSIONS
//	posterior/theta/0.0.0 0.1.0 ...    the chunks, little-endian
//
// It opens by
//
//	xarray.open_zarr(zarr.storage.ZipStore(path, mode="r"), group="posterior")
//
// with consolidated metadata and without, and with zarr before version 3 by
// its path alone. JSON is in ASCII, which is all that zarr 2 reads.
//
// Element types are float64 ("<f8"), int64 ("<i8"), bool ("|b1") and text of
// variable length ("|O" with the filter vlen-utf8 [3]), which unlike numpy's
// fixed width keeps one long label from widening all. The fill value is NaN
// for floats and null for the rest: xarray takes a fill value as the mark of
// a missing value, and would turn integers with fill value 0 into floats.
// Every chunk is written, so nothing else depends on it.
//
// # Nothing is compressed
//
// Entries of the zip are stored, and chunks have no compressor. Of a draw
// only the exponent compresses: zlib takes 4 % off normal draws, and 25 times
// as long as writing them. In return a chunk can be read where it lies, and
// the size of the file bounds what reading it can need: there is no bomb.
//
// A chunk is a run of at most 4 MiB of consecutive elements, and arrays are
// written chunk by chunk, from Blocks where the whole is not in memory.
// Entries are in the order of the groups and arrays, JSON has sorted keys,
// and there are no times: the same content gives the same bytes.
//
// # Reading
//
// A file from elsewhere is input like any other. Sizes and shapes are
// compared, in arithmetic that cannot overflow, with the sizes of the entries
// before anything is made of them; entries may not overlap; and the memory
// that content takes is counted, at most four times the size of the file
// beyond a fixed part (Limits). What is wrong is an *Error, which names the entry.
// Only this layout is read, not any Zarr store: each entry must have its
// place, and .zmetadata must repeat what it consolidates.
//
// # Writing
//
// WriteFile writes to a temporary file in the same folder, syncs it and
// renames it, so that whenever the process is killed the path holds the old
// file or the whole new one.
//
// [1] https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html
// [2] https://python.arviz.org/en/latest/schema/schema.html
// [3] https://numcodecs.readthedocs.io/en/stable/vlen.html
package store
