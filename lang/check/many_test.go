package check_test

import (
	"fmt"
	"strings"
	"testing"

	"ppl/lang/diag"
)

// TestManyErrors: after a hundred errors the rest of a model is not looked at.
func TestManyErrors(t *testing.T) {
	var b strings.Builder
	for i := range 3 * diag.MaxErrors {
		fmt.Fprintf(&b, "let x%d = y%d\n", i, i)
	}
	_, ds := checkText("many.ppl", b.String())
	if len(ds) != diag.MaxErrors+1 || ds[diag.MaxErrors].Code != diag.TooManyErrors {
		t.Errorf("%d errors, the last %v", len(ds), ds[len(ds)-1])
	}
}

// TestManyPieces: in a loop, reads of an array of very many pieces are not supported;
// outside they are.
func TestManyPieces(t *testing.T) {
	var in, out strings.Builder
	in.WriteString("data T : int\nfor t in 1..T {\n")
	out.WriteString("x[1] ~ Normal(0, 1)\n")
	for i := 1; i < 500; i++ {
		fmt.Fprintf(&in, "  x[t, %d] ~ Normal(%s, 1)\n", i, map[bool]string{true: "0", false: fmt.Sprintf("x[t, %d]", i-1)}[i == 1])
		fmt.Fprintf(&out, "x[%d] ~ Normal(x[%d], 1)\n", i+1, i)
	}
	in.WriteString("}\n")
	if m, ds := checkText("in.ppl", in.String()); len(ds) > 0 || len(m.NotYet) != 1 {
		t.Errorf("in a loop: %v, %v", ds, m.NotYet)
	}
	if m, ds := checkText("out.ppl", out.String()); len(ds) > 0 || len(m.NotYet) > 0 {
		t.Errorf("outside: %v, %v", ds, m.NotYet)
	}
}

// TestDependsThroughLoops: what a value depends on is known through arrays that a loop
// fills from statements further down, asked early or late.
func TestDependsThroughLoops(t *testing.T) {
	m, ds := checkText("loops.ppl", `
data y : real[T]
a ~ Normal(0, 1)
let u[1] = 0.0
let v[1] = 0.0
let w[1] = 0.0
for t in 2..T {
  let u[t] = v[t-1]
  let v[t] = w[t-1]
  let w[t] = u[t-1] + a
}
let known[1] = 0.0
for t in 2..T { let known[t] = known[t-1] + y[t] }
let k = known[T]
k ~ Normal(a, 1)
y ~ Normal(u[T] + k, 1)
`)
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	random := map[string]bool{}
	for _, s := range m.Lets {
		random[s.Name] = s.Random
	}
	for name, want := range map[string]bool{"u": true, "v": true, "w": true, "known": false, "k": false} {
		if random[name] != want {
			t.Errorf("%s depends on a latent: %t, want %t", name, random[name], want)
		}
	}
}
