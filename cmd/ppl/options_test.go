package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// flagValues are the values to try of a flag: all of an enumeration, else the edges of
// its type. The flags that name files, and those whose values are not a closed set, have
// their own.
func flagValues(field reflect.StructField) []string {
	switch {
	case field.Tag.Get("enum") != "":
		return append(strings.Split(field.Tag.Get("enum"), ","), "", "none-of-them")
	case field.Name == "Discrete":
		return []string{"", "z", "z=", "=exact", "z=exact", "z=expect", "z=relax", "z=score", "z=magic", "nobody=exact", "y=exact"}
	case field.Name == "Data":
		return []string{"", "y", "y=", "=1", "y=[", "nowhere.json", "-", "."}
	case field.Name == "Output", field.Name == "Save", field.Name == "Truth":
		return []string{"", "-", ".", "no-such-folder/draws.csv"}
	}
	switch field.Type.Kind() {
	case reflect.Bool:
		return []string{"true", "false", "perhaps"}
	case reflect.Int64: // a duration
		return []string{"-1ns", "0", "0s", "1ns", "10ms", "3", "1e9h", "2562047h"}
	case reflect.Float64:
		return []string{"NaN", "-Inf", "Inf", "-1", "0", "1e-300", "0.5", "1", "2", "x"}
	}
	return []string{"-9223372036854775808", "-1", "0", "1", "2", "10000001", "1099511627776", "9223372036854775807", "99999999999999999999", "1.5", "x"}
}

// flags lists the fields of a command that are flags, those of embedded ones too.
func flags(command reflect.Type) []reflect.StructField {
	var out []reflect.StructField
	for _, field := range reflect.VisibleFields(command) {
		if field.Type.Kind() == reflect.Struct {
			out = append(out, flags(field.Type)...)
		} else if _, argument := field.Tag.Lookup("arg"); !argument {
			out = append(out, field)
		}
	}
	return out
}

// Every value of every flag of the commands that fit or draw, on one of three models in turn, with
// PPL_SLOW=1 on all three, ends with a status that docs/commands names: never as a fault of ppl.
func TestEveryValueOfEveryFlag(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir) // where "." and files that are missing are looked for
	models := map[string][]string{}
	for name, m := range map[string]struct{ text, data string }{
		"mean":   {"data y : real[N]\nm ~ Normal(0, 1)\ny ~ Normal(m, 1)\n", "y=[1,2]"},
		"labels": {"data y : real[N]\nm ~ Normal(0, 3)\nz[i in 1..N] ~ Bernoulli(0.3)\ny[i in 1..N] ~ Normal(m * z[i], 1)\nlet first = m * z[1]\n", "y=[1,2]"},
		"label":  {"data y : real\nz ~ Bernoulli(0.3)\ny ~ Normal(z, 1)\n", "y=1"},
	} {
		path := filepath.Join(dir, name+".ppl")
		if err := os.WriteFile(path, []byte(m.text), 0o644); err != nil {
			t.Fatal(err)
		}
		models[name] = []string{path, "-d", m.data}
	}
	names, turn := slices.Sorted(maps.Keys(models)), 0
	for _, c := range []struct {
		command string
		fields  reflect.Type
		cheap   []string // flags that keep a run short, where they are not what is tried
	}{
		{"fit", reflect.TypeFor[fitCmd](), []string{"--particles=8", "--draws=20", "--chains=2", "--warmup=10"}},
		{"sbc", reflect.TypeFor[sbcCmd](), []string{"--replicates=2", "--draws=5", "--chains=2", "--warmup=10"}},
		{"simulate", reflect.TypeFor[simulateCmd](), nil},
	} {
		for _, field := range flags(c.fields) {
			flag := "--" + strings.TrimPrefix(flagOf(field.Name), "--")
			cheap := others(c.cheap, flag)
			if field.Name == "Engine" {
				cheap = append(cheap, "--correct=none") // the tape takes a hundred times as long for the look
			}
			t.Run(c.command+flag, func(t *testing.T) {
				for _, value := range flagValues(field) {
					turn++
					on := names
					if os.Getenv("PPL_SLOW") == "" {
						on = names[turn%len(names):][:1]
					}
					for _, name := range on {
						try(t, name, append(append([]string{c.command}, models[name]...), cheap...), flag+"="+value)
					}
				}
			})
		}
	}
}

// others are the flags other than one.
func others(all []string, flag string) []string {
	var out []string
	for _, f := range all {
		if !strings.HasPrefix(f, flag+"=") {
			out = append(out, f)
		}
	}
	return out
}

// try runs a command and looks at how it ends.
func try(t *testing.T, model string, args []string, flag string) {
	t.Helper()
	code, _, stderr := runPPL(context.Background(), append(args, flag)...)
	said := fmt.Sprintf("%s, %s %q: status %d, %s", model, args[0], flag, code, stderr)
	switch {
	case strings.Contains(stderr, "internal error"):
		t.Error(said)
	case code < 0 || code > exitPoor:
		t.Error(said)
	case code != 0 && stderr == "":
		t.Error(said)
	}
}
