package check

import (
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// unused remarks on data that the model neither reads nor observes. Data that
// alone show a dimension which the model mentions are of use.
func (c *checker) unused() {
	read, dims := c.mentioned()
	for _, s := range c.m.Data {
		decl, ok := s.Decl.(*ast.Data)
		if !ok || read[s] || c.shows(s, dims, read) {
			continue
		}
		c.m.Remarks.Add(diag.Diagnostic{
			Code: UnusedData, Severity: diag.Warning, Source: c.src, Span: decl.Name.Span(),
			Summary: "`" + s.Name + "` is declared, but nothing in the model reads or observes it",
			Hint:    "remove the declaration, or give it a `~` if it is an observation",
		})
	}
}

// mentioned are the values that statements mention, their own declarations
// apart, and the dimensions that statements other than declarations of data do.
func (c *checker) mentioned() (read map[*lang.Symbol]bool, dims map[string]bool) {
	read, dims = map[*lang.Symbol]bool{}, map[string]bool{}
	for _, s := range c.m.File.Stmts {
		if s == nil {
			continue
		}
		_, isData := s.(*ast.Data)
		ast.Inspect(s, func(n ast.Node) bool {
			sym := c.m.Uses[n]
			switch {
			case sym == nil || sym.Decl == s:
			case sym.Kind != lang.SymDim:
				read[sym] = true
			case !isData:
				dims[sym.Name] = true
			}
			return true
		})
	}
	return read, dims
}

// shows reports whether data are the only ones that show a dimension that is
// mentioned, or list its labels: `factor(K)[K]`.
func (c *checker) shows(s *lang.Symbol, dims map[string]bool, read map[*lang.Symbol]bool) bool {
	for name := range dims {
		if !c.has(s, name) {
			continue
		}
		if d := s.Type.Dims; s.Type.Levels == name && len(d) == 1 && d[0].String() == name {
			return true
		}
		others := false
		for _, o := range c.m.Data {
			others = others || o != s && read[o] && c.has(o, name)
		}
		if !others {
			return true
		}
	}
	return false
}

// has reports whether data have a dimension of that name, or levels.
func (c *checker) has(s *lang.Symbol, name string) bool {
	if s.Type.Levels == name {
		return true
	}
	for _, d := range s.Type.Dims {
		for _, sym := range d.Symbols() {
			if sym.Name == name {
				return true
			}
		}
	}
	return false
}
