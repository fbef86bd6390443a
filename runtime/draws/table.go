package draws

import (
	"fmt"
	"slices"
	"strings"
)

// Table is draws of named quantities.
type Table struct {
	// Columns are the quantities, Sampler what the sampler says of each draw (lp__,
	// accept_stat__, stepsize__, treedepth__, n_leapfrog__, divergent__, energy__), if
	// there is one.
	Columns, Sampler []Column
	// Draws is their number. Where they are those of Chains chains, the draws of each
	// stand together and are equally many; otherwise Chains is 0.
	Draws, Chains int
	// Comments are lines of text for people.
	Comments []string
}

// Column is one quantity.
type Column struct {
	Name   string // as CmdStan has it: `theta.1.2`
	Label  string // as it is printed: `theta[AITKIN,2]`
	Values Values
}

// Values puts the draws from, from+1, ... into dst. A writer asks for blocks of draws
// in ascending order, and within a block once for each column, so that all columns of
// a block may be made when the first is asked for.
type Values func(dst []float64, from int) error

// Slice are values that are at hand.
func Slice(x []float64) Values {
	return func(dst []float64, from int) error {
		copy(dst, x[from:])
		return nil
	}
}

// variable is the quantity's name without the index: `theta`.
func (c Column) variable() string {
	name, _, _ := strings.Cut(c.Name, ".")
	return name
}

// index is what stands in brackets in the label: `AITKIN,2`.
func (c Column) index() string {
	open := strings.IndexByte(c.Label, '[')
	if open < 0 || !strings.HasSuffix(c.Label, "]") {
		return ""
	}
	return c.Label[open+1 : len(c.Label)-1]
}

// check says what is wrong with the table: lengths of chains, names that a CSV file
// cannot hold as they are, or that are used twice.
func (t *Table) check() error {
	if t.Draws < 0 || t.Chains < 0 || t.Chains > 0 && t.Draws%t.Chains != 0 {
		return fmt.Errorf("%d draws are not those of %d chains of one length", t.Draws, t.Chains)
	}
	names, labels := map[string]bool{}, map[string]bool{}
	for _, c := range t.all() {
		switch {
		case c.Name == "" || strings.ContainsAny(c.Name, ",\"'# \t\r\n"):
			return fmt.Errorf("%q is not a name that CmdStan gives to a column", c.Name)
		case names[c.Name]:
			return fmt.Errorf("two columns have the name %q", c.Name)
		case labels[c.Label]:
			return fmt.Errorf("two columns have the label %q", c.Label)
		}
		names[c.Name], labels[c.Label] = true, true
	}
	return nil
}

// all are the sampler's columns and the quantities.
func (t *Table) all() []Column { return slices.Concat(t.Sampler, t.Columns) }

// chains is the number of chains, 1 of draws that are not those of chains.
func (t *Table) chains() int { return max(t.Chains, 1) }

// length is the number of draws of a chain.
func (t *Table) length() int { return t.Draws / t.chains() }

// place is the chain of a draw and the draw's place in it, both from 1.
func (t *Table) place(draw int) (chain, at int) {
	return draw/t.length() + 1, draw%t.length() + 1
}

// blocks cuts the draws from..to-1 into blocks of so many rows, the last of which may
// be shorter.
func blocks(from, to, rows int, f func(first, rows int) error) error {
	for first := from; first < to; first += rows {
		if err := f(first, min(rows, to-first)); err != nil {
			return err
		}
	}
	return nil
}

// read is one column of a block.
func (c Column) read(dst []float64, first int) error {
	if err := c.Values(dst, first); err != nil {
		return fmt.Errorf("the draws of `%s`: %w", c.Label, err)
	}
	return nil
}
