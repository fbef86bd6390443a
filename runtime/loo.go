package runtime

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"ppl/inference/loo"
	"ppl/inference/target"
)

// LOO is how well a fitted model predicts the units of its data that it has not seen, by
// leave-one-out cross-validation: see package loo.
type LOO struct {
	loo.Result
	// Units are what was left out, one for each of Points.
	Units []LOOUnit
	// Coupled says that discrete latents that were summed out may couple units, as in a hidden
	// Markov model: the log likelihood of one is then that given the data of all others.
	Coupled bool
}

// LOOUnit is what is left out together.
type LOOUnit struct {
	// Name is that of its datum, `y[3]`, or of its place along the dimensions that units are
	// cells of, `county=ANOKA`; indices count from 1, or are factor labels.
	Name string
	// Data are the names of all data in it.
	Data []string
}

// LOOMismatch is the error for models that were not fitted to the same data: the units differ.
type LOOMismatch struct {
	Model       int // its place among those compared, from 0
	Have, First int // how many units that has, and the first one
	Unit        string
}

func (e *LOOMismatch) Error() string {
	if e.Have != e.First {
		return fmt.Sprintf("model 1 has %d units of data and model %d has %d: they are not fits of the same data", e.First, e.Model+1, e.Have)
	}
	return fmt.Sprintf("model %d has no `%s`, as model 1 has: they are not fits of the same data", e.Model+1, e.Unit)
}

// CompareLOO orders models of the same data, the best first. The error is a *LOOMismatch where
// the data have other names; that their values are the same is for the caller to know.
func CompareLOO(models ...*LOO) ([]loo.Comparison, error) {
	var results []loo.Result
	for i, m := range models {
		if m == nil || len(m.Points) != len(m.Units) {
			return nil, given("CompareLOO", argument{fmt.Sprintf("models[%d]", i), false})
		}
		first := models[0]
		if len(m.Units) != len(first.Units) {
			return nil, &LOOMismatch{Model: i, Have: len(m.Units), First: len(first.Units)}
		}
		// Statements may stand in another order.
		place := map[string]int{}
		for k, u := range m.Units {
			place[u.Name] = k
		}
		r := loo.Result{Draws: m.Draws}
		for _, u := range first.Units {
			k, ok := place[u.Name]
			if !ok {
				return nil, &LOOMismatch{i, len(m.Units), len(first.Units), u.Name}
			}
			r.Points = append(r.Points, m.Points[k])
		}
		results = append(results, r)
	}
	return loo.Compare(results...)
}

// jointDraws are draws of the latents of a model, as plain numbers.
type jointDraws struct {
	// values has, for each latent by name, n × elements numbers, one draw after another.
	values map[string][]float64
	n      int
	// chains is the number of Markov chains that they are of, one after another; 0 of
	// independent draws. Weights, which need not add up to 1, are nil where all are equal.
	chains  int
	weights []float64
}

// rows says what the rows of a column of log likelihoods are.
func (d jointDraws) rows() (*loo.Draws, error) {
	out, err := loo.Independent(d.n)
	if d.chains > 0 {
		out, err = loo.Chains(d.n, d.chains)
	}
	if err != nil || d.weights == nil {
		return out, err
	}
	log := make([]float64, len(d.weights))
	for i, w := range d.weights {
		log[i] = math.Log(w)
	}
	return out.Weighted(log)
}

// pointwise compiles the log likelihood of the units of a target's data: discrete latents are
// summed out where that can be done, and given like the others where it cannot. By are the
// dimensions that units are cells of; none: target.ByRow.
func pointwise(t *target.Target, by ...string) (*target.Pointwise, error) {
	var unit func([]target.Point) (target.Units, error)
	if len(by) > 0 {
		unit = target.ByDimension(by...)
	}
	p, err := t.NewPointwise(target.Summed, unit)
	if sum := (*target.ErrSummed)(nil); errors.As(err, &sum) {
		return t.NewPointwise(target.Given, unit)
	}
	return p, err
}

// leaveOneOut cross-validates a model by draws of its latents. Levels are the labels of
// dimensions that are those of a factor.
func leaveOneOut(p *target.Pointwise, d jointDraws, levels map[string][]string) (*LOO, error) {
	rows, err := d.rows()
	if err != nil {
		return nil, err
	}
	out := &LOO{Result: loo.Result{Points: make([]loo.Point, len(p.Units.Index))}, Units: unitNames(p, levels), Coupled: p.Coupled}
	none, err := rows.LeaveOneOut(func(func([]float64) bool) {}) // how many draws have weight
	if err != nil {
		return nil, err
	}
	out.Draws = none.Draws
	return out, p.Columns(d.values, d.n, func(u int, column []float64) error {
		x, err := rows.Point(column)
		if err != nil {
			return fmt.Errorf("`%s`: %w", out.Units[u].Name, err)
		}
		out.Points[u] = x
		return nil
	})
}

// unitNames names the units of the data and what is in them.
func unitNames(p *target.Pointwise, levels map[string][]string) []LOOUnit {
	out := make([]LOOUnit, len(p.Units.Index))
	for i, x := range p.Points {
		u := &out[p.Units.Of[i]]
		u.Data = append(u.Data, pointName(x, levels))
	}
	for i := range out {
		if len(p.Units.Dims) == 0 || len(out[i].Data) == 1 {
			out[i].Name = strings.Join(out[i].Data, ", ")
			continue
		}
		var parts []string
		for k, d := range p.Units.Dims {
			parts = append(parts, d+"="+levelOf(levels, d, p.Units.Index[i][k]))
		}
		out[i].Name = strings.Join(parts, ",")
	}
	return out
}

// pointName is the name of a datum: `y`, `y[3]`, `y[ANOKA,2]`.
func pointName(p target.Point, levels map[string][]string) string {
	if len(p.Index) == 0 {
		return p.Symbol.Name
	}
	var parts []string
	for k, i := range p.Index {
		parts = append(parts, levelOf(levels, p.Dims[k], i))
	}
	return p.Symbol.Name + "[" + strings.Join(parts, ",") + "]"
}

// levelOf is the label of an index, from 0, along a dimension, or the index from 1.
func levelOf(levels map[string][]string, dim string, i int) string {
	if l := levels[dim]; i < len(l) {
		return l[i]
	}
	return fmt.Sprint(i + 1)
}

// drawsOf collects the draws of latents from an answer's quantities, all that were made with
// their weights; the elements of a latent stand in its order. The error is a
// *target.ErrValues where a latent is not among them, as discrete ones are not.
func drawsOf(latents []target.Quantity, quantities []Quantity) (jointDraws, error) {
	columns := map[string][][]float64{}
	out := jointDraws{values: map[string][]float64{}, n: 1}
	for i := range quantities {
		q := &quantities[i]
		values, of := q.Made()
		columns[q.Symbol] = append(columns[q.Symbol], values)
		if of != nil {
			out.n, out.chains, out.weights = of.N, of.Chains, of.Weights
		}
	}
	for _, l := range latents {
		c, size := columns[l.Symbol.Name], l.Shape.Size()
		if len(c) != size {
			return jointDraws{}, &target.ErrValues{Name: l.Symbol.Name, Have: len(c) * out.n, Want: size * out.n}
		}
		rows := make([]float64, out.n*size)
		for e, x := range c {
			for i, v := range x {
				rows[i*size+e] = v
			}
		}
		out.values[l.Symbol.Name] = rows
	}
	return out, nil
}
