package nuts

import (
	"errors"
	"math"
	"ppl/graph"

	"ppl/inference/target"
)

// tries is how many random points are tried for a start.
const tries = 100

// ErrImproper and ErrNoStep are posteriors that cannot be sampled.
var (
	ErrImproper = errors.New("no step size is too large: the posterior is improper, as a flat prior without data that inform it makes it")
	ErrNoStep   = errors.New("no step size is small enough: the log density has no usable gradient at the starting point")
)

// start finds a point with a finite density and gradient: the one given, or one
// uniform in (−2, 2), after half of the tries in ever smaller boxes about the
// origin. It reports the last point in the error.
func (c *chain) start(given []float64) error {
	z := newPoint(c.d)
	attempt := func() bool {
		c.sys.evaluate(&z)
		return c.sys.err == nil && graph.Finite(z.lp) && graph.AllFinite(z.g)
	}
	ok := false
	if given != nil {
		copy(z.q, given)
		ok = attempt()
	} else {
		for try := 0; try < tries && !ok && c.sys.err == nil; try++ {
			radius := 2 * math.Min(1, 2*(1-float64(try+1)/tries))
			for i := range z.q {
				z.q[i] = radius * (2*c.r.Float64() - 1)
			}
			ok = attempt()
		}
	}
	switch {
	case c.sys.err != nil:
		return c.sys.err
	case !ok:
		return &startError{at: z.q}
	}
	copy(c.now.q, z.q)
	copy(c.now.g, z.g)
	c.now.lp = z.lp
	return nil
}

// startError carries the last point that was tried.
type startError struct{ at []float64 }

func (e *startError) Error() string { return (&target.ErrNoStart{}).Error() }

// explain names the statements whose density is not finite at the start.
func explain(t *target.Target, err error) error {
	var s *startError
	if !errors.As(err, &s) {
		return err
	}
	return t.NoStart(s.at)
}

// findStep doubles or halves the step size until the acceptance probability of
// a single step from the current draw crosses 0.8 (Hoffman & Gelman 2014,
// algorithm 4, with Stan's 0.8 for their ½).
func (c *chain) findStep() error {
	const least, most = 1e-300, 1e10
	level := math.Log(0.8)
	up := c.probe() > level
	for {
		if up == (c.probe() <= level) {
			return nil
		}
		if up {
			c.tree.step *= 2
		} else {
			c.tree.step /= 2
		}
		switch {
		case c.sys.err != nil:
			return c.sys.err
		case c.tree.step > most:
			return ErrImproper
		case c.tree.step < least:
			return ErrNoStep
		}
	}
}

// probe is the log acceptance of one step with a new momentum.
func (c *chain) probe() float64 {
	z := &c.tree.ends[0]
	copy(z.q, c.now.q)
	copy(z.g, c.now.g)
	z.lp = c.now.lp
	c.sys.kick(z, c.r)
	h0 := c.sys.energy(z)
	c.sys.leapfrog(z, c.tree.step)
	return h0 - c.sys.energy(z)
}
