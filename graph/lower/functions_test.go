package lower_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// User functions and conditionals.
func TestFunctionsAndConditions(t *testing.T) { runCases(t, functionCases()) }

func functionCases() []testCase {
	return []testCase{
		{
			name: "functions",
			text: `
fn line(a: real, b: real, x: real[N]) -> real[N] = a + b * x
fn total(x: real[N, M]) -> real = sum([sum(x[i]) / M for i in 1..N])
fn poly(c: real[K], x: real) -> real {
  let p[k in 1..K] = x ^ (k - 1)
  return dot(c, p)
}
fn both(x: real, y: real[N]) -> real {
  let s = poly([x, 1, x], y[1])
  let t = poly(y, x)
  return s + t + N
}
fn shadow(y: real, c: real[K]) -> real = y * K + sum(c)
data x : real[N]
data y : real[N]
data w : real[N, 2]
c : real[3] ~ Normal(0, 1)
y ~ Normal(line(c[1], c[2], x), 1)
plate i in 1..N {
  factor poly(c, x[i]) + both(y[i], c) + shadow(c[2], w[i]) + poly(w[i], c[1])
}
factor total(w) * c[3]`,
			data: func(n int) values { return values{"x": positives(n), "y": positives(n), "w": table(n, 2)} },
			want: func(x at) float64 {
				c := func(k int) float64 { return x("c", k) }
				poly := func(v float64, c ...float64) float64 {
					s := 0.0
					for k, a := range c {
						s += a * math.Pow(v, float64(k))
					}
					return s
				}
				lp := normal(c(1), 0, 1) + normal(c(2), 0, 1) + normal(c(3), 0, 1)
				return lp + each(x, "y", func(i int) float64 {
					xi, yi := x("x", i), x("y", i)
					lp := normal(yi, c(1)+c(2)*xi, 1) + poly(xi, c(1), c(2), c(3))
					lp += poly(c(1), yi, 1, yi) + poly(yi, c(1), c(2), c(3)) + 3
					lp += c(2)*2 + x("w", i, 1) + x("w", i, 2) + poly(c(1), x("w", i, 1), x("w", i, 2))
					return lp + c(3)*(x("w", i, 1)+x("w", i, 2))/2
				})
			},
		},
		{
			name: "a kernel's arguments by keyword, the second points left out",
			text: `
data y : real[N]
c ~ Normal(0, 1)
let k = cov_exp_quad([0, 1], rho = 2, alpha = 3)
y ~ Normal(c * k[1, 2], 1)`,
			data: func(n int) values { return values{"y": positives(n)} },
			want: func(x at) float64 {
				c := x("c")
				return normal(c, 0, 1) + each(x, "y", func(i int) float64 { return normal(x("y", i), c*9*math.Exp(-0.125), 1) })
			},
		},
		{
			name: "arguments by keyword, in any order",
			text: `
fn less(a: real, b: real) -> real = a - b
data y : real[N]
c ~ Normal(0, 1)
let grid = linspace(to = 3, n = 4, from = 1.5)
y ~ Normal(less(b = c, a = 2 * grid[1]) + dot(y = [1, 2], x = [mod(b = 5, a = 7), c]), 1)`,
			data: func(n int) values { return values{"y": positives(n)} },
			want: func(x at) float64 {
				c := x("c")
				return normal(c, 0, 1) + each(x, "y", func(i int) float64 { return normal(x("y", i), 3-c+2+2*c, 1) })
			},
		},
		{
			name: "layers of a network in a plate, defaults before arguments by keyword",
			text: `
data w : real[N, 4]
k : real[4] ~ Normal(0, 1)
plate i in 1..N {
  let image = reshape(w[i], 1, 2, 2)
  let h = conv2d(image, reshape(k, 1, 1, 2, 2), padding = 1)
  let s = conv2d(image, reshape(k, 1, 1, 2, 2), padding = 1, stride = 2)
  factor max_pool2d(image, stride = 1, size = 2)[1, 1, 1] * sum(gelu(h)) + sum(exp(layer_norm(s[1], epsilon = 0.1)))
}`,
			data: func(n int) values { return values{"w": table(n, 4)} },
			want: func(x at) float64 {
				lp := 0.0
				for i := 1; i <= 4; i++ {
					lp += normal(x("k", i), 0, 1)
				}
				for n := 1; inside(x, "w", n, 1); n++ {
					pixel := func(i, j int) float64 { // with its padding, from 0
						if i < 1 || i > 2 || j < 1 || j > 2 {
							return 0
						}
						return x("w", n, 2*(i-1)+j)
					}
					conv := func(i, j int) float64 {
						return x("k", 1)*pixel(i, j) + x("k", 2)*pixel(i, j+1) + x("k", 3)*pixel(i+1, j) + x("k", 4)*pixel(i+1, j+1)
					}
					for i := range 9 {
						h := conv(i/3, i%3)
						lp += max(pixel(1, 1), pixel(1, 2), pixel(2, 1), pixel(2, 2)) * h * math.Erfc(-h/math.Sqrt2) / 2
					}
					for i := range 2 {
						a, b := conv(2*i, 0), conv(2*i, 2)
						d := (a - b) / 2
						lp += 2 * math.Cosh(d/math.Sqrt(d*d+0.1))
					}
				}
				return lp
			},
		},
		{
			name: "a function with a recurrence, called more than once",
			text: `
fn smooth(y: real[T], a: real) -> real[T] {
  let s[1] = y[1]
  for t in 2..T { let s[t] = a * y[t] + (1 - a) * s[t-1] }
  return s
}
data y : real[T]
data w : real[2, T]
mu ~ Normal(0, 1)
let f = smooth(y, 0.5)
let g = smooth(y, 0.25)
y ~ Normal(mu * f + g, 1)
plate k in 1..2 { w[k] ~ Normal(mu + smooth(w[k], 0.5), 1) }`,
			data: func(n int) values { return values{"y": reals(n), "w": table(2, n)} },
			want: func(x at) float64 {
				smooth := func(y func(t int) float64, a float64, t int) float64 {
					s := y(1)
					for k := 2; k <= t; k++ {
						s = a*y(k) + (1-a)*s
					}
					return s
				}
				lp := normal(x("mu"), 0, 1)
				return lp + each(x, "y", func(t int) float64 {
					y := func(t int) float64 { return x("y", t) }
					lp := normal(y(t), x("mu")*smooth(y, 0.5, t)+smooth(y, 0.25, t), 1)
					for k := 1; k <= 2; k++ {
						w := func(t int) float64 { return x("w", k, t) }
						lp += normal(w(t), x("mu")+smooth(w, 0.5, t), 1)
					}
					return lp
				})
			},
		},
		{
			name: "if on data: the branch not taken is not evaluated",
			text: `
data y : real[N]
data d : real[N]
data big : bool
mu ~ Normal(0, 1)
plate i in 1..N {
  y[i] ~ Normal(if i > 1 then mu * y[i-1] else 0, 1)
  factor if i < N && y[i+1] > 0 then mu * y[i+1] else 0
  factor if d[i] > 0 then log(d[i] * exp(mu)) else if d[i] < -0.5 then sqrt(-d[i] + mu ^ 2) else 1 / (1 + mu ^ 2)
}
factor if big then mu else y[N + 5]`,
			data: func(n int) values { return values{"y": reals(n), "d": reals(n), "big": true} },
			want: func(x at) float64 {
				mu := x("mu")
				lp := normal(mu, 0, 1) + mu
				n := len1(x, "y")
				return lp + each(x, "y", func(i int) float64 {
					m := 0.0
					if i > 1 {
						m = mu * x("y", i-1)
					}
					lp := normal(x("y", i), m, 1)
					if i < n && x("y", i+1) > 0 {
						lp += mu * x("y", i+1)
					}
					switch d := x("d", i); {
					case d > 0:
						lp += math.Log(d * math.Exp(mu))
					case d < -0.5:
						lp += math.Sqrt(-d + mu*mu)
					default:
						lp += 1 / (1 + mu*mu)
					}
					return lp
				})
			},
		},
		{
			name: "if on data: infinite and undefined values on the other branch",
			text: `
data d : real[N]
s ~ Exponential(1)
plate i in 1..N {
  factor if d[i] > 0 then log(d[i] * s) else 0
  factor if d[i] == 0 then s else s / d[i]
  factor if d[i] >= 0 then sqrt(d[i] * s + 1) else (-d[i]) ^ s
  factor if d[i] > 0 then lgamma(d[i] * s) else 0
  factor if d[i] > 0 then log_density(Gamma(d[i], s), d[i]) else 0
}`,
			data: func(n int) values {
				d := reals(n)
				d[1], d[2] = 0, -1
				return values{"d": d}
			},
			want: func(x at) float64 {
				s := x("s")
				return exponential(s, 1) + each(x, "d", func(i int) float64 {
					d, lp := x("d", i), 0.0
					if d > 0 {
						lp += math.Log(d*s) + lgamma(d*s) + gamma(d, d, s)
					}
					if d == 0 {
						lp += s
					} else {
						lp += s / d
					}
					if d >= 0 {
						lp += math.Sqrt(d*s + 1)
					} else {
						lp += math.Pow(-d, s)
					}
					return lp
				})
			},
		},
		{
			name: "if on latents",
			text: `
data y : real[N]
a ~ Normal(0, 1)
b[i in 1..N] ~ Normal(0, 1)
factor if a > 0 then log(a) else -sqrt(-a)
plate i in 1..N {
  y[i] ~ Normal(if b[i] > 0 then sqrt(b[i]) else if a > 0 then log(a) else b[i], 1)
}
factor sum([if b[i] > 0 then log(b[i]) else -b[i] for i in 1..N])`,
			data: func(n int) values { return values{"y": reals(n)} },
			want: func(x at) float64 {
				a := x("a")
				lp := normal(a, 0, 1)
				if a > 0 {
					lp += math.Log(a)
				} else {
					lp -= math.Sqrt(-a)
				}
				return lp + each(x, "b", func(i int) float64 {
					b := x("b", i)
					lp := normal(b, 0, 1)
					m := b
					if b > 0 {
						m = math.Sqrt(b)
						lp += math.Log(b)
					} else {
						lp -= b
						if a > 0 {
							m = math.Log(a)
						}
					}
					return lp + normal(x("y", i), m, 1)
				})
			},
		},
		{
			name: "if on data with whole arrays, guards that nest",
			text: `
data y : real[N]
data k : int[N]
b : real[3] ~ Normal(0, 1)
factor sum([if y[i] > 0 then y[i] * b[1] else b[2] for i in 1..N])
plate i in 1..N {
  factor if k[i] >= 1 then (if k[i] <= 3 then b[k[i]] else b[k[i] - 2]) else b[1] * 2
  factor if k[i] < 1 || b[min(k[i], 3)] > 5 then b[3] else 0
}`,
			data: func(n int) values { return values{"y": reals(n), "k": counts(n)} },
			want: func(x at) float64 {
				lp := each(x, "b", func(k int) float64 { return normal(x("b", k), 0, 1) })
				return lp + each(x, "y", func(i int) float64 {
					lp := x("b", 2)
					if y := x("y", i); y > 0 {
						lp = y * x("b", 1)
					}
					k := int(x("k", i))
					switch {
					case k < 1:
						lp += 2*x("b", 1) + x("b", 3)
					case k <= 3:
						lp += x("b", k)
					default:
						lp += x("b", k-2)
					}
					return lp
				})
			},
		},
		{
			name: "log_density",
			text: `
data y : real[N]
data k : int[N]
w ~ Beta(2, 3)
m : real[2] ~ Normal(0, 2)
plate i in 1..N {
  factor log_sum_exp([log(w) + log_density(Normal(m[1], 1), y[i]), log1p(-w) + log_density(Normal(m[2], 2), y[i])])
  factor log_density(Poisson(exp(m[1])), k[i])
}
factor log_density(Normal(m, 1), [0.5, 1]) + log_density(Normal(m[1], 1) in (0, inf), 0.5) + log_density(Normal(0, 1), m)
factor sum([log_density(Normal(j, 1), m[j]) for j in 1..2])`,
			data: func(n int) values { return values{"y": reals(n), "k": counts(n)} },
			want: func(x at) float64 {
				w, m1, m2 := x("w"), x("m", 1), x("m", 2)
				lp := beta(w, 2, 3) + normal(m1, 0, 2) + normal(m2, 0, 2)
				lp += normal(0.5, m1, 1) + normal(1, m2, 1) + normal(0.5, m1, 1) - math.Log(phi(m1))
				lp += normal(m1, 0, 1) + normal(m2, 0, 1) + normal(m1, 1, 1) + normal(m2, 2, 1)
				return lp + each(x, "y", func(i int) float64 {
					a := w * math.Exp(normal(x("y", i), m1, 1))
					b := (1 - w) * math.Exp(normal(x("y", i), m2, 2))
					return math.Log(a+b) + poisson(x("k", i), math.Exp(m1))
				})
			},
		},
	}
}

// TestFunctionsShared: functions that call one another twice, level by level, are
// interpreted once for each different argument, in all kinds of places. At 40
// levels this would never end otherwise.
func TestFunctionsShared(t *testing.T) {
	var b strings.Builder
	b.WriteString("fn f0(x: real) -> real = x + 1\n")
	for i := 1; i <= 40; i++ {
		fmt.Fprintf(&b, "fn f%[1]d(x: real) -> real = (f%[2]d(x) + f%[2]d(x + 1)) / 2\n", i, i-1)
	}
	// f40 is the mean of x + 1 + k over a binomial k of 40 and 1/2: x + 21.
	b.WriteString(`
a ~ Normal(0, 1)
let top = f40(a)
plate i in 1..2 { let inside[i] = f40(a * i) }
let known = f40(0)
let seq[1] = 0
for t in 2..3 { let seq[t] = f40(seq[t-1]) }
let rec[1] = a
for t in 2..3 { let rec[t] = f40(rec[t-1]) }
let branch = if a > 0 then f40(a) else f40(-a)
`)
	p, ds := lowerText(t, b.String(), nil)
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	x := p.eval([]float64{0.5}).at
	for _, c := range []struct {
		name  string
		index []int
		want  float64
	}{{"top", nil, 21.5}, {"inside", []int{2}, 22}, {"rec", []int{3}, 42.5}, {"branch", nil, 21.5}} {
		if got := x(c.name, c.index...); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s%v is %v, want %v", c.name, c.index, got, c.want)
		}
	}
}
