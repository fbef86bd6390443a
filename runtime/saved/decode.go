package saved

import (
	"fmt"
	"math"
	"reflect"
	"slices"

	"ppl/runtime/answer"
	"ppl/runtime/data"
	"ppl/runtime/store"
)

// file, group and array are those of a store that is read, whose faults name their place.
type file struct{ groups map[string]*group }

type group struct {
	name   string
	attrs  store.Attrs
	arrays map[string]*array
}

type array struct {
	store.Array
	place string
}

func (a *array) fault(format string, args ...any) error {
	return fmt.Errorf("%s "+format, append([]any{a.place}, args...)...)
}

func open(f *store.File) *file {
	out := &file{map[string]*group{}}
	for _, g := range f.Groups {
		in := &group{g.Name, g.Attrs, map[string]*array{}}
		for _, a := range g.Arrays {
			in.arrays[a.Name] = &array{a, g.Name + "/" + a.Name}
		}
		out.groups[g.Name] = in
	}
	return out
}

func (f *file) group(name string) (*group, error) {
	if g, ok := f.groups[name]; ok {
		return g, nil
	}
	return nil, fmt.Errorf("there is no group %.60s", name)
}

func (g *group) array(name string) (*array, error) {
	if a, ok := g.arrays[name]; ok {
		return a, nil
	}
	return nil, fmt.Errorf("%s has no array %.60s", g.name, name)
}

// attr restores an attribute into what v points at.
func (g *group) attr(name string, v reflect.Value) error {
	raw, ok := g.attrs[name]
	if !ok {
		return fmt.Errorf("%s has no attribute %s", g.name, name)
	}
	if err := restore(raw, v.Elem()); err != nil {
		return fmt.Errorf("the attribute %s of %s: %w", name, g.name, err)
	}
	return nil
}

func (a *array) floats() ([]float64, error) {
	if x, ok := a.Values.(store.Floats); ok {
		return x, nil
	}
	return nil, a.fault("does not hold floats")
}

func (a *array) ints() ([]int64, error) {
	if x, ok := a.Values.(store.Ints); ok {
		return x, nil
	}
	return nil, a.fault("does not hold integers")
}

// vector is the length of an array of one dimension.
func (a *array) vector() (int, error) {
	if len(a.Shape) != 1 {
		return 0, a.fault("has %d dimensions, and not one", len(a.Shape))
	}
	return a.Shape[0], nil
}

// over demands an array of so many draws, chain by draw, and then of so many elements.
func (a *array) over(draws, elements int) error {
	if len(a.Shape) < 2 || a.Dims[0] != ofDraws[0] || a.Dims[1] != ofDraws[1] {
		return a.fault("is not of chains and draws")
	}
	n := 0
	switch x := a.Values.(type) {
	case store.Floats:
		n = len(x)
	case store.Ints:
		n = len(x)
	default:
		return a.fault("does not hold numbers")
	}
	if draws < 1 || elements < 1 || n%draws != 0 || n/draws != elements || a.Shape[0] < 1 || draws%a.Shape[0] != 0 || draws/a.Shape[0] != a.Shape[1] {
		return a.fault("has the shape %v, and not that of %d draws of %d elements", a.Shape, draws, elements)
	}
	return nil
}

// Decode reads a fit from a file. The error says what is wrong with one that Encode has not laid out.
func Decode(from *store.File) (*Fit, error) {
	d := &decoder{file: open(from), fit: &Fit{Answer: &answer.Answer{}}}
	if _, err := from.Attrs.Get("ppl_version", &d.fit.Program); err != nil {
		return nil, fmt.Errorf("the attribute ppl_version: %w", err)
	}
	for _, step := range []func() error{d.version, d.ppl, d.check, d.makeSets, d.posterior, d.hold, d.states, d.data, d.checkpoint} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return d.fit, nil
}

type decoder struct {
	*file
	fit   *Fit
	own   *group
	of    []int64 // the set of each quantity
	where stored
	sets  []set
	draws []*answer.Draws
	kept  int
}

func (d *decoder) version() (err error) {
	if d.own, err = d.group(pplGroup); err != nil {
		return err
	}
	var version int
	if err := d.own.attr(versionAttr, reflect.ValueOf(&version)); err != nil {
		return err
	}
	if version != Version {
		return fmt.Errorf("another version: it is of version %d of a saved fit, of ppl %.40s; this program reads version %d", version, d.fit.Program, Version)
	}
	return nil
}

// ppl reads the group of what only ppl needs.
func (d *decoder) ppl() error {
	a := reflect.ValueOf(d.fit.Answer).Elem()
	for _, f := range answerFields() {
		if _, has := d.own.attrs[snake(f.Name)]; !has && f.Tag.Get("saved") == "optional" {
			continue
		}
		if err := d.own.attr(snake(f.Name), a.FieldByIndex(f.Index).Addr()); err != nil {
			return err
		}
	}
	for name, v := range map[string]any{setsAttr: &d.sets, namesAttr: &d.fit.Names, dataAttr: &d.where, absentAttr: &d.fit.Absent} {
		if err := d.own.attr(name, reflect.ValueOf(v)); err != nil {
			return err
		}
	}
	if err := d.own.untable(quantityPrefix, reflect.ValueOf(&d.fit.Answer.Quantities)); err != nil {
		return err
	}
	if err := d.own.untable(discretePrefix, reflect.ValueOf(&d.fit.Answer.Discrete)); err != nil {
		return err
	}
	sets, err := d.own.array(setArray)
	if err != nil {
		return err
	}
	if d.of, err = sets.ints(); err != nil {
		return err
	}
	if len(d.of) != len(d.fit.Answer.Quantities) {
		return sets.fault("has %d elements for %d quantities", len(d.of), len(d.fit.Answer.Quantities))
	}
	for _, k := range d.of {
		if k < 0 || k >= int64(len(d.sets)) {
			return sets.fault("holds %d, and there are %d sets of draws", k, len(d.sets))
		}
	}
	return nil
}

// makeSets reads how many draws there are, their weights, and which are kept.
func (d *decoder) makeSets() error {
	d.kept = -1
	for _, s := range d.sets {
		if s.Number < 1 || s.Kept < 1 || s.Chains < 0 || s.Chains > 0 && s.Number%s.Chains != 0 || d.kept >= 0 && s.Kept != d.kept {
			return fmt.Errorf("the attribute %s of %s: %d draws of %d chains, %d of them kept, are not those of an answer", setsAttr, pplGroup, s.Number, s.Chains, s.Kept)
		}
		d.kept = s.Kept
		of := &answer.Draws{N: s.Number, Chains: s.Chains, Kept: s.Kept}
		d.draws = append(d.draws, of)
		if s.Group == "" {
			if s.Kept != s.Number || s.Weighted || s.Chosen {
				return fmt.Errorf("the attribute %s of %s: %d of %d draws are kept, and no group has the rest", setsAttr, pplGroup, s.Kept, s.Number)
			}
			continue
		}
		g, err := d.group(s.Group)
		if err != nil {
			return err
		}
		if s.Weighted {
			if err := g.weights(of); err != nil {
				return err
			}
		}
		if s.Chosen {
			if err := g.rows(of, s.Kept); err != nil {
				return err
			}
		} else if s.Kept > s.Number {
			return fmt.Errorf("the attribute %s of %s: %d of %d draws are kept", setsAttr, pplGroup, s.Kept, s.Number)
		}
	}
	return nil
}

// weights reads those of a set of draws.
func (g *group) weights(of *answer.Draws) error {
	a, err := g.array(weightArray)
	if err != nil {
		return err
	}
	if err := a.over(of.N, 1); err != nil {
		return err
	}
	w, err := a.floats()
	if err != nil {
		return err
	}
	sum := 0.0
	for _, x := range w {
		if !(x >= 0) {
			return a.fault("holds %g, which is no weight", x)
		}
		sum += x
	}
	if !(math.Abs(sum-1) < 1e-6) {
		return a.fault("has the sum %g, and not 1", sum)
	}
	of.Weights = w
	return nil
}

// rows reads those of the draws that are kept.
func (g *group) rows(of *answer.Draws, kept int) error {
	a, err := g.array(keptArray)
	if err != nil {
		return err
	}
	rows, err := a.ints()
	if err != nil {
		return err
	}
	if len(rows) != kept {
		return a.fault("has %d elements, and %d draws are kept", len(rows), kept)
	}
	of.Rows = make([]int, kept)
	for i, r := range rows {
		if r < 0 || r >= int64(of.N) {
			return a.fault("holds row %d of %d", r, of.N)
		}
		of.Rows[i] = int(r)
	}
	return nil
}

// symbols are those of a set's quantities, or of all and the discrete latents, in their order,
// and how many elements each has.
func (d *decoder) symbols(set int) (names []string, count map[string]int) {
	count = map[string]int{}
	add := func(s string) {
		if count[s]++; count[s] == 1 {
			names = append(names, s)
		}
	}
	for i := range d.fit.Answer.Quantities {
		if set < 0 || d.of[i] == int64(set) {
			add(d.fit.Answer.Quantities[i].Symbol)
		}
	}
	if set < 0 {
		for i := range d.fit.Answer.Discrete {
			add(d.fit.Answer.Discrete[i].Symbol)
		}
	}
	return names, count
}

// posterior demands that the group has what it should have, also where the quantities take their
// draws from another.
func (d *decoder) posterior() error {
	g, err := d.group(posteriorGroup)
	if err != nil {
		return err
	}
	symbols, count := d.symbols(-1)
	names := arrayNames(symbols, ofDraws)
	for _, s := range symbols {
		a, err := g.array(names[s])
		if err != nil {
			return err
		}
		if d.kept < 0 && len(a.Shape) > 1 { // no quantity is continuous
			d.kept = a.Shape[0] * a.Shape[1]
		}
		if err := a.over(d.kept, count[s]); err != nil {
			return err
		}
		if d.isDiscrete(s) {
			_, err = a.ints()
		} else {
			_, err = a.floats()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// isDiscrete says whether a symbol is a discrete latent.
func (d *decoder) isDiscrete(symbol string) bool {
	return slices.ContainsFunc(d.fit.Answer.Discrete, func(q answer.Discrete) bool { return q.Symbol == symbol })
}

// hold gives the quantities their draws.
func (d *decoder) hold() error {
	for k, of := range d.draws {
		name, taken, draws := posteriorGroup, ofDraws, d.kept
		symbols, count := d.symbols(-1)
		if s := d.sets[k]; s.Group != "" {
			name, taken, draws = s.Group, ofWeighted, s.Number
			symbols, count = d.symbols(k)
		}
		g, err := d.group(name)
		if err != nil {
			return err
		}
		names := arrayNames(symbols, taken)
		next := map[string]int{}
		columns := map[string][][]float64{}
		for i := range d.fit.Answer.Quantities {
			q := &d.fit.Answer.Quantities[i]
			if d.of[i] != int64(k) {
				continue
			}
			if columns[q.Symbol] == nil {
				if columns[q.Symbol], err = g.columns(names[q.Symbol], draws, count[q.Symbol]); err != nil {
					return err
				}
			}
			e := next[q.Symbol]
			if e >= len(columns[q.Symbol]) {
				return fmt.Errorf("%s/%s has no draws of %s", g.name, names[q.Symbol], q.Name)
			}
			q.Hold(columns[q.Symbol][e], of)
			next[q.Symbol]++
		}
	}
	return nil
}

// columns are the draws of each element of an array of floats, which it lets go.
func (g *group) columns(name string, draws, elements int) ([][]float64, error) {
	a, err := g.array(name)
	if err != nil {
		return nil, err
	}
	if err := a.over(draws, elements); err != nil {
		return nil, err
	}
	x, err := a.floats()
	if err != nil {
		return nil, err
	}
	if elements == 1 {
		return [][]float64{x}, nil
	}
	out, all := make([][]float64, elements), make([]float64, len(x))
	for e := range out {
		out[e] = all[e*draws : (e+1)*draws : (e+1)*draws]
		for i := range out[e] {
			out[e][i] = x[i*elements+e]
		}
	}
	a.Values = store.Floats(nil)
	return out, nil
}

// states reads the draws of the discrete latents.
func (d *decoder) states() error {
	if len(d.fit.Answer.Discrete) == 0 {
		return nil
	}
	g, err := d.group(posteriorGroup)
	if err != nil {
		return err
	}
	symbols, count := d.symbols(-1)
	names := arrayNames(symbols, ofDraws)
	next := map[string]int{}
	for i := range d.fit.Answer.Discrete {
		q := &d.fit.Answer.Discrete[i]
		a, err := g.array(names[q.Symbol])
		if err != nil {
			return err
		}
		x, err := a.ints()
		if err != nil {
			return err
		}
		z, e := make([]int, d.kept), next[q.Symbol]
		for k := range z {
			if z[k] = int(x[k*count[q.Symbol]+e]); !slices.Contains(q.Values, z[k]) {
				return a.fault("holds %d, which is no value of %s", z[k], q.Name)
			}
		}
		next[q.Symbol]++
		d.fit.States = append(d.fit.States, z)
	}
	return nil
}

// data reads the data, if they are stored.
func (d *decoder) data() error {
	if d.fit.Absent != nil {
		return nil
	}
	d.fit.Data = map[string]*data.Array{}
	for _, part := range []struct {
		group, prefix string
		names         []string
	}{{observedGroup, "", d.where.Observed}, {constantGroup, "", d.where.Constant}, {pplGroup, dataPrefix, d.where.Lengths}} {
		g, err := d.group(part.group)
		if err != nil {
			return err
		}
		for _, name := range part.names {
			a, err := g.array(part.prefix + name)
			if err != nil {
				return err
			}
			if d.fit.Data[name], err = a.data(); err != nil {
				return err
			}
		}
	}
	return nil
}

// data is an array of data: what is missing is NaN.
func (a *array) data() (*data.Array, error) {
	out := &data.Array{Shape: a.Shape}
	switch x := a.Values.(type) {
	case store.Floats:
		out.Data = x
	case store.Ints:
		out.Data = fill(make([]float64, len(x)), func(i int) float64 { return float64(x[i]) })
	default:
		return nil, a.fault("does not hold numbers")
	}
	for i, x := range out.Data {
		if math.IsNaN(x) {
			if out.Missing == nil {
				out.Missing = make([]bool, len(out.Data))
			}
			out.Missing[i] = true
		}
	}
	return out, nil
}

// checkpoint reads what a run goes on from, if it is stored.
func (d *decoder) checkpoint() error {
	g, ok := d.groups[checkpointGroup]
	if !ok {
		return nil
	}
	d.fit.Checkpoint = map[string][]float64{}
	for name, a := range g.arrays {
		x, err := a.floats()
		if err != nil {
			return err
		}
		if len(a.Shape) != 1 {
			return a.fault("has %d dimensions, not one", len(a.Shape))
		}
		d.fit.Checkpoint[name] = x
	}
	return nil
}
