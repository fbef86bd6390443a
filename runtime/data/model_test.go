package data

import (
	"strings"
	"testing"

	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
	"ppl/parser"
)

// model makes a lang.Model of the data declarations and lets of a text, the way
// the checker does, without its checks.
func model(t testing.TB, text string) *lang.Model {
	t.Helper()
	file, diags := parser.Parse("m.ppl", []byte(text))
	if diags.HasErrors() {
		t.Fatal(diags.Error())
	}
	m := &lang.Model{File: file}
	dims := map[string]bool{}
	for _, s := range file.Stmts {
		switch s := s.(type) {
		case *ast.Let:
			m.Lets = append(m.Lets, &lang.Symbol{Name: s.Name.Name, Kind: lang.SymLet, Span: s.Name.Span(), Decl: s})
			dims[s.Name.Name] = true
		case *ast.Data:
			m.Data = append(m.Data, dataSymbol(m, s, dims))
		}
	}
	return m
}

func dataSymbol(m *lang.Model, d *ast.Data, dims map[string]bool) *lang.Symbol {
	s := &lang.Symbol{Name: d.Name.Name, Kind: lang.SymData, Span: d.Name.Span(), Decl: d}
	s.Type.Optional = d.Type.Optional
	bind := func(name string, at diag.Span) {
		if !dims[name] {
			dims[name] = true
			m.Dims = append(m.Dims, &lang.Symbol{Name: name, Kind: lang.SymDim, Type: lang.Scalar(lang.Int), Span: at})
		}
	}
	switch d.Type.Name.Name {
	case "int":
		s.Type.Elem = lang.Int
	case "bool":
		s.Type.Elem = lang.Bool
	case "factor":
		s.Type.Elem, s.Type.Levels = lang.Int, d.Type.Levels.Name
		bind(s.Type.Levels, d.Type.Levels.Span())
	default:
		s.Type.Kind, _ = lang.KindByName(d.Type.Name.Name)
	}
	for _, e := range d.Type.Dims {
		if n, ok := e.(*ast.Name); ok {
			bind(n.Name, n.Span())
		}
		s.Type.Dims = append(s.Type.Dims, affine(e))
	}
	if s.Type.Kind.EventRank() == 2 {
		s.Type.Dims = append(s.Type.Dims, s.Type.Dims[len(s.Type.Dims)-1])
	}
	return s
}

func affine(e ast.Expr) lang.Dim {
	switch e := ast.Unparen(e).(type) {
	case *ast.Number:
		return lang.DimInt(int(e.Value))
	case *ast.Name:
		return lang.DimName(e.Name)
	case *ast.Binary:
		x, y := affine(e.X), affine(e.Y)
		switch e.Op {
		case "+":
			return x.Add(y)
		case "-":
			return x.Sub(y)
		case "*":
			if d, ok := x.Mul(y); ok {
				return d
			}
		}
	}
	return lang.DimOpaque("opaque", e)
}

func rendered(l diag.List) string {
	if len(l) == 0 {
		return ""
	}
	return strings.TrimRight(l.Error(), "\n") + "\n"
}
