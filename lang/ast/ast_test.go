package ast_test

import (
	"testing"

	"ppl/lang/ast"
	"ppl/parser"
)

const everything = `data x : factor(J)?[N] in 0..K-1 = 3
param w : real > 0
let y[i in 1..N, 2, :] = -(a + f(b, c = [1])[2, :])^2
z[1..2] : real[M] >= 0 ~ Normal(0, 1) in (0, inf)
plate i in 1..N { factor if p then q else true }
for t in 2..T { s[t] ~ Poisson(1) in 0..3 }
fn f(a: real) -> int { let b = a return [k for k in 1..2] }
generate v ~ D(log_density(E() in 1..2, 3))
guide { g ~ Normal(0, 1) }
`

func parse(t *testing.T, text string) *ast.File {
	t.Helper()
	f, list := parser.Parse("test", []byte(text))
	if len(list) > 0 {
		t.Fatal(list)
	}
	return f
}

// Inspect follows the text: each node starts no earlier than the one before.
func TestInspectFollowsTheText(t *testing.T) {
	last, count := 0, 0
	ast.Inspect(parse(t, everything), func(n ast.Node) bool {
		if n.Span().Start < last {
			t.Errorf("%T at %d comes after %d", n, n.Span().Start, last)
		}
		last = n.Span().Start
		count++
		return true
	})
	if count < 150 {
		t.Errorf("only %d nodes", count)
	}
}

func TestInspectSkips(t *testing.T) {
	count := 0
	ast.Inspect(parse(t, "let a = 1 + 2\nlet b = 3"), func(n ast.Node) bool {
		count++
		_, let := n.(*ast.Let)
		return !let
	})
	if count != 3 {
		t.Errorf("visited %d nodes, want the file and two lets", count)
	}
}

// Parts held by value are visited in place, so that a visitor may annotate.
func TestChildrenPointIntoTheTree(t *testing.T) {
	f := parse(t, "let a = f(x = 1)")
	ast.Inspect(f, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			id.Name = "renamed"
		}
		return true
	})
	let := f.Stmts[0].(*ast.Let)
	if call := let.Value.(*ast.Call); let.Name.Name != "renamed" || call.Fn.Name != "renamed" || call.Args[0].Name.Name != "renamed" {
		t.Errorf("not in place: %+v", let)
	}
}

func TestEqual(t *testing.T) {
	if !ast.Equal(parse(t, everything), parse(t, "# c\n\n  "+everything+"# d")) {
		t.Error("layout and comments make a difference")
	}
	for _, c := range [][2]string{
		{"let a = 1", "let b = 1"}, {"let a = 1", "let a = 2"}, {"let a = 1", "let a = 1.0"}, {"let a = 1", "param a : real"},
		{"let a = b", "let a = (b)"}, {"let a = b + c", "let a = b - c"}, {"let a = -b", "let a = !b"}, {"let a = true", "let a = false"},
		{"let a = b[:]", "let a = b[1]"}, {"let a = b[1..2]", "let a = b[1]"}, {"let a = f(b)", "let a = f(b = b)"}, {"let a = [1]", "let a = [1, 1]"},
		{"data a : real > 1", "data a : real = 1"}, {"data a : real > 1", "data a : real >= 1"}, {"data a : int", "data a : int?"},
		{"data a : real[1] > 2", "data a : real[1, 2]"}, {"data a : real in (0, 1)", "data a : real in 0..1"}, {"a[i in 1..2] ~ N()", "a[1..2] ~ N()"},
		{"fn f() -> real = 1", "fn f() -> real { return 1 }"}, {"let a = 1", "let a = 1 let b = 2"}, {"a ~ N()", "generate a ~ N()"},
	} {
		if ast.Equal(parse(t, c[0]), parse(t, c[1])) {
			t.Errorf("%q equals %q", c[0], c[1])
		}
	}
}
