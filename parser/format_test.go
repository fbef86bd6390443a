package parser

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
	_ "ppl/bench/daily"

	"ppl/lang/ast"
)

// checkFormat fails unless the formatted text is a fixed point, parses to the
// same tree and keeps every comment.
func checkFormat(t interface{ Fatalf(string, ...any) }, name string, f *ast.File) string {
	once := Format(f)
	g, list := Parse(name, []byte(once))
	if len(list) > 0 {
		t.Fatalf("%s: the formatted text does not parse:\n%s\n%v", name, once, list)
	}
	if !ast.Equal(f, g) {
		t.Fatalf("%s: formatting changes the tree:\n%s\n was %s\n now %s", name, once, sexpr(f), sexpr(g))
	}
	if len(f.Comments) != len(g.Comments) {
		t.Fatalf("%s: %d comments become %d:\n%s", name, len(f.Comments), len(g.Comments), once)
	}
	if twice := Format(g); twice != once {
		t.Fatalf("%s: formatting twice differs:\n%s", name, cmp.Diff(once, twice))
	}
	return once
}

func TestFormatModels(t *testing.T) {
	for name, text := range modelTexts(t) {
		f, list := Parse(name, []byte(text))
		if len(list) > 0 {
			t.Fatal(list)
		}
		checkFormat(t, name, f)
	}
}

func TestFormat(t *testing.T) {
	long := strings.Repeat("a", 30)
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", ""},
		{"only comments", "  # a  \n\n\n# b", "# a\n\n# b\n"},
		{"blanks", "let x=1+2*3", "let x = 1 + 2 * 3\n"},
		{"operators", "let x=(a+b)^2/-c&&!d||e<=f", "let x = (a + b)^2 / -c && !d || e <= f\n"},
		{"indices", "let x = z[t - 1] + y[2 .. T - 1, :] + w[f(a+b)-1]", "let x = z[t-1] + y[2..T-1, :] + w[f(a + b) - 1]\n"},
		{"blank lines", "let a = 1\n\n\n\nlet b = 2\nlet c = 3\n\n", "let a = 1\n\nlet b = 2\nlet c = 3\n"},
		{"statements on a line", "let a = 1 let b = 2", "let a = 1\nlet b = 2\n"},
		{"comments stay", "# top\n\nlet a = 1 # one\n# above\nlet b = 2\n\n# end", "# top\n\nlet a = 1  # one\n# above\nlet b = 2\n\n# end\n"},
		{"comment inside", "let a = f(1, # one\n  2)", "# one\nlet a = f(1, 2)\n"},
		{"comments in a block", "plate i in 1..N { # head\n# first\nx[i] ~ N(0) # tail\n\n# last\n} # after",
			"plate i in 1..N {  # head\n  # first\n  x[i] ~ N(0)  # tail\n\n  # last\n}  # after\n"},
		{"comment in a header", "plate i in # h\n1..N { x[i] ~ N(0) }", "# h\nplate i in 1..N {\n  x[i] ~ N(0)\n}\n"},
		{"empty block", "guide {\n}", "guide {}\n"},
		{"comment in an empty block", "guide {\n# c\n}", "guide {\n  # c\n}\n"},
		{"one line", "for t in 2..T { z[t] ~ C(a) }", "for t in 2..T { z[t] ~ C(a) }\n"},
		{"one line of two", "for t in 2..T { z[t] ~ C(a) y[t] ~ N(0) }", "for t in 2..T {\n  z[t] ~ C(a)\n  y[t] ~ N(0)\n}\n"},
		{"several lines stay", "for t in 2..T {\n z[t] ~ C(a) }", "for t in 2..T {\n  z[t] ~ C(a)\n}\n"},
		{"data align", "data a : real\ndata abc : int > 0\n\ndata x : int", "data a   : real\ndata abc : int > 0\n\ndata x : int\n"},
		{"latents align, observations do not", "data y : real\nmu ~ N(0)\nsigma ~ N(0)\ny ~ N(mu)", "data y : real\nmu    ~ N(0)\nsigma ~ N(0)\ny ~ N(mu)\n"},
		{"arrays align apart", "mu ~ N(0)\nbeta[k in 1..K] ~ N(0)\ns[k in 1..K] ~ N(0)", "mu ~ N(0)\nbeta[k in 1..K] ~ N(0)\ns[k in 1..K]    ~ N(0)\n"},
		{"a comment parts", "let a = 1\n# c\nlet abc = 2", "let a = 1\n# c\nlet abc = 2\n"},
		{"types", "data g:factor( J ) ? [ N ]\nfn f(a:real,b : int[N])->real[N]=b", "data g : factor(J)?[N]\nfn f(a: real, b: int[N]) -> real[N] = b\n"},
		{"fn block", "fn f(a: real) -> real { let b = a return b }", "fn f(a: real) -> real {\n  let b = a\n  return b\n}\n"},
		{"fn block of one line", "fn f(a: real) -> real { return a }", "fn f(a: real) -> real { return a }\n"},
		{"truncated", "x ~ Normal(0,1)in(0,inf)\nk~P(1)in 1 .. 3", "x ~ Normal(0, 1) in (0, inf)\nk ~ P(1) in 1..3\n"},
		{"long call", "y ~ Normal(" + long + " + " + long + ", " + long + ")", "y ~ Normal(\n  " + long + " + " + long + ",\n  " + long + "\n)\n"},
		{"long sum", "let x = " + long + " + " + long + " - " + long + " + " + long, "let x = " + long + " + " + long + "\n  - " + long + " + " + long + "\n"},
		{"long array", "let x = [" + strings.Repeat("100, ", 40) + "1]",
			"let x = [\n  " + strings.TrimSpace(strings.Repeat("100, ", 19)) + "\n  " + strings.TrimSpace(strings.Repeat("100, ", 19)) + "\n  100, 100, 1\n]\n"},
		{"long if", "let x = if " + long + " then " + long + " else " + long + "b", "let x = if " + long + "\n  then " + long + "\n  else " + long + "b\n"},
		{"crlf", "let a = 1 # c\r\nlet b = 2\r\n", "let a = 1  # c\nlet b = 2\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, list := Parse(c.name, []byte(c.text))
			if len(list) > 0 {
				t.Fatal(list)
			}
			if diff := cmp.Diff(c.want, checkFormat(t, c.name, f)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFormatSourceLeavesErrorsAlone(t *testing.T) {
	const text = "let  a = 1 +\nlet  b = 2"
	if got, list := FormatSource("test", []byte(text)); got != text || len(list) == 0 {
		t.Errorf("got %q, %v", got, list)
	}
}

// Format prints any file, even one with text that did not parse.
func TestFormatBadFile(t *testing.T) {
	f, _ := Parse("test", []byte("let a = 1 + # c\nlet  b = .5\n"))
	if got, want := Format(f), "let a = 1 +\nlet b = .5\n"; !strings.HasSuffix(got, "let b = .5\n") {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Trees that need parentheses and hold none get them.
func TestFormatAddsParentheses(t *testing.T) {
	name := func(s string) ast.Expr { return &ast.Name{Name: s} }
	bin := func(op string, x, y ast.Expr) ast.Expr { return &ast.Binary{Op: op, X: x, Y: y} }
	cond := &ast.If{Cond: name("a"), Then: name("b"), Else: name("c")}
	for want, e := range map[string]ast.Expr{
		"(a + b) * c":              bin("*", bin("+", name("a"), name("b")), name("c")),
		"a - (b - c)":              bin("-", name("a"), bin("-", name("b"), name("c"))),
		"(a^b)^c":                  bin("^", bin("^", name("a"), name("b")), name("c")),
		"(-a)^b":                   bin("^", &ast.Unary{Op: "-", X: name("a")}, name("b")),
		"-(a + b)":                 &ast.Unary{Op: "-", X: bin("+", name("a"), name("b"))},
		"(a < b) < c":              bin("<", bin("<", name("a"), name("b")), name("c")),
		"x + (if a then b else c)": bin("+", name("x"), cond),
		"(a + b)[1]":               &ast.Index{X: bin("+", name("a"), name("b")), Args: []ast.IndexArg{{Expr: &ast.Number{Value: 1}}}},
		"0.5":                      &ast.Number{Value: 0.5, Real: true},
		"3.0":                      &ast.Number{Value: 3, Real: true},
	} {
		if got := Format(&ast.File{Stmts: []ast.Stmt{&ast.Factor{Value: e}}}); got != "factor "+want+"\n" {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// ---- Random trees ----

func genName(t *rapid.T) string {
	return rapid.SampledFrom([]string{"a", "mu", "sigma_2", "y", "Normal", "mean", "a_rather_long_name_of_a_value"}).Draw(t, "name")
}

func ident(t *rapid.T) ast.Ident { return ast.Ident{Name: genName(t)} }

func genNumber(t *rapid.T) ast.Expr {
	n := rapid.SampledFrom([]ast.Number{
		{Text: "1", Value: 1}, {Text: "20", Value: 20}, {Text: "0.5", Value: 0.5, Real: true}, {Text: "1e-3", Value: 1e-3, Real: true},
	}).Draw(t, "number")
	return &n
}

// genExpr draws an expression that binds at least as tight as least.
func genExpr(t *rapid.T, depth, least int) ast.Expr {
	e := genAnyExpr(t, depth)
	if binding(e) < least {
		return &ast.Paren{X: e}
	}
	return e
}

func genAnyExpr(t *rapid.T, depth int) ast.Expr {
	if depth == 0 {
		if rapid.Bool().Draw(t, "leaf") {
			return &ast.Name{Name: genName(t)}
		}
		return genNumber(t)
	}
	switch rapid.IntRange(0, 9).Draw(t, "form") {
	case 0:
		return &ast.Bool{Value: rapid.Bool().Draw(t, "bool")}
	case 1:
		return &ast.Unary{Op: rapid.SampledFrom([]string{"-", "!"}).Draw(t, "op"), X: genExpr(t, depth-1, prefixPrecedence)}
	case 2, 3:
		return genBinary(t, depth)
	case 4:
		return &ast.If{Cond: genExpr(t, depth-1, 0), Then: genExpr(t, depth-1, 0), Else: genExpr(t, depth-1, 0)}
	case 5:
		return &ast.Index{X: genExpr(t, depth-1, bindsPostfix), Args: several(t, 1, func() ast.IndexArg { return genIndexArg(t, depth-1) })}
	case 6:
		return genCall(t, depth-1)
	case 7:
		return &ast.Array{Elems: several(t, 0, func() ast.Expr { return genExpr(t, depth-1, 0) })}
	case 8:
		return &ast.Comprehension{Elem: genExpr(t, depth-1, 0), Binders: genBinders(t, depth-1)}
	}
	return &ast.Paren{X: genExpr(t, depth-1, 0)}
}

func several[E any](t *rapid.T, least int, gen func() E) []E {
	var out []E
	for range rapid.IntRange(least, 3).Draw(t, "several") {
		out = append(out, gen())
	}
	return out
}

func genBinary(t *rapid.T, depth int) ast.Expr {
	op := rapid.SampledFrom([]string{"||", "&&", "==", "<", ">=", "+", "-", "*", "/", "@", "^"}).Draw(t, "op")
	left, right := precedence[op], precedence[op]+1
	switch op {
	case "^":
		left, right = bindsPostfix, prefixPrecedence
	case "==", "<", ">=":
		left++
	}
	return &ast.Binary{Op: op, X: genExpr(t, depth-1, left), Y: genExpr(t, depth-1, right)}
}

func genRange(t *rapid.T, depth int) *ast.Range {
	return &ast.Range{Lo: genExpr(t, depth, bindsSum), Hi: genExpr(t, depth, bindsSum)}
}

func genIndexArg(t *rapid.T, depth int) ast.IndexArg {
	switch rapid.IntRange(0, 3).Draw(t, "index") {
	case 0:
		return ast.IndexArg{Colon: true}
	case 1:
		return ast.IndexArg{Range: genRange(t, depth)}
	}
	return ast.IndexArg{Expr: genExpr(t, depth, 0)}
}

func genBinders(t *rapid.T, depth int) []*ast.Binder {
	return several(t, 1, func() *ast.Binder { return &ast.Binder{Name: ident(t), Range: genRange(t, depth)} })
}

func genCall(t *rapid.T, depth int) *ast.Call {
	return &ast.Call{Fn: ident(t), Args: several(t, 0, func() ast.Arg {
		a := ast.Arg{Value: genExpr(t, depth, 0)}
		if rapid.Bool().Draw(t, "keyword") {
			name := ident(t)
			a.Name = &name
		}
		if d := genDist(t, depth); d.Interval != nil || d.Range != nil {
			a.Value = &ast.DistExpr{Dist: d}
		}
		return a
	})}
}

// startsWithParen reports whether the text of a range would open with `(`,
// which after `in` means an interval.
func startsWithParen(e ast.Expr) bool {
	for {
		switch x := e.(type) {
		case *ast.Paren:
			return true
		case *ast.Binary:
			e = x.X
		case *ast.Index:
			e = x.X
		default:
			return false
		}
	}
}

func genDist(t *rapid.T, depth int) *ast.Dist {
	d := &ast.Dist{Call: &ast.Call{Fn: ident(t)}}
	if depth > 0 {
		d.Call = genCall(t, depth-1)
	}
	d.Interval, d.Range = genInside(t, depth)
	return d
}

func genInside(t *rapid.T, depth int) (*ast.Interval, *ast.Range) {
	switch rapid.IntRange(0, 3).Draw(t, "inside") {
	case 0:
		return &ast.Interval{Lo: genExpr(t, depth, 0), Hi: genExpr(t, depth, 0)}, nil
	case 1:
		if r := genRange(t, depth); !startsWithParen(r.Lo) {
			return nil, r
		}
	}
	return nil, nil
}

func genType(t *rapid.T, depth int) *ast.Type {
	out := &ast.Type{Name: ident(t), Optional: rapid.Bool().Draw(t, "optional")}
	if rapid.IntRange(0, 3).Draw(t, "factor") == 0 {
		levels := ident(t)
		out.Name.Name, out.Levels = "factor", &levels
	}
	out.Dims = several(t, 0, func() ast.Expr { return genExpr(t, depth, 0) })
	return out
}

func genConstraint(t *rapid.T, depth int) *ast.Constraint {
	if rapid.Bool().Draw(t, "compare") {
		op := rapid.SampledFrom([]string{">", ">=", "<", "<="}).Draw(t, "op")
		return &ast.Constraint{Op: op, Bound: genExpr(t, depth, bindsSum)}
	}
	i, r := genInside(t, depth)
	if i == nil && r == nil {
		return nil
	}
	return &ast.Constraint{Op: "in", Interval: i, Range: r}
}

func genLeft(t *rapid.T, depth int) []ast.LeftIndex {
	return several(t, 0, func() ast.LeftIndex {
		if rapid.Bool().Draw(t, "binder") {
			return ast.LeftIndex{Binder: &ast.Binder{Name: ident(t), Range: genRange(t, depth)}}
		}
		return ast.LeftIndex{Arg: genIndexArg(t, depth)}
	})
}

func genLet(t *rapid.T, depth int) ast.Stmt {
	return &ast.Let{Name: ident(t), Index: genLeft(t, 1), Value: genExpr(t, depth, 0)}
}

func genSample(t *rapid.T, depth int) ast.Stmt {
	s := &ast.Sample{Name: ident(t), Index: genLeft(t, 1), Dist: genDist(t, depth)}
	if rapid.Bool().Draw(t, "typed") {
		s.Type, s.Constraint = genType(t, 1), genConstraint(t, 1)
	}
	return s
}

func genStmt(t *rapid.T, depth int) ast.Stmt {
	body := func() []ast.Stmt { return several(t, 0, func() ast.Stmt { return genStmt(t, depth-1) }) }
	form := rapid.IntRange(0, 10).Draw(t, "statement")
	if depth == 0 {
		form %= 7
	}
	switch form {
	case 0:
		return &ast.Data{Name: ident(t), Type: genType(t, 1), Constraint: genConstraint(t, 1), Default: genExpr(t, 1, 0)}
	case 1:
		return &ast.Param{Name: ident(t), Type: genType(t, 1), Constraint: genConstraint(t, 1)}
	case 2:
		return genLet(t, depth+1)
	case 3:
		return &ast.Factor{Value: genExpr(t, depth+1, 0)}
	case 4:
		if rapid.Bool().Draw(t, "let") {
			return &ast.Generate{Stmt: genLet(t, 1)}
		}
		return &ast.Generate{Stmt: genSample(t, 1)}
	case 5, 6:
		return genSample(t, depth+1)
	case 7:
		return &ast.Plate{Binders: genBinders(t, 1), Body: body()}
	case 8:
		return &ast.For{Binders: genBinders(t, 1), Body: body()}
	case 9:
		return &ast.Guide{Body: body()}
	}
	return genFn(t, depth)
}

func genFn(t *rapid.T, depth int) ast.Stmt {
	f := &ast.Fn{Name: ident(t), Return: genType(t, 1), Result: genExpr(t, 2, 0), Block: rapid.Bool().Draw(t, "block")}
	f.Params = several(t, 0, func() *ast.FnParam { return &ast.FnParam{Name: ident(t), Type: genType(t, 0)} })
	if f.Block {
		f.Body = several(t, 0, func() ast.Stmt {
			if rapid.Bool().Draw(t, "for") {
				return &ast.For{Binders: genBinders(t, 0), Body: several(t, 0, func() ast.Stmt { return genLet(t, 1) })}
			}
			return genLet(t, depth)
		})
	}
	return f
}

// Print, then parse: the tree comes back, and its spans nest.
func TestFormatRandomTrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := &ast.File{Stmts: several(t, 1, func() ast.Stmt { return genStmt(t, 2) })}
		text := Format(f)
		g, list := Parse("random", []byte(text))
		if len(list) > 0 {
			t.Fatalf("does not parse:\n%s\n%v", text, list)
		}
		if !ast.Equal(f, g) {
			t.Fatalf("another tree:\n%s\n was %s\n now %s", text, sexpr(f), sexpr(g))
		}
		checkNesting(t, g)
		checkFormat(t, "random", g)
	})
}

// Blanks, line breaks and comments thrown between the tokens of a model change
// neither the tree nor, but for comments and blank lines, the formatted text.
func TestFormatIgnoresLayout(t *testing.T) {
	models := modelTexts(t)
	var names []string
	for name := range models {
		names = append(names, name)
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(names).Draw(t, "model")
		src, _ := Parse(name, []byte(models[name]))
		var b strings.Builder
		for _, tok := range scan(src.Source, &reporter{}).toks {
			b.WriteString(tok.Value)
			b.WriteString(rapid.SampledFrom([]string{" ", " ", "\n", "\t", "\r\n", " # c\n", "\n\n\n", "\n# d\n\n"}).Draw(t, "gap"))
		}
		f, list := Parse(name, []byte(b.String()))
		if len(list) > 0 {
			t.Fatalf("%s\n%v", b.String(), list)
		}
		if !ast.Equal(src, f) {
			t.Fatalf("another tree:\n%s", b.String())
		}
		checkFormat(t, name, f)
	})
}
