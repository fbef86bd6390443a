package loo

import (
	"fmt"
	"math"
)

// Assembly puts a cross-validation by folds together: each point is held out in one
// fold, of whose fit HeldOut has scored it.
type Assembly struct{ points []Point }

// NewAssembly is for n points.
func NewAssembly(n int) *Assembly {
	return &Assembly{make([]Point, n)}
}

// Add takes the points of a fold: the place of each in the data, and its score.
func (a *Assembly) Add(places []int, points []Point) error {
	if len(places) != len(points) {
		return fmt.Errorf("%d scores for %d points of a fold", len(points), len(places))
	}
	for j, i := range places {
		switch {
		case i < 0 || i >= len(a.points):
			return fmt.Errorf("there is no point %d of %d", i+1, len(a.points))
		case a.points[i].Exact:
			return fmt.Errorf("point %d is in two folds", i+1)
		case !points[j].Exact:
			return fmt.Errorf("point %d was not held out", i+1)
		}
		a.points[i] = points[j]
	}
	return nil
}

// Result is the whole, once each point has come. lpd is the log density of each point
// in the posterior given all of them, for the effective number of parameters, which is
// NaN where lpd is nil.
func (a *Assembly) Result(lpd []float64) (Result, error) {
	if lpd != nil && len(lpd) != len(a.points) {
		return Result{}, fmt.Errorf("%d log densities for %d points", len(lpd), len(a.points))
	}
	r := Result{Points: make([]Point, len(a.points))}
	for i, p := range a.points {
		if !p.Exact {
			return Result{}, fmt.Errorf("point %d is in no fold", i+1)
		}
		if p.LPD = math.NaN(); lpd != nil {
			p.LPD = lpd[i]
		}
		r.Points[i] = p
	}
	return r, nil
}
