package saved

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"ppl/runtime/answer"
	"ppl/runtime/data"
	"ppl/runtime/store"
)

// scramble fills every exported field with values that are found again only if each field is
// saved by itself: numbers of all kinds, and lists of different lengths.
func scramble(r *rand.Rand, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for _, f := range fields(v.Type()) {
			scramble(r, v.FieldByIndex(f.Index))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		scramble(r, v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1+r.IntN(3), 3))
		for i := range v.Len() {
			scramble(r, v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		e := reflect.New(v.Type().Elem()).Elem()
		scramble(r, e)
		v.SetMapIndex(reflect.ValueOf("é"), e)
	case reflect.Float64:
		v.SetFloat([]float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), r.NormFloat64(), 5e-324, math.MaxFloat64}[r.IntN(7)])
	case reflect.Int, reflect.Int64:
		v.SetInt(r.Int64() - r.Int64())
	case reflect.Uint64:
		v.SetUint(r.Uint64())
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.String:
		v.SetString(string(rune('a'+r.IntN(26))) + "\"<é\x00>")
	default:
		panic(v.Kind())
	}
}

// same compares to the bit, exported fields alone.
func same(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Float64:
		return math.Float64bits(a.Float()) == math.Float64bits(b.Float()) || math.IsNaN(a.Float()) && math.IsNaN(b.Float())
	case reflect.Struct:
		for _, f := range fields(a.Type()) {
			if !same(a.FieldByIndex(f.Index), b.FieldByIndex(f.Index)) {
				return false
			}
		}
		return true
	case reflect.Pointer:
		return a.IsNil() == b.IsNil() && (a.IsNil() || same(a.Elem(), b.Elem()))
	case reflect.Slice:
		for i := range min(a.Len(), b.Len()) {
			if !same(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return a.Len() == b.Len()
	case reflect.Map:
		for _, k := range a.MapKeys() {
			if v := b.MapIndex(k); !v.IsValid() || !same(a.MapIndex(k), v) {
				return false
			}
		}
		return a.Len() == b.Len()
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// Every exported field of an answer is found again, whatever it holds: one that is added to a
// structure is saved without a word here.
func TestEveryField(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		a := &answer.Answer{}
		scramble(r, reflect.ValueOf(a).Elem())
		a.Verdict, a.Asked.Engine, a.Figures.Applied = answer.Good, "plan", "none"
		a.Sampling.Chains, a.Sampling.Draws, a.Sampling.Particles = 2, 3, 4
		for i := range a.Params {
			p := &a.Params[i]
			p.Symbol, p.Shape, p.Labels, p.Errors = string(rune('p'+i)), []int{len(p.Values)}, [][]string{{"a", "b"}}, slices.Clone(p.Values)
		}
		n := 1 + r.IntN(5)
		of := &answer.Draws{N: n, Kept: n}
		for i := range a.Quantities {
			q := &a.Quantities[i]
			q.Name, q.Symbol, q.Column, q.Index, q.Moments = string(rune('a'+i)), string(rune('a'+i)), "c", nil, "both"
			x := make([]float64, n)
			for k := range x {
				scramble(r, reflect.ValueOf(&x[k]).Elem())
			}
			q.Hold(x, of)
		}
		f := &Fit{Answer: a, Program: "test"}
		for i := range a.Discrete {
			d := &a.Discrete[i]
			d.Name, d.Symbol, d.Column, d.Index = string(rune('A'+i)), string(rune('A'+i)), "c", []int{}
			d.P = make([]float64, len(d.Values))
			d.Mode = d.Values[0]
			z := make([]int, n)
			for k := range z {
				z[k] = d.Values[k%len(d.Values)]
			}
			f.States = append(f.States, z)
		}
		f.Data = map[string]*data.Array{"x": {Shape: []int{2}, Data: []float64{math.NaN(), 2}, Missing: []bool{true, false}}}
		got := roundTrip(t, f)
		if !same(reflect.ValueOf(a), reflect.ValueOf(got.Answer)) {
			t.Fatalf("%+v\nis read as\n%+v", a, got.Answer)
		}
		if !reflect.DeepEqual(f.States, got.States) || !reflect.DeepEqual(f.Data["x"].Missing, got.Data["x"].Missing) {
			t.Fatalf("%v, %v", got.States, got.Data["x"])
		}
	}
}

func roundTrip(t *testing.T, f *Fit) *Fit {
	t.Helper()
	file, err := Encode(f)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := store.Write(context.Background(), &b, file); err != nil {
		t.Fatal(err)
	}
	back, err := store.Read(bytes.NewReader(b.Bytes()), int64(b.Len()), store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(back)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Fields have names of their own.
func TestSnake(t *testing.T) {
	for name, want := range map[string]string{"ELBO": "elbo", "KHatMeanField": "k_hat_mean_field", "MCSESD": "mcsesd", "Q5": "q5", "RHat": "r_hat", "ESSBulk": "ess_bulk", "SHA256": "sha256", "TimedOut": "timed_out"} {
		if got := snake(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[answer.Answer](), reflect.TypeFor[answer.Quantity](), reflect.TypeFor[answer.Discrete](), reflect.TypeFor[answer.Figures](), reflect.TypeFor[answer.Sampling](), reflect.TypeFor[answer.Asked]()} {
		seen := map[string]bool{}
		for _, f := range fields(typ) {
			if seen[snake(f.Name)] {
				t.Errorf("%v has two fields %s", typ, snake(f.Name))
			}
			seen[snake(f.Name)] = true
		}
	}
}

// A record without a field, or with one of another form, is refused by the name of the field.
func TestRestoreRefuses(t *testing.T) {
	for raw, want := range map[string]string{
		`{"value": 1}`:               "has no mcse",
		`{"value": "x", "mcse": 1}`:  "value is no number",
		`{"value": [1], "mcse": 1}`:  "value is no number",
		`{"value": null, "mcse": 1}`: "value is no number",
		`[1]`:                        "is no object",
		`null`:                       "is no object",
	} {
		var e answer.Estimate
		if err := restore(json.RawMessage(raw), reflect.ValueOf(&e).Elem()); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", raw, err, want)
		}
	}
}

// Dimensions have the names of the model where these are names, are not those of arrays, and
// have one length.
func TestDimensions(t *testing.T) {
	names := &Names{Dims: map[string][]string{"a": {"J", "K"}, "s": {"K", "K"}, "b": {"2*K", "3"}, "c": {"J"}, "d": {"b"}, "e": {"chain"}}, Levels: map[string][]string{"J": {"u", "v"}}}
	l := newLabeller(names, "a", "b", "c", "d")
	for _, c := range []struct {
		symbol string
		shape  []int
		want   []string
	}{
		{"a", []int{2, 3}, []string{"J", "K"}}, {"s", []int{3, 3}, []string{"K", "s_dim_1"}}, {"b", []int{6, 3}, []string{"b_dim_0", "b_dim_1"}},
		{"c", []int{5}, []string{"c_dim_0"}}, {"d", []int{1}, []string{"d_dim_0"}}, {"e", []int{2}, []string{"e_dim_0"}}, {"f", nil, nil},
	} {
		if got := l.dims(c.symbol, c.shape, nil); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s has the dimensions %q, want %q", c.symbol, got, c.want)
		}
	}
	if got := l.coords[0]; got.Name != "J" || !reflect.DeepEqual(got.Values, store.Strings{"u", "v"}) {
		t.Errorf("coordinates %v", got)
	}
	if got := arrayNames([]string{"draw", "draw_", "x"}, ofDraws); got["draw"] != "draw__" || got["draw_"] != "draw_" || got["x"] != "x" {
		t.Errorf("arrays %v", got)
	}
}
