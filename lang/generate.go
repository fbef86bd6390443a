package lang

import "ppl/lang/ast"

// Statements are those of the model. Where generating is false, what stands under
// `generate` is left out, and so are plates and loops that hold nothing else; where it is
// true, the statements under `generate` stand there like any others. The statements themselves are
// those of the tree; plates and loops are new where something in them has changed.
func (m *Model) Statements(generating bool) []ast.Stmt {
	if len(m.Generated) == 0 {
		return m.File.Stmts
	}
	out, _ := statements(m.File.Stmts, generating)
	return out
}

func statements(list []ast.Stmt, generating bool) (out []ast.Stmt, changed bool) {
	for _, s := range list {
		switch x := s.(type) {
		case *ast.Generate:
			changed = true
			if generating {
				out = append(out, x.Stmt)
			}
		case *ast.Plate:
			body, other := statements(x.Body, generating)
			if changed = changed || other; !other {
				out = append(out, s)
			} else if len(body) > 0 {
				out = append(out, &ast.Plate{At: x.At, Binders: x.Binders, Body: body})
			}
		case *ast.For:
			body, other := statements(x.Body, generating)
			if changed = changed || other; !other {
				out = append(out, s)
			} else if len(body) > 0 {
				out = append(out, &ast.For{At: x.At, Binders: x.Binders, Body: body})
			}
		default:
			out = append(out, s)
		}
	}
	return out, changed
}

// OnlyGenerated are the data, and the dimensions, that nothing but `generate`
// mentions: a fit does without them. A dimension of data that are among them is too, unless
// something else mentions it.
func (m *Model) OnlyGenerated() map[*Symbol]bool {
	out := map[*Symbol]bool{}
	if len(m.Generated) == 0 {
		return out
	}
	used := map[*Symbol]bool{}
	note := func(n ast.Node) bool {
		if s := m.Uses[n]; s != nil {
			used[s] = true
		}
		return true
	}
	inAll := map[*Symbol]bool{} // mentioned anywhere but in declarations of data
	for _, s := range m.Statements(false) {
		if _, is := s.(*ast.Data); !is {
			ast.Inspect(s, note)
		}
	}
	for _, s := range m.File.Stmts {
		if _, is := s.(*ast.Data); !is {
			ast.Inspect(s, func(n ast.Node) bool {
				if s := m.Uses[n]; s != nil {
					inAll[s] = true
				}
				return true
			})
		}
	}
	// What declarations mention is used if what they declare is; data that nothing
	// mentions at all are no concern of `generate`.
	for again := true; again; {
		again = false
		for _, s := range m.Data {
			if !used[s] && inAll[s] {
				continue
			}
			before := len(used)
			if d, ok := s.Decl.(*ast.Data); ok {
				ast.Inspect(d, note)
			}
			names := map[string]bool{s.Type.Levels: true}
			for _, dim := range s.Type.Dims {
				for _, x := range dim.Symbols() {
					names[x.Name] = true
				}
			}
			for _, list := range [][]*Symbol{m.Dims, m.Data} {
				for _, x := range list {
					if names[x.Name] {
						used[x] = true
					}
				}
			}
			again = again || len(used) > before
		}
	}
	for _, list := range [][]*Symbol{m.Data, m.Dims} {
		for _, s := range list {
			if !used[s] && (inAll[s] || s.Kind == SymDim) {
				out[s] = true
			}
		}
	}
	return out
}
