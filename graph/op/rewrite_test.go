package op_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
	_ "ppl/bench/daily"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/op"
	"ppl/graph/plan"
)

// expression is something that a rewrite is for, of up to three arrays: x and y over both dimensions of the frame,
// s over the first, and numbers.
type expression struct {
	rewrite string
	text    string
	build   func(f op.Frame, x, y, s op.Term, c func(float64) op.Term) op.Term
}

func expressions() []expression {
	type F = op.Frame
	type T = op.Term
	type C = func(float64) op.Term
	out := []expression{
		{"identity", "x·1", func(f F, x, y, s T, c C) T { return f.Apply(op.Mul, x, c(1)) }},
		{"identity", "1·x absorbing", func(f F, x, y, s T, c C) T { return f.Apply(op.MulZ, c(1), x) }},
		{"identity", "x/1", func(f F, x, y, s T, c C) T { return f.Apply(op.Div, x, c(1)) }},
		{"identity", "x + 0", func(f F, x, y, s T, c C) T { return f.Apply(op.Add, x, c(0)) }},
		{"identity", "x − 0", func(f F, x, y, s T, c C) T { return f.Apply(op.Sub, x, c(0)) }},
		{"sign", "x·(−1)", func(f F, x, y, s T, c C) T { return f.Apply(op.Mul, x, c(-1)) }},
		{"sign", "(−1)·x absorbing", func(f F, x, y, s T, c C) T { return f.Apply(op.MulZ, c(-1), x) }},
		{"sign", "0 − x", func(f F, x, y, s T, c C) T { return f.Apply(op.Sub, c(0), x) }},
		// Where exp(x) is 0 or infinite the simple form is right and the other is not: the derivative is 1.
		{"inverses", "log(exp(x)), x bounded", func(f F, x, y, s T, c C) T {
			return f.Apply(op.Log, f.Apply(op.Exp, f.Apply(op.Max, f.Apply(op.Min, x, c(700)), c(-700))))
		}},
		{"inverses", "−(−x)", func(f F, x, y, s T, c C) T { return f.Apply(op.Neg, f.Apply(op.Neg, x)) }},
		{"plain product", "3·x absorbing", func(f F, x, y, s T, c C) T { return f.Apply(op.MulZ, c(3), x) }},
		{"plain product", "x·data absorbing", func(f F, x, y, s T, c C) T {
			return f.Apply(op.MulZ, x, op.Term{Node: f.G.Constant(graph.Shape{2}, []float64{3, -0.5}), Dims: []int{1}})
		}},
		{"number first", "x·3", func(f F, x, y, s T, c C) T { return f.Apply(op.Mul, x, c(3)) }},
		{"number first", "x·0", func(f F, x, y, s T, c C) T { return f.Apply(op.Mul, x, c(0)) }},
		{"number first", "x + ∞", func(f F, x, y, s T, c C) T { return f.Apply(op.Add, x, c(math.Inf(1))) }},
		{"merge numbers", "3·(2·x)", func(f F, x, y, s T, c C) T { return f.Apply(op.Mul, c(3), f.Apply(op.Mul, c(2), x)) }},
		{"merge numbers", "3·(−x)", func(f F, x, y, s T, c C) T { return f.Apply(op.Mul, c(3), f.Apply(op.Neg, x)) }},
		{"merge numbers", "−(3·x)", func(f F, x, y, s T, c C) T { return f.Apply(op.Neg, f.Apply(op.Mul, c(3), x)) }},
		{"merge numbers", "3 + (2 + x)", func(f F, x, y, s T, c C) T { return f.Apply(op.Add, c(3), f.Apply(op.Add, c(2), x)) }},
		{"merge numbers", "3 + (2 − x)", func(f F, x, y, s T, c C) T { return f.Apply(op.Add, c(3), f.Apply(op.Sub, c(2), x)) }},
		{"number out of sum", "(3 + x) + y", func(f F, x, y, s T, c C) T { return f.Apply(op.Add, f.Apply(op.Add, c(3), x), y) }},
		{"number out of sum", "y + (3 + x)", func(f F, x, y, s T, c C) T { return f.Apply(op.Add, y, f.Apply(op.Add, c(3), x)) }},
		{"regroup", "(x + s) + s", func(f F, x, y, s T, c C) T { return f.Apply(op.Add, f.Apply(op.Add, x, s), f.Apply(op.Tanh, s)) }},
		{"regroup", "s + (s + x)", func(f F, x, y, s T, c C) T { return f.Apply(op.Add, f.Apply(op.Tanh, s), f.Apply(op.Add, s, x)) }},
		{"difference", "x − (−y)", func(f F, x, y, s T, c C) T { return f.Apply(op.Sub, x, f.Apply(op.Neg, y)) }},
		{"difference", "x + (−y)", func(f F, x, y, s T, c C) T { return f.Apply(op.Add, x, f.Apply(op.Neg, y)) }},
		{"difference", "(−x) + s", func(f F, x, y, s T, c C) T { return f.Apply(op.Add, f.Apply(op.Neg, x), s) }},
	}
	for _, fn := range []**op.Func{&op.Mul, &op.MulZ} {
		name := (*fn).Name
		out = append(out,
			expression{"number out of product", "(3·x)·y " + name, func(f F, x, y, s T, c C) T { return f.Apply(*fn, f.Apply(op.Mul, c(3), x), y) }},
			expression{"number out of product", "x·(3·y) " + name, func(f F, x, y, s T, c C) T { return f.Apply(*fn, x, f.Apply(op.Mul, c(3), y)) }},
			expression{"number out of product", "(−x)·s " + name, func(f F, x, y, s T, c C) T { return f.Apply(*fn, f.Apply(op.Neg, x), s) }},
			expression{"number out of product", "s·(−x) " + name, func(f F, x, y, s T, c C) T { return f.Apply(*fn, s, f.Apply(op.Neg, x)) }})
	}
	return out
}

// evaluated is an expression's value, and the gradient of its weighted sum.
type evaluated struct {
	form    string
	numbers []float64
}

// at builds the expression with some rewrites alone and evaluates it.
func (e expression) at(t interface {
	Fatal(...any)
}, rewrites []string, x, y, s []float64) (out evaluated) {
	op.WithRewrites(rewrites, func() {
		g := graph.New()
		f := op.Frame{G: g, Shape: graph.Shape{len(s), 2}}
		in := []*graph.Node{g.Input("x", f.Shape), g.Input("y", f.Shape), g.Input("s", graph.Shape{len(s)})}
		z := e.build(f, graph.Full(in[0]), graph.Full(in[1]), op.Term{Node: in[2], Dims: []int{0}}, f.Scalar)
		out.form = form(z.Node)
		n := f.Node(z)
		weight := make([]float64, n.Shape.Size())
		for i := range weight {
			weight[i] = 1 + float64(i%3)
		}
		weights := f.Apply(op.MulZ, graph.Full(g.Constant(n.Shape, weight)), graph.Full(n))
		// Each element's adjoint is its weight: nothing else mixes elements.
		total := g.Apply(graph.Sum{From: n.Shape, Dims: []int{0, 1}, Times: 1}, f.Node(weights))
		outs := append([]*graph.Node{n}, grad.Reverse(g, total, in)...)
		p := plan.Flat(g, outs)
		st, err := p.NewState()
		if err != nil {
			t.Fatal(err)
		}
		for i, node := range p.Inputs() {
			copy(st.Input(i), [][]float64{x, y, s}[slices.Index(in, node)])
		}
		if err := st.Run(); err != nil {
			t.Fatal(err)
		}
		for i := range outs {
			out.numbers = append(out.numbers, st.Output(i)...)
		}
	})
	return out
}

// form writes an expression of elementwise functions.
func form(n *graph.Node) string {
	m, ok := n.Op.(*op.Map)
	if !ok {
		if n.IsConst() {
			return fmt.Sprint(n.Const)
		}
		return n.Name
	}
	var in []string
	for _, x := range n.In {
		in = append(in, form(x))
	}
	return m.F.Name + "(" + strings.Join(in, ", ") + ")"
}

// agree reports the first number that a simplification changes: where there was a finite number it is the same up to
// rounding, where there was an infinity it is that, and no NaN comes anew.
func agree(plain, simple []float64) int {
	for i, a := range plain {
		b := simple[i]
		switch {
		case math.IsNaN(a), a == b:
		case math.IsInf(a, 0) || !(math.Abs(a-b) <= 1e-13*(10+math.Abs(a))):
			return i
		}
	}
	return -1
}

// TestRewrites: each rewrite changes the expressions that it is for, and by itself and with all the others keeps value
// and gradient, at every combination of ordinary numbers, zeros, infinities and NaN.
func TestRewrites(t *testing.T) {
	points := []float64{0, math.Copysign(0, -1), 1, -0.3, 2.5, 1e-200, math.Inf(1), math.Inf(-1), math.NaN()}
	var x, y, s []float64
	for _, c := range points {
		for _, a := range points {
			for _, b := range points {
				x, y = append(x, a, b), append(y, b, a)
				s = append(s, c)
			}
		}
	}
	tested := map[string]bool{}
	for _, e := range expressions() {
		t.Run(e.rewrite+"/"+e.text, func(t *testing.T) {
			tested[e.rewrite] = true
			plain, one, all := e.at(t, nil, x, y, s), e.at(t, []string{e.rewrite}, x, y, s), e.at(t, op.Rewrites(), x, y, s)
			if plain.form == one.form {
				t.Errorf("%s stays as it is", plain.form)
			}
			for _, got := range []evaluated{one, all} {
				if i := agree(plain.numbers, got.numbers); i >= 0 {
					t.Errorf("%s has number %d = %g, %s has %g", plain.form, i, plain.numbers[i], got.form, got.numbers[i])
				}
			}
		})
	}
	for _, name := range op.Rewrites() {
		if !tested[name] {
			t.Errorf("no expression for %s", name)
		}
	}
}

// TestRewritesOfRandomExpressions compares random expressions, simplified and not, at ordinary points.
func TestRewritesOfRandomExpressions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var program []int
		for k := rapid.IntRange(3, 40).Draw(t, "length"); k > 0; k-- {
			program = append(program, rapid.IntRange(0, 1<<16).Draw(t, "step"))
		}
		e := expression{build: func(f op.Frame, x, y, s op.Term, c func(float64) op.Term) op.Term {
			all := []op.Term{x, y, s, c(3), c(-1), c(1), c(0.5), c(0)}
			pick := func(k int) op.Term { return all[k%len(all)] }
			for _, k := range program {
				a, b := pick(k/16), pick(k/256)
				switch fn := k % 8; fn {
				case 6:
					all = append(all, f.Apply(op.Neg, a))
				case 7:
					all = append(all, f.Apply(op.Log, f.Apply(op.Exp, f.Apply(op.Tanh, a))))
				default:
					all = append(all, f.Apply([]*op.Func{op.Add, op.Sub, op.Mul, op.MulZ, op.Add, op.Mul}[fn], a, b))
				}
				if len(all) > 16 { // bounded, so that products of products stay small
					all[len(all)-1] = f.Apply(op.Tanh, all[len(all)-1])
				}
			}
			return f.Apply(op.Add, x, all[len(all)-1])
		}}
		x, y, s := []float64{0.3, -1.2, 0, 0.8}, []float64{-0.7, 0.1, 1.4, 0}, []float64{0.6, -0.9}
		plain, simple := e.at(t, nil, x, y, s), e.at(t, op.Rewrites(), x, y, s)
		for i, a := range plain.numbers {
			if b := simple.numbers[i]; !(math.Abs(a-b) <= 1e-9*(1+math.Abs(a))) {
				t.Fatalf("%s has number %d = %g, %s has %g", plain.form, i, a, simple.form, b)
			}
		}
	})
}
