package runtime

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"
)

// TestTextToFirstGradient shows how long each reference model and example takes
// from its text and files to the first gradient of its log density at 64
// points, and from there to the first product with its Hessian. It asserts no
// time: run it with -v.
func TestTextToFirstGradient(t *testing.T) {
	type took struct {
		name                         string
		bind, gradient, all, product time.Duration
	}
	var list []took
	for _, c := range firstGradientCases(t) {
		start := time.Now()
		m, err := CompileFile(c.model)
		if err != nil {
			t.Logf("%s: %v", c.name, strings.SplitN(err.Error(), "\n", 2)[0])
			continue
		}
		p, err := m.Bind(Files(context.Background(), c.data))
		if err != nil {
			t.Logf("%s: %v", c.name, strings.SplitN(err.Error(), "\n", 2)[0])
			continue
		}
		bound := time.Now()
		s, err := p.target.NewSurface()
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		d := p.target.D
		u, lp, g := make([]float64, 64*d), make([]float64, 64), make([]float64, 64*d)
		if err := s.Gradient(u, lp, g); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		first := time.Now()
		if err := s.Product(u, g, lp, make([]float64, 64*d), make([]float64, 64*d)); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		list = append(list, took{c.name, bound.Sub(start), first.Sub(bound), first.Sub(start), time.Since(first)})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].all > list[j].all })
	ms := func(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()*1e3) }
	for _, x := range list {
		t.Logf("first gradient %s %s ms (text and data %s, graph and plan %s; the first product with the Hessian takes %s more)",
			x.name, ms(x.all), ms(x.bind), ms(x.gradient), ms(x.product))
	}
}

type firstGradientCase struct{ name, model, data string }

// firstGradientCases are the reference posteriors, where there are any, and the
// examples.
func firstGradientCases(t *testing.T) []firstGradientCase {
	t.Helper()
	var cases []firstGradientCase
	posteriors, _ := filepath.Glob(filepath.Join(refs, "posteriors", "*.json"))
	for _, file := range posteriors {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		r := loadReference(t, name)
		if r.Model != "" {
			cases = append(cases, firstGradientCase{name, filepath.Join(refs, "models", r.Model), filepath.Join(refs, "data", r.Data)})
		}
	}
	models, _ := filepath.Glob("../examples/*/model.ppl")
	for _, file := range models {
		folder := filepath.Dir(file)
		for _, data := range []string{"data.json", "data.csv"} {
			if _, err := os.Stat(filepath.Join(folder, data)); err == nil {
				cases = append(cases, firstGradientCase{"examples/" + filepath.Base(folder), file, filepath.Join(folder, data)})
				break
			}
		}
	}
	return cases
}
