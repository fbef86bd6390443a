package bench

import (
	"bufio"
	"context"
	"flag"
	"os"
	"strconv"
	"strings"
	"testing"

	"ppl/runtime"
)

var memory = flag.String("memory", "", "fit `NAME` and report the most memory that this process has had resident (Linux)")

// large are the problems whose memory is reported, with the size of their data
// and the most that a fit may take, in MB.
var large = []struct {
	problem
	size, limit float64
}{
	{problem{name: "linear_1m", model: "linear", data: func() map[string]any { return glm(1_000_000, 50, normal) }}, 408, 2000},
	{problem{name: "hierarchy_10k", model: "hierarchy", data: hierarchy}, 1.2, 2000},
	{problem{name: "logistic_100k", model: "logistic", data: func() map[string]any { return glm(100_000, 50, bernoulli) }}, 40.8, 3*40.8 + 50},
}

// TestMemory fits one large problem through the embedding API. The Go slices
// that the data come in count too.
func TestMemory(t *testing.T) {
	if *memory == "" {
		t.Skip("needs -memory NAME")
	}
	for _, p := range large {
		if p.name != *memory {
			continue
		}
		post, err := bind(t, p.problem).Fit(context.Background(), runtime.Options{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		if !post.Figures().Converged {
			t.Error("not converged")
		}
		peak := resident(t)
		t.Logf("memory %s %.0f MB (data %.0f MB, limit %.0f MB)", p.name, peak, p.size, p.limit)
		if peak > p.limit {
			t.Errorf("%.0f MB is over the limit", peak)
		}
		return
	}
	t.Fatalf("no problem %q", *memory)
}

// resident is the most resident memory that this process has had, in MB.
func resident(t *testing.T) float64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		t.Skip("no /proc here")
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), "VmHWM:"); ok {
			kb, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(rest, " kB")), 64)
			if err != nil {
				t.Fatal(err)
			}
			return kb * 1024 / 1e6
		}
	}
	t.Fatal("/proc/self/status has no VmHWM")
	return 0
}
