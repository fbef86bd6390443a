package op_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"slices"
	"testing"

	"ppl/graph"
	"ppl/graph/edge"
	"ppl/graph/grad"
	"ppl/graph/op"
	"ppl/graph/plan"
)

// What derivatives do where a function's domain ends, at infinities, and in
// branches that are not taken. Each function is evaluated at every combination
// of numbers that are special to some function. Its derivatives there are
// compared with the limits of differences of its values.

// functions are all scalar functions, by the names of their variables.
var functions = map[string]**op.Func{
	"Add": &op.Add, "Sub": &op.Sub, "Mul": &op.Mul, "Div": &op.Div, "Neg": &op.Neg, "Recip": &op.Recip, "Square": &op.Square,
	"MulZ": &op.MulZ, "Pow": &op.Pow, "IntDiv": &op.IntDiv, "Mod": &op.Mod, "Min": &op.Min, "Max": &op.Max,
	"Exp": &op.Exp, "Log": &op.Log, "Log1p": &op.Log1p, "Expm1": &op.Expm1, "Sqrt": &op.Sqrt, "Abs": &op.Abs, "Sign": &op.Sign,
	"Floor": &op.Floor, "Ceil": &op.Ceil, "Round": &op.Round, "Sin": &op.Sin, "Cos": &op.Cos, "Tan": &op.Tan, "Asin": &op.Asin,
	"Acos": &op.Acos, "Atan": &op.Atan, "Sinh": &op.Sinh, "Cosh": &op.Cosh, "Tanh": &op.Tanh,
	"InvLogit": &op.InvLogit, "Logit": &op.Logit, "Softplus": &op.Softplus, "LogInvLogit": &op.LogInvLogit, "Log1mExp": &op.Log1mExp,
	"Erf": &op.Erf, "Erfc": &op.Erfc, "Phi": &op.Phi, "LogPhi": &op.LogPhi, "InvMills": &op.InvMills,
	"Lgamma": &op.Lgamma, "Digamma": &op.Digamma, "XLogY": &op.XLogY, "XLog1PY": &op.XLog1PY, "ExpSub": &op.ExpSub,
	"LogSumExp2": &op.LogSumExp2, "LogDiffExp": &op.LogDiffExp,
	"Less": &op.Less, "LessEq": &op.LessEq, "Greater": &op.Greater, "GreaterEq": &op.GreaterEq, "Equal": &op.Equal,
	"NotEqual": &op.NotEqual, "And": &op.And, "Or": &op.Or, "Not": &op.Not, "Where": &op.Where,
	"Relu": &op.Relu, "Lbeta": &op.Lbeta, "Lchoose": &op.Lchoose, "DigammaRise": &op.DigammaRise,
	"Matern12": &op.Matern12, "Matern32": &op.Matern32, "Matern52": &op.Matern52,
	"Log1pSquare": &op.Log1pSquare, "Log1pSquareDeriv": &op.Log1pSquareDeriv, "LogI0": &op.LogI0, "BesselRatio": &op.BesselRatio,
	"LogGammaP": &op.LogGammaP, "LogGammaQ": &op.LogGammaQ, "LogBetaInc": &op.LogBetaInc, "LogBetaIncC": &op.LogBetaIncC,
	"LogStudentTCdf": &op.LogStudentTCdf, "LogMills": &op.LogMills, "LogMillsDeriv": &op.LogMillsDeriv,
	"LogSkewNormalCdf": &op.LogSkewNormalCdf, "LogVonMisesArc": &op.LogVonMisesArc,
}

// TestEveryFunctionHasEdges: the list is complete.
func TestEveryFunctionHasEdges(t *testing.T) {
	for _, file := range []string{"funcs.go", "funcs_fn.go", "funcs_dist.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, s := range g.Specs {
				for _, name := range s.(*ast.ValueSpec).Names {
					if name.IsExported() && functions[name.Name] == nil {
						t.Errorf("%s is not in the list", name.Name)
					}
				}
			}
		}
	}
}

// special numbers: ends of domains, kinks, infinities, and some between.
var special = []float64{math.Inf(-1), -1, 0, 0.4, 1, 2, 2.5, math.Inf(1)}

// points are all combinations of special numbers, operand by operand.
func points(arity int) [][]float64 {
	n := 1
	for range arity {
		n *= len(special)
	}
	out := make([][]float64, arity)
	for k := range out {
		for i := range n {
			j := i
			for range k {
				j /= len(special)
			}
			out[k] = append(out[k], special[j%len(special)])
		}
	}
	return out
}

// derived holds values, first and second derivatives of an elementwise
// expression at points: first[j] by operand j, second[j][k] by j and k.
type derived struct {
	value  []float64
	first  [][]float64
	second [][][]float64
}

// derive evaluates an expression with the plan, and if asked with the
// TapeMachine, which must agree.
func derive(t *testing.T, name string, tape bool, at [][]float64, build func(f op.Frame, x []op.Term) op.Term) derived {
	t.Helper()
	g := graph.New()
	fr := op.Frame{G: g, Shape: graph.Shape{len(at[0])}}
	var in []*graph.Node
	var xs []op.Term
	for k := range at {
		in = append(in, g.Input(fmt.Sprint("x", k), fr.Shape))
		xs = append(xs, graph.Full(in[k]))
	}
	y := fr.Node(build(fr, xs))
	outs := append([]*graph.Node{y}, grad.VJP(g, y, ones(g, fr.Shape), in)...)
	for j := range at {
		outs = append(outs, grad.VJP(g, outs[1+j], ones(g, fr.Shape), in)...)
	}
	fast := compile(t, plan.Compile(g, outs))
	fast.run(t, in, at)
	if tape {
		slow := compile(t, g.TapeMachine(outs))
		slow.run(t, in, at)
		for i := range outs {
			if a, b := fast.s.Output(i), slow.s.Output(i); !near(a, b, 1e-11) {
				t.Errorf("%s: output %d: plan %v, TapeMachine %v", name, i, a, b)
			}
		}
	}
	get := func(i int) []float64 { return append([]float64(nil), fast.s.Output(i)...) }
	d := derived{value: get(0)}
	for j := range at {
		d.first = append(d.first, get(1+j))
		var row [][]float64
		for k := range at {
			row = append(row, get(1+len(at)*(1+j)+k))
		}
		d.second = append(d.second, row)
	}
	return d
}

func ones(g *graph.Graph, s graph.Shape) *graph.Node {
	return g.Constant(s, ramp1(s.Size()))
}

func ramp1(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = 1
	}
	return x
}

// eval is the function's value.
func eval(f *op.Func, x []float64) float64 {
	switch f.Arity {
	case 1:
		return f.F1(x[0])
	case 2:
		return f.F2(x[0], x[1])
	}
	return f.F3(x[0], x[1], x[2])
}

func row(at [][]float64, i int) []float64 {
	out := make([]float64, len(at))
	for k := range at {
		out[k] = at[k][i]
	}
	return out
}

// TestEdgeDerivatives: wherever the value is finite and is the limit of its
// neighbours, and one-sided limits of a derivative in one operand are finite
// while the others stay where they are, edges included, the derivative is that
// limit.
func TestEdgeDerivatives(t *testing.T) {
	covered, edges, mixed := 0, 0, 0
	for name, fp := range functions {
		f := *fp
		at := points(f.Arity)
		d := derive(t, name, true, at, func(e op.Frame, x []op.Term) op.Term { return e.Apply(f, x...) })
		some := false
		for i, v := range d.value {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				continue
			}
			for k := range at {
				n := checkEdge(t, name, f, row(at, i), k, d.first[k][i], d.second[k][k][i])
				some, edges = some || n > 0, edges+n
				for j := range at {
					if x := at[j][i]; j != k && (x == 0.4 || x == 2.5) {
						mixed += checkMixed(t, name, f, row(at, i), j, k, d.second[j][k][i])
						mixed += checkMixed(t, name, f, row(at, i), j, k, d.second[k][j][i])
					}
				}
			}
		}
		if some {
			covered++
		} else {
			t.Errorf("%s: no derivative was compared", name)
		}
	}
	t.Logf("%d ops, %d derivatives compared with their limits, %d of them by two operands", covered, edges+mixed, mixed)
}

func checkEdge(t *testing.T, name string, f *op.Func, x []float64, k int, first, second float64) (compared int) {
	lo, hi, ok := edge.Expect(func(v float64) float64 { return eval(f, with(x, k, v)) }, x[k])
	for m, got := range []float64{first, second} {
		if !ok[m] {
			continue
		}
		compared++
		if !(lo[m] <= got && got <= hi[m]) {
			t.Errorf("%s%v: derivative %d by operand %d is %g, its limits are %g to %g", name, x, m+1, k, got, lo[m], hi[m])
		}
	}
	return compared
}

// with is x with element k replaced.
func with(x []float64, k int, v float64) []float64 {
	y := slices.Clone(x)
	y[k] = v
	return y
}

// checkMixed compares the derivative by operands j, which is inside its domain,
// and k with the limits of differences.
func checkMixed(t *testing.T, name string, f *op.Func, x []float64, j, k int, got float64) (compared int) {
	slope := func(v float64) float64 {
		y := with(x, k, v)
		return (eval(f, with(y, j, x[j]+1e-3)) - eval(f, with(y, j, x[j]-1e-3))) / 2e-3
	}
	if !tendsTo(f, x, k) {
		return 0
	}
	lo, hi, ok := edge.Expect(slope, x[k])
	if !ok[0] {
		return 0
	}
	slack := 1e-4 * (1 + math.Abs(lo[0]))
	if !(lo[0]-slack <= got && got <= hi[0]+slack) {
		t.Errorf("%s%v: derivative by operands %d and %d is %g, its limits are %g to %g", name, x, j, k, got, lo[0], hi[0])
	}
	return 1
}

// tendsTo reports whether f at x is finite and its own limit along operand k.
func tendsTo(f *op.Func, x []float64, k int) bool {
	v := eval(f, x)
	for _, side := range edge.Sides(x[k]) {
		l := edge.Of(func(at float64) float64 { return eval(f, with(x, k, at)) }, x[k], side)
		if l.OK[0] && math.Abs(l.At[0]-v) <= l.Off[0]+1e-2 {
			return true
		}
	}
	return false
}

// TestBranchesNotTaken: what a function does, alone or inside another, is not
// seen from outside of a branch that is not taken: values and derivatives of
// both orders are those of the other branch, at every point.
func TestBranchesNotTaken(t *testing.T) {
	inner, expressions, compared := 0, 0, 0
	for name, fp := range functions {
		f := *fp
		at := points(f.Arity)
		inner++
		for outer, gp := range functions {
			g := *gp
			if g.Arity > 2 || f.Arity > 2 && g.Arity > 1 {
				continue
			}
			expressions++
			d := derive(t, outer+"∘"+name, expressions%8 == 0, at, func(e op.Frame, x []op.Term) op.Term {
				y := e.Apply(f, x...)
				if g.Arity == 1 {
					y = e.Apply(g, y)
				} else {
					y = e.Apply(g, y, x[0])
				}
				other := e.Apply(op.Sin, e.Apply(op.Where, e.Apply(op.Less, e.Apply(op.Abs, x[0]), e.Scalar(10)), x[0], e.Scalar(3)))
				never := e.Apply(op.Greater, e.Apply(op.Sin, other), e.Scalar(2)) // not known while building
				return e.Apply(op.Where, never, y, other)
			})
			for i := range d.value {
				x := row(at, i)
				v, d1, d2 := math.Sin(3), 0.0, 0.0
				if math.Abs(x[0]) < 10 {
					v, d1, d2 = math.Sin(x[0]), math.Cos(x[0]), -math.Sin(x[0])
				}
				for j := range at {
					for k := range at {
						w1, w2 := 0.0, 0.0
						if j == 0 {
							w1 = d1
						}
						if j == 0 && k == 0 {
							w2 = d2
						}
						got := []float64{d.value[i], d.first[j][i], d.second[j][k][i]}
						compared += len(got)
						if want := []float64{v, w1, w2}; !near(want, got, 1e-12) {
							t.Errorf("%s∘%s%v, not taken: value and derivatives by %d and %d are %v, want %v", outer, name, x, j, k, got, want)
						}
					}
				}
			}
		}
	}
	t.Logf("%d ops, %d expressions in branches, %d values and derivatives", inner, expressions, compared)
}

// TestInfiniteData: f(..., c·x, ...) does not depend on x where c is 0, nor,
// where f has a limit, where it is infinite: all derivatives by x are 0.
func TestInfiniteData(t *testing.T) {
	expressions, compared, ops := 0, 0, map[string]bool{}
	for name, fp := range functions {
		f := *fp
		for k := range f.Arity {
			for _, c := range []float64{math.Inf(-1), 0, math.Inf(1)} {
				expressions++
				others := points(max(1, f.Arity-1))
				n := len(others[0])
				x := make([]float64, n)
				for i := range x {
					x[i] = 0.7
				}
				d := derive(t, name, true, [][]float64{x}, func(e op.Frame, in []op.Term) op.Term {
					args := make([]op.Term, f.Arity)
					for j, o := 0, 0; j < f.Arity; j++ {
						if j == k {
							args[j] = e.Apply(op.Mul, graph.Full(e.G.Constant(e.Shape, fillWith(n, c))), in[0])
							continue
						}
						args[j] = graph.Full(e.G.Constant(e.Shape, others[o]))
						o++
					}
					return e.Apply(f, args...)
				})
				for i, v := range d.value {
					if math.IsNaN(v) || math.IsInf(v, 0) {
						continue
					}
					x := row(others, i)
					if f.Arity == 1 {
						x = x[:0]
					}
					x = slices.Insert(slices.Clone(x), k, c)
					if c != 0 && !tendsTo(f, x, k) {
						continue
					}
					compared++
					ops[name] = true
					if d1, d2 := d.first[0][i], d.second[0][0][i]; d1 != 0 || d2 != 0 {
						t.Errorf("%s of operand %d = %g·x, at %v: derivatives %g, %g", name, k, c, x, d1, d2)
					}
				}
			}
		}
	}
	t.Logf("%d ops, %d expressions, %d derivatives by factors of 0 and infinite data", len(ops), expressions, 2*compared)
}

func fillWith(n int, c float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = c
	}
	return x
}
