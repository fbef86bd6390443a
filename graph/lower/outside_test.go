package lower_test

import (
	"strings"
	"testing"

	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/guide"
)

// An error about an index names the data that it comes from.
func TestIndexNamesTheData(t *testing.T) {
	const head = `
data g : int[N]
data m : int[N, 2]
data k : int
a[j in 1..3] ~ Normal(0, 1)
fn f(k: int, b: real[M]) -> real = b[k]
`
	data := values{"g": []int{1, 3, 4}, "m": [][]int{{1, 2}, {2, 7}, {1, 1}}, "k": 5}
	for _, c := range []struct{ text, found, hint string }{
		{"factor sum([a[g[i]] for i in 1..N])", "4 (in the data `g[3]` is 4)", "`data g : int[N] in 1..3`"},
		{"plate i in 1..N { factor a[m[i, 2]] }", "7 (in the data `m[2, 2]` is 7)", "`data m : int[N, 2] in 1..3`"},
		{"factor sum(a[g])", "4 (in the data `g[3]` is 4)", "`data g : int[N] in 1..3`"},
		{"factor a[k]", "5 (in the data `k` is 5)", "`data k : int in 1..3`"},
		{"plate i in 1..N { factor a[g[i] - k] }", "-4 (in the data `g[1]` is 1, `k` is 5)", ""},
		{"factor a[g[g[2]]]", "4 (in the data `g[3]` is 4)", "`data g : int[N] in 1..3`"},
		{"factor a[size(g) + 2]", "5", ""},
		{"factor f(k, a)", "5", ""}, // k is the parameter
	} {
		m := checkedWithout(t, head+c.text)
		_, ds := lower.Lower(m, bound(t, m, data), &guide.Packed{}, named.New())
		if len(ds) != 1 || ds[0].Found != c.found || !strings.Contains(ds[0].Hint, c.hint) || c.hint == "" && ds[0].Hint != "" {
			t.Errorf("%s: want %q, hint %q\n%s", c.text, c.found, c.hint, ds.Error())
		}
	}
}
