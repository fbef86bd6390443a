package runtime_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	goruntime "runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"ppl/runtime"
	"ppl/runtime/store"
)

// damageable are files of two small fits, which between them have all that a file can have.
var damageable = sync.OnceValues(func() ([][]byte, error) {
	var out [][]byte
	for _, s := range []savable{
		{text: "data N : int\ndata g : factor(G)[N]\ndata y : real?[N]\nm ~ Normal(0, 1)\na[k in 1..G] ~ Normal(m, 1)\nplate i in 1..N {\n  z[i] ~ Bernoulli(0.3)\n  y[i] ~ Normal(a[g[i]] + z[i], 1)\n}\n",
			data: map[string]any{"N": 3, "g": []string{"u", "v", "u"}, "y": []any{1, nil, 0.5}}, opt: runtime.Options{Seed: 1, Draws: 20}},
		{text: "data y : real[N]\nm ~ Normal(0, 1)\ny ~ Normal(m, 1)\n", data: map[string]any{"y": []float64{1, 2}}, opt: runtime.Options{Seed: 1, Method: runtime.MethodNUTS, Chains: 2, Draws: 40, Warmup: 50}},
	} {
		m, err := runtime.Compile("model.ppl", []byte(s.text))
		if err != nil {
			return nil, err
		}
		p, err := m.Bind(runtime.Map(s.data))
		if err != nil {
			return nil, err
		}
		post, err := p.Fit(context.Background(), s.opt)
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		if err := post.Save(&b); err != nil {
			return nil, err
		}
		out = append(out, b.Bytes())
	}
	return out, nil
})

// loadOrRefuse loads a file; what is loaded answers everything, and what is not is refused with
// a reason. It reports whether the file was loaded.
func loadOrRefuse(t *testing.T, what string, file []byte) bool {
	t.Helper()
	post, err := runtime.Load(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		if wrong := (*runtime.SavedError)(nil); !errors.As(err, &wrong) || wrong.Why == "" {
			t.Errorf("%s: %v", what, err)
		}
		return false
	}
	for _, opt := range []runtime.TableOptions{{}, {All: true, Verbose: true}, {Quantiles: []float64{0.025, 0.975}}, {HDI: 0.9}} {
		if err := post.WriteTable(io.Discard, opt); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := post.WriteJSON(io.Discard); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	for _, q := range post.Quantities() {
		if _, err := post.Quantile(q.Name, 0.3); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, q := range post.Discrete() {
		if _, err := post.DiscreteDraws(q.Name); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := post.Save(io.Discard); err != nil {
		t.Errorf("%s: saving it: %v", what, err)
	}
	if _, err := post.Problem(); err != nil {
		if wrong := (*runtime.SavedError)(nil); !errors.As(err, &wrong) {
			t.Errorf("%s: the problem: %v", what, err)
		}
	}
	return true
}

// written is a file of a content; nil if the container refuses it.
func written(f *store.File) []byte {
	var b bytes.Buffer
	if err := store.Write(context.Background(), &b, f); err != nil {
		return nil
	}
	return b.Bytes()
}

// content reads a file anew, to be changed.
func content(t testing.TB, file []byte) *store.File {
	t.Helper()
	f, err := store.Read(bytes.NewReader(file), int64(len(file)), store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Whatever is taken from a file, or is other than it should be, is refused; no answer is made of
// what is left. Some other numbers and attributes are tried with PPL_SLOW=1 alone.
func TestLoadRefusesDamage(t *testing.T) {
	files, err := damageable()
	if err != nil {
		t.Fatal(err)
	}
	refused, enough := 0, 300
	if slow {
		enough = 500
	}
	try := func(what string, file *store.File, must bool) {
		t.Helper()
		b := written(file)
		if b == nil {
			return
		}
		if ok := loadOrRefuse(t, what, b); ok && must {
			t.Errorf("%s: loaded", what)
		} else if !ok {
			refused++
		}
	}
	for k, file := range files {
		if !loadOrRefuse(t, "whole", file) {
			t.Fatal("the whole file is refused")
		}
		base := content(t, file)
		for i, g := range base.Groups {
			f := content(t, file)
			f.Groups = slices.Delete(f.Groups, i, i+1)
			try(fmt.Sprintf("file %d without %s", k, g.Name), f, true)
			for j, a := range g.Arrays {
				place := fmt.Sprintf("file %d, %s/%s", k, g.Name, a.Name)
				needed := !slices.Equal(a.Dims, []string{a.Name}) && a.Name != "log_weight"
				f := content(t, file)
				f.Groups[i].Arrays = slices.Delete(f.Groups[i].Arrays, j, j+1)
				try(place+" missing", f, needed)
				for _, other := range otherValues(a.Values) {
					f := content(t, file)
					f.Groups[i].Arrays[j].Values = other
					_, number := a.Values.(store.Ints)
					_, float := other.(store.Floats)
					isData := strings.HasSuffix(g.Name, "_data") || strings.HasPrefix(a.Name, "data_") // which are of either type
					try(fmt.Sprintf("%s with %T", place, other), f, needed && !(isData && (number || float)) && !isData)
				}
				f = content(t, file)
				shorten(&f.Groups[i].Arrays[j])
				try(place+" shorter", f, false)
				for _, x := range part([]float64{-1, math.NaN(), 1e300}, 1) {
					f := content(t, file)
					overwrite(f.Groups[i].Arrays[j].Values, 0, x)
					try(fmt.Sprintf("%s with %g", place, x), f, false)
				}
			}
			if g.Name != "ppl" {
				continue
			}
			for name := range g.Attrs {
				for _, value := range part([]string{"", "null", `"x"`, `[{}]`, "-1", "[]", "{}", "1", "true", `{"a": 1}`}, 5) {
					f := content(t, file)
					must := true
					if value == "" {
						delete(f.Groups[i].Attrs, name)
						must = !slices.Contains([]string{"params", "batches"}, name) // which files of former versions do not have
					} else {
						f.Groups[i].Attrs[name] = json.RawMessage(value)
						must = false
					}
					try(fmt.Sprintf("file %d, attribute %s: %s", k, name, value), f, must)
				}
			}
		}
		for n := 0; n < len(file); n += 1 + len(file)/50 {
			if loadOrRefuse(t, fmt.Sprintf("file %d cut at %d", k, n), file[:n]) {
				t.Errorf("file %d cut at %d: loaded", k, n)
			}
		}
	}
	if refused < enough {
		t.Errorf("only %d were refused", refused)
	}
}

// otherValues are as many values of other types.
func otherValues(v store.Values) []store.Values {
	n := 0
	switch v := v.(type) {
	case store.Floats:
		n = len(v)
	case store.Ints:
		n = len(v)
	case store.Bools:
		n = len(v)
	case store.Strings:
		n = len(v)
	}
	return slices.DeleteFunc([]store.Values{make(store.Floats, n), make(store.Ints, n), make(store.Bools, n), make(store.Strings, n)}, func(o store.Values) bool {
		return fmt.Sprintf("%T", o) == fmt.Sprintf("%T", v)
	})
}

// shorten takes the last element along the last dimension, if it has its length alone there.
func shorten(a *store.Array) {
	if len(a.Shape) == 0 || a.Shape[len(a.Shape)-1] == 0 {
		return
	}
	a.Shape[len(a.Shape)-1]--
	n := 1
	for _, k := range a.Shape {
		n *= k
	}
	switch v := a.Values.(type) {
	case store.Floats:
		a.Values = v[:n]
	case store.Ints:
		a.Values = v[:n]
	case store.Bools:
		a.Values = v[:n]
	case store.Strings:
		a.Values = v[:n]
	}
	for d := range a.Dims {
		a.Dims[d] = fmt.Sprint("shorter_", d)
	}
}

// overwrite puts a number in the place of an element.
func overwrite(values store.Values, at int, x float64) {
	switch v := values.(type) {
	case store.Floats:
		if len(v) > 0 {
			v[at%len(v)] = x
		}
	case store.Ints:
		if len(v) > 0 {
			v[at%len(v)] = int64(x)
		}
	case store.Bools:
		if len(v) > 0 {
			v[at%len(v)] = x > 0
		}
	case store.Strings:
		if len(v) > 0 {
			v[at%len(v)] = fmt.Sprint(x)
		}
	}
}

// Files of other versions, of this layer and of the one below, say so.
func TestLoadOtherVersion(t *testing.T) {
	files, err := damageable()
	if err != nil {
		t.Fatal(err)
	}
	f := content(t, files[1])
	f.Groups[len(f.Groups)-1].Attrs["version"] = json.RawMessage("7")
	b := written(f)
	if _, err := runtime.Load(bytes.NewReader(b), int64(len(b))); err == nil || !strings.Contains(err.Error(), "another version: it is of version 7") {
		t.Errorf("version 7: %v", err)
	}
}

// Loading allocates no more than about four times the file's size, also where the file says that
// it holds more than it does (which package store tests).
func TestLoadMemory(t *testing.T) {
	post := savable{text: "x : real[300] ~ Normal(0, 1)\n", opt: runtime.Options{Correct: "none"}}.fit(t)
	file := savedBytes(t, post)
	var before, after goruntime.MemStats
	goruntime.ReadMemStats(&before)
	if _, err := runtime.Load(bytes.NewReader(file), int64(len(file))); err != nil {
		t.Fatal(err)
	}
	goruntime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 4*uint64(len(file)) || len(file) < 16e6 {
		t.Errorf("%d bytes were allocated for a file of %d", got, len(file))
	}
}

// FuzzLoad: no file makes loading, or what is loaded, panic: raw bytes, and files with good
// checksums in which an element and an attribute are others.
func FuzzLoad(f *testing.F) {
	files, err := damageable()
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("no zip"), uint16(0), uint16(0), uint16(0), uint64(0), uint8(0), "1")
	f.Add(files[1], uint16(1), uint16(7), uint16(3), math.Float64bits(-1), uint8(3), "{}")
	f.Add(files[1][:2000], uint16(4), uint16(20), uint16(1), uint64(0x7FF8000000000001), uint8(11), `"x"`)
	f.Fuzz(func(t *testing.T, raw []byte, group, array, at uint16, bits uint64, attr uint8, text string) {
		if !bytes.Equal(raw, files[1]) {
			loadOrRefuse(t, "raw", raw)
		}
		base := content(t, files[int(at)%len(files)])
		g := &base.Groups[int(group)%len(base.Groups)]
		if len(g.Arrays) > 0 {
			overwrite(g.Arrays[int(array)%len(g.Arrays)].Values, int(at), math.Float64frombits(bits))
		}
		ppl := &base.Groups[len(base.Groups)-1]
		if names := slices.Sorted(maps.Keys(ppl.Attrs)); json.Valid([]byte(text)) && attr > 0 {
			ppl.Attrs[names[int(attr)%len(names)]] = json.RawMessage(text)
		}
		if b := written(base); b != nil {
			loadOrRefuse(t, "changed", b)
		}
	})
}
