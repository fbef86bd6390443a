package inference

import (
	"fmt"
	"math"
	"slices"
)

// Where a run in batches stands, as arrays of numbers by name: all that its next step hangs on.

// arrays lists the arrays of a state.
func (l *loop) arrays() map[string]*[]float64 {
	a := &l.at
	return map[string]*[]float64{
		"x": &l.x, "m": &l.m, "v": &l.v, "block": &a.block, "slope": &a.slope, "values": &a.values, "before": &a.before,
		"local_x": &l.lx, "local_m": &l.lm, "local_v": &l.lv, "recent": &l.recent,
	}
}

// numbers are those of a state that are no arrays, in their order in the checkpoint.
func (l *loop) numbers() []*int {
	a := &l.at
	return []*int{&a.epoch, &a.batch, &a.inBlock, &a.least, &a.look, &l.k, &l.steps, &l.rows, &l.bad, &l.astray}
}

func (l *loop) reals() []*float64 { return []*float64{&l.rate, &l.at.value, &l.at.level} }

// identity is what a run and that which it goes on with have in common.
func (l *loop) identity() []float64 {
	return []float64{float64(l.b.N), float64(l.opt.Size), float64(l.b.Points), float64(l.opt.Seed >> 32), float64(uint32(l.opt.Seed)), float64(len(l.x)), float64(len(l.lx)), float64(l.b.Width), l.opt.Rate}
}

var identityNames = []string{"rows", "rows of a batch", "particles", "seed", "seed", "numbers to be learned", "numbers of latents of rows", "numbers of a row", "rate"}

// checkpoint copies the state.
func (l *loop) checkpoint() map[string][]float64 {
	out := map[string][]float64{"identity": l.identity(), "state": nil}
	for name, x := range l.arrays() {
		out[name] = slices.Clone(*x)
	}
	for _, n := range l.numbers() {
		out["state"] = append(out["state"], float64(*n))
	}
	for _, x := range l.reals() {
		out["state"] = append(out["state"], *x)
	}
	out["blocks"], out["slopes"] = slices.Concat(l.at.blocks...), slices.Concat(l.at.slopes...)
	for _, k := range l.lk {
		out["local_k"] = append(out["local_k"], float64(k))
	}
	return out
}

// ErrOtherRun is returned for a checkpoint of a run that differs in what both must have in common.
type ErrOtherRun struct{ What string }

func (e *ErrOtherRun) Error() string { return "it is of a run of other " + e.What }

// restore puts the run where a checkpoint was.
func (l *loop) restore(from map[string][]float64) error {
	damaged := &ErrOtherRun{"arrays"}
	identity, state := from["identity"], from["state"]
	if len(identity) != len(identityNames) || len(state) != len(l.numbers())+len(l.reals()) {
		return damaged
	}
	for i, x := range l.identity() {
		if identity[i] != x {
			return &ErrOtherRun{fmt.Sprintf("%s (%g, and not %g)", identityNames[i], identity[i], x)}
		}
	}
	n := len(l.x)
	want := map[string]int{"x": n, "m": n, "v": n, "block": n, "slope": n, "local_x": len(l.lx), "local_m": len(l.lm), "local_v": len(l.lv)}
	for name, x := range l.arrays() {
		got := slices.Clone(from[name])
		if size, fixed := want[name]; fixed && len(got) != size {
			return damaged
		}
		if len(got) == 0 {
			got = nil
		}
		*x = got
	}
	if l.at.before != nil && len(l.at.before) != n || len(from["local_k"]) != len(l.lk) {
		return damaged
	}
	for i, k := range from["local_k"] {
		l.lk[i] = int32(k)
	}
	for i, p := range l.numbers() {
		if x := state[i]; x != math.Trunc(x) || x < 0 || x > 1<<50 {
			return damaged
		}
		*p = int(state[i])
	}
	for i, p := range l.reals() {
		*p = state[len(l.numbers())+i]
	}
	var err error
	if l.at.blocks, err = cutRows(from["blocks"], n); err != nil {
		return damaged
	}
	if l.at.slopes, err = cutRows(from["slopes"], n); err != nil || len(l.at.slopes) != len(l.at.blocks) || len(l.at.values) != len(l.at.blocks) {
		return damaged
	}
	if !(l.rate > 0) || l.at.look < 1 && l.opt.Rate == 0 {
		return damaged
	}
	return nil
}

// cutRows cuts numbers into rows of n.
func cutRows(x []float64, n int) ([][]float64, error) {
	if n == 0 || len(x)%n != 0 {
		return nil, fmt.Errorf("%d numbers are no rows of %d", len(x), n)
	}
	var out [][]float64
	for len(x) > 0 {
		out, x = append(out, slices.Clone(x[:n])), x[n:]
	}
	return out, nil
}
