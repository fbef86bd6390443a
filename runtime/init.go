package runtime

import (
	"fmt"
	"math"
	"slices"

	"ppl/graph"
	"ppl/graph/dist"
	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/guide"
	"ppl/inference/target"
	"ppl/lang"
	"ppl/lang/diag"
	"ppl/runtime/data"
)

// Starting values. They are read as whole arrays on the scale of the model, and become a point of the unconstrained
// scale where they are used (target.Start), in whatever parameterisation that is.

// initial reads the values of Options.Init; nil without any. The error is a *PointError for what is no value of a latent,
// and a *DataError for one outside of its support.
func (p *Problem) initial(values *Data) (target.Init, error) {
	if values == nil {
		return nil, nil
	}
	tables, err := values.read()
	if err != nil {
		return nil, err
	}
	latents, err := p.target.Latents()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, q := range latents {
		names = append(names, q.Symbol.Name)
	}
	for _, name := range tables.Names() {
		if err := p.startable(name, names); err != nil {
			return nil, err
		}
	}
	out := target.Init{}
	for _, q := range latents {
		name := q.Symbol.Name
		if _, ok := tables.Lookup(name); !ok {
			continue
		}
		x, err := tables.Start(name, q.Shape, p.levelsOf(q.Symbol))
		if err != nil {
			return nil, &PointError{name, err.Error()}
		}
		out[q.Symbol] = wholeArray(q, x)
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, p.supports(out)
}

// startable refuses a name that has no starting value.
func (p *Problem) startable(name string, latents []string) error {
	if slices.Contains(latents, name) {
		return nil
	}
	for _, s := range p.model.checked.Latents {
		if s.Name != name {
			continue
		}
		if slices.ContainsFunc(p.target.Discrete, func(d lower.Discrete) bool { return d.Symbol.Name == name }) {
			return &PointError{name, fmt.Sprintf("`%s` is discrete, and has no starting value: leave it out", name)}
		}
		return &PointError{name, fmt.Sprintf("`%s` has no element here, or is drawn by `generate`: leave it out", name)}
	}
	what := "latent"
	if len(p.model.checked.Params) > 0 {
		what = "latent or param"
	}
	why := fmt.Sprintf("the model has no %s `%s`", what, name)
	if like := diag.Suggest(name, latents); like != "" {
		why += fmt.Sprintf("; did you mean `%s`?", like)
	}
	return &PointError{name, why}
}

// levelsOf are the labels along the first dimension of a symbol; nil where it is not that of a factor.
func (p *Problem) levelsOf(s *lang.Symbol) []string {
	if dims := s.Type.Dims; len(dims) > 0 {
		return p.bound.Levels[dims[0].String()]
	}
	return nil
}

// wholeArray is the array of a latent, or that of data of which some elements are missing.
func wholeArray(q target.Quantity, x []float64) *lower.Array {
	if q.Part == nil {
		return &lower.Array{Shape: slices.Clone(q.Shape), Data: x}
	}
	out := &lower.Array{Shape: slices.Clone(q.Part.Shape), Data: make([]float64, q.Part.Shape.Size())}
	for i := range out.Data {
		out.Data[i] = math.NaN()
	}
	for i, e := range q.Part.Elements {
		out.Data[e] = x[i]
	}
	return out
}

// supports refuses values outside of their supports. A bound may depend on what has no value: it is then that at the origin.
func (p *Problem) supports(init target.Init) error {
	s, err := p.target.Start(init, make([]float64, p.target.D))
	if err != nil {
		return err
	}
	var found diag.List
	for _, x := range s.Outside {
		d := diag.Diagnostic{Code: "start-outside", Source: p.model.checked.File.Source, Span: x.Site.Span,
			Summary: fmt.Sprintf("the starting value of `%s` is outside of its support", p.elementName(x)), Found: outsideText(x)}
		if x.Place == guide.Edge {
			d.Summary = fmt.Sprintf("the starting value of `%s` is on an end of its support", p.elementName(x))
			d.Hint = "a fit starts inside of the support"
		}
		found = append(found, d)
	}
	if len(found) > 0 {
		found.Sort()
		return &DataError{found}
	}
	return nil
}

// elementName is the name of the first element of a misplaced object, or of the array if it is all of it.
func (p *Problem) elementName(x guide.Misplaced) string {
	name, rank := x.Site.Name, len(x.Site.Type.Dims)
	if rank == 0 || len(x.X) > 1 && rank == 1 {
		return name
	}
	if l := p.levelsOf(x.Site); rank == 1 && x.Element < len(l) {
		return name + "[" + l[x.Element] + "]"
	}
	if rank == 1 {
		return fmt.Sprintf("%s[%d]", name, x.Element+1)
	}
	return fmt.Sprintf("%s (element %d)", name, x.Element+1)
}

// outsideText says what the value is, and where it should be.
func outsideText(x guide.Misplaced) string {
	value := fmt.Sprintf("%.6g", x.X[0])
	if len(x.X) > 1 {
		value = fmt.Sprintf("%.6g", x.X[:min(len(x.X), 6)])
	}
	switch {
	case len(x.X) == 1 && !math.IsInf(x.Lower, 0) && !math.IsInf(x.Upper, 0):
		return fmt.Sprintf("%s, which is not between %.6g and %.6g", value, x.Lower, x.Upper)
	case len(x.X) == 1 && !math.IsInf(x.Lower, 0):
		return fmt.Sprintf("%s, which is not above %.6g", value, x.Lower)
	case len(x.X) == 1 && !math.IsInf(x.Upper, 0):
		return fmt.Sprintf("%s, which is not below %.6g", value, x.Upper)
	}
	switch x.Kind {
	case lang.SupportPositive:
		return value + ", which is not above 0"
	case lang.SupportUnit:
		return value + ", which is not between 0 and 1"
	case lang.SupportCircle:
		return value + ", which is no angle from -pi to pi"
	}
	return fmt.Sprintf("%s, which is no value of kind %v", value, x.Kind)
}

// InitFrom are starting values for Options.Init from another fit: of each latent of the same name and dimensions its
// medians, element by element on the unconstrained scale. What runs along a factor is matched by label. Taken are the names
// of these latents; all others start as they do without. The error is an *ArgumentError.
func (p *Problem) InitFrom(post *Posterior) (init *Data, taken []string, err error) {
	defer guarded(&err)
	if err := given("Problem.InitFrom", argument{"p", p.made()}, argument{"post", post.made()}); err != nil {
		return nil, nil, err
	}
	latents, err := p.target.Latents()
	if err != nil {
		return nil, nil, err
	}
	quantities := map[string][]*Quantity{}
	for i := range post.answer.Quantities {
		q := &post.answer.Quantities[i]
		quantities[q.Symbol] = append(quantities[q.Symbol], q)
	}
	values := map[string]any{}
	for _, l := range latents {
		x := p.medians(l, quantities[l.Symbol.Name])
		if l.Symbol.Kind == lang.SymParam {
			x = p.learnedBy(post, l)
		}
		if x == nil {
			continue
		}
		values[l.Symbol.Name] = &data.Array{Shape: slices.Clone(l.Shape), Data: x}
		init, err := p.initial(Map(values))
		if err != nil || init == nil { // outside of the support here, where bounds are others
			delete(values, l.Symbol.Name)
			continue
		}
		taken = append(taken, l.Symbol.Name)
	}
	return Map(values), taken, nil
}

// learnedBy are the values that another fit has learned of a param, by name; nil where it has not all of them.
func (p *Problem) learnedBy(post *Posterior, l target.Quantity) []float64 {
	at := map[string]float64{}
	for i := range post.answer.Params {
		x := &post.answer.Params[i]
		for e, v := range x.Values {
			if x.Symbol == l.Symbol.Name && !x.Let {
				at[x.Name(e)] = v
			}
		}
	}
	out := make([]float64, l.Shape.Size())
	for e := range out {
		v, ok := at[p.naming().name(l.Symbol, l.Shape, e).Name]
		if !ok {
			return nil
		}
		out[e] = v
	}
	return out
}

// medians are those of a latent's elements by name, NaN of those that the fit does not have; nil where it has none, or another
// number of elements along a dimension that is not that of a factor.
func (p *Problem) medians(l target.Quantity, of []*Quantity) []float64 {
	if len(of) == 0 || l.Shape.Size() == 0 || l.Part != nil {
		return nil
	}
	at := map[string]int{}
	for i, q := range of {
		at[q.Name] = i
	}
	labelled := slices.ContainsFunc(l.Symbol.Type.Dims, func(d lang.Dim) bool { return p.bound.Levels[d.String()] != nil })
	columns := make([][]float64, l.Shape.Size())
	found := 0
	for e := range columns {
		if i, ok := at[p.naming().name(l.Symbol, l.Shape, e).Name]; ok {
			columns[e] = of[i].Draws()
			found++
		}
	}
	if found == 0 || !labelled && (found != len(columns) || len(of) != len(columns)) {
		return nil
	}
	out := make([]float64, len(columns))
	for e := range out {
		out[e] = math.NaN()
	}
	for _, s := range p.target.Slots {
		if s.Site != l.Symbol {
			continue
		}
		if !medianByObject(l, s, columns, out) {
			return nil
		}
	}
	return out
}

// medianByObject puts medians of the objects of a slot into out: those of numbers and of vectors without other
// constraints than bounds and order are their elements' own, which increasing maps do not change; of others they are
// those of the unconstrained numbers, mapped back.
func medianByObject(l target.Quantity, s guide.Slot, columns [][]float64, out []float64) bool {
	t := s.Transform
	switch t {
	case kindOf(lang.SupportSimplex), kindOf(lang.SupportCholeskyCorr), kindOf(lang.SupportCorr), kindOf(lang.SupportCov), kindOf(lang.SupportUnitVector), kindOf(lang.SupportSumToZero):
	default:
		for e, c := range columns {
			if c != nil && math.IsNaN(out[e]) {
				out[e] = centreOf(t, slices.Clone(c))
			}
		}
		return true
	}
	rank := 1 // of an object
	if t == kindOf(lang.SupportCholeskyCorr) || t == kindOf(lang.SupportCorr) || t == kindOf(lang.SupportCov) {
		rank = 2
	}
	box := l.Shape[len(l.Shape)-rank:]
	object := box.Size()
	for first := 0; first < len(columns); first += object {
		if slices.ContainsFunc(columns[first:first+object], func(c []float64) bool { return c == nil }) {
			continue
		}
		one := make([]float64, object)
		var free [][]float64
		for k := range columns[first] {
			for i := range one {
				one[i] = columns[first+i][k]
			}
			for j, u := range t.Inverse(one, math.NaN(), math.NaN()) {
				if k == 0 {
					free = append(free, nil)
				}
				free[j] = append(free[j], u)
			}
		}
		u := make([]float64, len(free))
		for j := range free {
			u[j] = medianOf(free[j])
		}
		b := named.New()
		if len(u) == 0 {
			continue
		}
		x, _ := t.Forward(b, b.Array(t.Free(box), u), dist.Support{})
		if !x.IsConst() || !graph.AllFinite(x.Const()) {
			return false
		}
		copy(out[first:], x.Const())
	}
	return true
}

// kindOf is the transform of a support.
func kindOf(k lang.SupportKind) *guide.Transform {
	t, err := guide.ForSupport(k)
	if err != nil {
		return nil
	}
	return t
}

// medianOf sorts x.
func medianOf(x []float64) float64 {
	slices.Sort(x)
	return quantile(x, 0.5)
}

// centreOf is the median of numbers, of angles their mean direction. It sorts x.
func centreOf(t *guide.Transform, x []float64) float64 {
	if t != kindOf(lang.SupportCircle) {
		return medianOf(x)
	}
	sin, cos := 0.0, 0.0
	for _, v := range x {
		sin, cos = sin+math.Sin(v), cos+math.Cos(v)
	}
	return math.Atan2(sin, cos)
}

// askedInit are starting values as an answer keeps them: whole arrays by name.
func askedInit(init target.Init) map[string][]float64 {
	if init == nil {
		return nil
	}
	out := map[string][]float64{}
	for s, a := range init {
		out[s.Name] = a.Data
	}
	return out
}

// askedAgain are the starting values of an answer for a fit of the same model.
func (p *Problem) askedAgain(values map[string][]float64) (target.Init, error) {
	if values == nil {
		return nil, nil
	}
	latents, err := p.target.Latents()
	if err != nil {
		return nil, err
	}
	out := target.Init{}
	for _, q := range latents {
		shape := q.Shape
		if q.Part != nil {
			shape = q.Part.Shape
		}
		if x := values[q.Symbol.Name]; len(x) == shape.Size() {
			out[q.Symbol] = &lower.Array{Shape: slices.Clone(shape), Data: x}
		}
	}
	return out, nil
}

func init() {
	diag.Declare(diag.CodeInfo{
		Code: "start-outside", Title: "A starting value outside of the support",
		Explanation: "A fit starts inside of the support of every latent: above 0 for a scale, between the bounds of what has some, with the sum 1 for a simplex.",
		Wrong:       "sigma ~ HalfNormal(1)   # with --init sigma=-1",
		Right:       "sigma ~ HalfNormal(1)   # with --init sigma=0.5",
	})
}
