package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// Every command has a page in docs/commands that names each of its flags.
func TestDocsNameEveryFlag(t *testing.T) {
	parser, err := kong.New(&cli{}, choices())
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range parser.Model.Children {
		page, err := os.ReadFile(filepath.Join("..", "..", "docs", "commands", command.Name+".md"))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, flag := range command.Flags {
			if !strings.Contains(string(page), "--"+flag.Name) {
				t.Errorf("docs/commands/%s.md does not name --%s", command.Name, flag.Name)
			}
		}
	}
}

// notYetBlock is an example of docs/status.md that fit refuses.
var notYetBlock = regexp.MustCompile("(?s)```ppl-not-yet\n(.*?)```")

// TestRefusedAsThePageSays: the models of which the status page says that fit refuses them are refused, as not supported yet.
func TestRefusedAsThePageSays(t *testing.T) {
	page, err := os.ReadFile("../../docs/status.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := notYetBlock.FindAllStringSubmatch(string(page), -1)
	if len(blocks) == 0 {
		t.Error("the page has no such model")
	}
	for _, block := range blocks {
		dir := t.TempDir()
		model := write(t, dir, "model.ppl", block[1])
		if status, _, stderr := runPPL(context.Background(), "check", model); status != 0 || !strings.Contains(stderr, "not-supported-yet") {
			t.Errorf("check ends with %d and says %q of\n%s", status, stderr, block[1])
		}
		if status, _, stderr := runPPL(context.Background(), "fit", model); status != 1 || !strings.Contains(stderr, "not-supported-yet") {
			t.Errorf("fit ends with %d and says %q of\n%s", status, stderr, block[1])
		}
	}
}
