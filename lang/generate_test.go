package lang_test

import (
	"slices"
	"strings"
	"testing"

	"ppl/graph/builtin"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/check"
	"ppl/parser"
)

func checked(t *testing.T, text string) *lang.Model {
	t.Helper()
	file, ds := parser.Parse("model.ppl", []byte(text))
	m, more := check.Check(file, builtin.Catalogue())
	if ds = append(ds, more...); ds.HasErrors() {
		t.Fatalf("%s\n%s", text, ds.Error())
	}
	return m
}

// TestOnlyGenerated: which data and dimensions a fit does without.
func TestOnlyGenerated(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"data x : real[N]\ndata z : real[M]\nb ~ Normal(0, 1)\nx ~ Normal(b, 1)\ngenerate p[j in 1..M] ~ Normal(b * z[j], 1)\n", "z M"},
		{"data x : real[N]\ndata z : real[N]\nb ~ Normal(0, 1)\nx ~ Normal(b, 1)\nplate j in 1..N { generate p[j] ~ Normal(b * z[j], 1) }\n", "z"},
		{"data x : real[N]\ndata z : real[M]\nb ~ Normal(0, 1)\nx ~ Normal(b, 1)\nplate j in 1..M { generate p[j] ~ Normal(b * z[j], 1) }\n", "z M"},
		{"data x : real[N]\ndata z : real[M]\nb ~ Normal(0, 1)\nx ~ Normal(b, 1)\nplate j in 1..M { c[j] ~ Normal(0, 1)\n generate p[j] ~ Normal(b * z[j], 1) }\n", "z"},
		{"data lo : real\ndata z : real[M] > lo\nb ~ Normal(0, 1)\ngenerate let p = sum(z) * b\n", "z M"},
		{"data lo : real\ndata z : real[M] > lo\nb ~ Normal(sum(z), 1)\ngenerate let p = lo * b\n", ""},
		{"data z : real\nb ~ Normal(0, 1)\nlet w = 2 * z\ngenerate let p = w * b\n", ""},
		{"data K : int\ndata z : real[K]\nb ~ Normal(0, 1)\ngenerate let p = z[K] * b\n", "K z K"},
		{"data g : factor(J)[N]\ndata h : factor(J)[M]\na[j in 1..J] ~ Normal(0, 1)\ndata y : real[N]\ny[i in 1..N] ~ Normal(a[g[i]], 1)\ngenerate let p = a[h[1]]\n", "h M"},
		{"data z : real\ndata unused : real\nb ~ Normal(z, 1)\n", ""},
	} {
		m := checked(t, c.text)
		var got []string
		only := m.OnlyGenerated()
		for _, s := range slices.Concat(m.Data, m.Dims) {
			if only[s] {
				got = append(got, s.Name)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s\ngot %q, want %q", c.text, got, c.want)
		}
	}
}

// TestStatements: the statements of a model with those under `generate` and without.
func TestStatements(t *testing.T) {
	m := checked(t, `
b ~ Normal(0, 1)
plate i in 1..3 {
  c[i] ~ Normal(0, 1)
  generate d[i] ~ Normal(c[i], 1)
}
for t in 1..3 { plate j in 1..2 { generate e[t, j] ~ Normal(b, 1) } }
plate i in 1..2 { f[i] ~ Normal(0, 1) }
generate let g = b
`)
	names := func(generating bool) string {
		var out []string
		for _, s := range m.Statements(generating) {
			ast.Inspect(s, func(n ast.Node) bool {
				switch x := n.(type) {
				case *ast.Generate:
					out = append(out, "generate")
				case *ast.Sample:
					out = append(out, x.Name.Name)
				case *ast.Let:
					out = append(out, x.Name.Name)
				case *ast.Plate:
					out = append(out, "plate")
				case *ast.For:
					out = append(out, "for")
				}
				return true
			})
		}
		return strings.Join(out, " ")
	}
	if got, want := names(false), "b plate c plate f"; got != want {
		t.Errorf("without: %s, want %s", got, want)
	}
	if got, want := names(true), "b plate c d for plate e plate f g"; got != want {
		t.Errorf("with: %s, want %s", got, want)
	}
	if m.Statements(false)[2] != m.File.Stmts[3] {
		t.Error("a plate without `generate` was copied")
	}
}
