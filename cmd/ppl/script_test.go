package main

import (
	"encoding/json"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"ppl": main})
}

// The transcripts of every command; PPL_UPDATE=1 rewrites what they expect.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                "testdata/script",
		UpdateScripts:      os.Getenv("PPL_UPDATE") == "1",
		RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":    status,
			"validjson": validJSON,
			"untimed":   untimed,
			"unescape":  unescaped,
		},
	})
}

// status runs ppl and compares its exit status: status 3 fit model.ppl.
func status(ts *testscript.TestScript, neg bool, args []string) {
	want := args[0]
	err := ts.Exec("ppl", args[1:]...)
	got := "0"
	if err != nil {
		m := regexp.MustCompile(`exit status (\d+)`).FindStringSubmatch(err.Error())
		if m == nil {
			ts.Fatalf("ppl did not exit: %v", err)
		}
		got = m[1]
	}
	if (got == want) == neg {
		ts.Fatalf("exit status %s, not %s", got, want)
	}
}

// validJSON fails unless a file holds one JSON value and nothing else.
func validJSON(ts *testscript.TestScript, neg bool, args []string) {
	if json.Valid([]byte(ts.ReadFile(args[0]))) == neg {
		ts.Fatalf("%s: JSON or not, and should be the other", args[0])
	}
}

var timings = regexp.MustCompile(`(?s)"seconds": \{.*?\}|time     .*?to fit`)

// untimed copies a file without its timings: untimed stdout FILE.
func untimed(ts *testscript.TestScript, neg bool, args []string) {
	text := timings.ReplaceAllString(ts.ReadFile(args[0]), "(timings)")
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o666))
}

// unescaped puts what a string of Go stands for in the place of a file's text: unescape FILE. So a script has bytes that are no text.
func unescaped(ts *testscript.TestScript, neg bool, args []string) {
	text, err := strconv.Unquote(strings.TrimSpace(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o666))
}
