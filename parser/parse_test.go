package parser

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"ppl/lang/ast"
	"ppl/lang/diag"
)

func TestStatements(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"data x : real", "(data x : real)"},
		{"data N : int = 3", "(data N : int = 3)"},
		{"data y : real > 0 = 3", "(data y : real > 0 = 3)"},
		{"data y : real[N] >= a + 1", "(data y : real[N] >= (+ a 1))"},
		{"data y : int < 3", "(data y : int < 3)"},
		{"data y : int <= 3", "(data y : int <= 3)"},
		{"data x : int[N, D] in 0..1", "(data x : int[N, D] in (.. 0 1))"},
		{"data x : real[N] in (0, inf)", "(data x : real[N] in (open 0 inf))"},
		{"data county : factor(J)[N]", "(data county : factor(J)[N])"},
		{"data county : factor(J)?[N]", "(data county : factor(J)?[N])"},
		{"data y : int?[N]", "(data y : int?[N])"},
		{"data c : real[K - 1]", "(data c : real[(- K 1)])"},
		{"data w : simplex[J, K]", "(data w : simplex[J, K])"},
		{"data mean : bool", "(data mean : bool)"},
		{"param W : real[H, Z]", "(param W : real[H, Z])"},
		{"param s : real > 0 = 0.5", "(param s : real > 0 = 0.5r)"},
		{"let K = 3", "(let K 3)"},
		{"let x[i in 1..N] = e", "(let x[(in i (.. 1 N))] e)"},
		{"let x[1] = e", "(let x[1] e)"},
		{"let x[t, k in 1..K] = e", "(let x[t, (in k (.. 1 K))] e)"},
		{"mu ~ Normal(0, 5)", "(~ mu Normal(0, 5))"},
		{"sigma ~ Flat() in (0, inf)", "(~ sigma Flat() in (open 0 inf))"},
		{"k ~ Poisson(3) in 1..10", "(~ k Poisson(3) in (.. 1 10))"},
		{"mu : ordered[K] ~ Normal(0, 10)", "(~ mu : ordered[K] Normal(0, 10))"},
		{"mu : real > 0 ~ Normal(0, 10)", "(~ mu : real > 0 Normal(0, 10))"},
		{"z[i] : real[Z] ~ Normal(0, 1)", "(~ z[i] : real[Z] Normal(0, 1))"},
		{"y[i in 1..N, j in 1..M] ~ N(0)", "(~ y[(in i (.. 1 N)), (in j (.. 1 M))] N(0))"},
		{"y[2..T] ~ N(0)", "(~ y[(.. 2 T)] N(0))"},
		{"y[:, 1] ~ N(0)", "(~ y[:, 1] N(0))"},
		{"h[1] ~ N(0) h[2] ~ N(1)", "(~ h[1] N(0)) (~ h[2] N(1))"},
		{"y ~ MvNormal(m, cov = S)", "(~ y MvNormal(m, cov=S))"},
		{"plate i in 1..N { }", "(plate (in i (.. 1 N)) {})"},
		{"plate i in 1..N, j in 1..i { y[i, j] ~ N(0) }", "(plate (in i (.. 1 N)) (in j (.. 1 i)) {(~ y[i, j] N(0))})"},
		{"plate t in (K+1)..T { y[t] ~ N(0) }", "(plate (in t (.. {(+ K 1)} T)) {(~ y[t] N(0))})"},
		{"for t in 2..T { let a = 1 z[t] ~ C(a) }", "(for (in t (.. 2 T)) {(let a 1) (~ z[t] C(a))})"},
		{"factor -x^2", "(factor (- (^ x 2)))"},
		{"factor (x)", "(factor {x})"},
		{"generate y ~ N(0)", "(generate (~ y N(0)))"},
		{"generate let y = 1", "(generate (let y 1))"},
		{"generate y[i in 1..3] ~ N(0)", "(generate (~ y[(in i (.. 1 3))] N(0)))"},
		{"guide { z ~ N(0) let q = 1 }", "(guide {(~ z N(0)) (let q 1)})"},
		{"fn f(a: real, b: real[N]) -> real = a", "(fn f (a : real, b : real[N]) : real block=false {} a)"},
		{"fn f() -> int { return 1 }", "(fn f () : int block=true {} 1)"},
		{"fn f(x: real) -> real { let a = x for t in 2..3 { let b[t] = a } return a }",
			"(fn f (x : real) : real block=true {(let a x) (for (in t (.. 2 3)) {(let b[t] a)})} a)"},
		{"fn f(g: factor(J)[N]) -> factor(J) = g", "(fn f (g : factor(J)[N]) : factor(J) block=false {} g)"},
		{"let a = b\n- c", "(let a (- b c))"},
		{"let a = b let c = d e ~ f()", "(let a b) (let c d) (~ e f())"},
		{"let a = true b ~ f()", "(let a true) (~ b f())"},
		{"data x : int? y ~ f()", "(data x : int?) (~ y f())"},
		{"", ""},
		{"# nothing\n# but comments", ""},
		{"let\nx\n=\n1", "(let x 1)"},
		{"let μ = 1", "(let μ 1)"},
		{"let x = 1\r\nlet y = 2\rlet z = 3", "(let x 1) (let y 2) (let z 3)"},
		{"\ufefflet x = 1", "(let x 1)"},
	} {
		f, list := Parse("test", []byte(c.text))
		if len(list) > 0 {
			t.Errorf("%s\n%v", c.text, list)
			continue
		}
		if got := sexpr(f); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

func TestExpressions(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"1", "1"}, {"1.5", "1.5r"}, {"1e-10", "1e-10r"}, {"2.5E3", "2.5E3r"}, {"1e5", "1e5r"}, {"true", "true"}, {"inf", "inf"},
		{"a + b - c", "(- (+ a b) c)"}, {"a - (b - c)", "(- a {(- b c)})"}, {"a + b * c", "(+ a (* b c))"},
		{"a * b + c", "(+ (* a b) c)"}, {"a / b @ c", "(@ (/ a b) c)"}, {"a^b^c", "(^ a (^ b c))"},
		{"-a^2", "(- (^ a 2))"}, {"(-a)^2", "(^ {(- a)} 2)"}, {"2^-x", "(^ 2 (- x))"}, {"2^-x^2", "(^ 2 (- (^ x 2)))"},
		{"2^-x * 3", "(* (^ 2 (- x)) 3)"}, {"-a * b", "(* (- a) b)"}, {"a * -b", "(* a (- b))"}, {"a - -b", "(- a (- b))"},
		{"--a", "(- (- a))"}, {"!a && b", "(&& (! a) b)"}, {"!-a", "(! (- a))"}, {"-a + b", "(+ (- a) b)"},
		{"a || b && c", "(|| a (&& b c))"}, {"a && b || c", "(|| (&& a b) c)"}, {"a < b && c >= d", "(&& (< a b) (>= c d))"},
		{"a + 1 == b * 2", "(== (+ a 1) (* b 2))"}, {"a != b", "(!= a b)"}, {"(a < b) == c", "(== {(< a b)} c)"}, {"a <-b", "(< a (- b))"},
		{"if a then b else c", "(if a b c)"}, {"if a then b else if c then d else e", "(if a b (if c d e))"},
		{"if a then if b then c else d else e", "(if a (if b c d) e)"}, {"if if a then b else c then d else e", "(if (if a b c) d e)"},
		{"if a then b else c + 1", "(if a b (+ c 1))"}, {"1 + (if a then b else c)", "(+ 1 {(if a b c)})"},
		{"f(if a then b else c, [if a then b else c])", "f((if a b c), [(if a b c)])"},
		{"x[i]", "(at x i)"}, {"x[i, j]", "(at x i, j)"}, {"x[i][j]", "(at (at x i) j)"}, {"x[:, j]", "(at x :, j)"},
		{"x[2..T]", "(at x (.. 2 T))"}, {"x[t-1]", "(at x (- t 1))"}, {"x[z[t-1]]", "(at x (at z (- t 1)))"},
		{"x[-1]", "(at x (- 1))"}, {"x[a+1..b*2]", "(at x (.. (+ a 1) (* b 2)))"}, {"f(x)[1]", "(at f(x) 1)"}, {"(x)[1]", "(at {x} 1)"},
		{"[1, 2][i]", "(at [1, 2] i)"}, {"-x[1]^2", "(- (^ (at x 1) 2))"}, {"x[i] ^ y[j]", "(^ (at x i) (at y j))"},
		{"f()", "f()"}, {"f(a, b = c)", "f(a, b=c)"}, {"f(a == b)", "f((== a b))"}, {"[]", "[]"}, {"[1]", "[1]"}, {"[[1], [2]]", "[[1], [2]]"},
		{"[e for i in 1..N]", "[e for (in i (.. 1 N))]"}, {"[e for i in 1..N, j in 1..i]", "[e for (in i (.. 1 N)) (in j (.. 1 i))]"},
		{"log_density(Normal(0,1) in (0, inf), x)", "log_density(<Normal(0, 1) in (open 0 inf)>, x)"},
		{"log_density(Poisson(1) in 1..3, x)", "log_density(<Poisson(1) in (.. 1 3)>, x)"},
		{"ZeroInflated(dist = Poisson(1) in 1..3, p = 0.1)", "ZeroInflated(dist=<Poisson(1) in (.. 1 3)>, p=0.1r)"},
		{"1..2", ""},
	} {
		f, list := Parse("test", []byte("let x = "+c.text))
		if c.want == "" {
			if len(list) == 0 {
				t.Errorf("%s parses", c.text)
			}
			continue
		}
		if len(list) > 0 {
			t.Errorf("%s\n%v", c.text, list)
			continue
		}
		if got := sexpr(f.Stmts[0].(*ast.Let).Value); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

// Every kind of node, with the text that its span must cover.
func TestSpans(t *testing.T) {
	text := "# c\ndata x : factor(J)?[N] in 0..K-1 = 3  # d\nlet y[i in 1..N] = -(a + f(b, c = [1])[2, :])^2 # e\n" +
		"z[1..2] : real[M] >= 0 ~ Normal(0, 1) in (0, inf)\nplate i in 1..N { factor if p then q else true }\nfn f(a: real) -> int { return [k for k in 1..2] }\n" +
		"generate w ~ D(log_density(E() in 1..2, 3))\nguide { }\n"
	want := []string{
		"*ast.Data data x : factor(J)?[N] in 0..K-1 = 3", "*ast.Ident x", "*ast.Type factor(J)?[N]", "*ast.Ident factor", "*ast.Ident J",
		"*ast.Name N", "*ast.Constraint in 0..K-1", "*ast.Range 0..K-1", "*ast.Number 0", "*ast.Binary K-1", "*ast.Name K", "*ast.Number 1", "*ast.Number 3",
		"*ast.Let let y[i in 1..N] = -(a + f(b, c = [1])[2, :])^2", "*ast.Ident y", "*ast.LeftIndex i in 1..N", "*ast.Binder i in 1..N",
		"*ast.Ident i", "*ast.Range 1..N", "*ast.Number 1", "*ast.Name N", "*ast.Unary -(a + f(b, c = [1])[2, :])^2",
		"*ast.Binary (a + f(b, c = [1])[2, :])^2", "*ast.Paren (a + f(b, c = [1])[2, :])", "*ast.Binary a + f(b, c = [1])[2, :]", "*ast.Name a",
		"*ast.Index f(b, c = [1])[2, :]", "*ast.Call f(b, c = [1])", "*ast.Ident f", "*ast.Arg b", "*ast.Name b", "*ast.Arg c = [1]", "*ast.Ident c",
		"*ast.Array [1]", "*ast.Number 1", "*ast.IndexArg 2", "*ast.Number 2", "*ast.IndexArg :", "*ast.Number 2",
		"*ast.Sample z[1..2] : real[M] >= 0 ~ Normal(0, 1) in (0, inf)", "*ast.Ident z", "*ast.LeftIndex 1..2", "*ast.IndexArg 1..2", "*ast.Range 1..2",
		"*ast.Number 1", "*ast.Number 2", "*ast.Type real[M]", "*ast.Ident real", "*ast.Name M", "*ast.Constraint >= 0", "*ast.Number 0",
		"*ast.Dist Normal(0, 1) in (0, inf)", "*ast.Call Normal(0, 1)", "*ast.Ident Normal", "*ast.Arg 0", "*ast.Number 0", "*ast.Arg 1", "*ast.Number 1",
		"*ast.Interval (0, inf)", "*ast.Number 0", "*ast.Name inf",
		"*ast.Plate plate i in 1..N { factor if p then q else true }", "*ast.Binder i in 1..N", "*ast.Ident i", "*ast.Range 1..N", "*ast.Number 1", "*ast.Name N",
		"*ast.Factor factor if p then q else true", "*ast.If if p then q else true", "*ast.Name p", "*ast.Name q", "*ast.Bool true",
		"*ast.Fn fn f(a: real) -> int { return [k for k in 1..2] }", "*ast.Ident f", "*ast.FnParam a: real", "*ast.Ident a", "*ast.Type real", "*ast.Ident real",
		"*ast.Type int", "*ast.Ident int", "*ast.Comprehension [k for k in 1..2]", "*ast.Name k", "*ast.Binder k in 1..2", "*ast.Ident k", "*ast.Range 1..2",
		"*ast.Number 1", "*ast.Number 2",
		"*ast.Generate generate w ~ D(log_density(E() in 1..2, 3))", "*ast.Sample w ~ D(log_density(E() in 1..2, 3))", "*ast.Ident w",
		"*ast.Dist D(log_density(E() in 1..2, 3))", "*ast.Call D(log_density(E() in 1..2, 3))", "*ast.Ident D", "*ast.Arg log_density(E() in 1..2, 3)",
		"*ast.Call log_density(E() in 1..2, 3)", "*ast.Ident log_density", "*ast.Arg E() in 1..2", "*ast.DistExpr E() in 1..2", "*ast.Dist E() in 1..2",
		"*ast.Call E()", "*ast.Ident E", "*ast.Range 1..2", "*ast.Number 1", "*ast.Number 2", "*ast.Arg 3", "*ast.Number 3",
		"*ast.Guide guide { }",
	}
	f, list := Parse("test", []byte(text))
	if len(list) > 0 {
		t.Fatal(list)
	}
	var got []string
	ast.Inspect(f, func(n ast.Node) bool {
		if _, ok := n.(*ast.File); !ok {
			got = append(got, fmt.Sprintf("%T %s", n, f.Source.Slice(n.Span())))
		}
		return true
	})
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("node %d:\n got %q\nwant %q", i, got[min(i, len(got)):], want[min(i, len(want)):])
		}
	}
	comments := []string{"# c", "# d", "# e"}
	for i, c := range f.Comments {
		if c.Text != comments[i] || f.Source.Slice(c.Sp) != c.Text {
			t.Errorf("comment %d is %q at %q", i, c.Text, f.Source.Slice(c.Sp))
		}
	}
}

func TestOperatorSpan(t *testing.T) {
	f, _ := Parse("test", []byte("let x = a + !b"))
	b := f.Stmts[0].(*ast.Let).Value.(*ast.Binary)
	if got := f.Source.Slice(b.OpAt); got != "+" {
		t.Errorf("binary operator at %q", got)
	}
	if got := f.Source.Slice(b.Y.(*ast.Unary).OpAt); got != "!" {
		t.Errorf("unary operator at %q", got)
	}
}

// checkNesting fails unless every span lies in that of its parent.
func checkNesting(t interface{ Errorf(string, ...any) }, f *ast.File) {
	ast.Inspect(f, func(n ast.Node) bool {
		outer := n.Span()
		for _, c := range ast.Children(n) {
			if in := c.Span(); in.Start < outer.Start || in.End > outer.End || in.Start > in.End {
				t.Errorf("%T %v is not inside %T %v", c, in, n, outer)
			}
		}
		return true
	})
}

func TestSpansNest(t *testing.T) {
	for name, text := range modelTexts(t) {
		f, _ := Parse(name, []byte(text))
		checkNesting(t, f)
	}
}

// Good statements reach the tree whatever stands between them.
func TestRecovery(t *testing.T) {
	for _, c := range []struct {
		text   string
		want   string
		errors int
	}{
		{"let a = 1 +\nlet b = 2", "(bad) (let b 2)", 1},
		{"let a = (1 + 2\nlet b = 2", "(bad) (let b 2)", 1},
		{"let a = \nx ~ N(0)", "(bad) (~ x N(0))", 1},
		{"let a = f(\nx ~ N(0)\ny ~ N(0)", "(bad) (~ x N(0)) (~ y N(0))", 1},
		{"x ~ N(0, (1\ny[i in 1..3] ~ N(0)", "(bad) (~ y[(in i (.. 1 3))] N(0))", 1},
		{"plate i in 1..N { x[i] ~ N(\n let b = 2 y[i] ~ N(0) }\nlet c = 3", "(plate (in i (.. 1 N)) {(bad) (let b 2) (~ y[i] N(0))}) (let c 3)", 1},
		{"plate i in 1..N { for t in 2..3 { x ~ } y ~ N(0) }", "(plate (in i (.. 1 N)) {(for (in t (.. 2 3)) {(bad)}) (~ y N(0))})", 1},
		{"plate i in { x ~ N(0) y ~ }\nlet c = 3", "(bad) (let c 3)", 2},
		{"fn f(x: real) -> real { let a = let b = 1 return b }\nlet c = 3", "(fn f (x : real) : real block=true {(bad) (let b 1)} b) (let c 3)", 1},
		{"fn f(x: real) -> real { return 1 + }", "(fn f (x : real) : real block=true {} <bad>)", 1},
		{"fn f() -> real { return 1 let a = 2 }", "(fn f () : real block=true {} 1)", 1},
		{"fn f() -> real { let a = 2 }", "(fn f () : real block=true {(let a 2)} <bad>)", 1},
		{"fn f() -> real { x ~ N(0) return 1 }", "(fn f () : real block=true {(bad)} 1)", 1},
		{"let a = 3x\nlet b = .5 + 1\nlet c = 1", "(let a <bad>) (let b (+ <bad> 1)) (let c 1)", 2},
		{"let a = 1; let b = 2", "(let a 1) (let b 2)", 1},
		{"let a = x ** 2 // two\nlet b = a & c", "(let a (^ x 2)) (let b (&& a c))", 3},
		{"} let a = 1", "(bad) (let a 1)", 1},
		{"let a = 1 } let b = 2", "(let a 1) (bad) (let b 2)", 1},
		{"plate i in 1..2 { let a = 1", "(plate (in i (.. 1 2)) {(let a 1)})", 1},
		{"let x = [1, 2\n, 3\nplate i in 1..2 { y[i] ~ N(0) }", "(bad) (plate (in i (.. 1 2)) {(~ y[i] N(0))})", 1},
		{"let x = 1 < 2 < 3", "(let x (< (< 1 2) 3))", 1},
		{"let x = (1]", "(bad)", 1},
		{"guide { x ~ N( }\nlet a = 1", "(guide {(bad)}) (let a 1)", 1},
		{"data y : real[N\nmu ~ N(0)", "(bad) (~ mu N(0))", 1},
		{"let a = 1\ny : real ~\nlet b = 2", "(let a 1) (bad) (let b 2)", 1},
		{"let x = 1e999", "(let x 1e999r)", 1},
		{"let \xff = 1", "(bad)", 1},
	} {
		f, list := Parse("test", []byte(c.text))
		if got := sexpr(f); got != c.want || len(list) != c.errors {
			t.Errorf("%s\n got %s\nwant %s, %d errors\n%v", c.text, got, c.want, c.errors, list)
		}
		checkNesting(t, f)
	}
}

func nested(open, inner, end string, n int) string {
	return strings.Repeat(open, n) + inner + strings.Repeat(end, n)
}

// What nests too deep is refused with a place, before anything recurses on it;
// half the limit is fine.
func TestDeepNesting(t *testing.T) {
	forms := map[string]func(n int) string{
		"parentheses":     func(n int) string { return "let x = " + nested("(", "1", ")", n) },
		"arrays":          func(n int) string { return "let x = " + nested("[", "1", "]", n) },
		"calls":           func(n int) string { return "let x = " + nested("f(", "1", ")", n) },
		"indices":         func(n int) string { return "let x = " + nested("x[", "1", "]", n) },
		"minus":           func(n int) string { return "let x = " + nested("-", "1", "", n) },
		"not":             func(n int) string { return "let x = " + nested("!", "1", "", n) },
		"powers":          func(n int) string { return "let x = " + nested("2^", "1", "", n) },
		"powers of minus": func(n int) string { return "let x = " + nested("2^-", "1", "", n/2) },
		"else if":         func(n int) string { return "let x = " + nested("if a then b else ", "c", "", n) },
		"if in if":        func(n int) string { return "let x = " + nested("if ", "a", " then b else c", n) },
		"plates":          func(n int) string { return nested("plate i in 1..2 {", "", "}", n) },
		"for in fn":       func(n int) string { return "fn f() -> real {" + nested("for i in 1..2 {", "", "}", n) + "return 1 }" },
		"mixed":           func(n int) string { return "let x = " + nested("-(2^[f(", "1", ")])", n/6) },
		"types":           func(n int) string { return "data x : real[" + nested("(", "1", ")", n) + "]" },
	}
	for name, form := range forms {
		if _, list := Parse(name, []byte(form(250))); len(list) > 0 {
			t.Errorf("%s nested 250 deep: %.300s", name, list.Error())
		}
		for _, n := range []int{1000, 10_000, large(50_000)} {
			f, list := Parse(name, []byte(form(n)+"\nlet after = 1"))
			if len(list) != 1 || list[0].Code != NestingTooDeep {
				t.Errorf("%s nested %d deep: %d diagnostics, %.300s", name, n, len(list), list.Error())
			}
			if last := f.Stmts[len(f.Stmts)-1]; sexpr(last) != "(let after 1)" {
				t.Errorf("%s: the statement after it is lost: %s", name, sexpr(last))
			}
		}
		// Unclosed, cut off in the middle: an error of some kind, no crash.
		if _, list := Parse(name, []byte(form(100_000)[:50_000])); len(list) == 0 {
			t.Errorf("%s cut off gives no error", name)
		}
	}
}

// Chains are flat: they cost no nesting.
func TestLongChains(t *testing.T) {
	const n = 40_000
	for name, text := range map[string]string{
		"sum":        "let x = 1" + strings.Repeat(" + 1", n),
		"product":    "let x = a" + strings.Repeat(" * a / b", n/2),
		"and":        "let x = a" + strings.Repeat(" && b < c", n/2),
		"difference": "let x = a" + strings.Repeat("\n - b", n),
		"elements":   "let x = [a" + strings.Repeat(", b", n) + "]",
		"arguments":  "let x = f(a" + strings.Repeat(", b", n) + ")",
		"indices":    "let x = a" + strings.Repeat("[1]", n),
	} {
		f, list := Parse(name, []byte(text))
		if len(list) > 0 {
			t.Errorf("%s: %.300s", name, list.Error())
			continue
		}
		out := Format(f)
		g, list := Parse(name, []byte(out))
		if len(list) > 0 || !ast.Equal(f, g) || Format(g) != out {
			t.Errorf("%s does not survive formatting", name)
		}
	}
	_, list := Parse("too long", []byte("let x = 1"+strings.Repeat(" + 1", maxChain+1)))
	if len(list) != 1 || list[0].Code != NestingTooDeep {
		t.Errorf("a chain beyond the limit gives %.300s", list.Error())
	}
}

// large is a size, or a depth, of hostile texts: with PPL_SLOW=1 four times as large. That these tests
// end in time is the test that nothing is quadratic.
func large(n int) int {
	if os.Getenv("PPL_SLOW") != "" {
		return 4 * n
	}
	return n
}

// A large file must come back whole.
func TestLargeFile(t *testing.T) {
	size := large(5 << 19) // with PPL_SLOW=1 10 MiB
	if testing.Short() {
		size = 1 << 20
	}
	unit := "x[i in 1..N] ~ Normal(alpha + beta * y[i], sigma)  # comment\n"
	n := size / len(unit)
	f, list := Parse("large", []byte(strings.Repeat(unit, n)))
	if len(list) > 0 || len(f.Stmts) != n || len(f.Comments) != n {
		t.Errorf("%d statements, %d comments of %d; %d diagnostics", len(f.Stmts), len(f.Comments), n, len(list))
	}
}

func TestHostileFiles(t *testing.T) {
	n := large(1 << 15)
	for name, unit := range map[string]string{
		"parentheses": "(", "closers": "x])}", "bytes": "\xff\x00", "semicolons": "x;\n", "tildes": "x ~ ", "blocks": "plate i in 1..2 {",
		"open calls": "x ~ N(\n", "comments": "# a\n", "colons": "a[1]:", "ifs": "if a then ", "points": "..", "numbers": "1 ", "names": "a ",
		"keywords": "for data ", "quotes": "'\"", "carriage returns": "\r", "plates": "plate i in 1..2 { x ~ }\n",
	} {
		f, list := Parse(name, []byte(strings.Repeat(unit, n/len(unit))))
		if f == nil || len(list) > diag.MaxErrors+1 {
			t.Errorf("%s: %d diagnostics", name, len(list))
		}
		_ = list.Error()
	}
}

func TestPathologicalDiagnostics(t *testing.T) {
	_, list := Parse("one line", []byte("let x = "+strings.Repeat("a", 1<<20)+" ~"))
	if text := list.Error(); len(text) > 2000 {
		t.Errorf("a message of %d bytes", len(text))
	}
	if len(list) != 1 || list[0].Span == (diag.Span{}) {
		t.Errorf("got %d diagnostics", len(list))
	}
}
