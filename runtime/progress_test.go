package runtime_test

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"ppl/runtime"
)

// TestProgress: stages come with their figures, and those that know their end with the share that is done.
func TestProgress(t *testing.T) {
	p := problem(t, conjugate, conjugateData())
	seen := map[runtime.Stage]int{}
	tell := func(x runtime.Progress) {
		seen[x.Stage]++
		counts := x.Stage >= runtime.StageWarmup
		switch {
		case counts && !(x.Fraction >= 0 && x.Fraction <= 1 && x.Fraction == float64(x.Done)/float64(x.Total) && math.IsNaN(x.ELBO)):
			t.Errorf("%+v", x)
		case !counts && !(math.IsNaN(x.Fraction) && !math.IsNaN(x.ELBO) && x.Evaluations > 0 && x.Total == 0):
			t.Errorf("%+v", x)
		}
	}
	for _, opt := range []runtime.Options{{Seed: 1, Progress: tell}, {Seed: 1, Method: runtime.MethodNUTS, Draws: 400_000, Progress: tell}} {
		if _, err := p.Fit(context.Background(), opt); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := simulator(t, conjugates[1].text, conjugates[1].values).SBC(context.Background(), runtime.SBCOptions{Seed: 1, Replicates: 4, Draws: 9, Progress: tell}); err != nil {
		t.Fatal(err)
	}
	if seen[runtime.StageStart]+seen[runtime.StageOptimise] == 0 || seen[runtime.StageSample] == 0 || seen[runtime.StageCalibrate] != 4 {
		t.Errorf("stages %v", seen)
	}
}

// Every stage that package inference names is one of the type.
func TestStagesOfInference(t *testing.T) {
	known := map[string]bool{}
	for s := runtime.StageStart; s <= runtime.StageCalibrate; s++ {
		known[s.String()] = true
	}
	if none := runtime.Stage(99).String(); none != "Stage(99)" || runtime.Stage(-1).String() != "Stage(-1)" {
		t.Errorf("a stage that there is not is %q", none)
	}
	files, err := filepath.Glob("../inference/*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\.stage = "([^"]*)"`).FindAllSubmatch(text, -1) {
			if found++; !known[string(m[1])] {
				t.Errorf("%s has a stage %q, which is no runtime.Stage", file, m[1])
			}
		}
	}
	if found < 5 {
		t.Errorf("%d stages", found)
	}
}
