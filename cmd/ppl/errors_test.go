package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ppl/lang/diag"
)

// stage is what the wrong example of a code needs besides its own text.
type stage struct {
	command string // "fit" if empty
	model   string // where the example is a file of data
	data    string // where the example does not say
	flags   []string
	more    string // of the model, where a warning needs one that can be fitted
}

const latent = "\nmu ~ Normal(0, 1)\n"

var stages = map[diag.Code]stage{
	"coupled-rows":       {command: "fit", data: `{"x": [1, 2, 3, 4], "y": [1, 2, 2, 4]}`, flags: []string{"--batch", "N=2"}},
	"cannot-calibrate":   {command: "sbc", data: `{"w": [1, 2]}`},
	"cannot-simulate":    {command: "simulate", data: `{"N": 2}`},
	"data-duplicate-key": {model: "data y : real[N]\nmu ~ Normal(0, 1)\ny ~ Normal(mu, 1)\n"},
	"data-ignored-key":   {more: latent},
	"data-infinite":      {more: latent},
	"data-not-an-array":  {model: "data x : real[N, M]\nmu ~ Normal(0, 1)\nx ~ Normal(mu, 1)\n"},
	"data-not-observed":  {data: `{"y": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]}`},
	"data-syntax":        {model: "data y : real[N]\nmu ~ Normal(0, 1)\ny ~ Normal(mu, 1)\n"},
	"density-not-finite": {data: `{"y": [0.5, 0]}`},
	"discrete-too-large": {data: `{"y": 3}`, flags: []string{"--discrete", "z=exact"}},
	"infinite-support":   {data: `{"y": 3}`, flags: []string{"--discrete", "n=exact"}},
	"missing-undefined":  {data: `{"x": [1, null], "y": [1, 2]}`},
	"no-derivatives":     {data: `{"x": [1, 0], "y": [1, 2]}`},
	"no-finite-start":    {data: `{"y": 0}`},
	"not-exact":          {data: `{"y": [0, 1]}`, flags: []string{"--discrete", "z=exact"}},
	"not-reported":       {data: `{"W": [[1,2,3,4],[1,2,3,4],[1,2,3,4]]}`},
	"nothing-to-fit":     {data: `{"y": 0}`},
	"outside-support":    {data: `{"k": -1}`},
	"shape-at-binding":   {data: `{"idx": [1, 2], "x": [1, 2, 3], "s": 1}`},
	"start-outside":      {flags: []string{"--init", "sigma=-1"}},
	"too-many-errors":    {model: manyErrors()},
	"truncated-missing":  {data: `{"t": [1, null], "c": [0, 2]}`},
	"unused-data":        {data: `{"y": [1], "z": [1]}`},
}

// elsewhere are the codes whose examples are no models that a file can hold, with the
// test that has one.
var elsewhere = map[diag.Code]string{
	"another-model":     "runtime.TestPredictByAModelThatDiffers",
	"cannot-predict":    "graph/lower.TestPredictRefuses", // no command predicts yet
	"invalid-utf8":      "parser.TestCodes",
	"nesting-too-deep":  "parser.TestCodes",
	"no-pointwise":      "runtime.TestLOORefuses",
	"no-weights":        "runtime.TestWeightedScore",
	"not-supported-yet": "lang/check.TestCodes",
}

// dataComment finds the data in a comment of an example: `# with {"y": [1, 2]}`.
var dataComment = regexp.MustCompile(`# with (\{.*\})`)

// The wrong example of every code gives that code.
func TestWrongExamples(t *testing.T) {
	for _, info := range diag.Codes() {
		if elsewhere[info.Code] != "" {
			continue
		}
		dir := t.TempDir()
		t.Chdir(dir)
		s := stages[info.Code]
		model, data := info.Wrong, s.data
		if s.model != "" {
			model, data = s.model, info.Wrong
		}
		if m := dataComment.FindStringSubmatch(info.Wrong); m != nil && data == "" {
			data = m[1]
		}
		args := []string{"fit", write(t, dir, "model.ppl", model+s.more)}
		if s.command == "" {
			args = append(args, "--quick") // where there is an answer, it does not matter
		}
		if command, ok := strings.CutPrefix(info.Wrong, "ppl "); ok {
			args, data = strings.Fields(command), ""
			write(t, dir, "model.ppl", latent)
		}
		if s.command != "" {
			args[0] = s.command
		}
		if data != "" {
			args = append(args, "-d", write(t, dir, "data.json", data))
		}
		_, _, stderr := runPPL(context.Background(), append(args, s.flags...)...)
		if !strings.Contains(stderr, "["+string(info.Code)+"]") {
			t.Errorf("the wrong example of %s gives another diagnostic:\n%s\n\n%s", info.Code, info.Wrong, stderr)
		}
	}
}

// manyErrors is a model of more mistakes than are told.
func manyErrors() string {
	var b strings.Builder
	for i := range 300 {
		fmt.Fprintf(&b, "x%d ~ Normal(nobody%d, 1)\n", i, i)
	}
	return b.String()
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
