package saved

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"

	"ppl/runtime/answer"
	"ppl/runtime/data"
	"ppl/runtime/store"
)

// Names of groups, arrays and attributes.
const (
	posteriorGroup = "posterior"
	weightedGroup  = "weighted"
	madeGroup      = "made"
	observedGroup  = "observed_data"
	constantGroup  = "constant_data"
	pplGroup       = "ppl"

	checkpointGroup = "checkpoint"

	quantityPrefix = "quantity"
	discretePrefix = "discrete"
	setArray       = "quantity_draws"
	dataPrefix     = "data_"

	versionAttr = "version"
	setsAttr    = "draws"
	namesAttr   = "names"
	dataAttr    = "data"
	absentAttr  = "absent"
)

// set is one answer.Draws, in attribute draws.
type set struct {
	Number int // that were made
	Chains int
	Kept   int
	Group  string // that holds all that were made; "" if those are the ones that are kept
	// Weighted says that they have weights, and Chosen that those that are kept are not the first.
	Weighted, Chosen bool
}

// stored says where each data declaration is.
type stored struct{ Observed, Constant, Lengths []string }

// Encode lays a fit out. The file refers to the draws of the fit, and makes arrays of them as it
// is written.
func Encode(f *Fit) (*store.File, error) {
	e := &encoder{fit: f, variables: f.variables()}
	if err := e.findSets(); err != nil {
		return nil, err
	}
	out := &store.File{}
	for name, v := range map[string]any{"ppl_version": f.Program, "inference_library": "ppl", "inference_library_version": f.Program} {
		if err := out.Attrs.Set(name, v); err != nil {
			return nil, err
		}
	}
	g, err := e.posterior()
	if err != nil {
		return nil, err
	}
	out.Groups = append(out.Groups, *g)
	for i, s := range e.sets {
		if s.Group == "" {
			continue
		}
		g, err := e.made(i)
		if err != nil {
			return nil, err
		}
		out.Groups = append(out.Groups, *g)
	}
	where := stored{}
	var scalars []store.Array
	if f.Data != nil {
		var groups []store.Group
		groups, scalars, where = f.dataGroups()
		out.Groups = append(out.Groups, groups...)
	}
	last, err := e.ppl(where)
	if err != nil {
		return nil, err
	}
	last.Arrays = append(last.Arrays, scalars...)
	out.Groups = append(out.Groups, *last)
	if f.Checkpoint != nil {
		g := store.Group{Name: checkpointGroup}
		for _, name := range slices.Sorted(maps.Keys(f.Checkpoint)) {
			x := f.Checkpoint[name]
			g.Arrays = append(g.Arrays, store.Array{Name: name, Dims: []string{name + "_dim"}, Shape: []int{len(x)}, Values: store.Floats(x)})
		}
		out.Groups = append(out.Groups, g)
	}
	return out, nil
}

type encoder struct {
	fit       *Fit
	variables []variable
	draws     []*answer.Draws
	sets      []set
	of        store.Ints // the set of each quantity
	kept      int
}

// findSets lists the draws that quantities share.
func (e *encoder) findSets() error {
	kept := -1
	agree := func(name string, n int) error {
		if kept < 0 {
			kept = n
		}
		if n != kept {
			return fmt.Errorf("%s has %d draws that are kept, and others have %d", name, n, kept)
		}
		return nil
	}
	for i := range e.fit.Answer.Quantities {
		q := &e.fit.Answer.Quantities[i]
		_, d := q.Made()
		if d == nil {
			return fmt.Errorf("%s has no draws", q.Name)
		}
		k := slices.Index(e.draws, d)
		if k < 0 {
			k = len(e.draws)
			e.draws = append(e.draws, d)
			e.sets = append(e.sets, describe(d, k))
		}
		if err := agree(q.Name, e.sets[k].Kept); err != nil {
			return err
		}
		e.of = append(e.of, int64(k))
	}
	if len(e.fit.States) != len(e.fit.Answer.Discrete) {
		return fmt.Errorf("%d discrete latents have draws, of %d", len(e.fit.States), len(e.fit.Answer.Discrete))
	}
	for i, z := range e.fit.States {
		if err := agree(e.fit.Answer.Discrete[i].Name, len(z)); err != nil {
			return err
		}
	}
	e.kept = max(kept, 0)
	return nil
}

func describe(d *answer.Draws, k int) set {
	s := set{Number: d.N, Chains: d.Chains, Kept: d.Kept, Weighted: d.Weights != nil, Chosen: d.Rows != nil}
	if d.Rows != nil {
		s.Kept = len(d.Rows)
	}
	if d.Weights == nil && d.Rows == nil && d.Kept == d.N {
		return s
	}
	if s.Group = madeGroup; d.Weights != nil {
		s.Group = weightedGroup
	}
	if k > 0 {
		s.Group += fmt.Sprint("_", k+1)
	}
	return s
}

// chains is the number of chains of the draws that are kept: 1 unless as many are kept of each,
// chain by chain.
func (e *encoder) chains() int {
	if len(e.draws) == 0 {
		return 1
	}
	return max(1, e.draws[0].KeptChains())
}

// posterior is the group of the draws that are kept.
func (e *encoder) posterior() (*store.Group, error) {
	chains := e.chains()
	g, err := e.group(posteriorGroup, e.variables, ofDraws, chains, e.kept/chains, func(q *answer.Quantity) func(int) int {
		_, d := q.Made()
		return d.KeptRow
	})
	return g, err
}

// made is the group of all draws of a set.
func (e *encoder) made(k int) (*store.Group, error) {
	d := e.draws[k]
	var mine []variable
	for _, v := range e.variables {
		if !v.discrete && e.of[v.elements[0]] == int64(k) {
			mine = append(mine, v)
		}
	}
	chains := max(1, d.Chains)
	if d.N%chains != 0 {
		chains = 1
	}
	g, err := e.group(e.sets[k].Group, mine, ofWeighted, chains, d.N/chains, func(*answer.Quantity) func(int) int { return func(i int) int { return i } })
	if err != nil {
		return nil, err
	}
	alongDraws := func(name string, values store.Values) {
		g.Arrays = append(g.Arrays, store.Array{Name: name, Dims: slices.Clone(ofDraws), Shape: []int{chains, d.N / chains}, Values: values})
	}
	if d.Weights != nil {
		alongDraws(weightArray, store.Floats(d.Weights))
		alongDraws(logWeightArray, fill(make(store.Floats, d.N), func(i int) float64 { return math.Log(d.Weights[i]) }))
	}
	if d.Rows != nil {
		g.Arrays = append(g.Arrays, store.Array{Name: keptArray, Dims: []string{keptArray + "_draw"}, Shape: []int{len(d.Rows)},
			Values: fill(make(store.Ints, len(d.Rows)), func(i int) int64 { return int64(d.Rows[i]) })})
	}
	return g, nil
}

// group makes the arrays of variables: each quantity's column at the rows that it has.
func (e *encoder) group(name string, variables []variable, taken []string, chains, each int, rows func(*answer.Quantity) func(int) int) (*store.Group, error) {
	g := &store.Group{Name: name}
	if err := g.Attrs.Set("inference_library", "ppl"); err != nil {
		return nil, err
	}
	symbols := make([]string, len(variables))
	for i, v := range variables {
		symbols[i] = v.symbol
	}
	names := arrayNames(symbols, taken)
	l := newLabeller(&e.fit.Names, append(append([]string{keptArray + "_draw"}, taken...), values(names)...)...)
	var arrays []store.Array
	for _, v := range variables {
		a := store.Array{Name: names[v.symbol], Dims: append(slices.Clone(ofDraws), l.dims(v.symbol, v.shape, v.names)...), Shape: append([]int{chains, each}, v.shape...)}
		if a.Name != v.symbol {
			if err := a.Attrs.Set("symbol", v.symbol); err != nil {
				return nil, err
			}
		}
		if v.discrete {
			a.Values = e.states(v)
		} else {
			columns := make([][]float64, len(v.elements))
			for k, i := range v.elements {
				columns[k], _ = e.fit.Answer.Quantities[i].Made()
			}
			a.Values = draws(columns, chains*each, rows(&e.fit.Answer.Quantities[v.elements[0]]))
		}
		arrays = append(arrays, a)
	}
	g.Arrays = append(append([]store.Array{places(ofDraws[0], chains), places(ofDraws[1], each)}, l.coords...), arrays...)
	return g, nil
}

func values(m map[string]string) []string {
	var out []string
	for _, k := range sortedKeys(m) {
		out = append(out, m[k])
	}
	return out
}

// states are the draws of a discrete latent, draw by draw.
func (e *encoder) states(v variable) store.Ints {
	out := make(store.Ints, 0, e.kept*len(v.elements))
	for i := range e.kept {
		for _, k := range v.elements {
			out = append(out, int64(e.fit.States[k][i]))
		}
	}
	return out
}

// ppl is the group of what only ppl needs.
func (e *encoder) ppl(where stored) (*store.Group, error) {
	g := &store.Group{Name: pplGroup}
	a := reflect.ValueOf(e.fit.Answer).Elem()
	for _, f := range answerFields() {
		if err := g.Attrs.Set(snake(f.Name), record(a.FieldByIndex(f.Index))); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	for name, v := range map[string]any{versionAttr: Version, setsAttr: e.sets, namesAttr: e.fit.Names, dataAttr: where, absentAttr: e.fit.Absent} {
		if err := g.Attrs.Set(name, record(reflect.ValueOf(v))); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, t := range []struct {
		prefix string
		rows   any
	}{{quantityPrefix, e.fit.Answer.Quantities}, {discretePrefix, e.fit.Answer.Discrete}} {
		arrays, err := table(t.prefix, reflect.ValueOf(t.rows))
		if err != nil {
			return nil, err
		}
		g.Arrays = append(g.Arrays, arrays...)
	}
	g.Arrays = append(g.Arrays, store.Array{Name: setArray, Dims: []string{quantityPrefix}, Shape: []int{len(e.of)}, Values: e.of})
	return g, nil
}

// answerFields are the fields of an answer that are attributes.
func answerFields() []reflect.StructField {
	return slices.DeleteFunc(fields(reflect.TypeFor[answer.Answer]()), func(f reflect.StructField) bool { return f.Name == "Quantities" || f.Name == "Discrete" })
}

// dataGroups are observed_data and constant_data; scalars are those that are lengths of dimensions.
func (f *Fit) dataGroups() (groups []store.Group, scalars []store.Array, where stored) {
	dims := map[string]bool{}
	for _, of := range f.Names.Dims {
		for _, d := range of {
			dims[d] = true
		}
	}
	for _, name := range sortedKeys(f.Data) {
		switch {
		case len(f.Data[name].Shape) == 0 && dims[name]:
			where.Lengths = append(where.Lengths, name)
			scalars = append(scalars, store.Array{Name: dataPrefix + name, Values: numbers(f.Data[name])})
		case slices.Contains(f.Names.Observed, name):
			where.Observed = append(where.Observed, name)
		default:
			where.Constant = append(where.Constant, name)
		}
	}
	return []store.Group{f.dataGroup(observedGroup, where.Observed), f.dataGroup(constantGroup, where.Constant)}, scalars, where
}

func (f *Fit) dataGroup(name string, of []string) store.Group {
	g := store.Group{Name: name}
	l := newLabeller(&f.Names, of...)
	for _, name := range of {
		x := f.Data[name]
		a := store.Array{Name: name, Dims: l.dims(name, x.Shape, nil), Shape: slices.Clone(x.Shape), Values: numbers(x)}
		if levels, ok := f.Names.Levels[f.Names.Factors[name]]; ok {
			// a list of texts has JSON
			_ = a.Attrs.Set("labels", levels)
		}
		g.Arrays = append(g.Arrays, a)
	}
	g.Arrays = append(l.coords, g.Arrays...)
	return g
}

// numbers are integers where all are, to the bit.
func numbers(a *data.Array) store.Values {
	for _, x := range a.Data {
		if !(math.Abs(x) < 1<<53) || math.Float64bits(float64(int64(x))) != math.Float64bits(x) {
			return store.Floats(a.Data)
		}
	}
	return fill(make(store.Ints, len(a.Data)), func(i int) int64 { return int64(a.Data[i]) })
}
