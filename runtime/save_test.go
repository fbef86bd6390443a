package runtime_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"ppl/runtime"
	"ppl/runtime/store"
)

// savable is a fit of a kind that is saved in its own way.
type savable struct {
	name, text string
	data       map[string]any
	how        map[string]string
	kept       string // the latent that is not integrated out
	opt        runtime.Options
	applied    string // what its draws are
}

const cauchyMeans = "data y : real[N]\ntau ~ HalfCauchy(1)\nm : real[N] ~ Normal(0, tau)\ny ~ Normal(m, 2)\n"

// fewMeans are data for cauchyMeans that tempered particles reach; of manyMeans the latents are too many for them.
var (
	fewMeans  = []float64{0.1, -0.4, 0.3, 1.2, -2}
	manyMeans = func() []float64 {
		y := slices.Clone(fewMeans)
		for k := range 28 {
			y = append(y, 3*math.Sin(float64(k)))
		}
		return y
	}()
)

// savables are small models that are fitted in every way that there is.
func savables() []savable {
	few, many := fewMeans, manyMeans
	return []savable{
		{name: "weights, factor labels, lets", text: `
data N : int
data group : factor(G)[N]
data x : real[N, K]
data y : real[N]
data unused : bool = false
mu ~ Normal(0, 10)
b : real[K] ~ Normal(0, 1)
a[g in 1..G] ~ Normal(mu, 2)
weight ~ Normal(0, 1)
let log_earn = exp(mu)
let twice = [a[g] * b[k] for g in 1..G, k in 1..K]
y[i in 1..N] ~ Normal(a[group[i]] + sum(x[i] * b), 1)
`, data: map[string]any{"N": 5, "group": []string{"é", "b", "a b", "b", "é"}, "x": [][]float64{{1, 2}, {2, 1}, {0.5, 0}, {-1, 0}, {0, 0}}, "y": []float64{1, 2.5, -0.5, 0.1, 2}}, applied: "importance weights"},
		{name: "few draws of a guide", text: "mu ~ Normal(0, 1)\nchain ~ Normal(mu, 2)\ndraw : real[2, 2] ~ Normal(chain, 1)\nlet chain_ = chain + 1\n", opt: runtime.Options{Correct: "none", Draws: 10}, applied: "none"},
		{name: "many draws", text: cauchyMeans, data: map[string]any{"y": few[:2]}, kept: "m", opt: runtime.Options{Draws: 9000}},
		{name: "integrated out", text: cauchyMeans, data: map[string]any{"y": few}, opt: runtime.Options{Draws: 500}, applied: "importance weights"},
		{name: "tempered", text: cauchyMeans, data: map[string]any{"y": few}, kept: "m", opt: runtime.Options{Draws: 500}, applied: "tempered particles"},
		{name: "chains", text: cauchyMeans, data: map[string]any{"y": many}, kept: "m", applied: "Markov chains"},
		{name: "NUTS", text: "data y : real[N]\nm ~ Normal(0, 1)\nw : simplex[3] ~ Dirichlet([1, 2, 3])\ns ~ HalfNormal(1)\ny ~ Normal(m, s)\n", data: map[string]any{"y": few}, opt: runtime.Options{Method: runtime.MethodNUTS, Draws: 400, Chains: 2, Warmup: 200}},
		{name: "mode", text: "data y : real[N]\nm ~ Normal(0, 1)\ns ~ HalfNormal(1)\ny ~ Normal(m, s)\n", data: map[string]any{"y": few}, opt: runtime.Options{Guide: "map"}},
		{name: "no moments", text: "x ~ Normal(0, 1)\nlet y = log(x)\nlet z = 1 / x\n", opt: runtime.Options{Draws: 100}},
		{name: "discrete alone", text: "data y : real[N]\nk : int[N] ~ Categorical([0.2, 0.3, 0.5])\ny[i in 1..N] ~ Normal(k[i], 1)\nlet most = max(k)\n", data: map[string]any{"y": few}, opt: runtime.Options{Draws: 50}, applied: "exact"},
		{name: "given lets", text: jumping, data: map[string]any{"y": []float64{-0.5, 0.4, 0.7, 2.5, 0.5, -1}}, opt: runtime.Options{Draws: 200}},
		{name: "mixture", text: "data y : real[N]\nm ~ Normal(0, 3)\nplate i in 1..N {\n  z[i] ~ Bernoulli(0.3)\n  y[i] ~ Normal(m + 2 * z[i], 1)\n}\nlet count = sum(z)\n", data: map[string]any{"y": few}},
		{name: "guided latents", text: "data y : real[N]\nm ~ Normal(0, 3)\nplate i in 1..N {\n  z[i] ~ Bernoulli(0.3)\n  y[i] ~ Normal(m + 2 * z[i], 1)\n}\n", data: map[string]any{"y": few[:3]}, how: map[string]string{"z": "expect"}, opt: runtime.Options{Draws: 300}},
		{name: "missing data", text: "data y : real?[T]\ndata c : int?[2, 2]\ny[1] ~ Normal(0, 1)\nfor t in 2..T { y[t] ~ Normal(y[t-1], 1) }\nplate i in 1..2, j in 1..2 { c[i, j] ~ Bernoulli(0.3) }\n",
			data: map[string]any{"y": []any{0.5, nil, 4.0, math.NaN()}, "c": []any{[]any{0, nil}, []any{1, nil}}}, opt: runtime.Options{Draws: 100}},
	}
}

// savableFits are the fits of savables, by what they are fits of: tests share them.
var savableFits sync.Map

type savedFit struct {
	once sync.Once
	post *runtime.Posterior
}

func (s savable) fit(t *testing.T) *runtime.Posterior {
	t.Helper()
	found, _ := savableFits.LoadOrStore(fmt.Sprintf("%s %v %v %s %+v", s.text, s.data, s.how, s.kept, s.opt), &savedFit{})
	fit := found.(*savedFit)
	fit.once.Do(func() { fit.post = fitGuided(t, s.problem(t), s.opt) })
	post := fit.post
	if post == nil {
		t.Fatal("there is no fit: another test says why")
	}
	if s.applied != "" && post.Figures().Applied != s.applied {
		t.Fatalf("the draws are %s", post.Figures().Applied)
	}
	return post
}

func (s savable) problem(t *testing.T) *runtime.Problem {
	t.Helper()
	opt := runtime.BindOptions{Discrete: s.how}
	if s.kept != "" {
		opt.Latents = map[string]string{s.kept: runtime.LatentKeep}
	}
	return problemWith(t, s.text, s.data, opt)
}

func savedBytes(t *testing.T, post *runtime.Posterior) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := post.Save(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// reload saves a fit and loads it.
func reload(t *testing.T, post *runtime.Posterior) *runtime.Posterior {
	t.Helper()
	b := savedBytes(t, post)
	got, err := runtime.Load(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// told is all that an answer shows.
func told(t *testing.T, post *runtime.Posterior) string {
	t.Helper()
	var b bytes.Buffer
	for _, opt := range []runtime.TableOptions{{}, {All: true, Verbose: true}, {Quantiles: []float64{0.025, 0.975}}, {HDI: 0.9}} {
		if err := post.WriteTable(&b, opt); err != nil {
			t.Fatal(err)
		}
	}
	if err := post.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// sameBits compares two values to the bit, NaN for NaN.
func sameBits(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Float64:
		return math.Float64bits(a.Float()) == math.Float64bits(b.Float()) || math.IsNaN(a.Float()) && math.IsNaN(b.Float())
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !sameBits(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Struct:
		for i := range a.NumField() {
			if a.Type().Field(i).IsExported() && !sameBits(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Pointer:
		return a.IsNil() == b.IsNil() && (a.IsNil() || sameBits(a.Elem(), b.Elem()))
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// A fit that was saved and loaded says the same, to the byte, in tables, JSON, accessors and
// draws; saved again it gives the same file.
func TestSaveAndLoad(t *testing.T) {
	for _, s := range savables() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			post := s.fit(t)
			file := savedBytes(t, post)
			got, err := runtime.Load(bytes.NewReader(file), int64(len(file)))
			if err != nil {
				t.Fatal(err)
			}
			if a, b := told(t, post), told(t, got); a != b {
				t.Errorf("tables and JSON differ:\n%s\n%s", a, b)
			}
			for _, x := range [][2]any{{post.Quantities(), got.Quantities()}, {post.Discrete(), got.Discrete()}, {post.Figures(), got.Figures()}, {post.Sampling(), got.Sampling()}, {post.Reasons(), got.Reasons()},
				{post.Verdict(), got.Verdict()}, {post.FitTime(), got.FitTime()}} {
				if !sameBits(reflect.ValueOf(x[0]), reflect.ValueOf(x[1])) {
					t.Errorf("%+v\nis loaded as\n%+v", x[0], x[1])
				}
			}
			quantities, loaded := post.Quantities(), got.Quantities()
			for i := range quantities {
				a, of := quantities[i].Made()
				b, ofGot := loaded[i].Made()
				if !sameBits(reflect.ValueOf(a), reflect.ValueOf(b)) || !sameBits(reflect.ValueOf(of), reflect.ValueOf(ofGot)) ||
					!sameBits(reflect.ValueOf(quantities[i].Draws()), reflect.ValueOf(loaded[i].Draws())) {
					t.Errorf("other draws of %s", quantities[i].Name)
				}
			}
			for _, q := range post.Discrete() {
				a, err := post.DiscreteDraws(q.Name)
				if err != nil {
					t.Fatal(err)
				}
				b, err := got.DiscreteDraws(q.Name)
				if err != nil || !slices.Equal(a, b) {
					t.Errorf("other draws of %s: %v", q.Name, err)
				}
			}
			if again := savedBytes(t, got); !bytes.Equal(file, again) {
				t.Errorf("saved again it is another file, of %d bytes and not %d", len(again), len(file))
			}
		})
	}
}

// The problem of a loaded fit is that which was fitted: it has the same answer.
func TestLoadedProblem(t *testing.T) {
	for _, s := range savables() {
		if s.name == "chains" { // which takes long to fit again
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			post := s.fit(t)
			got := reload(t, post)
			p, err := got.Problem()
			if err != nil {
				t.Fatal(err)
			}
			if q, err := got.Problem(); q != p || err != nil {
				t.Errorf("asked again, another problem: %v", err)
			}
			again := fitGuided(t, p, s.opt)
			a, b := post.Quantities(), again.Quantities()
			for i := range a {
				if !sameBits(reflect.ValueOf(a[i].Draws()), reflect.ValueOf(b[i].Draws())) {
					t.Fatalf("fitted again, other draws of %s", a[i].Name)
				}
			}
			if !sameBits(reflect.ValueOf(post.Discrete()), reflect.ValueOf(again.Discrete())) {
				t.Error("fitted again, other probabilities")
			}
		})
	}
}

// A fit without its data says so where they are needed, and is otherwise whole.
func TestSaveWithoutData(t *testing.T) {
	post := savables()[0].fit(t)
	var b bytes.Buffer
	if err := post.SaveWith(&b, runtime.SaveOptions{NoData: true}); err != nil {
		t.Fatal(err)
	}
	got, err := runtime.Load(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if told(t, post) != told(t, got) {
		t.Error("another answer")
	}
	_, err = got.Problem()
	if wrong := (*runtime.SavedError)(nil); !errors.As(err, &wrong) || !strings.Contains(wrong.Why, "not stored") {
		t.Errorf("the problem: %v", err)
	}
	f, err := store.Read(bytes.NewReader(b.Bytes()), int64(b.Len()), store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var absent struct {
		Bytes  int
		SHA256 string         `json:"sha256"`
		Shapes map[string]any `json:"shapes"`
	}
	for _, g := range f.Groups {
		if strings.HasSuffix(g.Name, "_data") {
			t.Errorf("there is a group %s", g.Name)
		}
		if g.Name == "ppl" {
			if _, err := g.Attrs.Get("absent", &absent); err != nil {
				t.Fatal(err)
			}
		}
	}
	if absent.Bytes != 8*(1+5+10+5+1) || len(absent.SHA256) != 64 || len(absent.Shapes) != 5 {
		t.Errorf("%+v", absent)
	}
	if again := savedBytes(t, got); !bytes.Equal(again, b.Bytes()) {
		t.Error("saved again it is another file")
	}
}

// A file is written in the place of an old one, whose mode it keeps; errors name the path.
func TestSaveFile(t *testing.T) {
	post := savables()[1].fit(t)
	path := filepath.Join(t.TempDir(), "fit.zarr.zip")
	if err := os.WriteFile(path, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	_, err := runtime.LoadFile(path)
	if wrong := (*runtime.SavedError)(nil); !errors.As(err, &wrong) || wrong.Path != path || !strings.Contains(err.Error(), path+": not a zip") {
		t.Errorf("a text: %v", err)
	}
	if err := post.SaveFile(path); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	got, err := runtime.LoadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if told(t, post) != told(t, got) {
		t.Error("another answer")
	}
	if _, err := runtime.LoadFile(filepath.Dir(path)); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("a directory: %v", err)
	}
	if _, err := runtime.LoadFile(path + "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := post.SaveFileWith(ctx, path, runtime.SaveOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := runtime.LoadFile(path); err != nil {
		t.Errorf("what was there is gone: %v", err)
	}
}
