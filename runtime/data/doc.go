// Package data reads what a user supplies and binds it to a model.
//
// # Reading
//
// Sources are JSON files, tables (CSV, lines of JSON, Parquet), NumPy's arrays, assignments (`y=[1, 2]`) and Go values.
// Text is read once, from front to back, into Values: a dense row-major array
// of float64 and, only where some cell is not a plain number, a tag per cell
// (missing, boolean, or an entry in a dictionary of texts). A CSV file of
// half a gigabyte therefore costs eight bytes a cell, whatever its texts look
// like. Both scanners are written here, because encoding/json boxes every
// number and refuses the NaN and Infinity that Python writes, and encoding/csv
// allocates every record and forgets which cells were quoted.
//
// Parquet and NumPy files are listed when they are read, and their values are read when a model is bound that
// asks for them (later.go): subpackages parquet and npy decode them, a range of rows at a time.
//
// Reading fails where the text itself is wrong, or where it may have lost data: a
// CSV file of a header alone was cut short. A value that is well formed but
// no array (ragged, a nested object) is only noted, and so is a key that two
// files give: neither matters until a model asks for that key.
//
// Which source wins: an assignment or a Go value replaces what a file says, the
// last one among several; a key in two files is an error once the model uses
// it, since nobody can say which was meant.
//
// # Binding
//
// Bind goes through the declarations of a checked model in these steps, each of
// which works on what the earlier ones left standing:
//
//  1. match declarations and keys, compare ranks;
//  2. collect the levels of each factor over all declarations that share them,
//     sort them, replace labels by codes and put keyed arrays in their order;
//  3. convert every value to its declared type, and mark missing elements;
//  4. bind dimensions: from integers given by name, from levels, and from the
//     shapes of arrays where a dimension is a bare name; compare all of them;
//  5. fill in what was left out: integers that a shape gives, then defaults;
//  6. check the shapes of dimensions that are expressions;
//  7. check constraints and constrained kinds.
//
// A declaration that fails a step is left out of the later ones, and so is
// whatever depends on it, so that one mistake is reported once. Elements that
// fail the same check make one diagnostic, which lists the first ten.
//
// # Rows in pieces
//
// OpenStream reads the rows along one dimension a block at a time, for data larger than memory (stream.go). A block is bound
// as if it were all there is, by the steps above, with the labels of all blocks fixed; so there is one meaning of data, however they are
// read. Sources that can do it implement piecewise (pieces.go); the order in which blocks and rows are visited is worked
// out in order.go, from a seed and the number of the epoch alone; batches.go deals the rows.
//
// # Decisions
//
// NaN counts as missing in `real?` and is an error in `real`. Infinity is a
// number; since it is more often the logarithm of a zero than meant, it gives a
// warning unless the declaration says that it may occur (`<= inf`, `>= -inf`).
// A scalar is not an array of length 1, in either direction. A blank line between
// the rows of a single column is a row without its value: other readers skip it,
// and what follows moves up. At the end of the file, where nothing moves, it is
// skipped with a warning. A key named like a latent that nothing else reads is an
// error (undeclared.go): it is a datum whose declaration was forgotten. A boolean is
// accepted where an int or a real is asked for, as in the language.
package data
