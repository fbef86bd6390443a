package runtime

import (
	"fmt"
	"io"
	"sort"
	"strings"
	"text/tabwriter"

	"ppl/lang"
	"ppl/lang/ast"
)

// DumpTypes prints what the checker found: every symbol with its kind, type
// and whether it is random, then what each `~` is.
func (m *Model) DumpTypes(w io.Writer) (err error) {
	defer guarded(&err)
	if err := given("Model.DumpTypes", argument{"m", m.made()}, writerArgument(w)); err != nil {
		return err
	}
	w = callersWriter{w}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "symbol\tis\ttype\trandom\tdefined at")
	for _, s := range m.symbols() {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", s.Name, kindWord(s), s.Type, yesNo(s.Random), m.at(s.Span.Start))
	}
	for _, name := range sortedFns(m.checked) {
		f := m.checked.Fns[name]
		fmt.Fprintf(t, "%s\tfn\t%s\tno\t%s\n", name, m.signature(f), m.at(f.Name.Sp.Start))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(m.checked.Samples) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	fmt.Fprintln(t, "statement\tat\tis\tdistribution\tshape in one iteration")
	for _, s := range m.statements() {
		info := m.checked.Samples[s]
		fmt.Fprintf(t, "%s ~\t%s\t%s\t%s\t%s\n", s.Name.Name, m.at(s.Sp.Start), sampleWord(s, info), distWord(info.Dist), shapeWord(info.Shape))
	}
	return t.Flush()
}

// symbols lists every declared value in the order of the text.
func (m *Model) symbols() []*lang.Symbol {
	c := m.checked
	seen := map[*lang.Symbol]bool{}
	var out []*lang.Symbol
	add := func(list ...*lang.Symbol) {
		for _, s := range list {
			if s != nil && !seen[s] {
				seen[s] = true
				out = append(out, s)
			}
		}
	}
	for _, list := range [][]*lang.Symbol{c.Dims, c.Data, c.Params, c.Latents, c.Lets, c.Generated} {
		add(list...)
	}
	for _, s := range c.Uses { // locals and indices are known by their uses alone
		add(s)
	}
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i], out[j]
		if a.Span.Start != b.Span.Start {
			return a.Span.Start < b.Span.Start
		}
		if a.Name != b.Name {
			return a.Name < b.Name
		}
		return a.Kind < b.Kind
	})
	return out
}

func (m *Model) statements() []*ast.Sample {
	var out []*ast.Sample
	for s, info := range m.checked.Samples {
		if info != nil {
			out = append(out, s)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Sp.Start < out[j].Sp.Start })
	return out
}

func (m *Model) at(offset int) string {
	p := m.checked.File.Source.Position(offset)
	return fmt.Sprintf("%d:%d", p.Line, p.Column)
}

// signature is what the text says between a function's name and its body.
func (m *Model) signature(f *ast.Fn) string {
	params := make([]string, len(f.Params))
	for i, p := range f.Params {
		params[i] = m.checked.File.Source.Slice(p.Sp)
	}
	return "(" + strings.Join(params, ", ") + ") -> " + m.checked.File.Source.Slice(f.Return.Sp)
}

func sortedFns(c *lang.Model) []string {
	var names []string
	for name, f := range c.Fns {
		if f != nil && f.Return != nil {
			names = append(names, name)
		}
	}
	sort.Slice(names, func(i, j int) bool { return c.Fns[names[i]].Sp.Start < c.Fns[names[j]].Sp.Start })
	return names
}

func kindWord(s *lang.Symbol) string {
	word := map[lang.SymbolKind]string{
		lang.SymData: "data", lang.SymDim: "dimension", lang.SymParam: "param", lang.SymLatent: "latent",
		lang.SymLet: "let", lang.SymIndex: "index", lang.SymFnParam: "fn parameter",
	}[s.Kind]
	if s.Generated {
		word = "generated " + word
	}
	return word
}

func sampleWord(stmt *ast.Sample, s *lang.SampleInfo) string {
	word := map[lang.SampleKind]string{
		lang.Observe: "observed", lang.Latent: "latent", lang.Predict: "predicted", lang.GuideFor: "guide",
	}[s.Kind]
	if s.Discrete {
		word += ", discrete"
	}
	if s.ValueKind != lang.Plain {
		word += ", " + s.ValueKind.String()
	}
	if stmt.Censored != nil {
		word += ", censored"
	}
	if stmt.Weighted != nil {
		word += ", weighted"
	}
	return word
}

// distWord is a call with the names of the parameters of the form that it took.
func distWord(d *lang.DistCall) string {
	if d == nil || d.Sig == nil {
		return "?"
	}
	var names []string
	if d.Form < len(d.Sig.Forms) {
		for _, p := range d.Sig.Forms[d.Form].Params {
			names = append(names, p.Name)
		}
	}
	if len(d.Dists) > 0 {
		names = append(names, fmt.Sprintf("%d distributions", len(d.Dists)))
	}
	return d.Sig.Name + "(" + strings.Join(names, ", ") + ")"
}

func shapeWord(dims []lang.Dim) string {
	if len(dims) == 0 {
		return "scalar"
	}
	parts := make([]string, len(dims))
	for i, d := range dims {
		parts[i] = d.String()
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
