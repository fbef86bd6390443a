package lang

import (
	"slices"

	"ppl/lang/ast"
)

// A guide is interpreted like a model of lets: what a `~` draws is a function of noise, `h[t] ~ Normal(a * h[t-1], s)`
// is `let h[t] = a * h[t-1] + s * noise[t]`, whatever plates and loops it stands in. Beside it a second let
// holds the log density of each element that is drawn.

// NoiseOf is the name of the noise that a site is drawn from, DensityOf that of the log densities of its
// elements; no text has such names.
func NoiseOf(site string) string   { return "noise of " + site }
func DensityOf(site string) string { return "log density of " + site }

// DrawnBody is the body of a guide with lets in the place of its `~`.
func DrawnBody(body []ast.Stmt) []ast.Stmt {
	var out []ast.Stmt
	for _, s := range body {
		switch s := s.(type) {
		case *ast.Sample:
			out = append(out, drawn(s, false), drawn(s, true))
		case *ast.Plate:
			out = append(out, &ast.Plate{At: s.At, Binders: s.Binders, Body: DrawnBody(s.Body)})
		case *ast.For:
			out = append(out, &ast.For{At: s.At, Binders: s.Binders, Body: DrawnBody(s.Body)})
		default:
			out = append(out, s)
		}
	}
	return out
}

// drawn is one of the two lets of a `~`.
func drawn(s *ast.Sample, density bool) *ast.Let {
	e := &ast.Drawn{At: s.At, Sample: s, Noise: s.Element(NoiseOf(s.Name.Name))}
	let := &ast.Let{At: s.At, Name: s.Name, Index: s.Index, Value: e}
	if density {
		let.Name.Name = DensityOf(s.Name.Name)
		e.Value = s.Element(s.Name.Name)
	}
	return let
}

// NoteGuideParams fills GuideParams.
func (m *Model) NoteGuideParams() {
	m.GuideParams = map[*Symbol]bool{}
	if len(m.Guide) == 0 {
		return
	}
	read := func(n ast.Node, own ast.Node, f func(*Symbol)) {
		ast.Inspect(n, func(n ast.Node) bool {
			if x := m.Uses[n]; x != nil && x.Kind == SymParam && x.Decl != own {
				f(x)
			}
			return true
		})
	}
	for _, s := range m.Guide {
		read(s, nil, func(x *Symbol) { m.GuideParams[x] = true })
	}
	for _, s := range m.File.Stmts {
		if _, is := s.(*ast.Guide); !is {
			read(s, s, func(x *Symbol) { delete(m.GuideParams, x) })
		}
	}
}

// HasGuide reports whether a site of the model has a guide of its own.
func (m *Model) HasGuide(site *Symbol) bool { return slices.Contains(m.Guided, site) }
