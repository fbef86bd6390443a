package runtime_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"ppl/runtime"
)

// rows are the lines of CSV without comments and header.
func csvRows(text string) []string {
	var out []string
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out[1:]
}

// The files of the chains have the rows of the one file, in its order; there is none of another chain.
func TestWriteChain(t *testing.T) {
	m, err := runtime.Compile("m.ppl", []byte("mu ~ Normal(0, 1)\n"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Bind(runtime.Map(nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		opt    runtime.Options
		chains int
	}{
		{runtime.Options{Method: runtime.MethodNUTS, Chains: 3, Draws: 12, Warmup: 100}, 3},
		{runtime.Options{Draws: 12}, 0},
	} {
		post, err := p.Fit(context.Background(), c.opt)
		if err != nil {
			t.Fatal(err)
		}
		if n := post.DrawsChains(); n != c.chains {
			t.Errorf("%d chains, want %d", n, c.chains)
		}
		var all bytes.Buffer
		if err := post.WriteDraws(&all, runtime.DrawsCmdStan); err != nil {
			t.Fatal(err)
		}
		var joined []string
		n := max(1, c.chains)
		for chain := 1; chain <= n; chain++ {
			var one bytes.Buffer
			if err := post.WriteChain(&one, chain); err != nil {
				t.Fatal(err)
			}
			for _, row := range csvRows(one.String()) {
				if c.chains > 0 {
					row = string(rune('0'+chain)) + "," + row
				}
				joined = append(joined, row)
			}
		}
		if want := csvRows(all.String()); strings.Join(joined, "\n") != strings.Join(want, "\n") || len(want) != 12 {
			t.Errorf("the chains have\n%s\nwant\n%s", strings.Join(joined, "\n"), strings.Join(want, "\n"))
		}
		for _, chain := range []int{0, n + 1} {
			var no *runtime.OptionError
			if err := post.WriteChain(&all, chain); !errors.As(err, &no) {
				t.Errorf("chain %d: %v", chain, err)
			}
		}
	}
}
