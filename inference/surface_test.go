package inference

import (
	"math"
	"reflect"
	"runtime"
	"testing"

	"ppl/graph/parallel"
)

// hierarchy is written non-centred so that its curvature varies.
const hierarchy = `
data J : int
data y : real[N]
data group : int[N] in 1..J
mu ~ Normal(0, 2)
tau ~ HalfNormal(1)
z[j in 1..J] ~ Normal(0, 1)
sigma ~ HalfNormal(1)
y[i in 1..N] ~ StudentT(4, mu + tau * z[group[i]], sigma)
`

func hierarchyData(groups, each int) data {
	y, g := normals(1, "hierarchy", groups*each), make([]float64, groups*each)
	for i := range y {
		g[i] = float64(i%groups + 1)
		y[i] = 1 + math.Sin(g[i]) + 0.5*y[i]
	}
	return data{"N": len(y), "J": float64(groups), "y": y, "group": g}
}

// TestSurface compares gradients with differences of values, and products with
// differences of gradients, at a number of points that fills no whole block.
func TestSurface(t *testing.T) {
	tg := build(t, hierarchy, hierarchyData(5, 4))
	s, err := tg.NewSurface()
	if err != nil {
		t.Fatal(err)
	}
	d := tg.D
	for _, n := range []int{1, 63, 64, 65, 150} {
		u, v := normals(2, "points", n*d), normals(3, "directions", n*d)
		lp, g, hv := make([]float64, n), make([]float64, n*d), make([]float64, n*d)
		if err := s.Product(u, v, lp, g, hv); err != nil {
			t.Fatal(err)
		}
		const h = 1e-4
		at := func(c float64) (lp, g []float64) {
			lp, g = make([]float64, n), make([]float64, n*d)
			w := append([]float64(nil), u...)
			axpy(c*h, v, w)
			if err := s.Gradient(w, lp, g); err != nil {
				t.Fatal(err)
			}
			return lp, g
		}
		lp1, g1 := at(1)
		lp2, g2 := at(2)
		lm1, gm1 := at(-1)
		lm2, gm2 := at(-2)
		value := make([]float64, n)
		if err := s.Value(u, value); err != nil {
			t.Fatal(err)
		}
		for i := 0; i < n; i++ {
			if value[i] != lp[i] {
				t.Errorf("point %d of %d: value %g alone, %g with its derivatives", i, n, value[i], lp[i])
			}
			slope := (8*(lp1[i]-lm1[i]) - (lp2[i] - lm2[i])) / (12 * h)
			if got := dot(g[i*d:(i+1)*d], v[i*d:(i+1)*d]); math.Abs(got-slope) > 1e-6*math.Max(1, math.Abs(slope)) {
				t.Errorf("point %d of %d: slope %g, by differences %g", i, n, got, slope)
			}
			for j := i * d; j < (i+1)*d; j++ {
				want := (8*(g1[j]-gm1[j]) - (g2[j] - gm2[j])) / (12 * h)
				if math.Abs(hv[j]-want) > 1e-6*math.Max(1, math.Abs(want)) {
					t.Errorf("point %d of %d: product %g, by differences %g", i, n, hv[j], want)
				}
			}
		}
	}
}

// TestSurfaceOnAnyCores: the same bits on one core and on two, whatever other
// points are asked for.
func TestSurfaceOnAnyCores(t *testing.T) {
	tg := build(t, hierarchy, hierarchyData(5, 4))
	const n = 200
	u, v := normals(2, "points", n*tg.D), normals(3, "directions", n*tg.D)
	run := func(cores, n int) (lp, g, hv []float64) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		s, err := tg.NewSurface()
		if err != nil {
			t.Fatal(err)
		}
		lp, g, hv = make([]float64, n), make([]float64, n*tg.D), make([]float64, n*tg.D)
		if err := s.Product(u[:n*tg.D], v[:n*tg.D], lp, g, hv); err != nil {
			t.Fatal(err)
		}
		return lp, g, hv
	}
	lp, g, hv := run(1, n)
	for _, c := range [][2]int{{2, n}, {2, 77}, {1, 64}} {
		k := c[1]
		lp2, g2, hv2 := run(c[0], k)
		if !reflect.DeepEqual(lp[:k], lp2) || !reflect.DeepEqual(g[:k*tg.D], g2) || !reflect.DeepEqual(hv[:k*tg.D], hv2) {
			t.Errorf("%d points on %d cores differ from those on one", k, c[0])
		}
	}
}

func TestHessian(t *testing.T) {
	tg := build(t, hierarchy, hierarchyData(5, 4))
	s, err := tg.NewSurface()
	if err != nil {
		t.Fatal(err)
	}
	d := tg.D
	u, v := normals(4, "point", d), normals(5, "direction", d)
	h := make([]float64, d*d)
	lp, g, err := s.Hessian(u, h)
	if err != nil {
		t.Fatal(err)
	}
	lps, gs, hv := make([]float64, 1), make([]float64, d), make([]float64, d)
	if err := s.Product(u, v, lps, gs, hv); err != nil {
		t.Fatal(err)
	}
	if lp != lps[0] || !reflect.DeepEqual(g, gs) {
		t.Errorf("value and gradient with the Hessian, %g and %g, are not those without, %g and %g", lp, g, lps[0], gs)
	}
	for i := range hv {
		if got := dot(h[i*d:(i+1)*d], v); math.Abs(got-hv[i]) > 1e-10*math.Max(1, math.Abs(hv[i])) {
			t.Errorf("row %d times a vector: %g, want %g", i, got, hv[i])
		}
	}
}

// A panic in one of several workers is the caller's, who can recover.
func TestPanicsInParallel(t *testing.T) {
	for bad := 0; bad < 3; bad++ {
		func() {
			defer func() {
				if p, ok := recover().(*parallel.Panic); !ok || p.Value != bad {
					t.Errorf("the panic of worker %d was lost", bad)
				}
			}()
			parallel.Each(3, func(w int) {
				if w == bad {
					panic(w)
				}
			})
		}()
	}
}
