package lower

import (
	"strings"

	"ppl/lang"
	"ppl/lang/ast"
)

// unit is a statement of a loop's body. A latent whose bounds depend on other
// values is two units: making it, which reads its bounds, and its density.
type unit struct {
	stmt   ast.Stmt
	making bool
	at     int             // in the text
	defs   map[string]bool // names that it defines
	left   []leftSide      // of the arrays among them
	reads  []read
	needs  []*unit
}

type leftSide struct {
	name  string
	index []ast.LeftIndex
}

// read is a use of a name; args is nil for a whole value.
type read struct {
	name string
	args []ast.IndexArg
}

// group is a set of units that depend on one another, or a single one.
type group struct {
	units    []*unit
	circular bool
}

// order sorts the body of a loop by dependency; otherwise the text's order
// is kept.
func (l *lowerer) order(s *ast.For) []group {
	units := l.units(s)
	defines := map[string][]*unit{}
	for _, u := range units {
		for name := range u.defs {
			defines[name] = append(defines[name], u)
		}
	}
	for _, u := range units {
		for _, r := range u.reads {
			for _, d := range units {
				if d.defs[r.name] && l.dependsOn(s, u, r, d) {
					u.needs = append(u.needs, d)
				}
			}
		}
	}
	return components(units)
}

func (l *lowerer) units(s *ast.For) []*unit {
	var units []*unit
	for i, stmt := range s.Body {
		u := &unit{stmt: stmt, at: i, defs: map[string]bool{}}
		u.reads = readsOf(stmt)
		if x, ok := stmt.(*ast.Sample); ok {
			if info := l.m.Samples[x]; info != nil && info.Kind == lang.Latent && l.sim == nil && l.bounded(x, info) {
				m := &unit{stmt: stmt, making: true, at: i, defs: map[string]bool{x.Name.Name: true}}
				m.left = []leftSide{{x.Name.Name, x.Index}}
				m.reads = readsOf(l.boundsOf(x, info)...)
				units = append(units, m, u)
				continue
			}
		}
		l.definitions(u, stmt, true)
		units = append(units, u)
	}
	return units
}

// definitions collects what a statement defines; locals of an inner block are
// not seen outside.
func (l *lowerer) definitions(u *unit, stmt ast.Stmt, outer bool) {
	switch s := stmt.(type) {
	case *ast.Let:
		if l.done[s] {
			return // an outer loop has run it
		}
		if len(s.Index) > 0 {
			u.defs[s.Name.Name] = true
			u.left = append(u.left, leftSide{s.Name.Name, s.Index})
		} else if outer {
			u.defs[s.Name.Name] = true
		}
	case *ast.Sample:
		info := l.m.Samples[s]
		if _, made := l.ahead[s]; !made && !l.isHeld(s.Name.Name) && info != nil && (info.Kind == lang.Latent || l.sim != nil && (info.Kind == lang.Observe || info.Kind == lang.Predict)) {
			u.defs[s.Name.Name] = true
			u.left = append(u.left, leftSide{s.Name.Name, s.Index})
		}
	case *ast.Plate:
		for _, x := range s.Body {
			l.definitions(u, x, false)
		}
	case *ast.For:
		for _, x := range s.Body {
			l.definitions(u, x, false)
		}
	}
}

func readsOf[N ast.Node](nodes ...N) []read {
	var out []read
	for _, n := range nodes {
		ast.Inspect(n, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Index:
				if x, ok := ast.Unparen(n.X).(*ast.Name); ok {
					out = append(out, read{x.Name, n.Args})
					for _, a := range n.Args {
						if a.Expr != nil {
							out = append(out, readsOf(a.Expr)...)
						}
						if a.Range != nil {
							out = append(out, readsOf(a.Range.Lo, a.Range.Hi)...)
						}
					}
					return false
				}
			case *ast.Name:
				out = append(out, read{n.Name, nil})
			}
			return true
		})
	}
	return out
}

// dependsOn reports whether u, which reads r, must come after d.
func (l *lowerer) dependsOn(s *ast.For, u *unit, r read, d *unit) bool {
	array := false
	for _, def := range d.left {
		if def.name != r.name {
			continue
		}
		array = true
		if !l.differ(def, r) && (d.at < u.at || d.at == u.at && d != u || !l.sameIteration(s, def, r)) {
			return true
		}
	}
	return !array && d.at < u.at
}

// differ reports whether a read and a definition have different constants at
// some index, and so are of different elements.
func (l *lowerer) differ(def leftSide, r read) bool {
	for p, x := range def.index {
		if p < len(r.args) && x.Arg.Expr != nil && r.args[p].Expr != nil {
			a, ok1 := ast.Unparen(x.Arg.Expr).(*ast.Number)
			b, ok2 := ast.Unparen(r.args[p].Expr).(*ast.Number)
			if ok1 && ok2 && a.Value != b.Value {
				return true
			}
		}
	}
	return false
}

// sameIteration reports whether a read is of the element that the same
// iteration defines: wherever the left side mentions an index of the loop, the
// read has the same text.
func (l *lowerer) sameIteration(s *ast.For, def leftSide, r read) bool {
	for _, b := range s.Binders {
		for p, x := range def.index {
			if x.Arg.Expr == nil || !mentions(x.Arg.Expr, b.Name.Name) {
				continue
			}
			if p >= len(r.args) || r.args[p].Expr == nil || l.text(x.Arg.Expr) != l.text(r.args[p].Expr) {
				return false
			}
		}
	}
	return true
}

func mentions(e ast.Node, name string) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		if x, ok := n.(*ast.Name); ok && x.Name == name {
			found = true
		}
		return !found
	})
	return found
}

// text is an expression as it is written, without spaces.
func (l *lowerer) text(e ast.Expr) string {
	return strings.Join(strings.Fields(l.m.File.Source.Slice(ast.Unparen(e).Span())), "")
}

// components are the strongly connected components of the units, dependencies
// first (Tarjan 1972, "Depth-first search and linear graph algorithms").
func components(units []*unit) []group {
	t := &tarjan{index: map[*unit]int{}, low: map[*unit]int{}, on: map[*unit]bool{}}
	for _, u := range units {
		if t.index[u] == 0 {
			t.visit(u)
		}
	}
	return t.out
}

type tarjan struct {
	index, low map[*unit]int
	on         map[*unit]bool
	stack      []*unit
	out        []group
}

func (t *tarjan) visit(u *unit) {
	t.index[u] = len(t.index) + 1
	t.low[u] = t.index[u]
	t.stack = append(t.stack, u)
	t.on[u] = true
	var g group
	for _, v := range u.needs {
		if t.index[v] == 0 {
			t.visit(v)
			t.low[u] = min(t.low[u], t.low[v])
		} else if t.on[v] {
			t.low[u] = min(t.low[u], t.index[v])
		}
		g.circular = g.circular || v == u
	}
	if t.low[u] != t.index[u] {
		return
	}
	at := len(t.stack) - 1
	for t.stack[at] != u {
		at--
	}
	g.units = append(g.units, t.stack[at:]...)
	t.stack = t.stack[:at]
	for _, v := range g.units {
		t.on[v] = false
	}
	g.circular = g.circular || len(g.units) > 1
	for i := 1; i < len(g.units); i++ { // in the order of the text
		for k := i; k > 0 && g.units[k].at < g.units[k-1].at; k-- {
			g.units[k], g.units[k-1] = g.units[k-1], g.units[k]
		}
	}
	t.out = append(t.out, g)
}
