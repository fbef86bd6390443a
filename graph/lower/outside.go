package lower

import (
	"fmt"
	"strings"

	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// maxCulprits bounds the data that an error about an index names.
const maxCulprits = 3

// indexOutside reports an index that is not in 1..n, at element i of the mask,
// with the data that it comes from.
func (l *lowerer) indexOutside(at ast.Node, idx, mask named.Value, i, n int) {
	x := l.elementAt(idx, mask, i)
	d := diag.Diagnostic{Code: "index-out-of-bounds", Span: at.Span(), Expected: bounds(n),
		Summary: fmt.Sprintf("the index %g is outside the array", x) + l.at(mask, i), Found: fmt.Sprintf("%g", x)}
	culprits, symbols := l.culprits(at, mask, i)
	if len(culprits) > 0 {
		d.Found += " (in the data " + strings.Join(culprits, ", ") + ")"
	}
	if len(symbols) == 1 && n > 0 {
		decl, ok := symbols[0].Decl.(*ast.Data)
		if e := indexExpr(at); ok && decl.Constraint == nil && symbols[0].Type.Levels == "" && isRead(e, symbols[0].Name) {
			d.Hint = fmt.Sprintf("a bound is checked when the data are read, and names file and row: `data %s : %s in 1..%d`", symbols[0].Name, symbols[0].Type, n)
		}
	}
	l.failWith(d)
}

func indexExpr(at ast.Node) ast.Expr {
	switch x := at.(type) {
	case ast.IndexArg:
		return x.Expr
	case ast.LeftIndex:
		return x.Arg.Expr
	case ast.Expr:
		return x
	}
	return nil
}

// isRead reports whether an expression is an array or an element of it.
func isRead(e ast.Expr, name string) bool {
	e = ast.Unparen(e)
	if x, ok := e.(*ast.Index); ok {
		e = ast.Unparen(x.X)
	}
	n, ok := e.(*ast.Name)
	return ok && n.Name == name
}

// culprits lists the data that an index reads at element i of the mask, with
// their values: "`g[3]` is 7".
func (l *lowerer) culprits(at ast.Node, mask named.Value, i int) (out []string, symbols []*lang.Symbol) {
	e := indexExpr(at)
	if e == nil {
		return nil, nil
	}
	seen := map[string]bool{}
	note := func(s *lang.Symbol, index string, v named.Value) {
		text := fmt.Sprintf("`%s%s` is %g", s.Name, index, l.elementAt(v, mask, i))
		if !seen[text] && len(out) < maxCulprits {
			seen[text] = true
			out, symbols = append(out, text), append(symbols, s)
		}
	}
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Index:
			name, ok := ast.Unparen(n.X).(*ast.Name)
			if !ok {
				return true
			}
			if s := l.dataSymbol(name.Name); s != nil {
				if index, ok := l.indexAt(n.Args, mask, i); ok && len(n.Args) == s.Type.Rank() {
					note(s, index, l.eval(n).Value)
				}
				return false
			}
		case *ast.Name:
			s := l.dataSymbol(n.Name)
			if s == nil {
				return true
			}
			v := l.eval(n).Value
			if v.Rank() == 0 {
				note(s, "", v)
			} else if ast.Unparen(e) == ast.Expr(n) && v.Rank() == 1 { // all of it is the index
				c := coordinates(mask, i)
				k := c[len(c)-1]
				out = append(out, fmt.Sprintf("`%s[%d]` is %g", s.Name, k+1, v.Const()[k]))
				symbols = append(symbols, s)
			}
		case *ast.Comprehension:
			return false // names of its own
		}
		return true
	})
	return out, symbols
}

// indexAt writes the indices of an element: "[3, 1]".
func (l *lowerer) indexAt(args []ast.IndexArg, mask named.Value, i int) (string, bool) {
	var parts []string
	for _, a := range args {
		if a.Expr == nil {
			return "", false
		}
		v := l.eval(a.Expr)
		if v.Rank() > 0 || !v.IsConst() {
			return "", false
		}
		parts = append(parts, fmt.Sprintf("%g", l.elementAt(v.Value, mask, i)))
	}
	return "[" + strings.Join(parts, ", ") + "]", true
}

// dataSymbol is the data declaration that a name stands for here, if it is one.
func (l *lowerer) dataSymbol(name string) *lang.Symbol {
	if l.calls > 0 { // the body of a function sees none
		return nil
	}
	for _, s := range l.m.Data {
		if s.Name == name {
			return s
		}
	}
	return nil
}
