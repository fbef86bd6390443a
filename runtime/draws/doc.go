// Package draws writes tables of draws for other programs to read: plain CSV, CSV as
// CmdStan writes it, Parquet with a row for each draw and Parquet in long form. It
// knows nothing of models or methods: a Table says what the columns are called and
// gives their values in blocks, so that no writer holds more than a block, whatever
// the number of draws.
//
// Numbers are written as the shortest decimal text that reads back as the same bits;
// what is not finite is NaN, Inf or -Inf.
//
// # CmdStan's CSV
//
// rstan's read_stan_csv, cmdstanr's read_cmdstan_csv and ArviZ's from_cmdstan read
// comments as well as the table: the configuration as lines `key = value` before the
// header, the adapted step size and inverse metric between header and draws, the times
// after them. WriteCmdStan has all that any of the three demands, and what it adds (the
// labels of columns, comments) holds nothing that one of them would take for its own.
// The elements of an array stand with the first index running fastest, as CmdStan has
// them and rstan takes them to be; all three demand a column lp__, which is 0, as for
// CmdStan's variational draws, where the table has none.
package draws
