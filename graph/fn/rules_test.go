package fn_test

import (
	"strconv"
	"strings"
	"testing"

	"ppl/graph"
	"ppl/graph/fn"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
)

// TestRules gives each function types, and expects a type or an error text. An
// argument is a type; "=K", "=3" and "=?" are scalar ints known from data (by
// name, as a number, opaque), and "fn f" is the name of a function.
func TestRules(t *testing.T) {
	tests := []struct{ fn, args, want string }{
		{"exp", "real", "real"},
		{"exp", "int[N]", "real[N]"},
		{"exp", "simplex[K]", "real[K]"},
		{"exp", "real?[N]", "real[N]"},
		{"log", "bool[N, M, 3]", "real[N, M, 3]"},
		{"exp", "", "error: needs 1 argument, found 0"},
		{"exp", "real, real", "error: needs 1 argument, found 2"},
		{"exp", "fn f", "error: takes values, found the function `f`"},
		{"abs", "int[N]", "int[N]"},
		{"abs", "bool", "int"},
		{"abs", "real[N]", "real[N]"},
		{"square", "int", "int"},
		{"sign", "int[2]", "int[2]"},
		{"relu", "real[N]", "real[N]"},
		{"floor", "real[N, M]", "int[N, M]"},
		{"ceil", "int", "int"},
		{"round", "real", "int"},
		{"lbeta", "real[N], real", "real[N]"},
		{"lbeta", "int, real[N]", "real[N]"},
		{"lbeta", "real[N], real[M]", "error: needs equal shapes, or a scalar with an array, found real[N] and real[M]"},
		{"lbeta", "real[N], real[?]", "real[N]"},
		{"lbeta", "real[N], real[N, N]", "error: needs equal shapes, or a scalar with an array, found real[N] and real[N, N]"},
		{"lchoose", "int[N], int[N]", "real[N]"},
		{"div", "int[N], int", "int[N]"},
		{"div", "bool, int", "int"},
		{"div", "int, real", "error: needs integers, found int and real"},
		{"mod", "int, int", "int"},
		{"mod", "real[N], int", "error: needs integers, found real[N] and int"},

		{"sum", "real[N, M]", "real"},
		{"sum", "int[N]", "int"},
		{"sum", "bool[N]", "int"},
		{"sum", "real", "error: needs an array, found real"},
		{"prod", "int[N]", "int"},
		{"mean", "int[N]", "real"},
		{"var", "real[N]", "real"},
		{"sd", "bool[N]", "real"},
		{"min", "int[N]", "int"},
		{"max", "real[N], int", "real[N]"},
		{"max", "int, bool", "int"},
		{"max", "real", "error: needs an array, found real"},
		{"max", "real[N], real[N + 1]", "error: needs equal shapes, or a scalar with an array, found real[N] and real[N + 1]"},
		{"max", "", "error: needs 1 to 2 arguments, found 0"},
		{"log_sum_exp", "real[N]", "real"},
		{"log_sum_exp", "real, real", "real"},
		{"any", "bool[N]", "bool"},
		{"all", "int[N, M]", "bool"},
		{"any", "real[N]", "error: needs conditions (bool, or int 0 and 1), found real[N]"},
		{"all", "bool", "error: needs an array, found bool"},
		{"argmax", "real[N]", "int"},
		{"argmax", "real[N, M]", "error: needs a vector, found real[N, M]"},
		{"size", "cov[K]", "int"},
		{"norm", "int[N]", "real"},
		{"dot", "real[N], int[N]", "real"},
		{"dot", "int[N], int[N]", "int"},
		{"dot", "real[N], real[M]", "error: needs two vectors of equal length, found real[N] and real[M]"},
		{"dot", "real[N, M], real[M]", "error: needs two vectors of equal length, found real[N, M] and real[M]"},

		{"softmax", "real[K]", "real[K]"},
		{"log_softmax", "int[K]", "real[K]"},
		{"softmax", "real[N, K]", "error: needs a vector, found real[N, K]"},
		{"cumsum", "int[N]", "int[N]"},
		{"cumsum", "bool[N]", "int[N]"},
		{"sort", "real[N]", "real[N]"},
		{"sort", "real", "error: needs a vector, found real"},

		{"zeros", "=K", "real[K]"},
		{"ones", "=K, =3", "real[K, 3]"},
		{"zeros", "=?", "real[?]"},
		{"zeros", "", "error: needs at least 1 argument, found 0"},
		{"zeros", "int", "error: needs sizes that are known from data and the same in every iteration"},
		{"zeros", "real", "error: needs an integer as a size, found real"},
		{"zeros", "int[N]", "error: needs an integer as a size, found int[N]"},
		{"zeros", "=-1", "error: needs sizes of at least 0, found -1"},
		{"fill", "int, =K", "int[K]"},
		{"fill", "bool, =K, =2", "bool[K, 2]"},
		{"fill", "real[N], =K", "error: needs a scalar value, found real[N]"},
		{"fill", "real", "error: needs at least 2 arguments, found 1"},
		{"eye", "=K", "real[K, K]"},
		{"linspace", "int, real, =11", "real[11]"},
		{"linspace", "real, real[2], =11", "error: needs a scalar end, found real[2]"},
		{"one_hot", "int, =K", "real[K]"},
		{"one_hot", "int[N, M], =K", "real[N, M, K]"},
		{"one_hot", "real, =K", "error: needs an integer index, found real"},
		{"concat", "real[N], int[M], real", "real[M + N + 1]"},
		{"concat", "int[2], int[3]", "int[5]"},
		{"concat", "real, real", "real[2]"},
		{"concat", "real[N, D], real[M, D]", "real[M + N, D]"},
		{"concat", "real[N, D], real[M, E]", "error: needs arrays that differ in their first dimension only, found real[N, D] and real[M, E]"},
		{"concat", "real[N, D], real", "error: needs arrays that differ in their first dimension only, found real[N, D] and real"},
		{"stack", "real[N], real[N]", "real[2, N]"},
		{"stack", "int, real, bool", "real[3]"},
		{"stack", "real[N], real", "error: needs arguments of one shape, found real[N] and real"},
		{"reshape", "real[N, 4], =N, =2, =2", "real[N, 2, 2]"},
		{"reshape", "real[N, M], =M, =N", "real[M, N]"},
		{"reshape", "int[6], =2, =3", "int[2, 3]"},
		{"reshape", "real[6], =4", "error: cannot give the 6 elements of real[6] the shape of real[4]"},
		{"reshape", "real[N], =2, =N", "error: cannot give the N elements of real[N] the shape of real[2, N]"},
		{"reshape", "real, =1", "error: needs an array, found real"},
		{"transpose", "int[N, M]", "int[M, N]"},
		{"transpose", "real[N]", "error: needs a matrix, found real[N]"},
		{"diag", "real[K]", "real[K, K]"},
		{"diag", "cov[K]", "real[K]"},
		{"diag", "real[K, M]", "error: needs a vector or a square matrix, found real[K, M]"},
		{"diag", "real", "error: needs a vector or a square matrix, found real"},
		{"outer", "real[N], int[M]", "real[N, M]"},
		{"outer", "real[N], real", "error: needs two vectors, found real[N] and real"},

		{"cholesky", "cov[K]", "real[K, K]"},
		{"cholesky", "real[N, D]", "error: needs a square matrix, found real[N, D]"},
		{"cholesky", "real[?, K]", "real[?, K]"},
		{"inverse", "int[2, 2]", "real[2, 2]"},
		{"log_det", "real[K, K]", "real"},
		{"trace", "int[K, K]", "int"},
		{"trace", "real[K]", "error: needs a square matrix, found real[K]"},
		{"solve", "real[K, K], real[K]", "real[K]"},
		{"solve", "real[K, K], int[K, M]", "real[K, M]"},
		{"solve", "real[K, K], real[M]", "error: needs a square matrix and a vector or matrix with as many rows, found real[K, K] and real[M]"},
		{"solve_lower", "cholesky_corr[K], real[K]", "real[K]"},
		{"solve_lower", "real[K, M], real[K]", "error: needs a square matrix, found real[K, M]"},
		{"quad_form", "real[K, K], real[K]", "real"},
		{"quad_form", "real[K, K], real[K, M]", "real[M, M]"},
		{"quad_form", "real[K, K], real", "error: needs a square matrix and a vector or matrix with as many rows, found real[K, K] and real"},

		{"cov_exp_quad", "real[N], real, real", "real[N, N]"},
		{"cov_exp_quad", "real[N, D], real, real[D]", "real[N, N]"},
		{"cov_exp_quad", "real[N], real[M], real, real", "real[N, M]"},
		{"cov_exp_quad", "real[N, D], real[M, D], real, real[D]", "real[N, M]"},
		{"cov_exp_quad", "real, real, real", "error: needs points, real[N] or real[N, D], found real"},
		{"cov_matern32", "real[N], real[M, D], real, real", "error: needs points of one kind, found real[N] and real[M, D]"},
		{"cov_matern52", "real[N, D], real, real[E]", "error: needs scalar parameters after its points, found real[N, D], real and real[E]"},
		{"cov_periodic", "int[N], real, real, int", "real[N, N]"},
		{"cov_periodic", "real[N], real[M], real, real, real", "real[N, M]"},
		{"cov_periodic", "real[N], real, real", "error: needs 4 to 5 arguments, found 3"},
		{"layer_norm", "int[N]", "real[N]"},
		{"layer_norm", "real[N, M, D], real", "real[N, M, D]"},
		{"layer_norm", "real", "error: needs an array, found real"},
		{"layer_norm", "real[N], real[N]", "error: needs a scalar epsilon, found real[N]"},
		{"conv2d", "real[C, H, W], real[O, C, 3, 3]", "real[O, H - 2, W - 2]"},
		{"conv2d", "int[N, C, 8, 6], int[O, C, 3, 2]", "int[N, O, 6, 5]"},
		{"conv2d", "real[C, 8, 6], int[O, C, 3, 2], =2", "real[O, 3, 3]"},
		{"conv2d", "real[C, H, W], real[O, C, A, B], =1, =K", "real[O, H + 2*K - A + 1, 2*K + W - B + 1]"},
		{"conv2d", "real[C, 8, W], real[O, C, 3, 3], =2, =1", "real[O, 4, ? + 1]"},
		{"conv2d", "real[C, 8, 8], real[O, C, 3, 3], =K", "real[O, ? + 1, ? + 1]"},
		{"conv2d", "real[?, 8, 8], real[2, 3, 3, 3]", "real[2, 6, 6]"},
		{"conv2d", "real[C, H], real[O, C, 3, 3]", "error: needs images [channels, height, width] and kernels [out, channels, height, width], found real[C, H] and real[O, C, 3, 3]"},
		{"conv2d", "real[C, 8, 8], real[O, 3, 3]", "error: needs images [channels, height, width] and kernels [out, channels, height, width], found real[C, 8, 8] and real[O, 3, 3]"},
		{"conv2d", "real[C, 8, 8], real[C, O, 3, 3]", "error: needs images [channels, height, width] and kernels [out, channels, height, width], found real[C, 8, 8] and real[C, O, 3, 3]"},
		{"conv2d", "real[C, 4, 8], real[O, C, 5, 5]", "error: needs kernels of at least 1 by 1 that are no larger than the images with their padding, found real[C, 4, 8] and real[O, C, 5, 5]"},
		{"conv2d", "real[C, 4, 8], real[O, C, 5, 5], =1, =1", "real[O, 2, 6]"},
		{"conv2d", "real[C, 4, 8], real[O, C, 0, 3]", "error: needs kernels of at least 1 by 1 that are no larger than the images with their padding, found real[C, 4, 8] and real[O, C, 0, 3]"},
		{"conv2d", "real[C, 8, 8], real[O, C, 3, 3], =0", "error: needs a stride of at least 1, found 0"},
		{"conv2d", "real[C, 8, 8], real[O, C, 3, 3], =1, =-1", "error: needs a padding of at least 0, found -1"},
		{"conv2d", "real[C, 8, 8], real[O, C, 3, 3], real", "error: needs an integer as its stride, found real"},
		{"conv2d", "real[C, 8, 8], real[O, C, 3, 3], int", "error: needs a stride that is known from data and the same in every iteration"},
		{"max_pool2d", "real[C, 8, 6], =2", "real[C, 4, 3]"},
		{"max_pool2d", "int[N, C, 7, 6], =2", "int[N, C, 3, 3]"},
		{"max_pool2d", "real[7, 6], =3, =1", "real[5, 4]"},
		{"max_pool2d", "real[C, H, W], =3, =1", "real[C, H - 2, W - 2]"},
		{"max_pool2d", "real[C, H, W], =2", "real[C, ? + 1, ? + 1]"},
		{"max_pool2d", "real[8], =2", "error: needs images [..., height, width], found real[8]"},
		{"max_pool2d", "real[C, 8, 6], =7", "error: needs windows no larger than the images, found real[C, 8, 6] and a size of 7"},
		{"max_pool2d", "real[C, 8, 6], =0", "error: needs a size of at least 1, found 0"},
		{"max_pool2d", "real[C, 8, 6], =2, =0", "error: needs a stride of at least 1, found 0"},
		{"max_pool2d", "real[C, 8, 6], real", "error: needs an integer as its size, found real"},
		{"ode", "fn flow, real[D], =0, real[T], real", "real[T, D]"},
		{"ode", "real, real[D], =0, real[T]", "error: needs the name of a `fn` first, found real"},
		{"ode", "fn flow, real, =0, real[T]", "error: needs vectors of initial values and times, found real and real[T]"},
		{"ode", "fn flow, real[D], real[D], real[T]", "error: needs a scalar initial time, found real[D]"},
		{"ode", "fn flow, fn flow, =0, real[T]", "error: takes values, found the function `flow`"},
	}
	covered := map[string]bool{}
	for _, tt := range tests {
		covered[tt.fn] = true
		got := apply(t, tt.fn, tt.args)
		if got != tt.want {
			t.Errorf("%s(%s):\n\t%s, want\n\t%s", tt.fn, tt.args, got, tt.want)
		}
	}
	for _, name := range fn.Names() {
		if f, _ := fn.Find(name); !covered[name] && f.Group != "Elementwise" {
			t.Errorf("no row for %s", name)
		}
	}
}

func apply(t *testing.T, name, args string) string {
	t.Helper()
	f, ok := fn.Find(name)
	if !ok {
		t.Fatalf("no function %s", name)
	}
	var in []lang.Arg
	for _, a := range splitArgs(args) {
		in = append(in, arg(a))
	}
	typ, err := f.Result(in)
	if err != nil {
		return "error: " + err.Error()
	}
	return typ.String()
}

// splitArgs splits at the commas outside brackets.
func splitArgs(s string) []string {
	var out []string
	depth, start := 0, 0
	for i, c := range s + "," {
		switch c {
		case '[':
			depth++
		case ']':
			depth--
		case ',':
			if a := strings.TrimSpace((s + ",")[start:i]); depth == 0 && a != "" {
				out = append(out, a)
				start = i + 1
			}
		}
	}
	return out
}

func arg(s string) lang.Arg {
	switch {
	case strings.HasPrefix(s, "fn "):
		return lang.Arg{Fn: s[3:]}
	case strings.HasPrefix(s, "="):
		d := dim(s[1:])
		return lang.Arg{Type: lang.Scalar(lang.Int), Size: &d}
	}
	name, rest, _ := strings.Cut(s, "[")
	var t lang.Type
	t.Optional = strings.HasSuffix(name, "?")
	name = strings.TrimSuffix(name, "?")
	t.Elem = map[string]lang.Elem{"int": lang.Int, "bool": lang.Bool}[name]
	t.Kind, _ = lang.KindByName(name)
	for _, d := range strings.Split(strings.TrimSuffix(rest, "]"), ", ") {
		if d != "" {
			t.Dims = append(t.Dims, dim(d))
		}
	}
	if t.Kind.EventRank() == 2 {
		t.Dims = append(t.Dims, t.Dims[len(t.Dims)-1])
	}
	return lang.Arg{Type: t}
}

func dim(s string) lang.Dim {
	if s == "?" {
		return lang.DimOpaque("opaque", &ast.Name{})
	}
	if name, plus, ok := strings.Cut(s, " + "); ok {
		n, _ := strconv.Atoi(plus)
		return lang.DimName(name).AddInt(n)
	}
	if n, err := strconv.Atoi(s); err == nil {
		return lang.DimInt(n)
	}
	return lang.DimName(s)
}

// TestNothingPanics runs every rule on every combination of a few types.
func TestNothingPanics(t *testing.T) {
	some := []string{"real", "int[N]", "bool[N, M]", "=K", "=?", "real[?]", "real[N, N]", "real[2, 2, 2]", "fn f", "simplex[K]"}
	for _, name := range fn.Names() {
		f, _ := fn.Find(name)
		var args []lang.Arg
		var walk func(n int)
		walk = func(n int) {
			typ, err := f.Result(args)
			if err == nil && strings.HasPrefix(typ.String(), "simplex") {
				t.Errorf("%s gives %v", name, typ)
			}
			if n == 0 {
				return
			}
			for _, s := range some {
				args = append(args, arg(s))
				walk(n - 1)
				args = args[:len(args)-1]
			}
		}
		walk(min(4, len(f.Params)+1))
	}
}

// TestValueErrors are the errors that only values tell.
func TestValueErrors(t *testing.T) {
	tests := []struct {
		fn   string
		args []array
		want string
	}{
		{"argmax", []array{{lang.Real, graph.Shape{0}, nil}}, "needs at least one element, found an empty vector"},
		{"one_hot", []array{count(4), count(3)}, "needs an index in 1..3, found 4"},
		{"one_hot", []array{{lang.Int, graph.Shape{2}, []float64{1, 0}}, count(3)}, "needs an index in 1..3, found 0"},
		{"layer_norm", []array{{lang.Real, graph.Shape{2}, []float64{1, 2}}, {lang.Real, nil, []float64{-1}}}, "needs an epsilon of at least 0, found -1"},
		{"ode", nil, "takes a function of the model"},
	}
	for _, tt := range tests {
		b := named.New()
		var args []named.Value
		for _, a := range tt.args {
			args = append(args, b.Array(a.shape, a.data))
		}
		f, _ := fn.Find(tt.fn)
		if _, err := f.Lower(b, args); err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", tt.fn, err, tt.want)
		}
	}
}
