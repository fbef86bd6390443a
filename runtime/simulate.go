package runtime

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	"ppl/graph/lower"
	"ppl/inference/random"
	"ppl/inference/target"
	"ppl/lang"
	"ppl/lang/diag"
	"ppl/runtime/data"
)

// Simulator draws data sets from a model: the latents from their priors, then the
// data on the left of `~`, in the order of the text. It is immutable.
type Simulator struct {
	model *Model
	bound *data.Bound
	drawn map[string]*lang.Symbol
	notes diag.List
}

// Simulator binds what a simulation needs: all data that do not stand on the left
// of a `~`, and the lengths of those that do, by name (`N`) if no other data show
// them. Data on the left of `~` may be given: then elements that no `~` draws keep
// their values, missing ones are missing in the result, and all others are drawn.
// The error is a *DataError or a *ModelError.
func (m *Model) Simulator(d *Data) (s *Simulator, err error) {
	defer guarded(&err)
	if err := given("Model.Simulator", argument{"m", m.made()}, dataArgument(d)); err != nil {
		return nil, err
	}
	tables, err := d.read()
	if err != nil {
		return nil, err
	}
	s = &Simulator{model: m, drawn: lower.SimulatedNames(m.checked)}
	optional := map[string]bool{}
	for name := range s.drawn {
		optional[name] = true
	}
	bound, diags := data.Bind(m.checked, tables, data.BindOptions{Eval: evaluator(m.checked), Drawn: optional, Unread: unread(m.checked)})
	if diags.HasErrors() {
		return nil, &DataError{diags}
	}
	s.bound, s.notes = bound, append(d.diags.Warnings(), diags.Warnings()...)
	return s, nil
}

// Overwritten are the data given that a simulation draws anew, in order.
func (s *Simulator) Overwritten() []string {
	var out []string
	if !s.made() {
		return nil
	}
	for _, sym := range s.model.checked.Data {
		if s.drawn[sym.Name] != nil && s.bound.Values[sym.Name] != nil {
			out = append(out, sym.Name)
		}
	}
	return out
}

// Unused lists the keys of the data that the model does not declare.
func (s *Simulator) Unused() []string {
	if !s.made() {
		return nil
	}
	return s.bound.Unused
}

// Warnings are notes on the data that do not stop a simulation.
func (s *Simulator) Warnings() diag.List {
	if s == nil {
		return nil
	}
	return s.notes
}

// Simulation is one data set with the latents that it came from.
type Simulation struct {
	from  *Simulator
	bound *data.Bound // with what was drawn
	drawn *lower.Simulated
}

// Draw draws the data set of an index; those of different indices are independent.
// The error is a *DataError where the model cannot be simulated: it says why.
func (s *Simulator) Draw(seed uint64, index int) (sim *Simulation, err error) {
	defer guarded(&err)
	if err := given("Simulator.Draw", argument{"s", s.made()}); err != nil {
		return nil, err
	}
	drawn, diags := lower.Simulate(s.model.checked, lowerData(s.bound), random.Stream(seed, "simulate", index))
	if diags.HasErrors() {
		return nil, &DataError{diags}
	}
	values := map[string]*data.Array{}
	for _, sym := range s.model.checked.Data {
		if a := drawn.Values[sym.Name]; a != nil {
			values[sym.Name] = &data.Array{Shape: a.Shape, Data: a.Data, Missing: a.Missing}
		}
	}
	return &Simulation{from: s, bound: s.bound.With(values), drawn: drawn}, nil
}

// Simulate draws one data set; see Simulator.
func (m *Model) Simulate(d *Data, seed uint64) (*Simulation, error) {
	s, err := m.Simulator(d)
	if err != nil {
		return nil, err
	}
	return s.Draw(seed, 0)
}

// drawnLets are the lets of data that were drawn.
func (s *Simulation) drawnLets() map[string]*lower.Array {
	out := map[string]*lower.Array{}
	for name, a := range s.drawn.Values {
		if s.bound.Values[name] == nil {
			out[name] = a
		}
	}
	return out
}

// Problem is the model with the data that were drawn, to be fitted.
func (s *Simulation) Problem() (p *Problem, err error) {
	defer guarded(&err)
	if err := given("Simulation.Problem", argument{"s", s.made()}); err != nil {
		return nil, err
	}
	return s.problemOf(context.Background(), s.from.model, BindOptions{})
}

// problemOf is another model, with the same data declarations, with these data.
func (s *Simulation) problemOf(ctx context.Context, m *Model, opt BindOptions) (*Problem, error) {
	if ds := m.unsupported(); ds.HasErrors() {
		return nil, &ModelError{ds}
	}
	with := lowerData(s.bound)
	with.Lets = s.drawnLets()
	target, diags := target.NewWith(m.checked, with, opt.engine(), lower.Options{Strategies: opt.Discrete, Halt: func() bool { return ctx.Err() != nil }})
	if diags.HasErrors() {
		return nil, &DataError{diags}
	}
	if target.D == 0 && len(target.Discrete) == 0 {
		return nil, m.nothingToFit()
	}
	return &Problem{model: m, bound: s.bound, target: target, engine: opt.Engine, discrete: opt.Discrete}, nil
}

// Warnings are about drawn data that break what the model declares of them, which
// a fit of them would refuse: a negative draw of `data y : real > 0`.
func (s *Simulation) Warnings() (ds diag.List) {
	if !s.made() {
		return nil
	}
	values := map[string]any{}
	for name, a := range s.bound.Values {
		values[name] = *a
	}
	for _, sym := range s.from.model.checked.Data {
		if sym.Type.Levels != "" {
			return nil // labels are drawn by code
		}
	}
	_, found := data.Bind(s.from.model.checked, data.FromMap(values), data.BindOptions{Eval: evaluator(s.from.model.checked)})
	for _, d := range found {
		if d.Severity == diag.Error {
			d.Severity = diag.Warning
			d.Summary = "drawn: " + d.Summary
			ds.Add(d)
		}
	}
	return ds
}

// Latents are the drawn latents, the lets that depend on them, and the missing
// elements of data, number by number: Name, Column, Symbol and Index are set as
// in a Posterior, and Mean is the value.
func (s *Simulation) Latents() []Quantity {
	if !s.made() {
		return nil
	}
	names := naming{s.bound}
	var out []Quantity
	for _, x := range s.latents() {
		for e, v := range x.Array.Data {
			q := names.name(x.Symbol, x.Array.Shape, e).Quantity
			q.Mean = v
			out = append(out, q)
		}
	}
	for _, sym := range s.from.model.checked.Data {
		a := s.drawn.Values[sym.Name]
		if a == nil {
			continue
		}
		for e, missing := range a.Missing {
			if missing {
				q := names.name(sym, a.Shape, e).Quantity
				q.Mean = a.Data[e]
				out = append(out, q)
			}
		}
	}
	return out
}

// latents are in the order in which the model declares them.
func (s *Simulation) latents() []lower.SimulatedValue {
	out := slices.Clone(s.drawn.Latents)
	sort.SliceStable(out, func(i, j int) bool { return out[i].Symbol.Span.Start < out[j].Symbol.Span.Start })
	return out
}

// DataJSON is the data set as one JSON object, which `ppl fit -d` and Files read:
// the data that were drawn and those that were given. With indent each key has a
// line. A drawn let of data cannot be turned back into data: a *DataError.
func (s *Simulation) DataJSON(indent bool) ([]byte, error) {
	if err := given("Simulation.DataJSON", argument{"s", s.made()}); err != nil {
		return nil, err
	}
	if err := s.noDrawnLet(); err != nil {
		return nil, err
	}
	w := &objectWriter{indent: indent}
	for _, name := range s.lengthsApart() {
		w.key(name)
		w.b.WriteString(strconv.Itoa(s.bound.Dims[name]))
	}
	for _, sym := range s.from.model.checked.Data {
		if a := s.bound.Values[sym.Name]; a != nil {
			w.key(sym.Name)
			w.array(a.Shape, func(i int) string { return s.cell(sym, a, i) })
		}
	}
	return w.done(), nil
}

// noDrawnLet refuses to write what no data file can hold.
func (s *Simulation) noDrawnLet() error {
	m := s.from.model
	for _, sym := range m.checked.Lets {
		if s.drawnLets()[sym.Name] != nil {
			return &DataError{diag.List{{Code: "cannot-simulate", Source: m.checked.File.Source, Span: sym.Span,
				Summary: fmt.Sprintf("`%s` is computed from data: what is drawn of it cannot be turned back into the data", sym.Name),
				Hint:    fmt.Sprintf("declare `data %s`, and compute it outside of the model", sym.Name)}}}
		}
	}
	return nil
}

// lengthsApart are the dimensions that no array of the data shows, sorted.
func (s *Simulation) lengthsApart() (names []string) {
	shown := map[string]bool{}
	for _, sym := range s.from.model.checked.Data {
		for _, d := range sym.Type.Dims {
			shown[d.String()] = true
		}
		if sym.Type.IsScalar() {
			shown[sym.Name] = true
		}
	}
	for _, name := range sortedKeys(s.bound.Dims) {
		if !shown[name] && s.bound.Levels[name] == nil {
			names = append(names, name)
		}
	}
	return names
}

// TruthJSON is the drawn latents, and the lets that depend on them, as one JSON
// object; missing elements of data have the values that were drawn for them.
func (s *Simulation) TruthJSON(indent bool) []byte {
	w := &objectWriter{indent: indent}
	if !s.made() {
		return w.done()
	}
	for _, x := range s.latents() {
		w.key(x.Symbol.Name)
		w.array(x.Array.Shape, func(i int) string { return jsonNumber(x.Array.Data[i]) })
	}
	for _, sym := range s.from.model.checked.Data {
		if a := s.drawn.Values[sym.Name]; a != nil && a.Missing != nil {
			w.key(sym.Name)
			w.array(a.Shape, func(i int) string { return jsonNumber(a.Data[i]) })
		}
	}
	return w.done()
}

// cell is one element of data in JSON.
func (s *Simulation) cell(sym *lang.Symbol, a *data.Array, i int) string {
	x := a.Data[i]
	switch {
	case a.Missing != nil && a.Missing[i]:
		return "null"
	case sym.Type.Levels != "":
		return jsonString(s.label(sym, x))
	case sym.Type.Elem == lang.Bool:
		return strconv.FormatBool(x != 0)
	case math.IsInf(x, 0): // a bound that is none: null would be a missing element
		return jsonString(infinityText(x))
	}
	return jsonNumber(x)
}

// infinityText is how data files write an infinite number.
func infinityText(x float64) string {
	if x > 0 {
		return "Inf"
	}
	return "-Inf"
}

// jsonNumber is a number in full precision, and null where it is not finite.
func jsonNumber(x float64) string {
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return "null"
	case x == math.Trunc(x) && math.Abs(x) < 1e15:
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}

func jsonString(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		panic(err) // a string always has an encoding
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// objectWriter writes a JSON object whose values are nested arrays.
type objectWriter struct {
	b      bytes.Buffer
	indent bool
}

func (w *objectWriter) key(name string) {
	switch {
	case w.b.Len() == 0:
		w.b.WriteByte('{')
	default:
		w.b.WriteByte(',')
	}
	if w.indent {
		w.b.WriteString("\n  ")
	}
	w.b.WriteString(jsonString(name) + ":")
	if w.indent {
		w.b.WriteByte(' ')
	}
}

// array writes the elements of an array, row-major, as nested lists.
func (w *objectWriter) array(shape []int, cell func(i int) string) {
	next := 0
	var list func(d int)
	list = func(d int) {
		if d == len(shape) {
			w.b.WriteString(cell(next))
			next++
			return
		}
		w.b.WriteByte('[')
		for i := range shape[d] {
			if i > 0 {
				w.b.WriteByte(',')
			}
			list(d + 1)
		}
		w.b.WriteByte(']')
	}
	list(0)
}

func (w *objectWriter) done() []byte {
	if w.b.Len() == 0 {
		w.b.WriteByte('{')
	}
	if w.indent {
		w.b.WriteByte('\n')
	}
	w.b.WriteString("}")
	return w.b.Bytes()
}

func sortedKeys[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
