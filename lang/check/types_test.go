package check_test

import (
	"runtime/debug"
	"strings"
	"testing"

	"ppl/graph/builtin"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/check"
	"ppl/lang/diag"
	"ppl/parser"
)

const typesPrelude = `
data N : int
data D : int
data K : int > 0
data X : real[N, D]
data x : real[N]
data k : int[N] in 1..4
data b : bool[N]
data n : int
data c : factor(J)[N]
data S : cov[D]
data P : simplex[J, K]
mu ~ Normal(0, 1)
w ~ Dirichlet(ones(K))
z ~ Categorical(w)
fn outerly(a: real[A], b: real[B]) -> real[A, B] = outer(a, b)
fn tail(a: real[A]) -> real[A - 1] = a[2..A]
`

// The type of an expression, as the language writes it.
func TestTypes(t *testing.T) {
	for _, row := range [][2]string{
		{"1", "int"}, {"1.0", "real"}, {"1e3", "real"}, {"true", "bool"}, {"inf", "real"}, {"-pi", "real"},
		{"1 + 2", "int"}, {"1 + 2.0", "real"}, {"1 / 2", "real"}, {"2 ^ 3", "real"}, {"true + true", "int"}, {"-true", "int"},
		{"n * n", "int"}, {"n == 2", "bool"}, {"!b", "bool[N]"}, {"b && b", "bool[N]"}, {"x > 0", "bool[N]"},
		{"x + 1", "real[N]"}, {"k + 1", "int[N]"}, {"k / 2", "real[N]"}, {"x * k", "real[N]"},
		{"X @ zeros(D)", "real[N]"}, {"x @ x", "real"}, {"x @ X", "real[D]"}, {"transpose(X) @ X", "real[D, D]"},
		{"X[1]", "real[D]"}, {"X[1, 2]", "real"}, {"X[:, 2]", "real[N]"}, {"X[2..N, 1]", "real[N - 1]"}, {"x[k]", "real[N]"}, {"X[k, k]", "real[N, N]"},
		{"x[2..4]", "real[3]"}, {"x[5..4]", "real[0]"}, {"c", "factor(J)[N]"}, {"c[1]", "factor(J)"}, {"c + 1", "int[N]"},
		{"S", "cov[D]"}, {"S[1]", "real[D]"}, {"S + 1", "real[D, D]"}, {"P", "simplex[J, K]"}, {"P[1]", "simplex[K]"}, {"P[1, 2]", "real"}, {"P[1..2]", "simplex[2, K]"},
		{"[1, 2.5]", "real[2]"}, {"[true, 2]", "int[2]"}, {"[x, x]", "real[2, N]"},
		{"[i for i in 1..N]", "int[N]"}, {"[i * j for i in 2..N, j in 1..D]", "int[N - 1, D]"}, {"[X[i] for i in 1..N]", "real[N, D]"},
		{"[x[t-s] for t in K+1..N, s in 1..K]", "real[N - K, K]"},
		{"if n > 1 then 1 else 2.5", "real"}, {"if n then x else 2 * x", "real[N]"},
		{"w", "simplex[K]"}, {"w[z]", "real"}, {"z", "int"}, {"2 * w", "real[K]"},
		{"outerly(x, w)", "real[N, K]"}, {"tail(x)", "real[N - 1]"}, {"tail(tail(x))", "real[N - 2]"}, {"tail([1, 2, 3])", "real[2]"},
		{"zeros(n)", "real[n]"}, {"zeros(2 * n + 1)", "real[2*n + 1]"}, {"zeros(k[1])", "real[?]"},
		{"log_density(Normal(mu, 1), x)", "real"}, {"sum(x)", "real"}, {"exp(x)", "real[N]"}, {"(x)", "real[N]"},
	} {
		m, list := checkText("types", typesPrelude+"let it = "+row[0]+"\n")
		if len(list) > 0 {
			t.Errorf("%s:\n%v", row[0], list)
			continue
		}
		if got := m.Lets[len(m.Lets)-1].Type.String(); got != row[1] {
			t.Errorf("%s is %s, want %s", row[0], got, row[1])
		}
	}
}

// Shapes and kinds of latents.
func TestLatentTypes(t *testing.T) {
	for _, row := range [][2]string{
		{"a ~ Normal(0, 1)", "real"}, {"a ~ Normal(x, 1)", "real[N]"}, {"a[i in 1..N] ~ Normal(0, 1)", "real[N]"},
		{"a[i in 1..N] ~ Normal(X[i], 1)", "real[N, D]"}, {"a : ordered[K] ~ Normal(0, 1)", "ordered[K]"},
		{"a : simplex[N, K] ~ Dirichlet(ones(K))", "simplex[N, K]"}, {"a[i in 1..N] ~ Dirichlet(ones(K))", "simplex[N, K]"},
		{"a ~ MvNormal(zeros(D), S)", "real[D]"}, {"a : cov[D] ~ Wishart(D, S)", "cov[D]"}, {"a ~ Wishart(D, S)", "cov[D]"},
		{"a ~ Poisson(2)", "int"}, {"a[i in 1..N] ~ Categorical(w)", "int[N]"}, {"a[1] ~ Normal(0, 1)\na[i in 2..N+3] ~ Normal(0, 1)", "real[N + 3]"},
		{"plate i in 1..N { a[i, 1] ~ Normal(0, 1)\nfor t in 2..K { a[i, t] ~ Normal(a[i, t-1], 1) } }", "real[N, K]"},
		{"plate i in 1..N, j in 1..k[i] { a[i, j] ~ Normal(0, 1) }", "real[N, ?]"},
	} {
		m, list := checkText("types", typesPrelude+row[0]+"\n")
		if len(list) > 0 {
			t.Errorf("%s:\n%v", row[0], list)
			continue
		}
		if got := m.Latents[len(m.Latents)-1].Type.String(); got != row[1] {
			t.Errorf("%s gives %s, want %s", row[0], got, row[1])
		}
	}
}

// What the model says of its statements.
func TestModel(t *testing.T) {
	m, list := checkText("model", `
data y : real[N]
data N : int
let s = log(y)
a ~ Normal(0, 1)
let b = 2 * a
h[1] ~ Normal(0, 1)
for t in 2..N { let m = h[t-1]  h[t] ~ Normal(m, 1)  let q[t-1] = m }
s[i in 1..N] ~ Normal(a, 1)
generate y_new ~ Normal(a, 1)
`)
	if len(list) > 0 {
		t.Fatal(list)
	}
	names := func(ss []*lang.Symbol) string {
		var out []string
		for _, s := range ss {
			text := s.Name
			if s.Random {
				text += "*"
			}
			out = append(out, text)
		}
		return strings.Join(out, " ")
	}
	for _, row := range [][2]string{
		{names(m.Data), "y N"}, {names(m.Dims), "N"}, {names(m.Latents), "a* h*"}, {names(m.Lets), "s b* q*"}, {names(m.Generated), "y_new*"},
	} {
		if row[0] != row[1] {
			t.Errorf("got %q, want %q", row[0], row[1])
		}
	}
	if n := len(m.Latents[1].Pieces); n != 2 {
		t.Errorf("h has %d pieces", n)
	}
	kinds := map[lang.SampleKind]int{}
	for s, si := range m.Samples {
		kinds[si.Kind]++
		if m.Dists[s.Dist.Call] != si.Dist {
			t.Errorf("%s: Dists and Samples differ", s.Name.Name)
		}
	}
	if kinds[lang.Latent] != 3 || kinds[lang.Observe] != 1 || kinds[lang.Predict] != 1 {
		t.Errorf("kinds of samples: %v", kinds)
	}
}

// Independent errors are reported together, in order, each with its span.
func TestSpans(t *testing.T) {
	text := "data y : real[N]\nlet a = y[0]\nmu ~ Normal(0, foo)\nlet b = mu @ y\n"
	_, list := checkText("spans", text)
	var got []string
	for _, d := range list {
		got = append(got, string(d.Code)+" "+d.Source.Slice(d.Span))
	}
	want := "index-out-of-bounds 0; unknown-name foo; " // mu is poisoned: `mu @ y` is not reported
	if s := strings.Join(got, "; ") + "; "; s != want {
		t.Errorf("got %s\nwant %s", s, want)
	}
}

// A tree that no parser makes must not break the checker.
func TestHoles(t *testing.T) {
	src := diag.NewSource("holes", "")
	id := ast.Ident{Name: "x"}
	for i, s := range []ast.Stmt{
		&ast.Bad{}, &ast.Data{}, &ast.Data{Name: id}, &ast.Param{}, &ast.Let{}, &ast.Let{Name: id, Index: []ast.LeftIndex{{}}},
		&ast.Sample{}, &ast.Sample{Name: id, Dist: &ast.Dist{}}, &ast.Sample{Name: id, Index: []ast.LeftIndex{{Binder: &ast.Binder{}}}},
		&ast.Plate{}, &ast.Plate{Binders: []*ast.Binder{nil}}, &ast.For{Binders: []*ast.Binder{{}}, Body: []ast.Stmt{nil}},
		&ast.Factor{}, &ast.Generate{}, &ast.Fn{}, &ast.Fn{Name: id, Params: []*ast.FnParam{nil, {}}}, &ast.Guide{}, nil,
		&ast.Let{Name: id, Value: &ast.BadExpr{}}, &ast.Let{Name: id, Value: &ast.Call{Args: []ast.Arg{{}}}}, &ast.Let{Name: id, Value: &ast.Index{}},
		&ast.Let{Name: id, Value: &ast.Comprehension{Binders: []*ast.Binder{nil, {}}}}, &ast.Let{Name: id, Value: &ast.DistExpr{}},
		&ast.Let{Name: id, Value: &ast.Call{Fn: ast.Ident{Name: "log_density"}, Args: []ast.Arg{{}, {}}}},
		&ast.Let{Name: id, Value: &ast.If{}}, &ast.Let{Name: id, Value: &ast.Binary{Op: "@"}}, &ast.Let{Name: id, Value: &ast.Array{Elems: []ast.Expr{nil}}},
		&ast.Sample{Name: id, Type: &ast.Type{}, Constraint: &ast.Constraint{}, Dist: &ast.Dist{Call: &ast.Call{Fn: ast.Ident{Name: "Normal"}}, Interval: &ast.Interval{}}},
		&ast.Data{Name: id, Type: &ast.Type{Name: ast.Ident{Name: "real"}, Dims: []ast.Expr{nil}}, Constraint: &ast.Constraint{Range: &ast.Range{}}},
		&ast.Data{Name: id, Type: &ast.Type{Name: ast.Ident{Name: "int"}}, Constraint: &ast.Constraint{}},
	} {
		func() {
			defer func() {
				if r := recover(); r != nil {
					t.Errorf("statement %d: %v\n%s", i, r, debug.Stack())
				}
			}()
			check.Check(&ast.File{Source: src, Stmts: []ast.Stmt{s}}, builtin.Catalogue())
		}()
	}
	check.Check(&ast.File{}, builtin.Catalogue())
	check.Check(nil, builtin.Catalogue())
}

// The examples of built-in functions and distributions are well formed.
func TestExamples(t *testing.T) {
	cat := builtin.Catalogue()
	for _, n := range cat.DistNames() {
		sig, _ := cat.Dist(n)
		if _, list := parser.Parse("example", []byte(sig.Example)); len(list) > 0 {
			t.Errorf("%s: %v", n, list)
		}
	}
}
