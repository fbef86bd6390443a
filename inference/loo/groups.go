package loo

import "fmt"

// Groups makes groups of rows the points to be left out: the log likelihood of a group
// at a draw is the sum of its rows' there. It holds a number for each group and draw,
// whatever the number of rows.
type Groups struct{ columns [][]float64 }

// NewGroups is for a number of groups and of draws. A group without rows has the log
// likelihood 0.
func NewGroups(groups, draws int) *Groups {
	g := &Groups{make([][]float64, groups)}
	for i := range g.columns {
		g.columns[i] = make([]float64, draws)
	}
	return g
}

// Add takes the column of one row of a group, counted from 0.
func (g *Groups) Add(group int, loglik []float64) error {
	if group < 0 || group >= len(g.columns) {
		return fmt.Errorf("there is no group %d of %d", group+1, len(g.columns))
	}
	c := g.columns[group]
	if len(loglik) != len(c) {
		return fmt.Errorf("%d log likelihoods for %d draws", len(loglik), len(c))
	}
	for s, l := range loglik {
		c[s] += l
	}
	return nil
}

// Columns are those of the groups, in their order. They are not copies.
func (g *Groups) Columns() [][]float64 { return g.columns }
