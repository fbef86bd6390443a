// Package parquet reads columns of Parquet files: numbers, booleans, labels, and lists of them.
//
// # How
//
// The format (github.com/apache/parquet-format) is decoded by parquet-go. What stands between it and a file
// from anywhere is here:
//
//   - Before parquet-go decodes a structure of Thrift, the footer or the header of a page, its lengths are
//     checked against the bytes that there are (thrift.go), and those of a page against bounds (pages.go), for
//     parquet-go allocates what a length asks for before it looks whether the bytes exist.
//   - Panics and faults of parquet-go at what it does not expect become errors (guard).
//   - Any range of rows is read without decoding those before it: headers of pages are walked once and the page
//     that has the first row is put in the place of the chunk's first (spliced). The format's own index of
//     pages is not needed; many writers leave it out.
//
// Nested lists are put together from repetition and definition levels (S. Melnik et al., Dremel: interactive
// analysis of web-scale datasets, VLDB 2010): assembler.
//
// # What a column is
//
// A column is a leaf of the schema below nothing but lists. Structs, maps, variants and geometry have a
// Problem instead. Of values:
//
//   - Integers and floats of all widths are numbers; integers beyond 2^53 come with their digits. Decimals are the
//     float64 nearest to them.
//   - Strings, enumerations, JSON and UUIDs are texts, and so are bytes without a type, as old writers have their
//     strings, if they are UTF-8.
//   - Dates, times and timestamps are texts as pandas and DuckDB write them into CSV: 2026-11-30, 12:30:00.5,
//     2026-11-30 12:30:00. A number would be one of days, or of milli-, micro- or nanoseconds, as the writer liked.
package parquet
