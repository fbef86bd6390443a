package parser

import (
	"fmt"
	"strings"

	"ppl/lang/ast"
)

// sexpr writes a node as an s-expression: one line that shows how the text was
// understood.
func sexpr(n ast.Node) string {
	switch n := n.(type) {
	case *ast.File:
		return join("", n.Stmts)
	case ast.Stmt:
		return sexprStmt(n)
	case ast.Expr:
		return sexprExpr(n)
	case *ast.Range:
		return "(.. " + sexpr(n.Lo) + " " + sexpr(n.Hi) + ")"
	case *ast.Interval:
		return "(open " + sexpr(n.Lo) + " " + sexpr(n.Hi) + ")"
	case *ast.Binder:
		return "(in " + n.Name.Name + " " + sexpr(n.Range) + ")"
	case *ast.Dist:
		return sexpr(n.Call) + insideOf(n.Interval, n.Range)
	}
	return fmt.Sprintf("<%T>", n)
}

func join[N ast.Node](sep string, list []N) string {
	parts := make([]string, 0, len(list))
	for _, n := range list {
		parts = append(parts, sexpr(n))
	}
	return strings.Join(parts, sep+" ")
}

func insideOf(i *ast.Interval, r *ast.Range) string {
	switch {
	case i != nil:
		return " in " + sexpr(i)
	case r != nil:
		return " in " + sexpr(r)
	}
	return ""
}

func sexprStmt(s ast.Stmt) string {
	switch s := s.(type) {
	case *ast.Data:
		return "(data " + s.Name.Name + typed(s.Type, s.Constraint) + optional(" = ", s.Default) + ")"
	case *ast.Param:
		return "(param " + s.Name.Name + typed(s.Type, s.Constraint) + optional(" = ", s.Init) + ")"
	case *ast.Let:
		return "(let " + s.Name.Name + left(s.Index) + " " + sexpr(s.Value) + ")"
	case *ast.Sample:
		return "(~ " + s.Name.Name + left(s.Index) + typed(s.Type, s.Constraint) + " " + sexpr(s.Dist) + ")"
	case *ast.Plate:
		return "(plate " + join("", s.Binders) + " {" + join("", s.Body) + "})"
	case *ast.For:
		return "(for " + join("", s.Binders) + " {" + join("", s.Body) + "})"
	case *ast.Factor:
		return "(factor " + sexpr(s.Value) + ")"
	case *ast.Generate:
		return "(generate " + sexpr(s.Stmt) + ")"
	case *ast.Guide:
		return "(guide {" + join("", s.Body) + "})"
	case *ast.Fn:
		var params []string
		for _, p := range s.Params {
			params = append(params, p.Name.Name+typed(p.Type, nil))
		}
		return fmt.Sprintf("(fn %s (%s)%s block=%v {%s} %s)", s.Name.Name, strings.Join(params, ", "), typed(s.Return, nil), s.Block, join("", s.Body), sexpr(s.Result))
	}
	return "(bad)"
}

func optional(prefix string, e ast.Expr) string {
	if e == nil {
		return ""
	}
	return prefix + sexpr(e)
}

func typed(t *ast.Type, c *ast.Constraint) string {
	if t == nil {
		return ""
	}
	out := " : " + t.Name.Name
	if t.Levels != nil {
		out += "(" + t.Levels.Name + ")"
	}
	if t.Optional {
		out += "?"
	}
	if t.Dims != nil {
		out += "[" + join(",", t.Dims) + "]"
	}
	switch {
	case c == nil:
	case c.Op == "in":
		out += insideOf(c.Interval, c.Range)
	default:
		out += " " + c.Op + " " + sexpr(c.Bound)
	}
	return out
}

func left(index []ast.LeftIndex) string {
	if len(index) == 0 {
		return ""
	}
	var parts []string
	for _, ix := range index {
		if ix.Binder != nil {
			parts = append(parts, sexpr(ix.Binder))
		} else {
			parts = append(parts, indexArgText(ix.Arg))
		}
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func indexArgText(a ast.IndexArg) string {
	switch {
	case a.Colon:
		return ":"
	case a.Range != nil:
		return sexpr(a.Range)
	}
	return sexpr(a.Expr)
}

func sexprExpr(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Name:
		return e.Name
	case *ast.Number:
		if e.Real {
			return e.Text + "r"
		}
		return e.Text
	case *ast.Bool:
		return fmt.Sprint(e.Value)
	case *ast.Unary:
		return "(" + e.Op + " " + sexpr(e.X) + ")"
	case *ast.Binary:
		return "(" + e.Op + " " + sexpr(e.X) + " " + sexpr(e.Y) + ")"
	case *ast.If:
		return "(if " + sexpr(e.Cond) + " " + sexpr(e.Then) + " " + sexpr(e.Else) + ")"
	case *ast.Index:
		var args []string
		for _, a := range e.Args {
			args = append(args, indexArgText(a))
		}
		return "(at " + sexpr(e.X) + " " + strings.Join(args, ", ") + ")"
	case *ast.Call:
		var args []string
		for _, a := range e.Args {
			if a.Name != nil {
				args = append(args, a.Name.Name+"="+sexpr(a.Value))
			} else {
				args = append(args, sexpr(a.Value))
			}
		}
		return e.Fn.Name + "(" + strings.Join(args, ", ") + ")"
	case *ast.DistExpr:
		return "<" + sexpr(e.Dist) + ">"
	case *ast.Array:
		return "[" + join(",", e.Elems) + "]"
	case *ast.Comprehension:
		return "[" + sexpr(e.Elem) + " for " + join("", e.Binders) + "]"
	case *ast.Paren:
		return "{" + sexpr(e.X) + "}"
	}
	return "<bad>"
}
