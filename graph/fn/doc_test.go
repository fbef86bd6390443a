package fn_test

import (
	"regexp"
	"strings"
	"testing"

	"ppl/graph/fn"
	"ppl/parser"
)

// builtins is the list of built-in functions in the design of the language.
const builtins = `exp log log1p expm1 sqrt square abs sign floor ceil round inv_logit logit softplus
log_inv_logit tanh sin cos tan asin acos atan sinh cosh erf erfc Phi log_Phi lgamma digamma lbeta lchoose relu min max
sum prod mean var sd log_sum_exp softmax log_softmax cumsum dot norm size any all argmax sort
zeros ones fill eye linspace concat stack reshape transpose diag outer one_hot
cholesky solve solve_lower log_det inverse trace quad_form
cov_exp_quad cov_matern32 cov_matern52 cov_periodic ode div mod
gelu layer_norm conv2d max_pool2d`

func TestEveryBuiltin(t *testing.T) {
	want := strings.Fields(builtins)
	for _, name := range want {
		if _, ok := fn.Find(name); !ok {
			t.Errorf("%s is missing", name)
		}
	}
	if got := fn.Names(); len(got) != len(want) {
		t.Errorf("%d functions, the language has %d", len(got), len(want))
	}
}

var sentence = regexp.MustCompile(`\.$`)

func TestDocs(t *testing.T) {
	for _, name := range fn.Names() {
		f, _ := fn.Find(name)
		if !sentence.MatchString(f.Doc) || f.Group == "" || len(f.Params) == 0 || f.MinArgs < 1 || f.MinArgs > len(f.Params) || f.Lower == nil || f.Result == nil {
			t.Errorf("%s: the declaration is incomplete: %+v", name, f.FuncSig)
		}
		if !strings.Contains(f.Example, name+"(") {
			t.Errorf("%s: the example %q does not call it", name, f.Example)
		}
		text := "let result = " + f.Example + "\n"
		formatted, bad := parser.FormatSource("example", []byte(text))
		if len(bad) > 0 || formatted != text {
			t.Errorf("%s: the example %q reads as %q: %v", name, f.Example, formatted, bad)
		}
	}
}
